"""Networks, hosts, storage domains, and who may do what."""

from ovirtsdk4 import types

from checks import check, expect, require, wait_until


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


def storage(connection):
    """A storage domain from its making to its end."""
    system = connection.system_service()
    domains = system.storage_domains_service()
    host = types.Host(name="host1")
    with check("a storage domain is added and attached"):
        nfs = types.HostStorage(type=types.StorageType.NFS, address="nfs.example", path="/data")
        wanted = types.StorageDomain(name="second", type=types.StorageDomainType.DATA, host=host, storage=nfs)
        domain = domains.add(wanted)
        one = domains.storage_domain_service(domain.id)
        wait_until(lambda: one.get().status, types.StorageDomainStatus.UNATTACHED, "the status")
        data_center = system.data_centers_service().list(search="name=Default")[0]
        attached = system.data_centers_service().data_center_service(data_center.id).storage_domains_service()
        attached.add(types.StorageDomain(id=domain.id))
        attached_one = attached.storage_domain_service(domain.id)
        wait_until(lambda: attached_one.get().status, types.StorageDomainStatus.ACTIVE, "the status")
        expect([found.name for found in domains.list(search="name=sec* or datacenter=none")], ["second"], "what is found")
    with check("a storage domain is detached and removed"):
        attached_one.deactivate()
        wait_until(lambda: attached_one.get().status, types.StorageDomainStatus.MAINTENANCE, "the status")
        attached_one.remove()
        wait_until(lambda: [found.name for found in attached.list()], ["data1"], "what is attached")
        one.remove(host="host1", format=True)
        wait_until(lambda: [found.name for found in domains.list(search="name=second")], [], "what is found")


def administration(connection):
    """Who may do what, and how much of it."""
    system = connection.system_service()
    vm = system.vms_service().list(search="name=vm1")[0]
    with check("a role is made, and given to a user"):
        permits = [types.Permit(id="1"), types.Permit(id="1300")]
        role = system.roles_service().add(types.Role(name="keeper", administrative=True, permits=permits))
        user = system.users_service().list(search="name=admin")[0]
        permissions = system.vms_service().vm_service(vm.id).permissions_service()
        added = permissions.add(types.Permission(user=types.User(id=user.id), role=types.Role(id=role.id)))
        expect(connection.follow_link(permissions.permission_service(added.id).get().role).name, "keeper", "the role")
        permissions.permission_service(added.id).remove()
        system.roles_service().role_service(role.id).remove()
    with check("a quota has limits"):
        data_center = system.data_centers_service().list(search="name=Default")[0]
        quotas = system.data_centers_service().data_center_service(data_center.id).quotas_service()
        quota = quotas.add(types.Quota(name="small", description="for tests"))
        limits = quotas.quota_service(quota.id).quota_storage_limits_service()
        limits.add(types.QuotaStorageLimit(limit=10))
        expect([limit.limit for limit in limits.list()], [10], "the limits")
        quotas.quota_service(quota.id).remove()
    with check("a cluster has a MAC pool of its own"):
        ranges = [types.Range(from_="02:00:00:00:00:00", to="02:00:00:01:00:00")]
        pool = system.mac_pools_service().add(types.MacPool(name="ours", ranges=ranges))
        wanted = types.Cluster(name="ours", data_center=data_center, mac_pool=types.MacPool(id=pool.id))
        cluster = system.clusters_service().add(wanted)
        expect(connection.follow_link(connection.follow_link(cluster).mac_pool).ranges[0].to, ranges[0].to, "the range")
        system.clusters_service().cluster_service(cluster.id).remove()
        system.mac_pools_service().mac_pool_service(pool.id).remove()
    with check("an affinity label is put on a virtual machine"):
        labels = system.affinity_labels_service()
        label = labels.label_service(labels.add(types.AffinityLabel(name="near")).id)
        label.vms_service().add(types.Vm(id=vm.id))
        expect([one.id for one in connection.follow_link(label.get().vms)], [vm.id], "the machines")
        label.remove()
