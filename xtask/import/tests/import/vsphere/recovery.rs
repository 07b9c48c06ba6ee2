//! What the source tells by itself, without our documents.

use super::{names, published};
use crate::common::*;
use import::api::Api;
use model::{Method, Model, Type};

/// A model made of the published form over documents that know nothing of it.
fn made() -> Model {
    let workspace = Workspace::of(Api::Vsphere);
    for folder in ["enums", "structs", "errors", "services"] {
        std::fs::remove_dir_all(workspace.documents().join(folder)).expect("it is there");
    }
    workspace.import(&workspace.source("vcenter.yaml", published().yaml())).expect("it is right");
    workspace.model()
}

/// A type without what only our documents tell.
fn told(ty: &Type) -> Type {
    match ty {
        Type::Dynamic(Some(like)) => Type::Struct(like.clone()),
        Type::List(item) => Type::List(Box::new(told(item))),
        Type::Set(item) => Type::Set(Box::new(told(item))),
        Type::Map(key, value) => {
            let key = if names::enum_of(key).is_some() { Type::String } else { (**key).clone() };
            Type::Map(Box::new(key), Box::new(told(value)))
        }
        other => other.clone(),
    }
}

#[test]
fn all_types_are_found_again() {
    let (ours, made) = (read(&committed_of(Api::Vsphere)), made());
    assert_eq!(ours.structs.keys().collect::<Vec<_>>(), made.structs.keys().collect::<Vec<_>>());
    assert_eq!((ours.structs.len(), ours.enums.len(), ours.errors.len()), (124, 33, 25));
    for (ours, made) in ours.structs.values().zip(made.structs.values()) {
        assert_eq!(ours.members.len(), made.members.len(), "{}", ours.name);
        for (ours, made) in ours.members.iter().zip(&made.members) {
            assert_eq!((&ours.name, told(&ours.ty), &ours.place), (&made.name, made.ty.clone(), &made.place));
            assert_eq!((ours.mandatory, ours.secret), (made.mandatory, made.secret), "{}", ours.name);
            assert_eq!(ours.notes.since, made.notes.since);
            let mut uses = (ours.uses.clone(), made.uses.clone());
            uses.0.sort_by(|a, b| a.0.cmp(&b.0));
            uses.1.sort_by(|a, b| a.0.cmp(&b.0));
            assert_eq!(uses.0, uses.1, "{}", ours.name);
        }
        // Which of their members must be there is not told.
        let cases = |item: &model::Struct| -> Vec<(String, String, Vec<String>)> {
            let all = item.unions.iter().flat_map(|union| union.cases.iter().map(|case| (union.discriminant.clone(), case)));
            let named = |case: &model::Case| case.members.iter().map(|(name, _)| name.clone()).collect();
            let mut cases: Vec<_> = all.map(|(by, case)| (by, case.value.clone(), named(case))).collect();
            cases.sort();
            cases
        };
        assert_eq!(cases(ours), cases(made), "{}", ours.name);
    }
    for (name, ours) in &ours.enums {
        let values = |item: &model::Enum| item.values.iter().map(|v| (v.name.clone(), v.notes.since.clone())).collect::<Vec<_>>();
        assert_eq!(values(ours), values(&made.enums[name]), "{name}");
    }
}

#[test]
fn all_operations_are_found_again() {
    let (ours, made) = (read(&committed_of(Api::Vsphere)), made());
    let methods = |model: &Model| -> Vec<(String, Method)> {
        let all = model.services.values().flat_map(|service| service.methods.iter().map(|method| (service.name.clone(), method)));
        let mut all: Vec<_> = all.map(|(service, method)| (format!("{service}.{}", method.name), method.clone())).collect();
        all.sort_by(|a, b| a.0.cmp(&b.0));
        all
    };
    let (ours, made) = (methods(&ours), methods(&made));
    assert_eq!((ours.len(), made.len()), (94, 94));
    let same_names = |method: &Method| -> Vec<String> {
        let mut names: Vec<String> =
            method.parameters.iter().map(|p| format!("{} {} {:?}", told(&p.ty), p.mandatory, p.direction)).collect();
        names.sort();
        names
    };
    for ((ours_name, ours), (made_name, made)) in ours.iter().zip(&made) {
        assert_eq!(ours_name, made_name);
        assert_eq!(ours.notes.since, made.notes.since, "{ours_name}");
        assert_eq!(same_names(ours), same_names(made), "{ours_name}");
        assert_eq!((ours.route.verb, &ours.route.path), (made.route.verb, &made.route.path), "{ours_name}");
        assert_eq!((&ours.route.fixed_query, ours.route.status), (&made.route.fixed_query, made.route.status), "{ours_name}");
        assert_eq!((&ours.route.headers, ours.route.query.len()), (&made.route.headers, made.route.query.len()), "{ours_name}");
        let mut errors = (ours.errors.clone(), made.errors.clone());
        errors.0.sort();
        errors.1.sort();
        assert_eq!(errors.0, errors.1, "{ours_name}");
        let count = |method: &Method, on: bool| method.privileges.iter().filter(|privilege| privilege.on.is_some() == on).count();
        assert_eq!((count(ours, true), count(ours, false)), (count(made, true), count(made, false)), "{ours_name}");
    }
}
