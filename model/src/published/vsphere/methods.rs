//! Methods: parameters, routes and errors of operations.

use super::context::{Context, notes};
use super::names::{fold, snake};
use super::types::ty;
use super::{Operation, Parameter, Place, Versions, privileges};
use crate::declared::{self, Located};
use crate::ir::{self, Direction, Notes, Verb};
use crate::published::merge::here;
use crate::published::order::arrange;
use crate::vsphere::wire;

/// Name of what a method returns.
const RESULT: &str = "result";

/// A method with the route, parameters, errors and privileges of an operation.
pub(super) fn method(
    source: &Operation,
    service: &str,
    name: String,
    ours: Option<&declared::Method>,
    context: &mut Context<'_>,
) -> declared::Method {
    let mut path = source.path.clone();
    let known = ours.map(|ours| ours.parameters.as_slice()).unwrap_or_default();
    let owner = format!("{service}.{name}");
    let mut parameters = Vec::new();
    for parameter in &source.parameters {
        let Some(made) = self::parameter(source, parameter, known, &owner, ours.is_some(), context) else { continue };
        if parameter.place == Place::Path {
            path = path.replace(&format!("{{{}}}", parameter.name.text), &format!("{{{}}}", made.name.text));
        }
        if parameters.iter().any(|(other, _)| *other == made.name.text) {
            context.fault(parameter.name.at, format!("`{owner}` has two parameters `{}`; names must differ", made.name.text));
            continue;
        }
        parameters.push((made.name.text.clone(), made));
    }
    if let Some(result) = result(source, known, context) {
        parameters.push((result.name.text.clone(), result));
    }
    let kept: Vec<&str> = parameters.iter().map(|(name, _)| name.as_str()).collect();
    context.gone(&owner, known.iter().map(|parameter| parameter.name.text.as_str()), &kept);
    if !source.fixed_query.is_empty() {
        path = format!("{path}?{}", source.fixed_query.join("&"));
    }
    let order: Vec<String> = known.iter().map(|parameter| parameter.name.text.clone()).collect();
    let copy = |paths: &[Located]| paths.iter().map(|path| here(&path.text)).collect();
    let mut method = declared::Method {
        name: here(&name),
        of: None,
        notes: notes(&source.versions, ours.map(|ours| &ours.notes)),
        parameters: arrange(&order, parameters),
        mandatory: ours.map(|ours| copy(&ours.mandatory)).unwrap_or_default(),
        optional: ours.map(|ours| copy(&ours.optional)).unwrap_or_default(),
        errors: errors(source, ours, context),
        privileges: privileges::merge(source, service, ours.map(|ours| ours.privileges.as_slice()).unwrap_or_default(), context),
        verb: Some(source.verb),
        path: Some(here(&path)),
        status: None,
    };
    // Only a status that does not follow from the rest is written down.
    if status_by_rule(&method) != source.status {
        method.status = Some(source.status);
    }
    method
}

fn parameter(
    operation: &Operation,
    source: &Parameter,
    known: &[declared::Parameter],
    owner: &str,
    is_known_method: bool,
    context: &mut Context<'_>,
) -> Option<declared::Parameter> {
    let published = &source.name.text;
    let in_query = matches!(operation.verb, Verb::Get | Verb::Delete);
    let wrong = match source.place {
        Place::Query if !in_query => Some("in the query; only GET and DELETE may have it there"),
        Place::Body | Place::Field if in_query => Some("in the body, which GET and DELETE do not have here"),
        Place::Header if !wire::HEADERS.iter().any(|(_, header)| header == published) => {
            Some("in a header that the model does not know")
        }
        _ => None,
    };
    if let Some(wrong) = wrong {
        let shown = if published.is_empty() { "the body".to_owned() } else { format!("`{published}`") };
        context.fault(
            source.name.at,
            format!("{shown} of `{owner}` stands {wrong}; add that to the routes in model/src/vsphere/wire.rs, or correct it in the fixups of the import"),
        );
        return None;
    }
    let header = wire::HEADERS.iter().find(|(_, header)| header == published).map(|(name, _)| *name);
    let ours = known.iter().filter(|known| known.direction.is_in()).find(|known| match source.place {
        // A body has no name in the source.
        Place::Body => known.body,
        Place::Header => Some(known.name.text.as_str()) == header,
        Place::Query => known.query.as_ref() == Some(published) || fold(&known.name.text) == fold(published),
        Place::Path | Place::Field => fold(&known.name.text) == fold(published),
    });
    let name = match (ours, header) {
        (Some(ours), _) => ours.name.text.clone(),
        (None, Some(header)) => header.to_owned(),
        (None, None) if source.place == Place::Body => "spec".to_owned(),
        (None, None) => snake(published),
    };
    if ours.is_none() && is_known_method {
        context.is_new(&format!("`{owner}.{name}`"));
    }
    let ty = ty(&source.ty, ours.map(|ours| ours.ty.text.as_str()), context);
    let is_struct = matches!(source.ty, super::Type::Named(_)) && !context.enums.contains(&ty);
    Some(declared::Parameter {
        direction: Direction::In,
        mandatory: source.mandatory,
        body: source.place == Place::Body,
        // The members of a struct go into the query by their own names.
        query: Some(published.clone()).filter(|key| source.place == Place::Query && !is_struct && *key != name),
        notes: notes(&source.versions, ours.map(|ours| &ours.notes)),
        name: here(&name),
        ty: here(&ty),
    })
}

fn result(source: &Operation, known: &[declared::Parameter], context: &Context<'_>) -> Option<declared::Parameter> {
    let result = source.result.as_ref()?;
    let ours = known.iter().find(|known| known.direction == Direction::Out);
    Some(declared::Parameter {
        name: here(ours.map_or(RESULT, |ours| &ours.name.text)),
        ty: here(&ty(result, ours.map(|ours| ours.ty.text.as_str()), context)),
        direction: Direction::Out,
        mandatory: false,
        body: false,
        query: None,
        notes: notes(&Versions::default(), ours.map(|ours| &ours.notes)),
    })
}

/// The errors of the source, in our order.
fn errors(source: &Operation, ours: Option<&declared::Method>, context: &Context<'_>) -> Vec<Located> {
    let order: Vec<String> = ours.iter().flat_map(|ours| &ours.errors).map(|error| error.text.clone()).collect();
    let mut errors: Vec<(String, Located)> = Vec::new();
    for error in &source.errors {
        let name = context.names.of_type(error);
        if !errors.iter().any(|(other, _)| *other == name) {
            errors.push((name.clone(), here(&name)));
        }
    }
    arrange(&order, errors)
}

/// The status that a method has when its document gives none.
fn status_by_rule(method: &declared::Method) -> u16 {
    let outputs: Vec<ir::Parameter> = method
        .parameters
        .iter()
        .filter(|parameter| parameter.direction == Direction::Out)
        .map(|parameter| ir::Parameter {
            name: parameter.name.text.clone(),
            ty: ir::Type::Opaque,
            direction: Direction::Out,
            mandatory: false,
            notes: Notes::default(),
        })
        .collect();
    wire::route(method, &outputs).status
}
