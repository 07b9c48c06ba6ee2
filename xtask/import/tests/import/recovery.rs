//! What the published forms lose, found again without our documents.

use crate::common::*;
use import::api::Api;
use import::source::Access;
use model::{Direction, Model};

/// A model made of a published form over documents that know nothing of it.
fn made_of(form: &str) -> Model {
    let workspace = Workspace::new();
    std::fs::remove_dir_all(workspace.documents()).expect("it is there");
    std::fs::create_dir_all(workspace.documents()).expect("a folder can be made");
    // Not `ovirt`: that has corrections of methods, which are not there yet.
    for (path, text) in
        [("model.xml", "<model name=\"other\" version=\"1\" root=\"top\"/>"), ("top.xml", "<service name=\"top\"/>")]
    {
        std::fs::write(workspace.documents().join(path), text).expect("a file can be written");
    }
    import::import(Api::Ovirt, &workspace.documents(), &archive(form), &Access::default(), false).expect("it is right");
    workspace.model()
}

#[test]
fn names_and_directions_of_all_methods_are_found_again() {
    type Shape = (String, String, Option<String>, Vec<(String, String, Direction)>);
    let shape = |model: &Model| -> Vec<Shape> {
        let mut all = Vec::new();
        for service in model.services.values() {
            for method in &service.methods {
                let parameters = method.parameters.iter().map(|p| (p.name.clone(), p.ty.to_string(), p.direction)).collect();
                all.push((service.name.clone(), method.name.clone(), method.signature_of.clone(), parameters));
            }
        }
        all.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
        all
    };
    let ours = shape(&read(&committed()));
    assert_eq!((ours.len(), ours.iter().filter(|method| method.2.is_some()).count()), (706, 58));
    for form in FORMS {
        let made = shape(&made_of(form));
        for (ours, made) in ours.iter().zip(&made) {
            assert_eq!(ours, made, "{form}");
        }
        assert_eq!(ours.len(), made.len());
    }
}

#[test]
fn types_and_members_are_those_of_the_committed_model() {
    let (ours, made) = (read(&committed()), made_of("json"));
    assert_eq!(made.version, "4.6.1");
    assert_eq!(ours.structs.keys().collect::<Vec<_>>(), made.structs.keys().collect::<Vec<_>>());
    for (ours, made) in ours.structs.values().zip(made.structs.values()) {
        // What newer servers dropped is in no published form.
        let members: Vec<_> = ours.members.iter().filter(|member| member.notes.removed.is_none()).collect();
        assert_eq!(members.len(), made.members.len(), "{}", ours.name);
        for member in members {
            let other = made.member(&member.name).unwrap_or_else(|| panic!("{}.{}", ours.name, member.name));
            assert_eq!((&member.ty, member.link, &member.place), (&other.ty, other.link, &other.place));
            assert_eq!((&member.notes.since, &member.notes.deprecated), (&other.notes.since, &other.notes.deprecated));
        }
    }
    for (name, ours) in &ours.enums {
        let versions = |item: &model::Enum| -> Vec<_> {
            item.values.iter().map(|v| (v.name.clone(), v.notes.since.clone(), v.notes.deprecated.clone())).collect()
        };
        assert_eq!(versions(ours), versions(&made.enums[name]), "{name}");
    }
}
