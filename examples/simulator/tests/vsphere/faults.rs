//! Errors that tests ask for.

use crate::client::{BOTH, Dialect};
use crate::support::start;
use serde_json::{Value, json};

#[tokio::test]
async fn every_standard_error_has_its_form_in_both_dialects() {
    for dialect in BOTH {
        let (vcenter, client) = start(dialect).await;
        let errors = &model::vsphere().errors;
        assert_eq!(errors.len(), 25);
        for error in errors.values() {
            vcenter.fail_next(&error.name);
            // The client checks the form and the status.
            let refusal = client.try_call("content.library.list", json!({})).await.expect_err("it was asked for");
            assert_eq!(
                (refusal.error.as_str(), refusal.message.as_str()),
                (error.name.as_str(), "a fault that the test asked for")
            );
            client.call("content.library.list", json!({})).await;
        }
        vcenter.fail_next("no.such.error");
        assert_eq!(client.refused("content.library.list", json!({})).await.0, "internal_server_error");
    }
}

#[tokio::test]
async fn raw_answers_come_as_they_are_and_in_turn() {
    let (vcenter, client) = start(Dialect::Api).await;
    vcenter.fail_next_with(502, "text/html", "<h1>bad gateway</h1>");
    vcenter.fail_next("vapi.std.errors.timed_out");
    crate::support::sign_in(&vcenter, Dialect::Rest).await;
    let request =
        client.http.get(format!("{}/api/content/library", vcenter.url())).header("vmware-api-session-id", &client.token);
    let response = request.send().await.expect("an answer");
    assert_eq!((response.status().as_u16(), &response.headers()["content-type"]), (502, &"text/html".parse().expect("a header")));
    assert_eq!(response.text().await.expect("a body"), "<h1>bad gateway</h1>");
    assert_eq!(client.refused("content.library.list", json!({})).await.0, "timed_out");
    assert_eq!(client.call("content.library.list", json!({})).await, Value::Array(Vec::new()));
    let statuses: Vec<u16> = vcenter.requests().iter().map(|request| request.status).collect();
    assert_eq!(statuses, [201, 200, 502, 500, 200]);
}
