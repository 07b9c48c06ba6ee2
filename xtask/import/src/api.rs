//! The APIs whose descriptions can be imported.

/// An API that our documents describe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Api {
    /// The oVirt Engine API, as an engine publishes it.
    Ovirt,
    /// The vSphere API with the Content Library, as VMware publishes it.
    Vsphere,
}

impl Api {
    /// All of them.
    pub const ALL: &[Api] = &[Api::Ovirt, Api::Vsphere];

    /// Name of the API: of its model, of the folder of its documents, and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Api::Ovirt => "ovirt",
            Api::Vsphere => "vsphere",
        }
    }

    /// The API of that name.
    pub fn named(name: &str) -> Option<Api> {
        Self::ALL.iter().copied().find(|api| api.name() == name)
    }

    /// Names that a description has as a file in an archive, the best one first.
    pub(crate) fn files(self) -> &'static [&'static str] {
        match self {
            // JSON tells more.
            Api::Ovirt => &["model.json", "model.xml"],
            Api::Vsphere => &["vcenter.yaml", "vcenter.json"],
        }
    }

    /// What an address is like.
    pub(crate) fn address(self) -> &'static str {
        match self {
            Api::Ovirt => "https://HOST/ovirt-engine/api",
            Api::Vsphere => "https://HOST/…/vcenter.yaml",
        }
    }
}
