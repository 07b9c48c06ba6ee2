//! Every place in the service tree of the model answers.

use super::views::{VIEWS, View, view};
use super::walk::Spot;
use super::{Answer, BASE, Request, answer};
use crate::clock::Clock;
use crate::engine::{Engine, new_id};
use crate::images::{Images, Renewal};
use crate::seed;
use crate::store::{Object, Value};
use crate::version::Version;
use model::{Kind, Service};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

const UNKNOWN: &str = "00000000-0000-0000-0000-00000000000f";

fn engine() -> Engine {
    let clock = Arc::new(Clock::new());
    let images = Arc::new(Images::new(Duration::ZERO, Renewal::ByEngine, Arc::clone(&clock)).expect("a folder"));
    let version = Version::read("4.5.7").expect("a version");
    let mut engine = Engine::new(model::ovirt(), images, clock, Duration::ZERO, version);
    seed::plant(&mut engine, "admin@internal", 1).expect("a fresh engine");
    engine
}

fn request(engine: &mut Engine, verb: &str, path: &str) -> Answer {
    let path = format!("{BASE}/{path}");
    let request = Request { verb, path: &path, query: "", body: "", origin: "http://here", correlation_id: "c", expect: "" };
    answer(engine, &request)
}

fn root_of(answer: &Answer) -> String {
    let document = roxmltree::Document::parse(&answer.body).expect("an XML body");
    document.root_element().tag_name().name().to_owned()
}

fn kind_of(service: &Service, kind: Kind) -> Option<&str> {
    service.methods.iter().find(|method| method.kind == kind)?.result()?.ty.struct_name()
}

/// Puts an object into a collection, where it is empty.
fn fill(engine: &mut Engine, spot: &Spot<'static>) -> Option<String> {
    if let Some(path) = spot.members(&engine.store).pop() {
        return path.rsplit('/').next().map(str::to_owned);
    }
    let item = engine.model.services.get(&spot.service.item_locator()?.service)?;
    let kind = kind_of(spot.service, Kind::List).or(kind_of(item, Kind::Get))?;
    let id = new_id();
    let mut object = Object::reference(&id);
    let target = match view(&spot.pattern) {
        View::Owned => spot.path.clone(),
        View::Refs(target) => target.to_owned(),
        View::Filter(target, member) => {
            let parent = Object::reference(spot.parent_id());
            let is_list = engine.model.structs[kind].member(member)?.ty.is_list();
            object.set(member, if is_list { Value::from(vec![parent]) } else { Value::Object(parent) });
            target.to_owned()
        }
    };
    engine.store.insert(&target, kind, object);
    if matches!(view(&spot.pattern), View::Refs(_)) {
        engine.store.include(&spot.path, &id);
    }
    Some(id)
}

/// Visits a place and everything below it. `seen` collects the patterns of the paths as walked.
fn visit(engine: &mut Engine, spot: &Spot<'static>, walked: &str, pattern: &str, seen: &mut BTreeSet<String>) {
    seen.insert(pattern.to_owned());
    let service = spot.service;
    if let Some(kind) = kind_of(service, Kind::List) {
        let list = request(engine, "GET", walked);
        assert_eq!(list.status, 200, "{pattern}: {}", list.body);
        assert_eq!(root_of(&list), engine.model.structs[kind].list_element, "{pattern}");
    } else if let Some(kind) = kind_of(service, Kind::Get).filter(|_| !pattern.is_empty()) {
        let item = request(engine, "GET", walked);
        assert_eq!(item.status, 200, "{pattern}: {}", item.body);
        assert_eq!(root_of(&item), engine.model.structs[kind].element, "{pattern}");
    }
    for method in service.methods.iter().filter(|method| method.kind == Kind::Action) {
        let action = method.route.path.as_deref().expect("an action has a path");
        let answer = request(engine, "GET", &format!("{walked}/{action}"));
        assert_eq!((answer.status, answer.allow.as_deref()), (405, Some("POST")), "{pattern}/{action}");
    }
    for locator in service.locators.iter().filter(|locator| locator.parameter.is_none()) {
        let below = spot.below(engine.model, &locator.segment).expect("a place below");
        let join = |path: &str| if path.is_empty() { locator.segment.clone() } else { format!("{path}/{}", locator.segment) };
        visit(engine, &below, &join(walked), &join(pattern), seen);
    }
    if service.item_locator().is_some() {
        let unknown = request(engine, "GET", &format!("{walked}/{UNKNOWN}"));
        assert_eq!((unknown.status, unknown.body.as_str()), (404, ""), "{pattern}");
        if let Some(id) = fill(engine, spot) {
            let item = spot.item(engine.model, &engine.store, &id).unwrap_or_else(|| panic!("{pattern} has {id}"));
            visit(engine, &item, &format!("{walked}/{id}"), &format!("{pattern}/{{}}"), seen);
        }
    }
}

fn patterns(service: &Service, at: &str, found: &mut BTreeSet<String>) {
    found.insert(at.to_owned());
    for locator in &service.locators {
        let segment = if locator.parameter.is_some() { "{}" } else { &locator.segment };
        let below = if at.is_empty() { segment.to_owned() } else { format!("{at}/{segment}") };
        patterns(&model::ovirt().services[&locator.service], &below, found);
    }
}

#[test]
fn every_path_of_the_model_answers() {
    let mut engine = engine();
    let root = Spot::root(engine.model).expect("a root");
    let mut seen = BTreeSet::new();
    visit(&mut engine, &root, "", "", &mut seen);
    let mut all = BTreeSet::new();
    patterns(root.service, "", &mut all);
    assert_eq!(seen, all);
}

#[test]
fn every_view_is_a_path_of_the_model() {
    let mut all = BTreeSet::new();
    patterns(&model::ovirt().services[&model::ovirt().root], "", &mut all);
    for (pattern, view) in VIEWS {
        assert!(all.contains(*pattern), "{pattern}");
        let (View::Refs(target) | View::Filter(target, _)) = view else { continue };
        assert!(all.contains(*target), "{target}");
    }
}
