//! The derived wire names against those that the official client and the engine's schema have.

use crate::ir::*;
use serde_json::{Map, Value as Json, json};
use std::path::Path;

fn documents() -> Vec<crate::Document> {
    crate::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("ovirt")).expect("the documents can be read")
}

#[test]
fn derived_names_equal_the_recorded_ones() {
    let recorded: Json = serde_json::from_str(include_str!("../tests/ovirt-wire-4.6.1.json")).expect("the record is JSON");
    let model = crate::read_uncorrected(&documents()).expect("the model is right");
    let derived = json!({
        "enums": object(&model.enums, |item| json!(item.values.iter().map(|value| &value.name).collect::<Vec<_>>())),
        "structs": object(&model.structs, structure),
        "services": object(&model.services, service),
    });
    let mut differences = Vec::new();
    compare("", &derived, &recorded, &mut differences);
    assert_eq!(differences, Vec::<String>::new());
}

#[test]
fn corrections_change_only_the_methods_they_name() {
    let derived = crate::read_uncorrected(&documents()).expect("the model is right");
    let corrected = crate::read(&documents()).expect("the corrections apply");
    let routes = |model: &Model| -> Vec<(String, Route)> {
        let methods = model
            .services
            .values()
            .flat_map(|s| s.methods.iter().map(move |m| (format!("{}.{}", s.name, m.name), m.route.clone())));
        methods.collect()
    };
    let changed: Vec<_> = routes(&derived).into_iter().zip(routes(&corrected)).filter(|(a, b)| a != b).map(|(_, b)| b).collect();
    assert_eq!(changed.len(), 1);
    assert_eq!(changed[0].0, "gluster_bricks.remove");
    assert_eq!(changed[0].1.body, Body::Action { fields: vec![("bricks".to_owned(), "bricks".to_owned())] });
    assert_eq!(changed[0].1.query.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["replica_count", "async"]);
}

fn object<T>(items: &std::collections::BTreeMap<String, T>, value: fn(&T) -> Json) -> Json {
    Json::Object(items.iter().map(|(name, item)| (name.clone(), value(item))).collect())
}

fn structure(item: &Struct) -> Json {
    let members: Map<String, Json> = item
        .members
        .iter()
        // The record is of one version, which has them no more.
        .filter(|member| member.notes.removed.is_none())
        .map(|member| {
            let place = match &member.place {
                Place::Attribute(name) => json!({ "attribute": name }),
                Place::Element { tag, item, rel } => {
                    let mut place = Map::from_iter([("element".to_owned(), json!(tag))]);
                    place.extend(item.iter().map(|item| ("item".to_owned(), json!(item))));
                    place.extend(rel.iter().map(|rel| ("rel".to_owned(), json!(rel))));
                    Json::Object(place)
                }
            };
            (member.name.clone(), place)
        })
        .collect();
    json!({ "element": item.element, "list_element": item.list_element, "members": members })
}

fn service(item: &Service) -> Json {
    let methods: Vec<Json> = item.methods.iter().map(method).collect();
    let locators: Map<String, Json> = item
        .locators
        .iter()
        .map(|locator| (locator.name.clone(), json!({ "segment": locator.segment, "service": locator.service })))
        .collect();
    json!({ "methods": methods, "locators": locators })
}

fn method(item: &Method) -> Json {
    let route = &item.route;
    let pairs = |pairs: &[(String, String)]| Json::Object(pairs.iter().map(|(name, tag)| (name.clone(), json!(tag))).collect());
    let mut method = Map::from_iter([("name".to_owned(), json!(item.name)), ("verb".to_owned(), json!(route.verb.as_str()))]);
    if item.kind != Kind::Action {
        method.insert("query".to_owned(), pairs(&route.query));
    }
    match &route.body {
        Body::None | Body::Fields { .. } => {}
        // The record names the parameter; the root element is that of its type, which the structs prove.
        Body::Object { parameter, .. } => {
            method.insert("body".to_owned(), json!(crate::ovirt::wire::tag(parameter)));
        }
        Body::Action { fields } => {
            method.insert("body".to_owned(), json!("action"));
            method.insert("fields".to_owned(), pairs(fields));
            method.extend(route.result.iter().map(|name| ("result".to_owned(), json!(name))));
        }
    }
    method.extend(route.path.iter().map(|path| ("path".to_owned(), json!(path))));
    Json::Object(method)
}

fn compare(path: &str, ours: &Json, theirs: &Json, differences: &mut Vec<String>) {
    match (ours, theirs) {
        (Json::Object(a), Json::Object(b)) => {
            let keys: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for key in keys {
                compare(
                    &format!("{path}/{key}"),
                    a.get(key).unwrap_or(&Json::Null),
                    b.get(key).unwrap_or(&Json::Null),
                    differences,
                );
            }
        }
        // Inherited methods stand elsewhere in the record: order means nothing on the wire.
        (Json::Array(a), Json::Array(b)) if path.ends_with("/methods") => {
            let by_name = |items: &[Json]| {
                Json::Object(items.iter().map(|m| (m["name"].as_str().unwrap_or_default().to_owned(), m.clone())).collect())
            };
            compare(path, &by_name(a), &by_name(b), differences);
        }
        _ if ours == theirs => {}
        _ => differences.push(format!("{path}: derived {ours}, recorded {theirs}")),
    }
}
