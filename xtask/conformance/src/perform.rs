//! Calls of `connection.jsonl` → calls of the SDK.

use crate::arguments::Arguments;
use crate::kinds::Kind;
use crate::lab::Lab;
use crate::node::{Node, Outcome, node};
use crate::python_call::{Argument, Expression, Operand, Step};
use crate::requests::below;
use crate::rows::{ConnectionRow, Request};
use crate::{canonical, cases};
use serde_json::Value;
use virt_sdk::ovirt::Connection;
use virt_sdk::table_access;

/// What is to be done.
pub(crate) enum Performed {
    /// Signing on, and nothing more.
    SignOn,
    /// Calls, one after the other; a list of results where there are several.
    Calls {
        /// The calls.
        calls: Vec<Outcome>,
        /// Whether the result is the list of their results.
        list: bool,
    },
}

/// Prepares the call of a record; nothing is sent yet.
pub(crate) async fn prepare(row: &ConnectionRow, connection: &Connection, lab: &Lab) -> Result<Performed, String> {
    let expression = Expression::parse(&row.call)?;
    let (step, way) = expression.steps.split_last().ok_or("there is no method")?;
    if way.is_empty() && step.name == "authenticate" {
        return Ok(Performed::SignOn);
    }
    let mut calls = Vec::new();
    for _ in 0..expression.times {
        calls.push(match (way, step.name.as_str()) {
            ([], "test") => test(connection, step),
            ([], "follow_link") => follow(connection, step, row, lab)?,
            ([], _) => short(connection, step, row)?,
            (way, _) => call(&*service(connection, way)?, step, row)?,
        });
    }
    Ok(Performed::Calls { calls, list: expression.times > 1 })
}

/// The recorded client tells whether it works, unless it is told to raise.
fn test(connection: &Connection, step: &Step) -> Outcome {
    let raises = step.arguments.iter().any(|argument| argument.value == Operand::Plain(true.into()));
    let connection = connection.clone();
    Box::pin(async move {
        match connection.test().await {
            Ok(()) => Ok(Value::Bool(true)),
            Err(error) if raises => Err(error),
            Err(_) => Ok(Value::Bool(false)),
        }
    })
}

fn follow(connection: &Connection, step: &Step, row: &ConnectionRow, lab: &Lab) -> Result<Outcome, String> {
    let Some(Argument { value: Operand::At(class, path), .. }) = step.arguments.first() else {
        return Err("the object to follow is not told".to_owned());
    };
    let path = lab.server.addressed(path);
    if let Some(kind) = Kind::named(class) {
        return Ok((kind.follow)(connection, &path));
    }
    // What is in the list, the answer tells.
    let body = row.server.api.first().map_or("", |answer| answer.body.as_str());
    let (kind, _) = Kind::of_element(cases::root_element(body)).ok_or_else(|| format!("the SDK has no list of `{class}`"))?;
    Ok((kind.follow_list)(connection, &path))
}

/// A method without its service is one of a virtual machine, or of all of them.
fn short(connection: &Connection, step: &Step, row: &ConnectionRow) -> Result<Outcome, String> {
    let (all, method) = match step.name.as_str() {
        "list" | "add" => (true, step.name.as_str()),
        "get" | "update" | "remove" => (false, step.name.as_str()),
        "action" => (false, "stop"),
        "statistic values" => (false, "update"),
        other => return Err(format!("it is not known what `{other}` does")),
    };
    let service = if all { service(connection, &[plain("vms")])? } else { service(connection, &[plain("vm")])? };
    call(&*service, &Step { name: method.to_owned(), arguments: step.arguments.clone() }, row)
}

fn plain(name: &str) -> Step {
    Step { name: name.to_owned(), arguments: Vec::new() }
}

/// The service at the end of a way. A way that begins with `vm` begins at the virtual machine `1`.
fn service(connection: &Connection, way: &[Step]) -> Result<Box<dyn Node>, String> {
    let mut service = node(connection.system_service()).ok_or("there is no service at the top")?;
    for (index, step) in way.iter().enumerate() {
        let id = match step.arguments.first() {
            None => None,
            Some(Argument { name: None, value: Operand::Plain(Value::String(id)) }) => Some(id.as_str()),
            Some(other) => return Err(format!("`{other:?}` is no identifier")),
        };
        let locator = format!("{}_service", step.name);
        service = if index == 0 && step.name == "vm" {
            below(&*below(&*service, "vms_service", None)?, &locator, Some(id.unwrap_or("1")))?
        } else {
            below(&*service, &locator, id)?
        };
    }
    Ok(service)
}

/// The call of a method. Arguments of which no more than their name is recorded are taken from the request.
fn call(service: &dyn Node, step: &Step, row: &ConnectionRow) -> Result<Outcome, String> {
    let mut arguments = Arguments::default();
    let request = row.requests.iter().rfind(|request| !request.path.contains("/sso"));
    for argument in &step.arguments {
        give(argument, request, &mut arguments)?;
    }
    if let Some(request) = request.filter(|_| matches!(step.name.as_str(), "add" | "update")) {
        let name = cases::root_element(&request.body);
        arguments.set(name, object(name, &request.body)?);
    }
    let method = step.name.trim_end_matches('_');
    let call = service.call(method, &mut arguments);
    let call = call.ok_or_else(|| format!("{} has no method `{method}`", service.name()))?;
    arguments.finish()?;
    Ok(call)
}

fn give(argument: &Argument, request: Option<&Request>, arguments: &mut Arguments) -> Result<(), String> {
    match (argument.name.as_deref(), &argument.value) {
        (Some("headers"), Operand::Map(pairs)) => {
            for (name, value) in pairs {
                // The recorded client sends no header for `None`, as if it had not been given.
                if let Some(value) = value {
                    arguments.header(name, value);
                }
            }
        }
        (Some("query"), Operand::Map(pairs)) => {
            for (name, value) in pairs {
                arguments.query(name, value.as_deref().unwrap_or_default());
            }
        }
        (Some(name), Operand::Plain(value)) => arguments.set(name.trim_end_matches('_'), value.clone()),
        (name, Operand::Opaque(word)) => {
            let name = name.unwrap_or(word);
            let value = request.and_then(|request| request.query.iter().find(|(other, _)| other == name));
            if let Some((_, value)) = value {
                arguments.set(name, value.as_str().into());
            }
        }
        (name, value) => return Err(format!("it is not known what `{}` = `{value:?}` does", name.unwrap_or("?"))),
    }
    Ok(())
}

/// The object in the body of a request.
fn object(element: &str, body: &str) -> Result<Value, String> {
    let (kind, _) = Kind::of_element(element).ok_or_else(|| format!("the SDK has no type for `{element}`"))?;
    let mut object = (kind.make)();
    table_access::xml::read(body, &mut *object).map_err(|error| format!("the recorded body cannot be read: {error}"))?;
    Ok(canonical::record(&*object))
}
