//! API descriptions as oVirt engines publish them, and their merging into model documents; those of
//! vSphere are in [`vsphere`].
//!
//! A published description loses much of the model: bases (their members are repeated in every heir),
//! which method a signature varies, mandatory and optional members, packages. What is known from the
//! documents is kept, the rest recovered by rules; see [`merge`].

mod merge;
mod order;
mod paths;
mod services;
mod signatures;
mod types;
mod versions;
pub mod vsphere;

pub use merge::{Merged, merge};
pub use versions::{is_version, leading_version};

use crate::fault::{Document, Fault};

/// What was published, item by item, each with its byte offset in the source.
#[derive(Clone, Debug)]
pub struct Description {
    /// The text that was read, for the lines and columns of faults.
    pub source: Document,
    /// Name of the service at the top of the tree.
    pub root: Text,
    /// Enums.
    pub enums: Vec<Enum>,
    /// Structs.
    pub structs: Vec<Struct>,
    /// Services.
    pub services: Vec<Service>,
}

impl Description {
    /// A fault at a byte offset of the source.
    pub fn fault(&self, at: usize, message: impl Into<String>) -> Fault {
        Fault::at(&self.source, at, message)
    }
}

/// Text with its byte offset in the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// The text.
    pub text: String,
    /// Where it starts.
    pub at: usize,
}

/// What every published item may carry.
#[derive(Clone, Debug, Default)]
pub struct Remarks {
    /// Description, in the markup of the source.
    pub doc: String,
    /// Annotations of the source of the model.
    pub annotations: Vec<Annotation>,
}

impl Remarks {
    /// The annotations of that name.
    pub fn named(&self, name: &str) -> impl Iterator<Item = &Annotation> {
        self.annotations.iter().filter(move |annotation| annotation.name.text == name)
    }
}

/// Annotation such as `since`.
#[derive(Clone, Debug)]
pub struct Annotation {
    /// Name.
    pub name: Text,
    /// Values of its parameters; empty text for a parameter without a value.
    pub values: Vec<String>,
}

/// Enum.
#[derive(Clone, Debug)]
pub struct Enum {
    /// Name.
    pub name: Text,
    /// Description and annotations.
    pub remarks: Remarks,
    /// Values in their order.
    pub values: Vec<Value>,
}

/// Value of an [`Enum`].
#[derive(Clone, Debug)]
pub struct Value {
    /// Name.
    pub name: Text,
    /// Description and annotations.
    pub remarks: Remarks,
}

/// Struct.
#[derive(Clone, Debug)]
pub struct Struct {
    /// Name.
    pub name: Text,
    /// Description and annotations.
    pub remarks: Remarks,
    /// Attributes and then links, those of bases among them.
    pub members: Vec<Member>,
}

/// Attribute or link of a [`Struct`].
#[derive(Clone, Debug)]
pub struct Member {
    /// Name.
    pub name: Text,
    /// Description and annotations.
    pub remarks: Remarks,
    /// Type, with `[]` for a list.
    pub ty: Text,
    /// Whether it is a link.
    pub link: bool,
}

/// Service.
#[derive(Clone, Debug)]
pub struct Service {
    /// Name.
    pub name: Text,
    /// Description and annotations.
    pub remarks: Remarks,
    /// Methods, those of bases among them. A signature has its short name, which need not be unique.
    pub methods: Vec<Method>,
    /// Locators, those of bases among them.
    pub locators: Vec<Locator>,
}

/// Method or signature of a [`Service`].
#[derive(Clone, Debug)]
pub struct Method {
    /// Name.
    pub name: Text,
    /// Description and annotations.
    pub remarks: Remarks,
    /// Parameters in their order.
    pub parameters: Vec<Parameter>,
}

/// Parameter of a [`Method`].
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Name.
    pub name: Text,
    /// Description and annotations.
    pub remarks: Remarks,
    /// Type, with `[]` for a list.
    pub ty: Text,
    /// Whether the caller gives it.
    pub given: bool,
    /// Whether the server returns it; `None` where the source does not tell.
    pub returned: Option<bool>,
}

/// Locator of a [`Service`].
#[derive(Clone, Debug)]
pub struct Locator {
    /// Name.
    pub name: Text,
    /// Description and annotations.
    pub remarks: Remarks,
    /// Service that it leads to.
    pub service: Text,
    /// Names and types of its parameters.
    pub parameters: Vec<(Text, Text)>,
}

/// A fault at a byte offset of a text that is no [`Description`] yet.
pub fn fault_at(source: &Document, at: usize, message: impl Into<String>) -> Fault {
    Fault::at(source, at, message)
}
