//! API model documents, and the reader that makes a checked [`Model`] of them.
//!
//! A model is a folder: `model.xml` with the API's name, version and root service, and one file for
//! each enum, struct and service, named after it. [`read_folder`] reads one from disk, [`read`] from
//! memory.
//!
//! # The vocabulary
//!
//! ```xml
//! <model name="ovirt" version="4.6.1" root="system">
//!   <doc>…</doc>
//!   <parameter name="max">Description of a parameter that many methods share.</parameter>
//! </model>
//!
//! <enum name="disk_status"> <doc>…</doc> <value name="ok" since="4.0">…</value> </enum>
//!
//! <struct name="disk" base="device">
//!   <doc>…</doc>
//!   <attribute name="provisioned_size" type="integer">…</attribute>
//!   <attribute name="sgio" type="scsi_generic_i_o" deprecated="true">…</attribute>
//!   <link name="storage_domains" type="storage_domain[]">…</link>
//! </struct>
//!
//! <service name="disks" area="Storage">
//!   <doc>…</doc>
//!   <method name="list">
//!     <doc>…</doc>
//!     <out name="disks" type="disk[]">…</out>
//!     <in name="max" type="integer"/>
//!   </method>
//!   <signature name="lun" of="add"> <doc>…</doc> <inout name="disk" type="disk"/>
//!     <mandatory>disk.lun_storage.type</mandatory>
//!   </signature>
//!   <locator name="disk" service="disk" parameter="id">…</locator>
//! </service>
//! ```
//!
//! A type is `boolean`, `integer`, `decimal`, `date`, `string`, an enum or a struct, or a list of one
//! (`disk[]`). `since` holds a version, `deprecated` a version or `true`; `removed` the version that no
//! longer has a member which older servers still do. `secret="true"` marks a
//! member whose value must not be shown. A method named `add`, `get`, `list`, `update` or `remove` is
//! of that kind, any other is an action. A `signature` is a variant `of` a method with parameters and
//! `mandatory` and `optional` members of its own: its full name is `add_lun`.
#![forbid(unsafe_code)]

mod declared;
mod fault;
mod ir;
mod ovirt;
pub mod published;
mod resolve;
mod suggest;
mod vocabulary;
mod vsphere;
#[cfg(test)]
mod wire_test;
mod write;

pub use fault::{Document, Fault};
pub use ir::*;
pub use write::write;

use std::path::Path;
#[cfg(feature = "embedded")]
use std::sync::LazyLock;

/// Reads a model from documents in memory.
///
/// # Errors
///
/// All faults of all documents, in their order in the files.
pub fn read(documents: &[Document]) -> Result<Model, Vec<Fault>> {
    let mut model = read_uncorrected(documents)?;
    if model.name == "ovirt"
        && let Err(message) = ovirt::corrections::apply(&mut model)
    {
        let path = documents.iter().map(|document| &document.path).find(|path| path.ends_with("model.xml"));
        return Err(vec![Fault { path: path.cloned().unwrap_or_default(), line: 1, column: 1, message }]);
    }
    Ok(model)
}

/// The model as the rules alone give it.
fn read_uncorrected(documents: &[Document]) -> Result<Model, Vec<Fault>> {
    let mut faults = Vec::new();
    let declared = declared::read(documents, &mut faults);
    let model = resolve::resolve(documents, &declared, &mut faults);
    faults.sort();
    faults.dedup();
    model.filter(|_| faults.is_empty()).ok_or(faults)
}

/// Reads a model from the folder that holds its `model.xml`.
///
/// # Errors
///
/// All faults of all documents, and files that cannot be read, as line 1 of their path.
pub fn read_folder(folder: &Path) -> Result<Model, Vec<Fault>> {
    read(&load(folder)?)
}

/// Loads the documents of a folder, sorted by path.
fn load(folder: &Path) -> Result<Vec<Document>, Vec<Fault>> {
    let fault = |path: &Path, error: std::io::Error| {
        vec![Fault { path: path.display().to_string(), line: 1, column: 1, message: format!("cannot be read: {error}") }]
    };
    let mut documents = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).map_err(|error| fault(&folder, error))? {
            let path = entry.map_err(|error| fault(&folder, error))?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "xml") {
                let text = std::fs::read_to_string(&path).map_err(|error| fault(&path, error))?;
                documents.push(Document { path: path.display().to_string(), text });
            }
        }
    }
    documents.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(documents)
}

/// The oVirt Engine API, from the documents compiled in.
///
/// # Panics
///
/// Never in a released version: the documents are checked by this crate's tests.
#[cfg(feature = "embedded")]
pub fn ovirt() -> &'static Model {
    static MODEL: LazyLock<Model> = LazyLock::new(|| read_embedded(include!(concat!(env!("OUT_DIR"), "/ovirt.rs"))));
    &MODEL
}

/// The vSphere Content Library API, from the documents compiled in.
///
/// # Panics
///
/// Never in a released version: the documents are checked by this crate's tests.
#[cfg(feature = "embedded")]
pub fn vsphere() -> &'static Model {
    static MODEL: LazyLock<Model> = LazyLock::new(|| read_embedded(include!(concat!(env!("OUT_DIR"), "/vsphere.rs"))));
    &MODEL
}

#[cfg(feature = "embedded")]
fn read_embedded<const N: usize>(documents: [(&str, &str); N]) -> Model {
    let documents = documents.map(|(path, text)| Document { path: path.to_owned(), text: text.to_owned() });
    read(&documents).unwrap_or_else(|faults| panic!("{}", faults[0]))
}
