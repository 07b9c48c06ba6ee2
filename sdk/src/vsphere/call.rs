//! Requests as values: the arguments of an operation, and what becomes of them in either dialect.

use super::answer::{self, Answer};
use super::{Dialect, Pending, Session};
use crate::core::error::{Error, ErrorKind, Result};
use crate::core::http::request::{self, CallOptions, header};
use crate::core::http::retry::Retry;
use crate::core::http::session::BoxFuture;
use crate::core::json::{self, Form, JsonError};
use crate::core::link::Items;
use crate::core::path;
use crate::core::table::Record;
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::{Map, Value};
use std::fmt::{self, Display};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What the API says of an operation.
#[derive(Debug)]
pub(crate) struct Operation {
    /// Full identifier, such as `com.vmware.content.library.item.create`.
    pub(crate) name: &'static str,
    pub(crate) api: Route,
    /// `None` when the older dialect does not have it.
    pub(crate) rest: Option<Route>,
}

/// How an operation is called in one dialect. Parameters are meant by their names.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) method: Method,
    /// Path with `{parameter}` where a value goes.
    pub(crate) path: &'static str,
    pub(crate) fixed_query: &'static [(&'static str, &'static str)],
    /// Parameter and key. A struct goes there member by member: after the key and a dot, or by their names
    /// alone where the key is empty.
    pub(crate) query: &'static [(&'static str, &'static str)],
    /// Parameter and header.
    pub(crate) headers: &'static [(&'static str, &'static str)],
    pub(crate) body: Body,
}

/// What a request carries.
#[derive(Debug)]
pub(crate) enum Body {
    None,
    /// The value of this parameter.
    Whole(&'static str),
    /// An object with those of these parameters that are set.
    Fields(&'static [&'static str]),
}

#[derive(Clone)]
enum Argument {
    Text(String),
    Integer(i64),
    Boolean(bool),
    Record(Arc<dyn Record>),
    Records(Arc<dyn Items + Send + Sync>),
}

impl Argument {
    fn json(&self, form: Form) -> std::result::Result<Value, JsonError> {
        match self {
            Argument::Text(text) => Ok(Value::from(text.as_str())),
            Argument::Integer(number) => Ok(Value::from(*number)),
            Argument::Boolean(truth) => Ok(Value::from(*truth)),
            Argument::Record(record) => json::write(&**record, form),
            Argument::Records(records) => json::write_items(&**records, form),
        }
    }
}

/// A call of an operation as it will be sent.
///
/// Every request of a service has one in its field `call`. It can be looked at without a server, and takes headers
/// and query parameters that the API model does not have:
///
/// ```
/// use virt_sdk::vsphere::{Dialect, Session};
///
/// let session = Session::builder("https://vcenter.example.com").token("t").build()?;
/// let mut request = session.content().library().item().list("7d8b3a4c");
/// request.call.set_header("X-Request-ID", "nightly");
/// assert_eq!(request.call.method(Dialect::Api)?, "GET");
/// assert_eq!(request.call.path(Dialect::Api)?, "/api/content/library/item");
/// assert_eq!(request.call.path(Dialect::Rest)?, "/rest/com/vmware/content/library/item");
/// assert_eq!(request.call.query(Dialect::Api)?, [("library_id".into(), "7d8b3a4c".into())]);
/// # Ok::<(), virt_sdk::Error>(())
/// ```
#[derive(Clone)]
pub struct Call {
    session: Session,
    operation: &'static Operation,
    arguments: Vec<(&'static str, Argument)>,
    query: Vec<(String, String)>,
    options: CallOptions,
    /// What was found wrong while the call was put together; told when it is sent.
    problem: Option<String>,
}

impl Call {
    pub(super) fn new(session: Session, operation: &'static Operation) -> Self {
        Self { session, operation, arguments: Vec::new(), query: Vec::new(), options: CallOptions::default(), problem: None }
    }

    /// Full identifier of the operation, such as `com.vmware.content.library.item.create`.
    pub fn operation(&self) -> &'static str {
        self.operation.name
    }

    /// HTTP method.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Request`] when the dialect does not have the operation.
    pub fn method(&self, dialect: Dialect) -> Result<&'static Method> {
        Ok(&self.route(dialect)?.method)
    }

    /// Path after the host, encoded, such as `/api/content/library/123`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Request`] when an identifier is empty, `.` or `..`, and when the dialect does not have the
    /// operation.
    pub fn path(&self, dialect: Dialect) -> Result<String> {
        let mut path = String::new();
        let mut rest = self.route(dialect)?.path;
        while let Some((before, (name, after))) = rest.split_once('{').and_then(|(a, b)| Some((a, b.split_once('}')?))) {
            path.push_str(before);
            match self.argument(name) {
                Some(Argument::Text(id)) => path.push_str(&path::encoded(id, &path)?),
                _ => return Err(Error::new(ErrorKind::Request, format!("`{name}` is missing; give it"))),
            }
            rest = after;
        }
        path.push_str(rest);
        Ok(path)
    }

    /// Path with the names of parameters in place of their values, such as `/api/content/library/{library_id}`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Request`] when the dialect does not have the operation.
    pub fn path_template(&self, dialect: Dialect) -> Result<&'static str> {
        Ok(self.route(dialect)?.path)
    }

    /// Query parameters, decoded.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Request`] when the dialect does not have the operation.
    pub fn query(&self, dialect: Dialect) -> Result<Vec<(String, String)>> {
        let route = self.route(dialect)?;
        let mut query: Vec<(String, String)> =
            route.fixed_query.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        for (name, key) in route.query {
            if let Some(argument) = self.argument(name) {
                let value = argument.json(dialect.form()).map_err(|error| unwritable(name, &error))?;
                flatten(key, &value, &mut query);
            }
        }
        query.extend(self.query.iter().cloned());
        Ok(query)
    }

    /// Headers that this call has beside those of the session.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Request`] when one holds a character that no header can carry, and when the dialect does not
    /// have the operation.
    pub fn headers(&self, dialect: Dialect) -> Result<HeaderMap> {
        let mut headers = self.options.headers.clone();
        for (parameter, name) in self.route(dialect)?.headers {
            if let Some(Argument::Text(text)) = self.argument(parameter) {
                let (name, value) = header(name, text).map_err(|problem| Error::new(ErrorKind::Request, problem))?;
                headers.insert(name, value);
            }
        }
        Ok(headers)
    }

    /// The JSON document that will be sent, if any. It may hold passwords.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Request`] when a value cannot be written, such as a date without an offset, and when the
    /// dialect does not have the operation.
    pub fn body(&self, dialect: Dialect) -> Result<Option<Value>> {
        let argument = |name: &str| {
            let value = self.argument(name).map(|argument| argument.json(dialect.form()));
            value.transpose().map_err(|error| unwritable(name, &error))
        };
        match self.route(dialect)?.body {
            Body::None => Ok(None),
            Body::Whole(name) => argument(name),
            Body::Fields(names) => {
                let mut members = Map::new();
                for name in names {
                    if let Some(value) = argument(name)? {
                        members.insert((*name).to_owned(), value);
                    }
                }
                Ok(Some(Value::Object(members)))
            }
        }
    }

    /// Adds a query parameter that the API model does not have, in place of one that was added before under that name.
    pub fn set_query(&mut self, name: &str, value: impl Display) {
        self.query.retain(|(other, _)| other != name);
        self.query.push((name.to_owned(), value.to_string()));
    }

    /// Sets a header, in place of the one of the session, but for the one that shows the token. A name or value that no
    /// header can have is reported when the request is sent.
    pub fn set_header(&mut self, name: &str, value: impl Display) {
        if let Err(problem) = self.options.set_header(name, value) {
            self.problem = Some(problem);
        }
    }

    /// How long this call may take in all, in place of what the [session](super::SessionBuilder::timeout) says.
    pub fn set_timeout(&mut self, timeout: Duration) {
        self.options.timeout = Some(timeout);
    }

    /// How often this call is sent again if it fails on the way, in place of what the
    /// [session](super::SessionBuilder::retry) says.
    pub fn set_retry(&mut self, retry: Retry) {
        self.options.retry = Some(retry);
    }

    pub(crate) fn with_text(self, name: &'static str, value: String) -> Self {
        self.with(name, Argument::Text(value))
    }

    pub(crate) fn with_integer(self, name: &'static str, value: i64) -> Self {
        self.with(name, Argument::Integer(value))
    }

    pub(crate) fn with_boolean(self, name: &'static str, value: bool) -> Self {
        self.with(name, Argument::Boolean(value))
    }

    pub(crate) fn with_record(self, name: &'static str, value: impl Record) -> Self {
        self.with(name, Argument::Record(Arc::new(value)))
    }

    pub(crate) fn with_records<T: Record + Default>(self, name: &'static str, value: Vec<T>) -> Self {
        self.with(name, Argument::Records(Arc::new(Some(value))))
    }

    fn with(mut self, name: &'static str, argument: Argument) -> Self {
        match self.arguments.iter_mut().find(|(other, _)| *other == name) {
            Some((_, old)) => *old = argument,
            None => self.arguments.push((name, argument)),
        }
        self
    }

    fn argument(&self, name: &str) -> Option<&Argument> {
        self.arguments.iter().find(|(other, _)| *other == name).map(|(_, argument)| argument)
    }

    fn route(&self, dialect: Dialect) -> Result<&'static Route> {
        match dialect {
            Dialect::Api => Ok(&self.operation.api),
            Dialect::Rest => self.operation.rest.as_ref().ok_or_else(|| {
                let message = format!("`{}` is not part of the dialect `/rest`; use `/api`", self.operation.name);
                Error::new(ErrorKind::Request, message)
            }),
        }
    }

    /// The request that this call makes.
    fn request(&self, dialect: Dialect) -> Result<request::Request> {
        if let Some(problem) = &self.problem {
            return Err(Error::new(ErrorKind::Request, problem));
        }
        Ok(request::Request {
            method: self.method(dialect)?.clone(),
            path: self.path(dialect)?,
            query: self.query(dialect)?,
            template: self.path_template(dialect)?.to_owned(),
            options: CallOptions { headers: self.headers(dialect)?, ..self.options.clone() },
            body: self.body(dialect)?.map(|body| body.to_string()),
        })
    }

    /// Sends the call; `decode` makes the result of the answer.
    pub(crate) fn send<T>(self, decode: fn(&Answer) -> Result<T>) -> Pending<T> {
        Pending::new(self.boxed_answer(), decode)
    }

    /// Apart from the type of the result, so that it is compiled once.
    fn boxed_answer(self) -> BoxFuture<'static, Result<Answer>> {
        Box::pin(async move { self.answer().await })
    }

    async fn answer(&self) -> Result<Answer> {
        let operation = self.operation.name;
        let (timeout, started) = (self.options.timeout.or(self.session.timeout()), Instant::now());
        let dialect = self.session.dialect_within(timeout).await.map_err(|error| error.in_call(operation))?;
        let mut request = self.request(dialect).map_err(|error| error.in_call(operation))?;
        request.options.timeout = timeout.map(|timeout| timeout.saturating_sub(started.elapsed()));
        let reply = self.session.client().reply(&request).await?;
        answer::success(reply, dialect)
    }
}

impl fmt::Debug for Call {
    /// Shows no arguments, which may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("operation", &self.operation.name).finish_non_exhaustive()
    }
}

/// Puts a value into a query: an object member by member, a list item by item under one key.
fn flatten(key: &str, value: &Value, query: &mut Vec<(String, String)>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let key = if key.is_empty() { name.clone() } else { format!("{key}.{name}") };
                flatten(&key, value, query);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| flatten(key, item, query)),
        Value::String(text) => query.push((key.to_owned(), text.clone())),
        Value::Null => {}
        other => query.push((key.to_owned(), other.to_string())),
    }
}

fn unwritable(name: &str, error: &JsonError) -> Error {
    Error::new(ErrorKind::Request, format!("`{name}` cannot be sent: {error}"))
}
