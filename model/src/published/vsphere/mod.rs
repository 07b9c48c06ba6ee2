//! API descriptions as VMware publishes them for vSphere, and their merging into model documents.
//!
//! What was published is an OpenAPI document of the whole API; a [`Description`] holds what of it lies
//! in the [namespaces](in_scope) that our documents cover. Its names are the published ones, such as
//! `Content.Library.ItemModel`; [`merge`] finds ours, `content.library.item_model`.

mod context;
mod errors;
mod merge;
mod methods;
mod names;
mod privileges;
mod services;
mod types;
mod unions;

pub use merge::merge;
pub use names::fold;

use super::Text;
use crate::fault::{Document, Fault};
use crate::ir::{Deprecated, Use, Verb};
use std::collections::BTreeSet;

/// Namespaces that our documents cover.
const SCOPE: &[&str] = &["cis.session", "cis.task", "cis.tasks", "content", "vapi.std", "vcenter.ovf"];

/// Whether our documents cover the namespace of a published name.
pub fn in_scope(name: &str) -> bool {
    let name = fold(name);
    SCOPE.iter().any(|namespace| is_below(&name, namespace))
}

fn is_below(name: &str, namespace: &str) -> bool {
    name.strip_prefix(namespace).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// What was published, item by item.
#[derive(Clone, Debug)]
pub struct Description {
    /// The text that was read, for the lines and columns of faults.
    pub source: Document,
    /// Version of the API.
    pub version: Text,
    /// Services that have operations.
    pub services: Vec<Service>,
    /// Enums.
    pub enums: Vec<Enum>,
    /// Structs.
    pub structs: Vec<Struct>,
    /// Errors.
    pub errors: Vec<ErrorType>,
}

impl Description {
    /// A fault at a byte offset of the source.
    pub fn fault(&self, at: usize, message: impl Into<String>) -> Fault {
        Fault::at(&self.source, at, message)
    }
}

/// Versions of an item, as far as they are told.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Versions {
    /// First version that has the item.
    pub since: Option<String>,
    /// Whether, and since when, it is deprecated.
    pub deprecated: Option<Deprecated>,
    /// Version that no longer has it.
    pub removed: Option<String>,
}

/// Type of a member or of a parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum Type {
    /// Truth value.
    Boolean,
    /// Whole number.
    Integer,
    /// Number with a fraction.
    Decimal,
    /// Point in time.
    Date,
    /// Text. Where nothing more is told, it may be an identifier or a value of an enum all the same.
    Text,
    /// Identifier of a resource of this type, such as `com.vmware.content.Library`.
    Id(String),
    /// Enum or struct.
    Named(String),
    /// Any struct.
    Dynamic,
    /// Any value.
    Opaque,
    /// List; it may be a set all the same.
    List(Box<Type>),
    /// List without order or duplicates.
    Set(Box<Type>),
    /// Values by key.
    Map(Box<Type>, Box<Type>),
}

/// Enum.
#[derive(Clone, Debug)]
pub struct Enum {
    /// Name.
    pub name: Text,
    /// Versions.
    pub versions: Versions,
    /// Values in their order.
    pub values: Vec<Value>,
}

/// Value of an [`Enum`].
#[derive(Clone, Debug)]
pub struct Value {
    /// Name, which is its text on the wire.
    pub name: Text,
    /// Versions.
    pub versions: Versions,
}

/// Struct.
#[derive(Clone, Debug)]
pub struct Struct {
    /// Name.
    pub name: Text,
    /// Versions.
    pub versions: Versions,
    /// Members in their order.
    pub members: Vec<Member>,
}

/// Member of a [`Struct`] or of an [`ErrorType`].
#[derive(Clone, Debug)]
pub struct Member {
    /// Name on the wire.
    pub name: Text,
    /// Versions.
    pub versions: Versions,
    /// Type.
    pub ty: Type,
    /// Whether it is always there.
    pub mandatory: bool,
    /// Whether its value must not be shown.
    pub secret: bool,
    /// What it means to which operation, as far as that is told.
    pub uses: Vec<(String, Use)>,
    /// The only values of another member with which it is there.
    pub relevance: Option<Relevance>,
}

/// When a [`Member`] of a union is there.
#[derive(Clone, Debug, PartialEq)]
pub struct Relevance {
    /// Name of the member that tells.
    pub by: String,
    /// Its values.
    pub values: Vec<String>,
}

/// Error.
#[derive(Clone, Debug)]
pub struct ErrorType {
    /// Name.
    pub name: Text,
    /// Versions.
    pub versions: Versions,
    /// Error whose members it has too.
    pub base: Option<String>,
    /// Members of its own.
    pub members: Vec<Member>,
    /// Statuses of the answers that are this error.
    pub statuses: BTreeSet<u16>,
}

/// Service.
#[derive(Clone, Debug)]
pub struct Service {
    /// Name, such as `Content.Library.Item`.
    pub name: Text,
    /// Versions.
    pub versions: Versions,
    /// Operations in their order.
    pub operations: Vec<Operation>,
}

/// Operation of a [`Service`].
#[derive(Clone, Debug)]
pub struct Operation {
    /// Name, such as `keepAlive`.
    pub name: Text,
    /// Versions.
    pub versions: Versions,
    /// HTTP method.
    pub verb: Verb,
    /// Path, with `{parameter}` where the value of a parameter goes.
    pub path: String,
    /// What the query always has, as `action=find`.
    pub fixed_query: Vec<String>,
    /// Parameters in their order.
    pub parameters: Vec<Parameter>,
    /// Type of what it returns, if anything.
    pub result: Option<Type>,
    /// HTTP status of a success.
    pub status: u16,
    /// Names of the errors that it answers with.
    pub errors: Vec<String>,
    /// What the user must be allowed to.
    pub privileges: Vec<Privilege>,
}

/// Parameter of an [`Operation`].
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Name on the wire; empty for a whole body, which has none.
    pub name: Text,
    /// Versions.
    pub versions: Versions,
    /// Where it goes.
    pub place: Place,
    /// Type.
    pub ty: Type,
    /// Whether the call fails without it.
    pub mandatory: bool,
}

/// Where the value of a [`Parameter`] goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Into the path.
    Path,
    /// Into the query.
    Query,
    /// Into a header.
    Header,
    /// It is the body.
    Body,
    /// It is a member of the body.
    Field,
}

/// Privilege that an [`Operation`] asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Privilege {
    /// Name.
    pub name: String,
    /// Parameter such as `libraryId`, or member such as `Content.Library.ItemModel.library_id`, that tells
    /// the resource; none for the whole system.
    pub on: Option<String>,
}
