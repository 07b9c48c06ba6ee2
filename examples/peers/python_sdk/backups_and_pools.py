"""Backups of virtual machines, and pools that hand them out."""

from ovirtsdk4 import types

from checks import check, expect, require, wait_until
from disks import new_disk


def backups(connection):
    """A full backup and one of what came since, with what is left of them."""
    system = connection.system_service()
    vms = system.vms_service()
    with check("a virtual machine without disks is added"):
        blank = types.Template(name="Blank")
        vm = vms.vm_service(vms.add(types.Vm(name="kept", cluster=types.Cluster(name="Default"), template=blank)).id)
        disk = new_disk("kept_Disk1")
        disk.format, disk.backup = types.DiskFormat.COW, types.DiskBackup.INCREMENTAL
        interface = types.DiskInterface.VIRTIO_SCSI
        attachment = types.DiskAttachment(disk=disk, interface=interface, bootable=True, active=True)
        disk = vm.disk_attachments_service().add(attachment).disk
        wait_until(lambda: system.disks_service().disk_service(disk.id).get().status, types.DiskStatus.OK, "the status")
    for mode in ("full", "incremental"):
        with check(f"a backup is made: {mode}"):
            checkpoints = [one.id for one in vm.checkpoints_service().list()]
            wanted = types.Backup(disks=[types.Disk(id=disk.id)], from_checkpoint_id=next(iter(checkpoints), None))
            backup = vm.backups_service().backup_service(vm.backups_service().add(wanted).id)
            wait_until(lambda: backup.get().phase, types.BackupPhase.READY, "the phase")
            found = [(one.id, one.backup_mode.value) for one in backup.disks_service().list()]
            expect(found, [(disk.id, mode)], "the disks")
            backup.finalize()
            wait_until(lambda: backup.get().phase, types.BackupPhase.SUCCEEDED, "the phase")
            left = [one.id for one in vm.checkpoints_service().list()]
            require(backup.get().to_checkpoint_id in left and len(left) > len(checkpoints), "no checkpoint is left")
    with check("checkpoints are removed"):
        for checkpoint in vm.checkpoints_service().list():
            vm.checkpoints_service().checkpoint_service(checkpoint.id).remove()
        wait_until(lambda: vm.checkpoints_service().list(), [], "what is left")
        vm.remove(detach_only=True)
        wait_until(lambda: vms.list(search="name=kept"), [], "what is found")
        system.disks_service().disk_service(disk.id).remove()


def pools(connection):
    """Virtual machines that are handed out."""
    system = connection.system_service()
    with check("a virtual machine of a pool is taken"):
        cluster, golden = types.Cluster(name="Default"), types.Template(name="golden")
        added = system.vm_pools_service().add(types.VmPool(name="pool", size=2, cluster=cluster, template=golden))
        pool = system.vm_pools_service().pool_service(added.id)
        members = lambda: system.vms_service().list(search="pool=pool sortby name")
        statuses = lambda: sorted(vm.status.value for vm in members())
        wait_until(statuses, ["down", "down"], "the statuses")
        pool.allocate_vm()
        wait_until(statuses, ["down", "up"], "the statuses")
        taken = next(vm for vm in members() if vm.status == types.VmStatus.UP)
        system.vms_service().vm_service(taken.id).stop()
        wait_until(statuses, ["down", "down"], "the statuses")
        pool.remove()
        wait_until(members, [], "what is left")
