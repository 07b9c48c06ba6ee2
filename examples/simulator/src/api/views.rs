//! Collections that show objects which another collection owns.

/// Where the objects of a collection are stored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum View {
    /// Below the collection itself.
    Owned,
    /// In that collection; this one holds only ids.
    Refs(&'static str),
    /// In that collection; this one shows those whose member refers to the parent, or all of them
    /// where no member is named.
    Filter(&'static str, &'static str),
}

use View::{Filter, Refs};

/// Collections by the pattern of their path. All others own their objects.
pub(super) const VIEWS: &[(&str, View)] = &[
    ("affinitylabels/{}/hosts", Refs("hosts")),
    ("affinitylabels/{}/vms", Refs("vms")),
    ("clusters/{}/affinitygroups/{}/hostlabels", Refs("affinitylabels")),
    ("clusters/{}/affinitygroups/{}/hosts", Refs("hosts")),
    ("clusters/{}/affinitygroups/{}/vmlabels", Refs("affinitylabels")),
    ("clusters/{}/affinitygroups/{}/vms", Refs("vms")),
    ("clusters/{}/cpuprofiles", Filter("cpuprofiles", "cluster")),
    ("clusters/{}/networkfilters", Filter("networkfilters", "")),
    ("clusters/{}/networks", Refs("networks")),
    ("clusters/{}/permissions", Filter("permissions", "cluster")),
    ("datacenters/{}/clusters", Filter("clusters", "data_center")),
    ("datacenters/{}/iscsibonds/{}/networks", Refs("networks")),
    ("datacenters/{}/iscsibonds/{}/storageserverconnections", Refs("storageconnections")),
    ("datacenters/{}/networks", Filter("networks", "data_center")),
    ("datacenters/{}/permissions", Filter("permissions", "data_center")),
    ("datacenters/{}/storagedomains", Refs("storagedomains")),
    ("datacenters/{}/storagedomains/{}/disks", Filter("disks", "storage_domains")),
    ("disks/{}/permissions", Filter("permissions", "disk")),
    ("domains/{}/groups", Filter("groups", "domain")),
    ("domains/{}/users", Filter("users", "domain")),
    ("groups/{}/permissions", Filter("permissions", "group")),
    ("groups/{}/roles", Refs("roles")),
    ("groups/{}/tags", Refs("tags")),
    ("hosts/{}/affinitylabels", Refs("affinitylabels")),
    ("hosts/{}/nics/{}/virtualfunctionallowednetworks", Refs("networks")),
    ("hosts/{}/permissions", Filter("permissions", "host")),
    ("hosts/{}/tags", Refs("tags")),
    ("networks/{}/vnicprofiles", Filter("vnicprofiles", "network")),
    ("storagedomains/{}/diskprofiles", Filter("diskprofiles", "storage_domain")),
    ("storagedomains/{}/disks", Filter("disks", "storage_domains")),
    ("storagedomains/{}/permissions", Filter("permissions", "storage_domain")),
    ("storagedomains/{}/storageconnections", Refs("storageconnections")),
    ("templates/{}/permissions", Filter("permissions", "template")),
    ("templates/{}/tags", Refs("tags")),
    ("users/{}/groups", Refs("groups")),
    ("users/{}/permissions", Filter("permissions", "user")),
    ("users/{}/roles", Refs("roles")),
    ("users/{}/tags", Refs("tags")),
    ("vmpools/{}/permissions", Filter("permissions", "vm_pool")),
    ("vms/{}/affinitylabels", Refs("affinitylabels")),
    ("vms/{}/backups/{}/disks", Refs("disks")),
    ("vms/{}/checkpoints/{}/disks", Refs("disks")),
    ("vms/{}/permissions", Filter("permissions", "vm")),
    ("vms/{}/tags", Refs("tags")),
];

/// Pairs of collections that show the same relation from its two ends.
const MIRRORS: &[(&str, &str, &str)] = &[
    ("affinitylabels", "vms", "affinitylabels"),
    ("affinitylabels", "hosts", "affinitylabels"),
    ("vms", "affinitylabels", "vms"),
    ("hosts", "affinitylabels", "hosts"),
];

/// Where the objects of the collection with that pattern are stored.
pub(crate) fn view(pattern: &str) -> View {
    VIEWS.iter().find(|(known, _)| *known == pattern).map_or(View::Owned, |(_, view)| *view)
}

/// The collection at the other end: for `affinitylabels/A/vms` and VM `B`, `vms/B/affinitylabels`.
pub(crate) fn mirror(path: &str, id: &str) -> Option<String> {
    let mut segments = path.split('/');
    let (parent, _, relation) = (segments.next()?, segments.next()?, segments.next()?);
    let (_, _, back) = MIRRORS.iter().find(|(from, to, _)| *from == parent && *to == relation)?;
    segments.next().is_none().then(|| format!("{relation}/{id}/{back}"))
}
