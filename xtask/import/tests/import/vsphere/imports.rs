//! What an import changes.

use super::document::{Doc, flag, object, text, texts};
use super::operations::response;
use super::writer::reference;
use super::{import, published};
use crate::common::*;
use import::api::Api;
use import::diff::{Part, compare};
use model::{Model, Type, Verb};

const NOTHING: &str = "the documents say the same already; nothing was written";

/// Imports a document, and again: the second time nothing may change. Returns the model, the report, and the paths
/// of the documents that are not as committed.
fn twice(document: &Doc) -> (Model, Vec<String>, Vec<String>) {
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
    for parameter in ["0"] {
        // It is repeated with each parameter.
        operation.at(&["parameters", parameter]).set("deprecated", flag(true));
    }
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

/// An operation that checks a library against a struct, and returns values by identifiers.
fn new_operation() -> Doc {
    let told = "Checks.\n\nThis operation was added in __vSphere API 9.1.0.0__.\n\nReturns an authorization error if you do not \
                have all of the privileges described as follows: \n  -  The resource `com.vmware.content.Library` referenced by \
                the parameter libraryId requires `System.Read`. \n  -  The resource `X` referenced by the property \
                *Content.LibraryModel.server_guid* requires `System.View`. \n";
    let id = "Library.\n\nThe parameter must be an identifier for the resource type: `com.vmware.content.Library`.";
    let parameter = object([
        ("name", text("libraryId")),
        ("in", text("path")),
        ("description", text(id)),
        ("required", flag(true)),
        ("schema", object([("type", text("string"))])),
    ]);
    let json = |schema: Doc| object([("application/json", object([("schema", schema)]))]);
    let mode = "Mode.\n\nFor more information see: *Content.Library.CheckMode*.";
    let fields = object([
        ("required", texts(["check_spec"])),
        ("type", text("object")),
        (
            "properties",
            object([
                ("check_spec", reference("Content.Library.CheckVMSpec")),
                ("mode", object([("type", text("string")), ("description", text(mode))])),
            ]),
        ),
    ]);
    let told_result = "By item.\n\nThe key in the response map will be an identifier for the resource type: \
                       `com.vmware.content.library.Item`.";
    let result = object([("type", text("object")), ("additionalProperties", object([("type", text("boolean"))]))]);
    let errors = "***Vapi.Std.Errors.InvalidArgument***  if not.\n\n***Vapi.Std.Errors.Unsupported***  if never.";
    let responses = object([
        ("400", response(errors.to_owned(), Some(reference("Vapi.Std.Errors.Error")))),
        ("404", response(String::new(), Some(reference("Vapi.Std.Errors.NotFound")))),
        ("200", response(told_result.to_owned(), Some(result))),
    ]);
    object([
        ("description", text(told)),
        ("operationId", text("Content.Library_checkContent")),
        ("parameters", Doc::List(vec![parameter])),
        ("requestBody", object([("content", json(fields)), ("required", flag(true))])),
        ("responses", responses),
    ])
}

#[test]
fn a_new_operation_comes_with_its_types() {
    let mut document = published();
    document.at(&["paths"]).set("/content/library/{libraryId}?action=check-content", object([("post", new_operation())]));
    let schemas = document.at(&["components", "schemas"]);
    let kind = "Kind.\n\nFor more information see: *Content.Library.CheckMode*.";
    let limit = "This property is optional and it is only relevant when the value of kind is *Content.Library.CheckMode.DEEP*.";
    let properties = object([
        ("kind", object([("type", text("string")), ("description", text(kind))])),
        ("limit", object([("type", text("integer")), ("description", text(limit))])),
        ("MAX_Size", object([("type", text("string")), ("format", text("password"))])),
        ("names", object([("type", text("array")), ("uniqueItems", flag(true)), ("items", object([("type", text("string"))]))])),
    ]);
    let spec = object([("required", texts(["kind"])), ("type", text("object")), ("properties", properties)]);
    schemas.set("Content.Library.CheckVMSpec", spec);
    let modes =
        "Possible values:\n  - `QUICK`: Quick.\n  - `DEEP`: Deep.\n\nThis constant was added in __vSphere API 9.1__.\n\n\n";
    let modes = object([("type", text("string")), ("description", text(modes)), ("enum", texts(["QUICK", "DEEP"]))]);
    schemas.set("Content.Library.CheckMode", modes);
    let (model, report, changed) = twice(&document);
    let new =
        ["enums/content.library.check_mode.xml", "services/content.library.xml", "structs/content.library.check_vm_spec.xml"];
    assert_eq!(changed, new);
    for remark in [
        "enum `content.library.check_mode` is new; describe it",
        "struct `content.library.check_vm_spec` is new; describe it",
        "how `Content.Library.CheckVMSpec` is split into words is a guess",
        "the union by `content.library.check_vm_spec.kind` is new",
        "`content.library.check_content` is new; describe it",
    ] {
        assert!(report.iter().any(|line| line.starts_with(&format!("note: {remark}"))), "{remark}: {report:?}");
    }
    assert_eq!(report.len(), 3 + 5, "{report:?}");
    let method = model.services["content.library"].methods.last().expect("it has some");
    assert_eq!((method.name.as_str(), method.notes.since.as_deref()), ("check_content", Some("9.1.0.0")));
    assert_eq!(method.route.path.as_deref(), Some("/api/content/library/{library_id}"));
    assert_eq!(method.route.fixed_query, [("action".to_owned(), "check-content".to_owned())]);
    let types: Vec<String> = method.parameters.iter().map(|p| format!("{}: {} {}", p.name, p.ty, p.mandatory)).collect();
    assert_eq!(
        types,
        [
            "library_id: id(content.Library) true",
            "check_spec: content.library.check_vm_spec true",
            "mode: content.library.check_mode false",
            "result: map(id(content.library.Item),boolean) false"
        ]
    );
    let errors = ["invalid_argument", "unsupported", "not_found"].map(|name| format!("vapi.std.errors.{name}"));
    assert_eq!(method.errors, errors);
    let privileges: Vec<_> = method.privileges.iter().map(|p| (p.name.as_str(), p.on.as_deref())).collect();
    assert_eq!(privileges, [("System.Read", Some("library_id")), ("System.View", Some("LibraryModel.server_guid"))]);
    let written = import_text(&document, "structs/content.library.check_vm_spec.xml");
    assert_eq!(
        written,
        "<struct name=\"content.library.check_vm_spec\">\n\
         \x20 <attribute name=\"kind\" type=\"content.library.check_mode\" mandatory=\"true\"/>\n\
         \x20 <attribute name=\"limit\" type=\"integer\"/>\n\
         \x20 <attribute name=\"max_size\" type=\"string\" wire=\"MAX_Size\" secret=\"true\"/>\n\
         \x20 <attribute name=\"names\" type=\"string{}\"/>\n\
         \x20 <union by=\"kind\">\n    <case value=\"QUICK\"/>\n    <case value=\"DEEP\">\n      <member name=\"limit\"/>\n    </case>\n  </union>\n\
         </struct>\n"
    );
    assert_eq!(compare(&read(&committed_of(Api::Vsphere)), &model).part(), Some(Part::Minor));
}

/// What an import writes into one document.
fn import_text(document: &Doc, path: &str) -> String {
    let (workspace, ..) = import("json", document);
    std::fs::read_to_string(workspace.documents().join(path)).expect("it was written")
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
fn a_new_error_has_the_status_of_its_answer() {
    let mut document = published();
    let schemas = document.at(&["components", "schemas"]);
    let base = Doc::List(vec![reference("Vapi.Std.Errors.Error")]);
    for name in ["TooLarge", "NeverSeen"] {
        schemas.set(&format!("Vapi.Std.Errors.{name}"), object([("type", text("object")), ("allOf", base.clone())]));
    }
    let responses = document.at(&["paths", "/content/library/item", "post", "responses"]);
    responses.set("413", response("If it is.".to_owned(), Some(reference("Vapi.Std.Errors.TooLarge"))));
    let (model, report, changed) = twice(&document);
    assert_eq!(changed, ["errors/vapi.std.errors.too_large.xml", "services/content.library.item.xml"]);
    assert!(report.iter().any(|line| line.contains("error `vapi.std.errors.never_seen` is left out")), "{report:?}");
    let error = &model.errors["vapi.std.errors.too_large"];
    assert_eq!((error.status, error.literal.as_str(), error.members.len()), (413, "TOO_LARGE", 3));
    let create = model.services["content.library.item"].method("create").expect("it is there");
    assert!(create.errors.contains(&error.name), "{:?}", create.errors);
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
