"""The Python client of ovirt-imageio as a program: python_client.py WORKERS upload|download FILE [CA_FILE].

Reads the URL of the image from standard input.
"""

import sys

from ovirt_imageio import client

workers, direction, file = int(sys.argv[1]), sys.argv[2], sys.argv[3]
cafile = sys.argv[4] if len(sys.argv) > 4 else None
url = sys.stdin.read().strip()
if direction == "upload":
    client.upload(file, url, cafile, secure=True, max_workers=workers)
else:
    client.download(url, file, cafile, fmt="raw", secure=True, max_workers=workers)
