//! The plain model that every consumer works on: checked, flattened, named.
//!
//! Everything is resolved: a [`Type`] names a type that exists, members and methods of bases are
//! copied into what inherits them, and each item knows its name on the wire.

use std::collections::BTreeMap;

/// A whole API.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// Name of the API, such as `ovirt`.
    pub name: String,
    /// Version of the API model, such as `4.6.1`.
    pub version: String,
    /// Name of the service at the top of the tree.
    pub root: String,
    /// What the API is, in a sentence.
    pub doc: String,
    /// Structs by name.
    pub structs: BTreeMap<String, Struct>,
    /// Enums by name.
    pub enums: BTreeMap<String, Enum>,
    /// Services by name.
    pub services: BTreeMap<String, Service>,
}

/// What every item may carry beside its name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Notes {
    /// Description, in Markdown.
    pub doc: String,
    /// First version of the API that has the item.
    pub since: Option<String>,
    /// Whether, and since when, the item is deprecated.
    pub deprecated: Option<Deprecated>,
    /// Version that no longer has the item; older servers still do.
    pub removed: Option<String>,
}

/// Deprecation of an item.
#[derive(Clone, Debug, PartialEq)]
pub struct Deprecated {
    /// Version that deprecated it, where known.
    pub since: Option<String>,
}

/// Type of a member or of a parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum Type {
    /// Truth value.
    Boolean,
    /// Whole number, 64 bits.
    Integer,
    /// Number with a fraction.
    Decimal,
    /// Point in time, with or without a zone offset.
    Date,
    /// Text.
    String,
    /// Enum, by name.
    Enum(String),
    /// Struct, by name.
    Struct(String),
    /// List of one of the above; never nested.
    List(Box<Type>),
}

impl Type {
    /// The type itself, or what it is a list of.
    pub fn item(&self) -> &Type {
        match self {
            Type::List(item) => item,
            other => other,
        }
    }

    /// Whether it is a list.
    pub fn is_list(&self) -> bool {
        matches!(self, Type::List(_))
    }

    /// Name of the struct that it is or lists.
    pub fn struct_name(&self) -> Option<&str> {
        match self.item() {
            Type::Struct(name) => Some(name),
            _ => None,
        }
    }
}

impl std::fmt::Display for Type {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Type::Boolean => f.write_str("boolean"),
            Type::Integer => f.write_str("integer"),
            Type::Decimal => f.write_str("decimal"),
            Type::Date => f.write_str("date"),
            Type::String => f.write_str("string"),
            Type::Enum(name) | Type::Struct(name) => f.write_str(name),
            Type::List(item) => write!(f, "{item}[]"),
        }
    }
}

/// Set of named texts.
#[derive(Clone, Debug, PartialEq)]
pub struct Enum {
    /// Name, such as `vm_status`.
    pub name: String,
    /// Description and versions.
    pub notes: Notes,
    /// Values in the order of the document.
    pub values: Vec<Value>,
}

/// One value of an [`Enum`]. Its name is its text on the wire.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    /// Name, such as `powering_up`.
    pub name: String,
    /// Description and versions.
    pub notes: Notes,
}

/// Record with named members.
#[derive(Clone, Debug, PartialEq)]
pub struct Struct {
    /// Name, such as `disk_attachment`.
    pub name: String,
    /// Struct whose members it inherits.
    pub base: Option<String>,
    /// Whether the API adds it without its being in the published source of the model.
    pub builtin: bool,
    /// Description and versions.
    pub notes: Notes,
    /// Members, those of the base first, each in the order of its document.
    pub members: Vec<Member>,
    /// Element that holds one object of this type.
    pub element: String,
    /// Element that holds a list of them.
    pub list_element: String,
}

impl Struct {
    /// The member of that name.
    pub fn member(&self, name: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.name == name)
    }
}

/// Member of a [`Struct`].
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// Name, such as `provisioned_size`.
    pub name: String,
    /// Type of its value.
    pub ty: Type,
    /// Whether it refers to other resources rather than being part of this one.
    pub link: bool,
    /// Whether its value must not be shown.
    pub secret: bool,
    /// Struct that declares it.
    pub declared_in: String,
    /// Description and versions.
    pub notes: Notes,
    /// Where its value stands in a document.
    pub place: Place,
}

/// Where the value of a member stands in a document.
#[derive(Clone, Debug, PartialEq)]
pub enum Place {
    /// In an XML attribute of this name.
    Attribute(String),
    /// In a child element.
    Element {
        /// Name of the child.
        tag: String,
        /// For a list, name of the children of that child.
        item: Option<String>,
        /// For a list of links, the `rel` of the `link` element that leads to it.
        rel: Option<String>,
    },
}

/// Node of the service tree.
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    /// Name, such as `disk_attachments`.
    pub name: String,
    /// Service whose methods and locators it inherits.
    pub base: Option<String>,
    /// Package in the source of the model; `services` for most.
    pub package: String,
    /// Area it belongs to, such as `Storage`.
    pub area: Option<String>,
    /// Whether it stands in the model for technical reasons and serves nothing.
    pub pseudo: bool,
    /// Description and versions.
    pub notes: Notes,
    /// Methods, those of the base first, each in the order of its document.
    pub methods: Vec<Method>,
    /// Locators, those of the base first.
    pub locators: Vec<Locator>,
}

impl Service {
    /// The method of that full name.
    pub fn method(&self, name: &str) -> Option<&Method> {
        self.methods.iter().find(|method| method.name == name)
    }

    /// The locator that takes an argument, of which a service has at most one.
    pub fn item_locator(&self) -> Option<&Locator> {
        self.locators.iter().find(|locator| locator.parameter.is_some())
    }
}

/// What a method does to the resource of its service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Adds an object to a collection.
    Add,
    /// Reads one object.
    Get,
    /// Reads a collection.
    List,
    /// Changes an object.
    Update,
    /// Deletes an object.
    Remove,
    /// Anything else.
    Action,
}

/// Method of a [`Service`].
#[derive(Clone, Debug, PartialEq)]
pub struct Method {
    /// Full name: `add`, and `add_from_snapshot` for its signature `from_snapshot`.
    pub name: String,
    /// What it does.
    pub kind: Kind,
    /// The method that this one is another signature of.
    pub signature_of: Option<String>,
    /// Service that declares it.
    pub declared_in: String,
    /// Description and versions.
    pub notes: Notes,
    /// Parameters in the order of the document.
    pub parameters: Vec<Parameter>,
    /// Member paths that the server insists on, such as `vm.cluster.id|vm.cluster.name`.
    pub mandatory: Vec<String>,
    /// Member paths that the server takes as well.
    pub optional: Vec<String>,
    /// How the call is made.
    pub route: Route,
}

impl Method {
    /// The parameter that is the body of an `add` or `update`.
    pub fn primary(&self) -> Option<&Parameter> {
        match &self.route.body {
            Body::Object { parameter, .. } => self.parameter(parameter),
            Body::None | Body::Action { .. } => None,
        }
    }

    /// The parameter whose value the call returns.
    pub fn result(&self) -> Option<&Parameter> {
        self.route.result.as_deref().and_then(|name| self.parameter(name))
    }

    /// The parameter of that name.
    pub fn parameter(&self, name: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|parameter| parameter.name == name)
    }
}

/// Parameter of a [`Method`].
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Name, such as `search`.
    pub name: String,
    /// Type of its value.
    pub ty: Type,
    /// Which way it goes.
    pub direction: Direction,
    /// Whether the call fails without it.
    pub mandatory: bool,
    /// Description and versions.
    pub notes: Notes,
}

/// Which way a [`Parameter`] goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the caller to the server.
    In,
    /// From the server to the caller.
    Out,
    /// Both ways.
    InOut,
}

impl Direction {
    /// Whether the caller gives it.
    pub fn is_in(self) -> bool {
        self != Direction::Out
    }

    /// Whether the server returns it.
    pub fn is_out(self) -> bool {
        self != Direction::In
    }
}

/// How a method is called over HTTP.
#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    /// HTTP method.
    pub verb: Verb,
    /// Segment after the path of the service, for actions.
    pub path: Option<String>,
    /// Parameters that go into the query: name and key.
    pub query: Vec<(String, String)>,
    /// What the request carries.
    pub body: Body,
    /// Name of the parameter that the answer fills.
    pub result: Option<String>,
}

/// HTTP method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// `GET`
    Get,
    /// `POST`
    Post,
    /// `PUT`
    Put,
    /// `DELETE`
    Delete,
}

impl Verb {
    /// The verb as it is sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Verb::Get => "GET",
            Verb::Post => "POST",
            Verb::Put => "PUT",
            Verb::Delete => "DELETE",
        }
    }
}

/// What a request carries.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// Nothing.
    None,
    /// One object, or one list of them.
    Object {
        /// Name of the parameter that gives it.
        parameter: String,
        /// Root element.
        element: String,
    },
    /// An `action` element with these parameters as children: name and tag.
    Action {
        /// Parameter names and their tags.
        fields: Vec<(String, String)>,
    },
}

/// Way from a [`Service`] to another one below it.
#[derive(Clone, Debug, PartialEq)]
pub struct Locator {
    /// Name, such as `disk_attachments`.
    pub name: String,
    /// Service it leads to.
    pub service: String,
    /// Name of the argument, for the way from a collection to one of its members.
    pub parameter: Option<String>,
    /// Path segment; the argument itself where there is one, written as `{id}`.
    pub segment: String,
    /// Service that declares it.
    pub declared_in: String,
    /// Description and versions.
    pub notes: Notes,
}
