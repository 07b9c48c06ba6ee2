//! Requests as values: what will be sent is known, and can be looked at, before it is.

use crate::core::error::{Error, ErrorKind, Result};
use crate::core::http::client::Client;
use crate::core::http::reply::{Opened, Reply};
use crate::core::http::request::{CallOptions, Request};
use crate::core::http::retry::Retry;
use crate::core::http::session::BoxFuture;
use crate::core::http::span;
use crate::core::link::ListSlot;
use crate::core::path::Path;
use crate::core::pending::Pending;
use crate::core::table::Record;
use crate::core::xml;
use reqwest::Method;
use reqwest::header::HeaderMap;
use std::fmt::{self, Display};
use std::time::Duration;

/// Place of a service: what generated services are made of.
#[derive(Clone)]
pub(crate) struct Resource {
    client: Client,
    path: Path,
}

impl Resource {
    pub(crate) fn root(client: Client) -> Self {
        Self { client, path: Path::default() }
    }

    pub(crate) fn child(&self, segment: &'static str) -> Self {
        Self { client: self.client.clone(), path: self.path.fixed(segment) }
    }

    pub(crate) fn item(&self, id: &str) -> Self {
        Self { client: self.client.clone(), path: self.path.id(id) }
    }

    pub(crate) fn get(&self) -> Call {
        self.call(Method::GET, self.path.clone(), Body::None)
    }

    /// What stands at a path and query that the server told, or the reason why that is not followed.
    pub(crate) fn follow(&self, below: Result<(String, Vec<(String, String)>)>) -> Call {
        match below {
            Ok((path, query)) => Call { query, ..self.call(Method::GET, self.path.told(path), Body::None) },
            Err(error) => Call { problem: Some(error.to_string()), ..self.get() },
        }
    }

    pub(crate) fn remove(&self) -> Call {
        self.call(Method::DELETE, self.path.clone(), Body::None)
    }

    /// `parameter` is the one that becomes the body.
    pub(crate) fn add(&self, parameter: &'static str) -> Call {
        self.call(Method::POST, self.path.clone(), Body::Missing(parameter))
    }

    /// `parameter` is the one that becomes the body.
    pub(crate) fn update(&self, parameter: &'static str) -> Call {
        self.call(Method::PUT, self.path.clone(), Body::Missing(parameter))
    }

    pub(crate) fn action(&self, segment: &'static str) -> Call {
        self.call(Method::POST, self.path.fixed(segment), Body::Action(Vec::new()))
    }

    fn call(&self, method: Method, path: Path, body: Body) -> Call {
        let client = self.client.clone();
        Call { client, method, path, query: Vec::new(), options: CallOptions::default(), body, problem: None }
    }
}

impl Resource {
    /// What `Debug` of a service shows.
    pub(crate) fn debug(&self, service: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(service).field("client", &self.client).field("path", &self.path.template()).finish()
    }
}

/// A request as it will be sent.
///
/// Every request of a service has one in its field `call`. It can be looked at without a server, and
/// takes headers and query parameters that the API model does not have:
///
/// ```
/// # use virt_sdk::ovirt::Connection;
/// # let connection = Connection::builder("https://engine.example.com/ovirt-engine/api").token("t").build()?;
/// let mut request = connection.system_service().vms_service().list().search("name=my*").max(10);
/// request.call.set_correlation_id("nightly-backup");
/// request.call.set_timeout(std::time::Duration::from_secs(30));
/// assert_eq!(request.call.method(), "GET");
/// assert_eq!(request.call.path()?, "/vms");
/// assert_eq!(request.call.query(), [("search".into(), "name=my*".into()), ("max".into(), "10".into())]);
/// # Ok::<(), virt_sdk::Error>(())
/// ```
#[derive(Clone)]
pub struct Call {
    client: Client,
    method: Method,
    path: Path,
    query: Vec<(String, String)>,
    options: CallOptions,
    body: Body,
    /// What was found wrong while the call was put together; told when it is sent.
    problem: Option<String>,
}

#[derive(Clone)]
enum Body {
    None,
    /// The parameter of this name must be given.
    Missing(&'static str),
    Document(String),
    /// Children of an `action` element, by tag.
    Action(Vec<(&'static str, String)>),
}

impl Call {
    /// HTTP method.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// Path after the URL of the connection, such as `/vms/123/start`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Request`] when an identifier is empty, `.` or `..`.
    pub fn path(&self) -> Result<String> {
        self.path.encode()
    }

    /// Path with `{id}` in place of identifiers, such as `/vms/{id}/start`.
    pub fn path_template(&self) -> String {
        self.path.template()
    }

    /// Query parameters, decoded, in the order in which they were set.
    pub fn query(&self) -> &[(String, String)] {
        &self.query
    }

    /// Headers that this call has beside those of the connection.
    pub fn headers(&self) -> &HeaderMap {
        &self.options.headers
    }

    /// The XML document that will be sent, if any. It may hold passwords.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Request`] when the object to add or update was not given, or when a text holds a
    /// control character.
    pub fn body(&self) -> Result<Option<String>> {
        if let Some(problem) = &self.problem {
            return Err(Error::new(ErrorKind::Request, problem));
        }
        match &self.body {
            Body::None => Ok(None),
            Body::Missing(parameter) => {
                let message = format!("there is nothing to send; call `.{parameter}(…)` before `send`");
                Err(Error::new(ErrorKind::Request, message))
            }
            Body::Document(document) => Ok(Some(document.clone())),
            Body::Action(fields) if fields.is_empty() => Ok(Some("<action/>".to_owned())),
            Body::Action(fields) => {
                let content: String = fields.iter().map(|(_, element)| element.as_str()).collect();
                Ok(Some(format!("<action>{content}</action>")))
            }
        }
    }

    /// Sets a query parameter, in place of an earlier one of that name.
    pub fn set_query(&mut self, name: &str, value: impl Display) {
        let value = value.to_string();
        match self.query.iter_mut().find(|(other, _)| other == name) {
            Some((_, old)) => *old = value,
            None => self.query.push((name.to_owned(), value)),
        }
    }

    /// Sets a header, in place of the one of the connection. A name or value that no header can have is
    /// reported when the request is sent.
    pub fn set_header(&mut self, name: &str, value: impl Display) {
        if let Err(problem) = self.options.set_header(name, value) {
            self.problem = Some(problem);
        }
    }

    /// Sets the identifier under which the engine logs this request, and what comes of it: jobs and events have it, too.
    /// It has up to 36 letters, digits, `_` and `-`; anything else the engine would leave out, so that it is reported
    /// when the request is sent. Default: the engine makes one.
    pub fn set_correlation_id(&mut self, id: &str) {
        let is_kept = |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-');
        if id.is_empty() || id.len() > 36 || !id.chars().all(is_kept) {
            self.problem = Some(format!("`{id}` is not a correlation id; it has 1 to 36 letters, digits, `_` and `-`"));
        } else {
            self.set_header("Correlation-Id", id);
        }
    }

    /// How long this call may take in all, in place of what the [connection](super::ConnectionBuilder::timeout) says.
    pub fn set_timeout(&mut self, timeout: Duration) {
        self.options.timeout = Some(timeout);
    }

    /// How often this call is sent again if it fails on the way, in place of what the
    /// [connection](super::ConnectionBuilder::retry) says.
    pub fn set_retry(&mut self, retry: Retry) {
        self.options.retry = Some(retry);
    }

    /// As [`set_query`](Self::set_query). What the setters of requests call takes and returns the call: that is less
    /// to compile for each of them.
    pub(crate) fn with_query(mut self, name: &'static str, value: impl Display) -> Self {
        self.set_query(name, value);
        self
    }

    pub(crate) fn with_header(mut self, name: &'static str, value: impl Display) -> Self {
        self.set_header(name, value);
        self
    }

    pub(crate) fn with_body(self, record: &dyn Record) -> Self {
        self.with_document(xml::record(record))
    }

    pub(crate) fn with_body_list(self, list: &dyn ListSlot, list_element: &str, item: &str) -> Self {
        self.with_document(xml::list(list, list_element, item))
    }

    fn with_document(mut self, document: std::result::Result<String, impl Display>) -> Self {
        match document {
            Ok(document) => self.body = Body::Document(document),
            Err(problem) => self.problem = Some(problem.to_string()),
        }
        self
    }

    pub(crate) fn with_field(self, tag: &'static str, value: impl Display) -> Self {
        self.with_child(tag, &xml::Child::Text(&value.to_string()))
    }

    pub(crate) fn with_field_record(self, tag: &'static str, record: &dyn Record) -> Self {
        self.with_child(tag, &xml::Child::Record(record))
    }

    pub(crate) fn with_field_list(self, tag: &'static str, list: &dyn ListSlot, item: &'static str) -> Self {
        self.with_child(tag, &xml::Child::List(list, item))
    }

    fn with_child(mut self, tag: &'static str, content: &xml::Child<'_>) -> Self {
        let element = match xml::element(tag, content) {
            Ok(element) => element,
            Err(problem) => {
                self.problem = Some(problem.to_string());
                return self;
            }
        };
        let mut fields = match std::mem::replace(&mut self.body, Body::None) {
            Body::Action(fields) => fields,
            _ => Vec::new(),
        };
        match fields.iter_mut().find(|(other, _)| *other == tag) {
            Some((_, old)) => *old = element,
            None => fields.push((tag, element)),
        }
        self.body = Body::Action(fields);
        self
    }

    /// The request that this call makes, and who sends it.
    fn into_request(self) -> Result<(Client, Request)> {
        let (path, body) = (self.path()?, self.body()?);
        let template = if span::is_collected() { self.path.template() } else { String::new() };
        let Self { client, method, query, options, .. } = self;
        Ok((client, Request { method, path, template, query, options, body }))
    }

    /// Sends the call, and leaves the body of the answer to be read.
    pub(crate) async fn open(self) -> Result<Opened> {
        let (client, request) = self.into_request()?;
        client.open(&request).await
    }

    /// Sends the call; `decode` makes the result of the answer.
    pub(crate) fn send<T>(self, decode: fn(&Reply) -> Result<T>) -> Pending<T> {
        Pending::new(self.boxed_reply(), decode)
    }

    /// Apart from the type of the result, so that it is compiled once.
    fn boxed_reply(self) -> BoxFuture<'static, Result<Reply>> {
        match self.into_request() {
            Ok((client, request)) => Box::pin(async move { client.reply(&request).await }),
            Err(error) => Box::pin(std::future::ready(Err(error))),
        }
    }
}

impl fmt::Debug for Call {
    /// Shows neither the body nor values of headers, which may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("method", &self.method)
            .field("path", &self.path.template())
            .field("query", &self.query)
            .finish_non_exhaustive()
    }
}
