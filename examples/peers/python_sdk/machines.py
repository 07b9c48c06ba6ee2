"""Virtual machines from their templates to their end."""

import ovirtsdk4 as sdk
from ovirtsdk4 import types

from checks import check, expect, refused, require, wait_until
from disks import new_disk


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
        changes = types.Vm(initialization=initialization)
        vm.start(use_cloud_init=True, vm=changes, query={"correlation_id": "flow-start"})
        wait_until(lambda: vm.get().status, types.VmStatus.UP, "the status")
        require(vm.reported_devices_service().list()[0].ips[0].address, "it reports no address")
        require(connection.follow_link(vm.get().host).name.startswith("host"), "it has no host")
    with check("work is found by its correlation id"):
        jobs = connection.system_service().jobs_service()
        found = lambda: [job.status for job in jobs.list(search="correlation_id=flow-start")]
        wait_until(found, [types.JobStatus.FINISHED], "the status")
    with check("the CD of what runs is changed"):
        image = new_disk("tools.iso")
        image.content_type = types.DiskContentType.ISO
        image = connection.system_service().disks_service().add(image)
        drive = vm.cdroms_service().cdrom_service(vm.cdroms_service().list()[0].id)
        drive.update(types.Cdrom(file=types.File(id=image.id)), current=True)
        expect(drive.get(current=True).file.id, image.id, "the CD")
    with check("a console has a place and a ticket"):
        console = vm.graphics_consoles_service().list()[0]
        ticket = vm.graphics_consoles_service().console_service(console.id).ticket()
        require(ticket.value and ticket.expiry > 0, f"the ticket is {ticket.value!r} for {ticket.expiry} s")
        expect((console.address, console.port), (None, None), "the place of the next screen")
        console = vm.graphics_consoles_service().list(current=True)[0]
        screen = vm.get().display
        require(screen.port >= 5900 and screen.address, "the screen has no place")
        expect((console.address, console.port), (screen.address, screen.port), "the place of the screen")
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
