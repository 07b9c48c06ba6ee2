"""What decoding a list costs the official Python SDK: decode.py FILE.

Prints processor seconds, objects, and peak memory in KiB, like the program beside it.
"""

import resource
import sys

from ovirtsdk4 import readers, xml


def seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def peak():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))


with open(sys.argv[1], "rb") as file:
    before = seconds()
    reader = xml.XmlReader(file)
    try:
        vms = readers.VmReader.read_many(reader)
    finally:
        reader.close()
    after = seconds()
print("%.4f %d %d" % (after - before, len(vms), peak()))
