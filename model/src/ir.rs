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
    /// What full identifiers of the API start with, such as `com.vmware`; none where names have no namespace.
    pub namespace: Option<String>,
    /// Name of the service at the top of the tree.
    pub root: String,
    /// What the API is, in a sentence.
    pub doc: String,
    /// Structs by name.
    pub structs: BTreeMap<String, Struct>,
    /// Enums by name.
    pub enums: BTreeMap<String, Enum>,
    /// Errors by name.
    pub errors: BTreeMap<String, ErrorType>,
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
    /// Identifier of a resource of this type, such as `content.Library`.
    Id(String),
    /// Enum, by name.
    Enum(String),
    /// Struct, by name.
    Struct(String),
    /// Any struct, or any that has the members of this one. It tells by itself which one it is.
    Dynamic(Option<String>),
    /// A value of which the model says nothing.
    Opaque,
    /// List of one of the above or of maps; never of lists.
    List(Box<Type>),
    /// List without order or duplicates.
    Set(Box<Type>),
    /// Values by key. Keys are texts: strings, identifiers or enum values.
    Map(Box<Type>, Box<Type>),
}

impl Type {
    /// The type itself, or what it is a list of.
    pub fn item(&self) -> &Type {
        match self {
            Type::List(item) | Type::Set(item) => item,
            other => other,
        }
    }

    /// Whether it is a list or a set.
    pub fn is_list(&self) -> bool {
        matches!(self, Type::List(_) | Type::Set(_))
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
            Type::Id(resource) => write!(f, "id({resource})"),
            Type::Enum(name) | Type::Struct(name) => f.write_str(name),
            Type::Dynamic(None) => f.write_str("dynamic"),
            Type::Dynamic(Some(like)) => write!(f, "dynamic({like})"),
            Type::Opaque => f.write_str("opaque"),
            Type::List(item) => write!(f, "{item}[]"),
            Type::Set(item) => write!(f, "{item}{{}}"),
            Type::Map(key, value) => write!(f, "map({key},{value})"),
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
    /// Members of which only some have a value, as another member tells.
    pub unions: Vec<Union>,
    /// Name on the wire: the element that holds one object of this type, or its full identifier.
    pub element: String,
    /// Element that holds a list of them; empty where lists have no name.
    pub list_element: String,
}

impl Struct {
    /// The member of that name.
    pub fn member(&self, name: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.name == name)
    }
}

/// Members of a [`Struct`] of which one member, an enum, tells which have a value.
#[derive(Clone, Debug, PartialEq)]
pub struct Union {
    /// Name of the member that tells.
    pub discriminant: String,
    /// The cases, by value of that member.
    pub cases: Vec<Case>,
}

/// Which members have a value for one value of the discriminant of a [`Union`].
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// Value of the discriminant.
    pub value: String,
    /// Names of the members, and whether they must have a value.
    pub members: Vec<(String, bool)>,
}

/// Error that a server answers with.
#[derive(Clone, Debug, PartialEq)]
pub struct ErrorType {
    /// Name, such as `vapi.std.errors.not_found`.
    pub name: String,
    /// Description and versions.
    pub notes: Notes,
    /// Name on the wire in the newer dialect, such as `NOT_FOUND`.
    pub literal: String,
    /// Full identifier, its name on the wire in the older dialect.
    pub identifier: String,
    /// HTTP status of the answer in the newer dialect.
    pub status: u16,
    /// HTTP status of the answer in the older dialect; where it was never seen, that of the newer one.
    pub legacy_status: u16,
    /// Whether the same request may succeed later.
    pub retryable: bool,
    /// Members, those of the base first.
    pub members: Vec<Member>,
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
    /// Whether a server always sends it and a request must have it.
    pub mandatory: bool,
    /// For a struct that several methods share, what the member means to each of them.
    pub uses: Vec<(String, Use)>,
    /// Struct that declares it.
    pub declared_in: String,
    /// Description and versions.
    pub notes: Notes,
    /// Where its value stands in a document.
    pub place: Place,
}

/// What a member means to one kind of method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// A request must have it.
    Required,
    /// It may be given, or may be absent from an answer.
    Optional,
    /// It is ignored.
    Unused,
    /// Answers always have it.
    Present,
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
    /// Type of the resources that it serves, such as `content.Library`.
    pub resource: Option<String>,
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
    /// Names of the errors that it answers with.
    pub errors: Vec<String>,
    /// What the user must be allowed to.
    pub privileges: Vec<Privilege>,
    /// How the call is made.
    pub route: Route,
    /// How it is made in the older dialect of the API, if there is one that has it.
    pub legacy_route: Option<Route>,
}

impl Method {
    /// The parameter that is the body of an `add` or `update`.
    pub fn primary(&self) -> Option<&Parameter> {
        match &self.route.body {
            Body::Object { parameter, .. } => self.parameter(parameter),
            Body::None | Body::Action { .. } | Body::Fields { .. } => None,
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

/// Privilege that a [`Method`] asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Privilege {
    /// Name, such as `ContentLibrary.ReadStorage`.
    pub name: String,
    /// Parameter, or path of a member, that tells the resource on which the user must have it; none for
    /// the whole system.
    pub on: Option<String>,
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
    /// In an API whose services are reached by locators, the segment after the path of the service, for
    /// actions. Else the whole path, with `{parameter}` where the value of a parameter goes.
    pub path: Option<String>,
    /// What the query always has.
    pub fixed_query: Vec<(String, String)>,
    /// Parameters that go into the query: name and key. The members of a struct go there each by itself,
    /// after the key and a dot, or by their names where the key is empty.
    pub query: Vec<(String, String)>,
    /// Parameters that go into headers: name and header.
    pub headers: Vec<(String, String)>,
    /// What the request carries.
    pub body: Body,
    /// Name of the parameter that the answer fills.
    pub result: Option<String>,
    /// HTTP status of a success.
    pub status: u16,
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
    /// `PATCH`
    Patch,
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
            Verb::Patch => "PATCH",
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
        /// Root element; empty where the root has no name.
        element: String,
    },
    /// An `action` element with these parameters as children: name and tag.
    Action {
        /// Parameter names and their tags.
        fields: Vec<(String, String)>,
    },
    /// An object with these parameters as members.
    Fields {
        /// Parameter names.
        fields: Vec<String>,
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
