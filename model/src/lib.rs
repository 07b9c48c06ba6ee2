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
//! An API that has its services in namespaces, as vSphere does, is written down like this:
//!
//! ```xml
//! <model name="vsphere" version="9.1.0.0" namespace="com.vmware"> <doc>…</doc> </model>
//!
//! <enum name="content.library.storage_backing.type"> <doc>…</doc> <value name="DATASTORE">…</value> </enum>
//!
//! <struct name="content.library.storage_backing">
//!   <doc>…</doc>
//!   <attribute name="type" type="content.library.storage_backing.type" use="create:required get:present">…</attribute>
//!   <attribute name="datastore_id" type="id(Datastore)">…</attribute>
//!   <attribute name="eulas" type="string[]" wire="EULAs" mandatory="true">…</attribute>
//!   <union by="type">
//!     <case value="DATASTORE"> <member name="datastore_id" mandatory="true"/> </case>
//!     <case value="OTHER"/>
//!   </union>
//! </struct>
//!
//! <error name="vapi.std.errors.resource_busy" base="vapi.std.errors.error" status="500" legacy_status="400" retryable="true">
//!   <doc>…</doc>
//!   <attribute name="made_up" type="string">…</attribute>
//! </error>
//!
//! <service name="content.library.item" resource="content.library.Item">
//!   <doc>…</doc>
//!   <method name="copy" verb="POST" path="/content/library/item/{source_id}?action=copy" status="200" since="6.5">
//!     <doc>…</doc>
//!     <in name="source_id" type="id(content.library.Item)" mandatory="true">…</in>
//!     <in name="create_spec" type="content.library.item_model" mandatory="true" body="true">…</in>
//!     <out name="result" type="id(content.library.Item)"/>
//!     <error name="vapi.std.errors.resource_busy"/>
//!     <privilege name="System.Read" on="source_id"/>
//!   </method>
//! </service>
//! ```
//!
//! # Words of all APIs
//!
//! | type | what it is |
//! |---|---|
//! | `boolean`, `integer`, `decimal`, `date`, `string` | a value by itself |
//! | name of an enum or struct | one of it |
//! | `disk[]` | a list of one of the others; never of lists |
//! | `string{}` | a list without order or duplicates |
//! | `map(string,disk)` | values by key; keys are `string`, `id(…)` or an enum |
//! | `id(content.Library)` | identifier of a resource of that type, on the wire a text |
//! | `dynamic`, `dynamic(vcenter.ovf.ovf_params)` | any struct, or any that has the members of this one |
//! | `opaque` | a value of which the model says nothing |
//!
//! | attribute | of | what it says |
//! |---|---|---|
//! | `since` | all | first version that has it |
//! | `deprecated` | all | version that deprecated it, or `true` |
//! | `removed` | members | version that no longer has it, while older servers still do |
//! | `secret` | members | its value must not be shown |
//! | `mandatory` | parameters | the call fails without it |
//! | `base` | structs, errors, services | what it inherits from |
//!
//! A method named `add`, `get`, `list`, `update` or `remove` is of that kind (where services are in
//! namespaces, `create`, `get`, `list`, `update` or `delete`), any other is an action. A `signature` is a
//! variant `of` a method with parameters and `mandatory` and `optional` members of its own: its full name is
//! `add_lun`.
//!
//! # Words of APIs in namespaces
//!
//! A model has either a `root` service, from which locators lead to all others, or a `namespace`, which stands
//! before every name where a full identifier is asked for. Then names have dots, services have no locators, the
//! files are named after the full names, and there are two dialects: `/api`, which the documents tell, and the
//! older `/rest`, whose routes follow from names.
//!
//! | word | of | what it says |
//! |---|---|---|
//! | `wire` | members | name on the wire, where that is not the name |
//! | `wire` | structs | full identifier, where that is not the name after the namespace |
//! | `mandatory` | members | a server always sends it, and a request must have it |
//! | `use` | members | what it means to methods that share the struct, as `create:required update:unused`: `required` and `optional` in requests, `unused`, and `present` where answers always have it |
//! | `union` | structs | members of which the enum `by` tells which ones have a value |
//! | `case`, `member` | unions | what has a value with one `value` of that enum; with `mandatory`, it must have one |
//! | `status` | errors, methods | HTTP status in `/api`; of a method only where it is not 204 without a result, 201 for POST to a path without a query, and 200 else |
//! | `legacy_status` | errors | HTTP status in `/rest`, where that is another one |
//! | `retryable` | errors | the same request may succeed later |
//! | `resource` | services | type of the resources that it serves |
//! | `verb`, `path` | methods | how it is called below `/api`; `{name}` stands for the value of a parameter, the query is what it always has |
//! | `body` | parameters | it is the whole body; without it, what is not in path, query or header is a member of the body |
//! | `query` | parameters | key in the query, where that is not the name; without it, a struct puts each of its members there |
//! | `error` | methods | an error that it answers with |
//! | `privilege` | methods | what the user must be allowed to, on the resource that a parameter or member `on` tells, or on the whole system |
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
