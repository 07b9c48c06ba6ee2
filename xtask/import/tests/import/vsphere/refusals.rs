//! Sources that are refused: each with the place, what is wrong and what is right, and nothing written.

use super::document::{Doc, flag, object, text, texts};
use super::operations::response;
use super::published;
use super::writer::reference;
use crate::common::Workspace;
use import::api::Api;

/// Imports what must be refused; returns the faults, a line each, without the folder.
fn refused(name: &str, content: impl AsRef<[u8]>) -> Vec<String> {
    let workspace = Workspace::of(Api::Vsphere);
    let message = workspace.import(&workspace.source(name, content)).expect_err(name);
    assert_eq!(workspace.changed(), [""; 0], "{message}");
    let message = message.replace(&format!("{}/", workspace.path().display()), "");
    let faults = message.strip_suffix("\nnothing was written").unwrap_or_else(|| panic!("{message}"));
    faults.lines().map(str::to_owned).collect()
}

/// Expects one fault of a document, in both forms, at the line that has a text, which must be there once.
#[track_caller]
fn expect(document: &Doc, at: &str, says: &str) {
    for (name, content) in [("vcenter.json", document.json()), ("vcenter.yaml", document.yaml())] {
        assert_eq!(content.matches(at).count(), 1, "{at} in {name}");
        let line = content.split(at).next().unwrap_or_default().matches('\n').count() + 1;
        let faults = refused(name, content);
        assert_eq!(faults.len(), 1, "{faults:#?}");
        assert!(faults[0].starts_with(&format!("{name}:{line}:")), "line {line}: {}", faults[0]);
        assert!(faults[0].contains(says), "{}", faults[0]);
    }
}

/// An operation of the document.
fn operation<'d>(document: &'d mut Doc, path: &str, verb: &str) -> &'d mut Doc {
    document.at(&["paths", path, verb])
}

#[test]
fn malformed_texts() {
    let (json, yaml) = (published().json(), published().yaml());
    let fault = &refused("a.json", &json[..json.len() / 2])[0];
    assert!(fault.starts_with("a.json:") && fault.contains("malformed JSON"), "{fault}");
    let fault = &refused("a.yaml", yaml.replacen("\n  version: ", "\n  version: [", 1))[0];
    assert!(fault.contains("malformed YAML") && fault.contains("get the description again, whole"), "{fault}");
    assert!(refused("a.yaml", "a: 1\nb:\n  - 2\n - 3\n")[0].starts_with("a.yaml:4:"));
    assert!(refused("a.yaml", "a: &x 1\nb: *x\n")[0].starts_with("a.yaml:2:4: an alias; "));
    assert!(refused("a.yaml", "a: 1\nb:\n  c: 2\n  c: 3\n")[0].starts_with("a.yaml:4:3: a second `c` in one object"));
    assert!(refused("a.yaml", "a: 1\n---\nb: 2\n")[0].contains("a second document"));
    assert!(refused("a.yaml", "a:\n  [1]: 2\n")[0].starts_with("a.yaml:2:3: the name of a field must be text"));
    assert!(refused("a.yaml", "- ".repeat(200))[0].contains("more than 100 values in one another"));
    assert!(refused("a.json", format!("{}{}", "[".repeat(200), "]".repeat(200)))[0].contains("more than 100 values"));
    for empty in ["", "# nothing\n"] {
        assert!(refused("a.yaml", empty)[0].contains("the text is empty"));
    }
    assert!(refused("a.yaml", b"a: \xff")[0].starts_with("a.yaml:1:1: bytes that are not UTF-8"));
}

#[test]
fn what_is_cut_off_is_missed() {
    let mut document = published();
    // All that stands behind it is read as well, but what it refers to is not there.
    let schemas = document.at(&["components", "schemas"]);
    for name in ["Vapi.Std.Errors.NotFound", "Vcenter.Ovf.OvfParams"] {
        schemas.remove(name);
    }
    let faults = refused("vcenter.yaml", document.yaml());
    assert!(faults.len() > 30 && faults.iter().all(|fault| fault.contains("leads to no schema")), "{faults:#?}");
}

#[test]
fn foreign_texts() {
    for other in ["{\"openapi\": \"2.0\"}", "{\"openapi\": \"3.0.3\", \"paths\": {}}", "[1]", "plain text", "<html/>"] {
        assert!(refused("a.txt", other)[0].starts_with("a.txt:1:1: this is no OpenAPI 3 document"), "{other}");
    }
    let mut document = published();
    document.at(&["servers", "0"]).set("url", text("https://h/rest"));
    expect(&document, "https://h/rest", "must end with `/api`");
    let mut document = published();
    document.at(&["info"]).set("version", text("odd version"));
    expect(&document, "odd version", "`info.version` must be the version of the API");
}

#[test]
fn older_versions_and_parts_of_descriptions() {
    let mut document = published();
    document.at(&["info"]).set("version", text("8.0.3.0"));
    expect(&document, "8.0.3.0", "our documents are version 9.1.0.0 already");

    let mut document = published();
    document.at(&["paths"]).remove("/session");
    document.at(&["components", "schemas"]).remove("Cis.Session.Info");
    let faults = refused("vcenter.yaml", document.yaml());
    assert!(faults.iter().any(|fault| fault.contains("there is nothing in the namespace `cis.session`")), "{faults:#?}");
    assert_eq!(faults.len(), 1, "{faults:#?}");
}

#[test]
fn references_and_names_that_lead_nowhere() {
    let mut document = published();
    let properties = document.at(&["components", "schemas", "Content.LibraryModel", "properties"]);
    properties.set("odd", reference("Content.Odd"));
    expect(&document, "#/components/schemas/Content.Odd", "leads to no schema");

    let mut document = published();
    let properties = document.at(&["components", "schemas", "Content.LibraryModel", "properties"]);
    let told = text("For more information see: *Content.OddEnum*.");
    properties.set("odd", object([("type", text("string")), ("description", told)]));
    expect(&document, "Content.OddEnum", "names the schema `Content.OddEnum`, which there is not");

    let mut document = published();
    let required = document.at(&["components", "schemas", "Cis.Session.Info", "required"]);
    required.push(text("odd_member"));
    expect(&document, "odd_member", "`odd_member` is required, and is not among the properties");
}

#[test]
fn types_that_there_are_not() {
    let mut document = published();
    let properties = document.at(&["components", "schemas", "Content.LibraryModel", "properties"]);
    properties.set("odd", object([("type", text("odd_type"))]));
    expect(&document, "odd_type", "unknown type `odd_type`");

    let mut document = published();
    let list = document.at(&["components", "schemas", "Content.LibraryModel", "properties", "storage_backings"]);
    list.remove("items");
    let faults = refused("a.yaml", document.yaml());
    assert!(faults.len() == 1 && faults[0].contains("an array without `items`; it must say what it holds"), "{faults:#?}");
    let nested = object([("type", text("object")), ("properties", object([("a", object([("type", text("string"))]))]))]);
    let mut document = published();
    document.at(&["components", "schemas", "Content.LibraryModel", "properties"]).set("odd", nested);
    let faults = refused("a.yaml", document.yaml());
    assert!(faults.len() == 1 && faults[0].contains("an object with `properties` but without a name"), "{faults:#?}");

    let mut document = published();
    document.at(&["components", "schemas"]).set("Content.Odd", object([("type", text("string"))]));
    expect(&document, "Content.Odd", "neither an object nor has it an `enum`");
    let mut document = published();
    let base = Doc::List(vec![reference("Content.LibraryModel").with("description", text("odd base"))]);
    document.at(&["components", "schemas"]).set("Content.Odd", object([("type", text("object")), ("allOf", base)]));
    let faults = refused("a.yaml", document.yaml());
    assert!(faults[0].contains("schema `Content.Odd` extends another one"), "{faults:#?}");
}

#[test]
fn operations_that_cannot_be_told() {
    let mut document = published();
    operation(&mut document, "/content/library", "get").set("operationId", text("OddId"));
    expect(&document, "OddId", "`operationId` must be as `Content.Library_get`");

    let mut document = published();
    operation(&mut document, "/content/library", "get").set("operationId", text("Content.Library_list$Task"));
    expect(&document, "_list$Task", "returns a task, for which the model has no words");

    let mut document = published();
    document.at(&["paths"]).rename("/content/library/item?library_id", "/content/library/item?odd_id");
    expect(&document, "/content/library/item?odd_id", "names `odd_id`, which is no required parameter in the query");

    let mut document = published();
    document.at(&["paths"]).rename("/content/type", "/content/{odd}/type");
    expect(&document, "/content/{odd}/type", "names `odd`, which is no required parameter in the path");

    let mut document = published();
    operation(&mut document, "/content/library", "get").at(&["responses"]).rename("200", "600 odd");
    let faults = refused("a.yaml", document.yaml());
    assert!(faults.iter().any(|fault| fault.contains("`600 odd` is no HTTP status")), "{faults:#?}");

    let mut document = published();
    let responses = operation(&mut document, "/content/library", "get").at(&["responses"]);
    responses.set("404", response("Odd answer.".to_owned(), Some(reference("Cis.Session.Info"))));
    let faults = refused("a.yaml", document.yaml());
    assert!(faults[0].contains("`Cis.Session.Info` is no error"), "{faults:#?}");
}

#[test]
fn parameters_that_the_model_has_no_place_for() {
    let odd = |place: &str| {
        object([
            ("name", text("X-Odd")),
            ("in", text(place)),
            ("required", flag(false)),
            ("schema", object([("type", text("string"))])),
        ])
    };
    for (verb, path, place, says) in [
        ("get", "/content/type", "header", "stands in a header that the model does not know"),
        ("post", "/session", "query", "stands in the query; only GET and DELETE may have it there"),
        ("get", "/content/type", "cookie", "must be in `path`, `query` or `header`"),
    ] {
        let mut document = published();
        operation(&mut document, path, verb).set("parameters", Doc::List(vec![odd(place)]));
        let faults = refused("a.json", document.json());
        assert!(faults.len() == 1 && faults[0].contains(says), "{faults:#?}");
    }
    let mut document = published();
    let schema = object([("type", text("string")), ("description", text("odd body"))]);
    let body = object([("content", object([("application/json", object([("schema", schema)]))]))]);
    operation(&mut document, "/content/type", "get").set("requestBody", body);
    let faults = refused("a.json", document.json());
    assert!(
        faults[0].contains("the body of `content.type.list` stands in the body, which GET and DELETE do not have"),
        "{faults:#?}"
    );
}

#[test]
fn names_that_stand_twice_and_versions_that_are_none() {
    let mut document = published();
    let again = operation(&mut document, "/content/library", "get").clone();
    document.at(&["paths"]).set("/content/odd", object([("get", again)]));
    let faults = refused("a.yaml", document.yaml());
    assert!(faults.len() == 1 && faults[0].contains("has two operations `list`"), "{faults:#?}");

    let mut document = published();
    document.at(&["components", "schemas", "Cis.Task.Status", "enum"]).push(text("PENDING"));
    let faults = refused("a.yaml", document.yaml());
    assert!(faults.len() == 1 && faults[0].contains("has two values `PENDING`"), "{faults:#?}");

    let mut document = published();
    let told = operation(&mut document, "/content/library", "get").at(&["description"]);
    told.append("\n\nThis operation was added in __vSphere API soon__.");
    let faults = refused("a.yaml", document.yaml());
    assert!(faults.len() == 1 && faults[0].contains("names `soon` as a version of the API"), "{faults:#?}");

    let mut document = published();
    let told = document.at(&["components", "schemas", "Content.Library.StorageBacking", "properties", "storage_uri"]);
    let backing = "only relevant when the value of type is *Content.Library.StorageBacking.Type.ODD*.";
    told.at(&["description"]).append(&format!("\n\nThis property is {backing}"));
    let faults = refused("a.yaml", document.yaml().replace("StorageBacking.Type.OTHER*.", "StorageBacking.Type.ODD*."));
    assert!(faults.len() == 1 && faults[0].contains("depends on the value `ODD` of `type`"), "{faults:#?}");
}

#[test]
fn what_would_make_wrong_documents() {
    let mut document = published();
    *document.at(&["components", "schemas", "Cis.Task.Status", "enum", "0"]) = text("not-a-name");
    let faults = refused("vcenter.yaml", document.yaml());
    assert!(
        faults.iter().any(|fault| fault.contains("the document `cis.task.status.xml` made of it would be wrong")),
        "{faults:#?}"
    );
}

#[test]
fn a_fixup_that_no_longer_applies() {
    for (path, name) in [
        ("/content/library/item/download-session", "Content.Library.Item.DownloadSession_list.library_item_id"),
        ("/content/library/item/update-session", "Content.Library.Item.UpdateSession_list.library_item_id"),
    ] {
        let mut document = published();
        let told = operation(&mut document, path, "get").at(&["parameters", "0", "description"]);
        *told = text("Filter. The parameter must be an identifier for the resource type: `com.vmware.content.library.Item`.");
        let faults = refused("vcenter.yaml", document.yaml());
        assert!(faults.len() == 1 && faults[0].contains(&format!("the fixup of `{name}` (")), "{faults:#?}");
        assert!(faults[0].contains("remove the row from xtask/import/src/openapi/fixups.rs"), "{faults:#?}");
    }
    let mut document = published();
    *document.at(&["components", "schemas", "Vapi.Std.Errors.Error", "required"]) = texts(["messages"]);
    let faults = refused("vcenter.yaml", document.yaml());
    assert!(faults[0].contains("the fixup of `Vapi.Std.Errors.Error.error_type` (required as the discriminator"), "{faults:#?}");
}
