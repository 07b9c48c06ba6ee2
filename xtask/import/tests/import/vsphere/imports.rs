//! What an import changes.

use super::document::{Doc, flag, object, text, texts};
use super::{import, published};
use crate::common::*;
use import::api::Api;
use import::diff::{Part, compare};
use model::{Model, Type, Verb};

const NOTHING: &str = "the documents say the same already; nothing was written";

/// Imports a document, and again: the second time nothing may change. Returns the model, the report, and the paths
/// of the documents that are not as committed.
pub(super) fn twice(document: &Doc) -> (Model, Vec<String>, Vec<String>) {
    let (workspace, report, changed) = import("yaml", document);
    let again = workspace.import(&workspace.source("again.json", document.json())).expect("it is right");
    assert_eq!(again.first().map(String::as_str), Some(NOTHING), "{again:?}");
    (workspace.model(), report, changed)
}

/// A schema of the document.
fn schema<'d>(document: &'d mut Doc, name: &str) -> &'d mut Doc {
    document.at(&["components", "schemas", name])
}

#[test]
fn what_our_documents_say_changes_nothing() {
    for form in ["json", "yaml"] {
        let (_, report, changed) = import(form, &published());
        assert_eq!(report, [NOTHING], "{form}");
        assert_eq!(changed, [""; 0], "{form}");
    }
}

#[test]
fn a_description_may_be_in_any_style_of_yaml() {
    let mut document = published();
    *schema(&mut document, "Cis.Task.Progress").at(&["description"]) = text("SET BELOW");
    let yaml = document.yaml();
    for style in [
        "|-\n        Done.\n\n        This schema was added in __vSphere API 6.6__.",
        "|2-\n         Done.\n\n        This schema was added in __vSphere API 6.6__.",
        ">\n        Done. This schema was\n        added in __vSphere API 6.6__.\n",
        "Done. This schema was added\n        in __vSphere API 6.6__.",
        "'Done. It''s good. This schema was added\n        in __vSphere API 6.6__.'",
        "\"Done.\\n\\nThis schema was added in __vSphere\\\n        \\ API 6.6__.\"",
    ] {
        let workspace = Workspace::of(Api::Vsphere);
        let source = workspace.source("vcenter.yaml", replaced(&yaml, "SET BELOW", style, 1));
        workspace.import(&source).unwrap_or_else(|message| panic!("{style}: {message}"));
        assert_eq!(workspace.changed(), ["structs/cis.task.progress.xml"], "{style}");
        assert_eq!(workspace.model().structs["cis.task.progress"].notes.since.as_deref(), Some("6.6"), "{style}");
    }
}

#[test]
fn an_archive_may_hold_the_document() {
    let mut content = std::io::Cursor::new(Vec::new());
    let mut zip = zip::ZipWriter::new(&mut content);
    zip.start_file("automation/vcenter.yaml", zip::write::SimpleFileOptions::default()).expect("it can be written");
    std::io::Write::write_all(&mut zip, published().yaml().as_bytes()).expect("it can be written");
    zip.finish().expect("it can be written");
    let workspace = Workspace::of(Api::Vsphere);
    let report = workspace.import(&workspace.source("specifications.zip", content.into_inner())).expect("it is right");
    assert_eq!(report, [NOTHING]);
}

#[test]
fn a_new_property_stands_where_the_source_has_it() {
    let mut document = published();
    let properties = schema(&mut document, "Content.Library.StorageBacking").at(&["properties"]);
    let told = "Policy.\n\nThis property was added in __vSphere API 9.2.0.0__.\n\nThis property is optional for the `create` \
                operation.\n\nWhen clients pass a value of this schema as a parameter, the property must be an identifier for \
                the resource type: `SpsPolicy`.";
    properties.set("storage_policy", object([("type", text("string")), ("description", text(told))]));
    document.at(&["info"]).set("version", text("9.2.0.0"));
    let (model, report, changed) = twice(&document);
    assert_eq!(changed, ["model.xml", "structs/content.library.storage_backing.xml"]);
    assert_eq!(report[..2], ["wrote model.xml", "wrote structs/content.library.storage_backing.xml"]);
    let new = "note: `content.library.storage_backing.storage_policy` is new; describe it in our own words";
    assert!(report.contains(&new.to_owned()), "{report:?}");
    assert!(report.contains(&"note: the model is version 9.2.0.0 now".to_owned()), "{report:?}");
    let item = &model.structs["content.library.storage_backing"];
    let member = item.members.last().expect("it has some");
    assert_eq!((member.name.as_str(), &member.ty), ("storage_policy", &Type::Id("SpsPolicy".to_owned())));
    assert_eq!((member.notes.since.as_deref(), member.notes.doc.as_str()), (Some("9.2.0.0"), ""));
    assert_eq!((member.uses.len(), item.unions.len(), model.version.as_str()), (1, 1, "9.2.0.0"));
}

#[test]
fn a_value_that_is_gone_goes_from_its_enum_and_its_unions() {
    let mut document = published();
    let values = schema(&mut document, "Content.Library.Item.TransferStatus").at(&["enum"]);
    *values = texts(["WAITING_FOR_TRANSFER", "TRANSFERRING", "READY", "ERROR"]);
    let (_, report, changed) = twice(&document);
    assert_eq!(changed, ["enums/content.library.item.transfer_status.xml"]);
    assert!(report.contains(&"note: `content.library.item.transfer_status.VALIDATING` is gone".to_owned()), "{report:?}");

    let mut document = published();
    *schema(&mut document, "Content.Library.Item.Updatesession.File.SourceType").at(&["enum"]) = texts(["PUSH", "PULL"]);
    let (model, _, changed) = twice(&document);
    let file = "content.library.item.updatesession.file";
    let changed_too = ["enums", "structs", "structs"].into_iter().zip(["source_type", "add_spec", "info"]);
    assert_eq!(changed, changed_too.map(|(kind, name)| format!("{kind}/{file}.{name}.xml")).collect::<Vec<_>>());
    let cases = &model.structs[&format!("{file}.add_spec")].unions[0].cases;
    assert_eq!(cases.iter().map(|case| case.value.as_str()).collect::<Vec<_>>(), ["PULL", "PUSH"]);
}

#[test]
fn a_deprecated_operation_is_marked_with_its_version() {
    let mut document = published();
    let operation = document.at(&["paths", "/content/library/{libraryId}?action=convert", "post"]);
    operation.at(&["description"]).append("\n\nThis operation is deprecated as of __vSphere API 9.1.0.0__.");
    operation.set("deprecated", flag(true));
    // It is repeated with each parameter.
    operation.at(&["parameters", "0"]).set("deprecated", flag(true));
    let (model, report, changed) = twice(&document);
    assert_eq!((changed.as_slice(), report.len()), (["services/content.library.xml".to_owned()].as_slice(), 1));
    let method = model.services["content.library"].method("convert").expect("it is there");
    let since = method.notes.deprecated.as_ref().and_then(|deprecated| deprecated.since.as_deref());
    assert_eq!((since, method.notes.since.as_deref()), (Some("9.1.0.0"), Some("9.1.0.0")));
    assert!(method.parameters.iter().all(|parameter| parameter.notes.deprecated.is_none()));
}

#[test]
fn a_route_that_changed_is_taken_over() {
    let old = read(&committed_of(Api::Vsphere));
    let mut document = published();
    let paths = document.at(&["paths"]);
    let mut operation = paths.at(&["/content/library/{libraryId}?action=convert"]).remove("post");
    operation.at(&["parameters", "0"]).set("name", text("theLibrary"));
    paths.at(&["/content/library/{libraryId}?action=convert"]).set("summary", text("nothing is left here"));
    paths.set("/content/libraries/{theLibrary}/type", object([("put", operation)]));
    let (model, report, changed) = twice(&document);
    assert_eq!(changed, ["services/content.library.xml"]);
    assert!(report.contains(&"note: `content.library.convert.library_id` is gone".to_owned()), "{report:?}");
    let method = model.services["content.library"].method("convert").expect("it is there");
    assert_eq!((method.route.verb, method.route.path.as_deref()), (Verb::Put, Some("/api/content/libraries/{the_library}/type")));
    let diff = compare(&old, &model);
    assert_eq!(diff.part(), Some(Part::Major));
    let told = "method `convert`: request is `PUT /api/content/libraries/{the_library}/type`, \
                was `POST /api/content/library/{library_id}?action=convert`";
    assert!(diff.markdown().contains(told), "{}", diff.markdown());
}

#[test]
fn a_status_that_does_not_follow_from_the_rest_is_written_down() {
    let mut document = published();
    let responses = document.at(&["paths", "/content/library/item", "post", "responses"]);
    responses.rename("201", "200");
    let (model, _, changed) = twice(&document);
    assert_eq!(changed, ["services/content.library.item.xml"]);
    assert_eq!(model.services["content.library.item"].method("create").expect("it is there").route.status, 200);
}

#[test]
fn the_status_of_an_error_is_that_of_its_answers() {
    let old = read(&committed_of(Api::Vsphere));
    let mut document = published();
    let Doc::Object(paths) = document.at(&["paths"]) else { panic!("it is one") };
    for (_, item) in paths {
        let Doc::Object(verbs) = item else { panic!("it is one") };
        for (_, operation) in verbs {
            let Doc::Object(fields) = operation else { panic!("it is one") };
            let Some((_, Doc::Object(responses))) = fields.iter_mut().find(|(name, _)| name == "responses") else { continue };
            for (status, _) in responses.iter_mut().filter(|(status, _)| status == "404") {
                *status = "410".to_owned();
            }
        }
    }
    let (model, report, changed) = twice(&document);
    assert_eq!(changed, ["errors/vapi.std.errors.not_found.xml"]);
    assert!(report[1].contains("the status of error `vapi.std.errors.not_found` in `/api` is 410, was 404"), "{report:?}");
    let error = &model.errors["vapi.std.errors.not_found"];
    assert_eq!((error.status, error.legacy_status), (410, old.errors["vapi.std.errors.not_found"].legacy_status));
}

#[test]
fn an_operation_that_is_gone_is_removed_with_the_types_that_are_gone() {
    let mut document = published();
    document.at(&["paths"]).remove("/content/library/{libraryId}?action=convert");
    let schemas = document.at(&["components", "schemas"]);
    schemas.remove("Content.Library.ConversionSpec");
    schemas.remove("Content.Library.ConversionSpec.ConversionType");
    let (model, report, _) = twice(&document);
    assert!(report.contains(&"removed enums/content.library.conversion_spec.conversion_type.xml".to_owned()), "{report:?}");
    assert!(report.contains(&"removed structs/content.library.conversion_spec.xml".to_owned()), "{report:?}");
    assert!(report.contains(&"note: `content.library.convert` is gone".to_owned()), "{report:?}");
    assert!(model.services["content.library"].method("convert").is_none());
}

#[test]
fn flags_and_types_are_those_of_the_source() {
    let mut document = published();
    let info = schema(&mut document, "Cis.Session.Info");
    *info.at(&["required"]) = texts(["user"]);
    let size = schema(&mut document, "Content.Library.Item.Updatesession.File.AddSpec").at(&["properties", "size"]);
    size.set("type", text("string"));
    size.set("format", text("password"));
    let (model, _, changed) = twice(&document);
    assert_eq!(changed, ["structs/cis.session.info.xml", "structs/content.library.item.updatesession.file.add_spec.xml"]);
    let mandatory = model.structs["cis.session.info"].members.iter().filter(|member| member.mandatory);
    assert_eq!(mandatory.map(|member| member.name.as_str()).collect::<Vec<_>>(), ["user"]);
    let size = model.structs["content.library.item.updatesession.file.add_spec"].member("size").expect("it is there");
    assert_eq!((&size.ty, size.secret), (&Type::String, true));
    assert_ne!(size.notes.doc, "");
}

#[test]
fn what_only_ours_tells_stays_when_a_document_is_written_anew() {
    let mut document = published();
    for name in ["Content.Library.PublishInfo", "Vcenter.Ovf.OvfParams", "Content.Type.Ovf.USBController"] {
        schema(&mut document, name).at(&["description"]).append("\n\nThis schema was added in __vSphere API 6.0__.");
    }
    // Nothing more is told of these than their types on the wire.
    for (name, member) in [("Content.Library.PublishInfo", "password"), ("Content.Library.PublishInfo", "authentication_method")]
    {
        *schema(&mut document, name).at(&["properties", member]) = object([("type", text("string"))]);
    }
    let old = read(&committed_of(Api::Vsphere));
    let (model, _, changed) = twice(&document);
    let names = ["content.library.publish_info", "content.type.ovf.usb_controller", "vcenter.ovf.ovf_params"];
    assert_eq!(changed, names.map(|name| format!("structs/{name}.xml")));
    for name in names {
        let (old, new) = (&old.structs[name], &model.structs[name]);
        assert_eq!((&old.members, &old.unions, &old.element), (&new.members, &new.unions, &new.element), "{name}");
        assert_eq!(new.notes.since.as_deref(), Some("6.0"));
    }
}
