"""What programs do with the official Python SDK, against an engine: the calls of its own examples, in one run.

Wants ovirt-engine-sdk-python, and an engine with two virtual machines `vm1` and `vm2` that are down, each with a
boot disk, such as `virt-simulator --tls --vms 2`.
"""

import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import administration
import backups_and_pools
import disks
import inventory
import machines
import sign_in
from checks import arguments, check


def main():
    known = arguments(__doc__)
    connection = sign_in.signing_in(known)
    inventory.reading(connection)
    administration.infrastructure(connection)
    administration.storage(connection)
    administration.administration(connection)
    disks.disks(connection)
    machines.running(connection, machines.machines(connection))
    backups_and_pools.backups(connection)
    backups_and_pools.pools(connection)
    disks.images(known, connection)
    inventory.events(connection)
    inventory.refusals(connection)
    with check("the session is closed"):
        connection.close()


main()
