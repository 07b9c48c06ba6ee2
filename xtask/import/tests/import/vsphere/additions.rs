//! What an import adds: operations with their types, errors, and what those refer to.

use super::document::{Doc, flag, object, text, texts};
use super::imports::twice;
use super::operations::response;
use super::writer::reference;
use super::{import, published};
use crate::common::*;
use import::api::Api;
use import::diff::{Part, compare};

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
fn what_stands_in_another_namespace_comes_along_when_it_is_referred_to() {
    let mut document = published();
    let schemas = document.at(&["components", "schemas"]);
    schemas.at(&["Content.LibraryModel", "properties"]).set("health", reference("Vcenter.Health.State"));
    let state = object([("type", text("object")), ("properties", object([("green", object([("type", text("boolean"))]))]))]);
    schemas.set("Vcenter.Health.State", state);
    schemas.set("Vcenter.Health.Other", object([("type", text("object"))]));
    let (model, _, changed) = twice(&document);
    assert_eq!(changed, ["structs/content.library_model.xml", "structs/vcenter.health.state.xml"]);
    let health = model.structs["content.library_model"].member("health").expect("it is there");
    assert_eq!(health.ty.to_string(), "vcenter.health.state");
}

#[test]
fn documents_of_a_namespace_that_is_not_imported_are_not_removed() {
    let workspace = Workspace::of(Api::Vsphere);
    let ours = "<struct name=\"vcenter.health.state\"><attribute name=\"green\" type=\"boolean\"/></struct>";
    let path = workspace.documents().join("structs/vcenter.health.state.xml");
    std::fs::write(&path, ours).expect("it can be written");
    let message = workspace.import(&workspace.source("vcenter.yaml", published().yaml())).expect_err("it would be lost");
    assert!(message.contains("`vcenter.health.state` of our documents is in none of the namespaces"), "{message}");
    assert!(path.exists());
}
