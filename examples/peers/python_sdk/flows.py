"""What programs do with the official Python SDK, against an engine: the calls of its own examples, in one run.

Wants ovirt-engine-sdk-python, and an engine with a virtual machine `vm1` that is down and has a boot disk, such as
`virt-simulator --tls --vms 2`.
"""

import hashlib
import http.client
import pathlib
import ssl
import sys
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import ovirtsdk4 as sdk
from ovirtsdk4 import types

from checks import PATIENCE, arguments, check, expect, refused, require, wait_until

MIB = 1 << 20
IMAGE_SIZE = 8 * MIB
CHUNK = 3 * MIB


def connect(known, **changes):
    """A connection, which has not sent anything yet."""
    settings = {"url": known.url, "username": known.username, "password": known.password, "ca_file": known.ca_file}
    return sdk.Connection(**(settings | {"timeout": PATIENCE} | changes))


def signing_in(known):
    """Signs in, and fails to."""
    with check("a connection is tested"):
        connection = connect(known)
        require(connection.test(raise_exception=True), "the test fails")
    with check("the API says what it is"):
        api = connection.system_service().get()
        expect(api.product_info.version.major, 4, "the version")
        require(api.summary.vms.total >= 2, f"there are {api.summary.vms.total} virtual machines")
    with check("a wrong password is refused"), refused(sdk.AuthError, "access_denied", "password is incorrect"):
        connect(known, password=f"not {known.password}").authenticate()
    with check("an unknown token is exchanged for a good one"):
        other = connect(known, token="unknown")
        require(other.test(raise_exception=True), "the test fails")
        other.close()
    with check("a server that no known CA vouches for is refused"), refused(sdk.Error, "certificate"):
        connect(known, ca_file=None).test(raise_exception=True)
    return connection


def reading(connection):
    """Lists, single objects, links, and answers that are waited for later."""
    system = connection.system_service()
    vms = system.vms_service()
    with check("lists are searched and cut"):
        expect([vm.name for vm in vms.list(search="name=vm1")], ["vm1"], "what a search finds")
        expect(len(vms.list(max=1)), 1, "the length of a list of at most one")
        pages = [vms.list(search=f"name=vm* sortby name page {page}", max=1) for page in (1, 2, 3)]
        expect([[vm.name for vm in page] for page in pages], [["vm1"], ["vm2"], []], "the pages")
    with check("one object is read"):
        vm = vms.list(search="name=vm1")[0]
        got = vms.vm_service(vm.id).get()
        expect((got.name, got.status, got.memory), ("vm1", types.VmStatus.DOWN, 1 << 30), "what is read")
    with check("links are followed"):
        cluster = connection.follow_link(vm.cluster)
        expect(cluster.name, "Default", "the name of the cluster")
        attachments = connection.follow_link(vm.disk_attachments)
        expect([connection.follow_link(one.disk).name for one in attachments], ["vm1_Disk1"], "the disks")
        require(len(connection.follow_link(vm.permissions)) >= 0, "the permissions are no list")
        expect(connection.service(f"vms/{vm.id}").get().name, "vm1", "what its path leads to")
    with check("links are followed by the engine"):
        vm = vms.list(search="name=vm1", follow="cluster,disk_attachments.disk")[0]
        expect(vm.cluster.name, "Default", "the name of the cluster")
        expect([one.disk.name for one in vm.disk_attachments], ["vm1_Disk1"], "the disks")
    with check("several answers are waited for at the end"):
        futures = [vms.vm_service(vm.id).get(wait=False) for vm in vms.list()]
        expect(sorted(future.wait().name for future in futures), ["vm1", "vm2"], "the names")
    with check("every list of the API is read"):
        for name in dir(system):
            service = getattr(system, name)() if name.endswith("_service") else None
            if hasattr(service, "list"):
                require(isinstance(service.list(), list), f"{name} has no list")


def infrastructure(connection):
    """Objects that only describe: added, read, changed and removed."""
    system = connection.system_service()
    with check("a network is added, changed and removed"):
        networks = system.networks_service()
        data_center = system.data_centers_service().list(search="name=Default")[0]
        added = networks.add(types.Network(name="lab", data_center=data_center, vlan=types.Vlan(id=7), mtu=1500))
        network = networks.network_service(added.id)
        expect(network.update(types.Network(comment="ours")).comment, "ours", "the comment")
        expect(network.get().vlan.id, 7, "the VLAN")
        network.remove()
        require("lab" not in [one.name for one in networks.list()], "it is still there")
    with check("a tag is given and taken"):
        tags = system.tags_service()
        tag = tags.add(types.Tag(name="night", description="nightly backup"))
        vm = system.vms_service().list(search="name=vm1")[0]
        assigned = system.vms_service().vm_service(vm.id).tags_service()
        assigned.add(types.Tag(name="night"))
        expect([one.name for one in assigned.list()], ["night"], "the tags of the machine")
        expect([one.name for one in system.vms_service().list(search="tag=night")], ["vm1"], "what a search finds")
        assigned.tag_service(tag.id).remove()
        tags.tag_service(tag.id).remove()
    with check("a host has statistics, and goes to maintenance and back"):
        hosts = system.hosts_service()
        host = hosts.list(search="name=host1")[0]
        statistics = {one.name: one for one in connection.follow_link(host.statistics)}
        expect(statistics["memory.total"].unit, types.StatisticUnit.BYTES, "the unit of the memory")
        service = hosts.host_service(host.id)
        service.deactivate()
        wait_until(lambda: service.get().status, types.HostStatus.MAINTENANCE, "the status")
        service.activate()
        wait_until(lambda: service.get().status, types.HostStatus.UP, "the status")
    with check("a host is added"):
        added = hosts.add(types.Host(name="host2", address="host2.example", root_password="unused"))
        wait_until(lambda: hosts.host_service(added.id).get().status, types.HostStatus.UP, "the status")


def disks(connection):
    """A floating disk: added, changed and removed."""
    service = connection.system_service().disks_service()
    with check("a disk is added, grows and is removed"):
        disk = service.add(new_disk("floating"))
        one = service.disk_service(disk.id)
        wait_until(lambda: one.get().status, types.DiskStatus.OK, "the status")
        one.update(types.Disk(provisioned_size=2 * IMAGE_SIZE))
        wait_until(lambda: (one.get().status, one.get().provisioned_size), (types.DiskStatus.OK, 2 * IMAGE_SIZE), "it")
        one.remove()
        wait_until(lambda: service.list(search="name=floating"), [], "what is found")


def new_disk(name):
    """A raw disk to add."""
    storage = [types.StorageDomain(name="data1")]
    return types.Disk(
        name=name, format=types.DiskFormat.RAW, sparse=True, provisioned_size=IMAGE_SIZE, storage_domains=storage
    )


def machines(connection):
    """A virtual machine from a template to its end."""
    system = connection.system_service()
    vms = system.vms_service()
    with check("a template is made"):
        vm = vms.list(search="name=vm1")[0]
        templates = system.templates_service()
        template = templates.template_service(templates.add(types.Template(name="golden", vm=vm)).id)
        wait_until(lambda: template.get().status, types.TemplateStatus.OK, "the status")
    with check("a virtual machine is added from a template"):
        wanted = types.Vm(
            name="from-template",
            comment="ours",
            cluster=types.Cluster(name="Default"),
            template=types.Template(name="golden"),
            os=types.OperatingSystem(boot=types.Boot(devices=[types.BootDevice.HD])),
        )
        added = vms.add(wanted, clone=True)
        vm = vms.vm_service(added.id)
        wait_until(lambda: vm.get().status, types.VmStatus.DOWN, "the status")
        expect((vm.get().comment, len(vm.disk_attachments_service().list())), ("ours", 1), "comment and disks")
    with check("a disk is attached"):
        attachment = types.DiskAttachment(disk=new_disk("second"), interface=types.DiskInterface.VIRTIO, active=True)
        added = vm.disk_attachments_service().add(attachment)
        disk = system.disks_service().disk_service(added.disk.id)
        wait_until(lambda: disk.get().status, types.DiskStatus.OK, "the status")
        interfaces = {one.interface for one in vm.disk_attachments_service().list()}
        require(types.DiskInterface.VIRTIO in interfaces, f"the interfaces are {interfaces}")
    with check("a network interface is added"):
        profile = next(one for one in system.vnic_profiles_service().list() if one.name == "ovirtmgmt")
        vm.nics_service().add(types.Nic(name="nic1", vnic_profile=types.VnicProfile(id=profile.id)))
        nic = vm.nics_service().list()[0]
        expect((nic.name, nic.interface), ("nic1", types.NicInterface.VIRTIO), "name and model")
        require(nic.mac.address, "it has no address")
    with check("a virtual machine is changed"):
        vm.update(types.Vm(memory=2 << 30, placement_policy=types.VmPlacementPolicy(affinity=types.VmAffinity.MIGRATABLE)))
        expect(vm.get().memory, 2 << 30, "the memory")
    return vm


def running(connection, vm):
    """Starts, moves, snapshots and stops a virtual machine."""
    with check("a virtual machine starts"):
        initialization = types.Initialization(host_name="ours.example", user_name="root", root_password="unused")
        vm.start(use_cloud_init=True, vm=types.Vm(initialization=initialization))
        wait_until(lambda: vm.get().status, types.VmStatus.UP, "the status")
        require(vm.reported_devices_service().list()[0].ips[0].address, "it reports no address")
        require(connection.follow_link(vm.get().host).name.startswith("host"), "it has no host")
    with check("a console has a ticket"):
        console = vm.graphics_consoles_service().list()[0]
        ticket = vm.graphics_consoles_service().console_service(console.id).ticket()
        require(ticket.value and ticket.expiry > 0, f"the ticket is {ticket.value!r} for {ticket.expiry} s")
        require(vm.get().display.port >= 5900 and vm.get().display.address, "the screen has no address")
    with check("what runs is neither started nor removed"):
        with refused(sdk.Error, "Operation Failed", "VM is running"):
            vm.start()
        try:
            vm.remove()
        except sdk.Error as error:
            expect((error.code, error.fault.reason), (409, "Operation Failed"), "status and reason")
            require("VM is running" in error.fault.detail, f"the detail is {error.fault.detail!r}")
        else:
            require(False, "it is removed")
    with check("a virtual machine migrates"):
        before = vm.get().host.id
        vm.migrate()
        wait_until(lambda: (vm.get().status, vm.get().host.id != before), (types.VmStatus.UP, True), "it")
    with check("a snapshot is taken and removed"):
        snapshots = vm.snapshots_service()
        added = snapshots.add(types.Snapshot(description="before", persist_memorystate=False))
        snapshot = snapshots.snapshot_service(added.id)
        wait_until(lambda: snapshot.get().snapshot_status, types.SnapshotStatus.OK, "the status")
        snapshot.remove()
        wait_until(lambda: [one.description for one in snapshots.list()], ["Active VM"], "what is left")
    with check("a virtual machine stops, and is removed"):
        vm.stop()
        wait_until(lambda: vm.get().status, types.VmStatus.DOWN, "the status")
        vm.remove()
        vms = connection.system_service().vms_service()
        wait_until(lambda: vms.list(search="name=from-template"), [], "what is found")
    with check("what is gone is not found"), refused(sdk.NotFoundError):
        vm.get()


def moved(url, ca_file, requests):
    """Sends requests to the image endpoint over one connection, and returns the bodies of the answers."""
    place = urllib.parse.urlsplit(url)
    context = ssl.create_default_context(cafile=ca_file)
    connection = http.client.HTTPSConnection(place.netloc, context=context, timeout=PATIENCE)
    bodies = []
    for verb, headers, body in requests:
        connection.request(verb, place.path, body, headers)
        response = connection.getresponse()
        bodies.append(response.read())
        require(response.status in (200, 206), f"{verb} answers {response.status}: {bodies[-1]}")
    connection.close()
    return bodies


def transferred(connection, disk, direction, move):
    """Moves data within an image transfer, from its first phase to its last."""
    transfers = connection.system_service().image_transfers_service()
    wanted = types.ImageTransfer(
        disk=types.Disk(id=disk),
        direction=direction,
        format=types.DiskFormat.RAW,
        timeout_policy=types.ImageTransferTimeoutPolicy.CANCEL,
    )
    transfer = transfers.image_transfer_service(transfers.add(wanted).id)
    phases = types.ImageTransferPhase
    wait_until(lambda: transfer.get().phase, phases.TRANSFERRING, "the phase")
    require(connection.follow_link(transfer.get().host).name, "the host has no name")
    result = move(transfer.get().transfer_url)
    transfer.finalize()
    wait_until(lambda: transfer.get().phase, phases.FINISHED_SUCCESS, "the phase")
    return result


def images(known, connection):
    """Uploads an image, downloads it, and compares both."""
    blocks = [hashlib.sha512(str(number).encode()).digest() * 8 for number in range(IMAGE_SIZE // 512)]
    image = b"".join(blocks)
    service = connection.system_service().disks_service()
    directions = types.ImageTransferDirection
    with check("an image is uploaded"):
        disk = service.disk_service(service.add(new_disk("uploaded")).id)
        wait_until(lambda: disk.get().status, types.DiskStatus.OK, "the status")

        def upload(url):
            parts = [(start, image[start : start + CHUNK]) for start in range(0, IMAGE_SIZE, CHUNK)]
            moved(url, known.ca_file, [("PUT", ranged("Content-Range", start, part), part) for start, part in parts])

        transferred(connection, disk.get().id, directions.UPLOAD, upload)
        wait_until(lambda: disk.get().status, types.DiskStatus.OK, "the status")
    with check("it is downloaded, and is the same"):

        def download(url):
            return moved(url, known.ca_file, [("GET", {}, None), ("GET", {"Range": f"bytes={MIB}-{2 * MIB - 1}"}, None)])

        whole, part = transferred(connection, disk.get().id, directions.DOWNLOAD, download)
        require(whole == image, "the whole differs")
        require(part == image[MIB : 2 * MIB], "the part differs")
    with check("an upload that is cancelled takes its disk along"):
        transfers = connection.system_service().image_transfers_service()
        doomed = types.ImageTransfer(disk=types.Disk(id=disk.get().id), direction=directions.UPLOAD)
        transfer = transfers.image_transfer_service(transfers.add(doomed).id)
        wait_until(lambda: transfer.get().phase, types.ImageTransferPhase.TRANSFERRING, "the phase")
        transfer.cancel()
        wait_until(lambda: transfer.get().phase, types.ImageTransferPhase.FINISHED_FAILURE, "the phase")
        require(service.list(search="name=uploaded") == [], "the disk is still there")


def ranged(header, start, part):
    """The header that says where a part belongs."""
    return {header: f"bytes {start}-{start + len(part) - 1}/*", "Content-Type": "application/octet-stream"}


def events(connection):
    """What the engine has written down, and what a program adds to it."""
    service = connection.system_service().events_service()
    with check("events are added and followed"):
        last = service.list(max=1)[0]
        texts = [f"flow {number}" for number in (1, 2)]
        for number, text in enumerate(texts, 1):
            severity = types.LogSeverity.NORMAL
            service.add(types.Event(description=text, severity=severity, origin="flows", custom_id=number))
        found = service.list(from_=int(last.id))
        expect(sorted(event.description for event in found), texts, "what came since")
        expect([event.description for event in service.list(search="severity=error")], [], "what went wrong")
        expect(service.event_service(found[0].id).get().origin, "flows", "the origin")


def refusals(connection):
    """Errors, and what they carry."""
    system = connection.system_service()
    with check("what does not exist is not found"):
        with refused(sdk.NotFoundError):
            system.vms_service().vm_service("00000000-0000-0000-0000-00000000beef").get()
        with refused(sdk.NotFoundError):
            system.disks_service().disk_service("00000000-0000-0000-0000-00000000beef").remove()
    with check("a name that is taken is a conflict"):
        try:
            system.vms_service().add(
                types.Vm(name="vm2", cluster=types.Cluster(name="Default"), template=types.Template(name="Blank"))
            )
        except sdk.Error as error:
            expect((error.code, error.fault.reason), (409, "Operation Failed"), "status and reason")
        else:
            require(False, "it is added")
    with check("what is incomplete is refused"), refused(sdk.Error, "400"):
        system.vms_service().add(types.Vm(name="incomplete"))


def main():
    known = arguments(__doc__)
    connection = signing_in(known)
    reading(connection)
    infrastructure(connection)
    disks(connection)
    vm = machines(connection)
    running(connection, vm)
    images(known, connection)
    events(connection)
    refusals(connection)
    with check("the session is closed"):
        connection.close()


main()
