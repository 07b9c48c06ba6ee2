//! Forms on the wire, as texts: what the client of the other tests takes for granted.

use crate::client::Dialect;
use crate::support::start;
use reqwest::Method;
use serde_json::{Value, json};
use virt_simulator::vsphere::Simulator;

struct Raw {
    vcenter: Simulator,
    http: reqwest::Client,
    token: String,
}

impl Raw {
    async fn start() -> Raw {
        let (vcenter, client) = start(Dialect::Api).await;
        Raw { vcenter, http: client.http, token: client.token }
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.vcenter.url()));
        request.header("vmware-api-session-id", &self.token)
    }

    async fn send(&self, method: Method, path: &str, body: Value) -> (u16, Value) {
        let request = self.request(method, path);
        let request =
            if body.is_null() { request } else { request.header("content-type", "application/json").body(body.to_string()) };
        Raw::read(request).await
    }

    async fn read(request: reqwest::RequestBuilder) -> (u16, Value) {
        let response = request.send().await.expect("an answer");
        let status = response.status().as_u16();
        let text = response.text().await.expect("a body");
        (status, if text.is_empty() { Value::Null } else { serde_json::from_str(&text).expect("JSON") })
    }

    fn library(&self) -> Value {
        json!({ "name": "a", "storage_backings": [{ "type": "DATASTORE", "datastore_id": self.vcenter.datastore() }] })
    }
}

#[tokio::test]
async fn bodies_and_results_are_bare_or_wrapped() {
    let raw = Raw::start().await;
    let (status, id) = raw.send(Method::POST, "/api/content/local-library", raw.library()).await;
    assert_eq!((status, id.is_string()), (201, true));
    let legacy = "/rest/com/vmware/content/local-library";
    let body = json!({ "create_spec": raw.library(), "client_token": "5b9ed2d1-3a0a-4f2c-9c2a-1b1f6d1d2a11" });
    let (status, answer) = raw.send(Method::POST, legacy, body.clone()).await;
    assert_eq!((status, answer["value"].is_string()), (200, true));
    assert_eq!(raw.send(Method::POST, legacy, body).await.1, answer, "the token makes it idempotent");
    let other = answer["value"].as_str().expect("an id");

    let (status, list) = raw.send(Method::GET, "/api/content/library", Value::Null).await;
    assert_eq!((status, list), (200, json!([id, other])));
    let (status, library) = raw.send(Method::GET, &format!("{legacy}/id:{other}"), Value::Null).await;
    assert_eq!((status, &library["value"]["name"], &library["value"]["type"]), (200, &json!("a"), &json!("LOCAL")));
    let update = json!({ "update_spec": { "name": "b", "description": null } });
    assert_eq!(raw.send(Method::PATCH, &format!("{legacy}/id:{other}"), update).await, (200, Value::Null));
    let path = format!("/api/content/local-library/{other}");
    assert_eq!(raw.send(Method::PATCH, &path, json!({ "description": "c" })).await, (204, Value::Null));
    let (_, library) = raw.send(Method::GET, &path, Value::Null).await;
    assert_eq!((&library["name"], &library["description"], &library["version"]), (&json!("b"), &json!("c"), &json!("3")));
    let (_, found) = raw.send(Method::POST, "/api/content/library?action=find", json!({ "name": "B" })).await;
    assert_eq!(found, json!([other]));
    let find = "/rest/com/vmware/content/library?~action=find";
    let (_, found) = raw.send(Method::POST, find, json!({ "spec": { "name": "B", "type": "LOCAL" } })).await;
    assert_eq!(found, json!({ "value": [other] }));
    assert_eq!(raw.send(Method::DELETE, &path, Value::Null).await, (204, Value::Null));
    let (status, error) = raw.send(Method::GET, &path, Value::Null).await;
    assert_eq!((status, &error["error_type"]), (404, &json!("NOT_FOUND")));
    assert_eq!(error["messages"][0]["args"], json!(["library", other]));
    let (status, error) = raw.send(Method::DELETE, &format!("{legacy}/id:{other}"), Value::Null).await;
    assert_eq!((status, &error["type"]), (404, &json!("com.vmware.vapi.std.errors.not_found")));
    assert_eq!(error["value"]["messages"][0]["args"], json!(["library", other]));
}

#[tokio::test]
async fn the_client_token_is_a_header_or_a_parameter() {
    let raw = Raw::start().await;
    let token = "5b9ed2d1-3a0a-4f2c-9c2a-1b1f6d1d2a11";
    let post = |path: &str, token: Option<&str>| {
        let request = raw.request(Method::POST, path).header("content-type", "application/json").body(raw.library().to_string());
        Raw::read(match token {
            Some(token) => request.header("Client-Token", token),
            None => request,
        })
    };
    let path = "/api/content/local-library";
    let (_, id) = post(path, Some(token)).await;
    assert_eq!(post(path, Some(token)).await, (201, id.clone()));
    assert_eq!(post(&format!("{path}?client_token={token}"), None).await, (201, id.clone()));
    assert_ne!(post(path, None).await.1, id);
    let (status, error) = post(path, Some("mine")).await;
    assert_eq!((status, &error["error_type"]), (400, &json!("INVALID_ARGUMENT")));
}

#[tokio::test]
async fn maps_and_dynamic_structures_have_two_forms() {
    let raw = Raw::start().await;
    let (_, api) = raw.send(Method::GET, "/api/content/configuration", Value::Null).await;
    let limits = json!({ "MIN_INCLUSIVE": "0", "MAX_INCLUSIVE": "23" });
    assert_eq!(api["automatic_sync_start_hour_setting"]["constraints"], json!([limits]));
    let path = "/rest/com/vmware/content/configuration";
    let (_, rest) = raw.send(Method::POST, &format!("{path}?~action=get"), Value::Null).await;
    let constraints = &rest["value"]["automatic_sync_start_hour_setting"]["constraints"][0];
    assert_eq!(constraints.as_array().map(Vec::len), Some(2));
    assert!(constraints.as_array().expect("a list").contains(&json!({ "key": "MIN_INCLUSIVE", "value": "0" })), "{constraints}");

    let setting = |constraints: Value| json!({ "name": "a", "reboot_required": false, "constraints": [constraints] });
    let body = json!({ "automatic_sync_start_hour_setting": setting(limits), "automatic_sync_start_hour": 3 });
    assert_eq!(raw.send(Method::PATCH, "/api/content/configuration", body.clone()).await.0, 204);
    let (status, error) = raw.send(Method::PATCH, path, json!({ "model": body })).await;
    let text = error["value"]["messages"][0]["default_message"].as_str().expect("a text");
    assert!(status == 400 && text.contains("model.automatic_sync_start_hour_setting.constraints[0]"), "{text}");
    let pairs = json!([{ "key": "ENUMERATION", "value": "1" }]);
    let body =
        json!({ "model": { "automatic_sync_start_hour_setting": setting(pairs.clone()), "automatic_sync_start_hour": 4 } });
    assert_eq!(raw.send(Method::PATCH, path, body).await.0, 200);
    let body = json!({ "automatic_sync_start_hour_setting": setting(pairs) });
    assert_eq!(raw.send(Method::PATCH, "/api/content/configuration", body).await.0, 400);
    let (_, api) = raw.send(Method::GET, "/api/content/configuration", Value::Null).await;
    assert_eq!(api["automatic_sync_start_hour"], 4);
}

#[tokio::test]
async fn what_does_not_fit_is_named() {
    let raw = Raw::start().await;
    let path = "/api/content/local-library";
    let backing = |kind: &str| json!([{ "type": kind, "datastore_id": raw.vcenter.datastore() }]);
    for (body, error, text) in [
        (json!({ "storage_backings": backing("DATASTORE") }), "INVALID_ARGUMENT", "'create_spec.name' is missing."),
        (json!({ "name": 7, "storage_backings": [] }), "INVALID_ARGUMENT", "'create_spec.name' must be a text, not a number."),
        (
            json!({ "name": "a", "storage_backings": backing("CLOUD") }),
            "INVALID_ARGUMENT",
            "'create_spec.storage_backings[0].type' is 'CLOUD'; it must be one of DATASTORE, OTHER.",
        ),
        (
            json!({ "name": "a", "storage_backings": backing("OTHER") }),
            "INVALID_ARGUMENT",
            "'create_spec.storage_backings[0].datastore_id' cannot be set while 'create_spec.storage_backings[0].type' is OTHER.",
        ),
        (
            json!({ "name": "a", "storage_backings": {} }),
            "INVALID_ARGUMENT",
            "'create_spec.storage_backings' must be a list, not an object.",
        ),
        (
            json!({ "name": "a", "colour": 1, "storage_backings": backing("DATASTORE") }),
            "UNEXPECTED_INPUT",
            "'create_spec' has no member 'colour'.",
        ),
        (json!([]), "INVALID_ARGUMENT", "'create_spec' must be an object, not a list."),
        (Value::Null, "INVALID_ARGUMENT", "Parameter 'create_spec' is missing."),
    ] {
        let (status, answer) = raw.send(Method::POST, path, body).await;
        assert_eq!((status, &answer["error_type"]), (400, &json!(error)), "{answer}");
        assert_eq!(answer["messages"][0]["default_message"], text);
    }
    let request = raw.request(Method::POST, path).header("content-type", "application/json").body("{\"name\":");
    let (status, answer) = Raw::read(request).await;
    assert_eq!((status, &answer["error_type"]), (400, &json!("INVALID_ARGUMENT")));
    let request = raw.request(Method::POST, path).header("content-type", "text/plain").body("{}");
    assert_eq!(Raw::read(request).await.1["error_type"], "INVALID_REQUEST");
    let (_, answer) = raw.send(Method::GET, "/api/content/library?colour=1", Value::Null).await;
    assert_eq!(answer["error_type"], "UNEXPECTED_INPUT");
    let (_, answer) = raw.send(Method::GET, "/api/content/library/item", Value::Null).await;
    assert_eq!(answer["messages"][0]["default_message"], "Parameter 'library_id' is missing.");
}

#[tokio::test]
async fn unknown_places_are_not_found() {
    let raw = Raw::start().await;
    for (method, path) in [
        (Method::GET, "/api/content/nothing"),
        (Method::PUT, "/api/content/library"),
        (Method::POST, "/api/content/library?action=dance"),
        (Method::GET, "/rest/com/vmware/content/library/usages"),
        (Method::GET, "/rest/com/vmware/content/trusted-certificates"),
        (Method::GET, "/rest/com/vmware/content/security-policies"),
        (Method::GET, "/api/content/library/"),
    ] {
        let (status, answer) = raw.send(method.clone(), path, Value::Null).await;
        let kind = answer.get("error_type").or(answer.get("type")).and_then(Value::as_str).expect("a type");
        assert!(status == 404 && kind.to_lowercase().ends_with("operation_not_found"), "{method} {path}: {answer}");
    }
    let response = raw.http.get(format!("{}/ui", raw.vcenter.url())).send().await.expect("an answer");
    assert_eq!(response.status(), 404);
}

#[tokio::test]
async fn identifiers_are_decoded_once() {
    let raw = Raw::start().await;
    for (path, id) in [
        ("/api/content/library/a%2Fb%20%3F%25", "a/b ?%"),
        ("/rest/com/vmware/content/library/id:a%2Fb", "a/b"),
        ("/rest/com/vmware/content/library/id%3Aa", "a"),
    ] {
        let (status, answer) = raw.send(Method::GET, path, Value::Null).await;
        let members = answer.get("value").unwrap_or(&answer);
        assert_eq!((status, &members["messages"][0]["args"][1]), (404, &json!(id)));
    }
}

#[tokio::test]
async fn structures_in_a_query_can_be_numbered() {
    let raw = Raw::start().await;
    let targets = "targets.1.type=a&targets.1.id=b&targets.2.type=a&targets.2.id=c";
    let (status, tasks) = raw.send(Method::GET, &format!("/api/cis/tasks?services=s&{targets}"), Value::Null).await;
    assert_eq!((status, tasks), (200, json!({})));
    let (status, error) = raw.send(Method::GET, "/api/cis/tasks?services=s&targets.1.type=a", Value::Null).await;
    let text = &error["messages"][0]["default_message"];
    assert_eq!((status, text), (400, &json!("'filter_spec.targets[0].id' is missing.")));
    let (_, error) =
        raw.send(Method::GET, "/rest/cis/tasks?filter_spec.services=s&result_spec.return_all=maybe", Value::Null).await;
    let text = &error["value"]["messages"][0]["default_message"];
    assert_eq!(*text, json!("'result_spec.return_all' must be true or false, not a text."));
}

#[tokio::test]
async fn import_flags_take_the_pool_under_both_names() {
    let raw = Raw::start().await;
    let pool = raw.vcenter.resource_pool();
    for path in ["/api/vcenter/ovf/import-flag?resource_pool=", "/api/vcenter/ovf/import-flag?rp="] {
        let (status, flags) = raw.send(Method::GET, &format!("{path}{pool}"), Value::Null).await;
        assert_eq!((status, &flags[0]["option"]), (200, &json!("LAX")), "{path}");
    }
    let path = "/rest/com/vmware/vcenter/ovf/import-flag?rp=";
    assert_eq!(raw.send(Method::GET, &format!("{path}{pool}"), Value::Null).await.0, 200);
    assert_eq!(raw.send(Method::GET, &format!("{path}none"), Value::Null).await.0, 404);
}
