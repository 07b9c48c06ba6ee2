"""Lists, links, events and errors: what programs read."""

import ovirtsdk4 as sdk
from ovirtsdk4 import types

from checks import check, expect, refused, require


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
            service = getattr(system, name)() if name.endswith("_service") and not name.startswith("_") else None
            if hasattr(service, "list"):
                require(isinstance(service.list(), list), f"{name} has no list")


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
