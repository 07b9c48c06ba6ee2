use super::{BOTH, canned};
use virt_sdk::ErrorKind;
use virt_sdk::vsphere::Dialect;
use virt_sdk::vsphere::vapi::std::errors::ErrorType;

/// Name, kind, whether to try again, and the statuses in `/api` and `/rest`.
const ERRORS: &[(&str, ErrorKind, bool, u16, u16)] = &[
    ("error", ErrorKind::Fault, false, 500, 400),
    ("already_exists", ErrorKind::Conflict, false, 400, 400),
    ("already_in_desired_state", ErrorKind::Conflict, false, 400, 400),
    ("canceled", ErrorKind::Fault, false, 400, 400),
    ("concurrent_change", ErrorKind::Conflict, false, 409, 400),
    ("feature_in_use", ErrorKind::Conflict, false, 400, 400),
    ("internal_server_error", ErrorKind::Fault, false, 500, 500),
    ("invalid_argument", ErrorKind::InvalidArgument, false, 400, 400),
    ("invalid_element_configuration", ErrorKind::InvalidArgument, false, 400, 400),
    ("invalid_element_type", ErrorKind::InvalidArgument, false, 400, 400),
    ("invalid_request", ErrorKind::InvalidArgument, false, 400, 400),
    ("not_allowed_in_current_state", ErrorKind::Conflict, false, 400, 400),
    ("not_found", ErrorKind::NotFound, false, 404, 404),
    ("operation_not_found", ErrorKind::NotFound, false, 404, 404),
    ("resource_busy", ErrorKind::Conflict, true, 500, 400),
    ("resource_in_use", ErrorKind::Conflict, false, 400, 400),
    ("resource_inaccessible", ErrorKind::Fault, false, 500, 400),
    ("service_unavailable", ErrorKind::Fault, true, 503, 503),
    ("timed_out", ErrorKind::Timeout, true, 500, 504),
    ("unable_to_allocate_resource", ErrorKind::Fault, true, 500, 400),
    ("unauthenticated", ErrorKind::Authentication, false, 401, 401),
    ("unauthorized", ErrorKind::Authorization, false, 403, 403),
    ("unexpected_input", ErrorKind::InvalidArgument, false, 400, 400),
    ("unsupported", ErrorKind::InvalidArgument, false, 400, 400),
    ("unverified_peer", ErrorKind::Fault, false, 400, 400),
];

fn body(dialect: Dialect, name: &str, rest: &str) -> String {
    match dialect {
        Dialect::Api => format!(r#"{{"error_type": "{}", {rest}}}"#, name.to_ascii_uppercase()),
        Dialect::Rest => format!(r#"{{"type": "com.vmware.vapi.std.errors.{name}", "value": {{{rest}}}}}"#),
    }
}

#[tokio::test]
async fn every_standard_error_has_its_kind_in_both_dialects() {
    let messages = r#""messages": [
        {"id": "outer", "default_message": "the import failed", "args": []},
        {"id": "inner", "default_message": "the disk is full", "args": ["disk"]}]"#;
    assert_eq!(ERRORS.len(), 25);
    for (name, kind, retryable, api, rest) in ERRORS {
        for (dialect, status) in [(Dialect::Api, api), (Dialect::Rest, rest)] {
            let session = canned(dialect, &format!("{status} X"), "application/json", &body(dialect, name, messages)).await;
            let error = session.content().library().get("l").send().await.expect_err("it is an error");
            assert_eq!((error.kind(), error.status()), (*kind, Some(*status)), "{name} in {dialect}");
            assert_eq!(error.is_retryable(), *retryable, "{name} in {dialect}");
            let first = error.to_string();
            assert!(first.lines().next().is_some_and(|line| line.ends_with("the disk is full")), "{error}");
            assert!(first.contains("the import failed"), "{error}");
            let standard = error.standard_error().expect("it is one");
            assert_eq!(standard.error_type.as_str(), name.to_ascii_uppercase());
            assert!(!matches!(standard.error_type, ErrorType::Unrecognized(_)), "{name}");
            assert_eq!(standard.messages[1].args, Some(vec!["disk".to_owned()]));
            assert_eq!(error.fault().and_then(|fault| fault.reason.as_deref()), Some(standard.error_type.as_str()));
        }
    }
}

#[tokio::test]
async fn the_name_of_an_error_counts_not_its_status() {
    for dialect in BOTH {
        let session = canned(dialect, "400 X", "application/json", &body(dialect, "not_found", r#""messages": []"#)).await;
        let error = session.content().library().get("l").send().await.expect_err("it is an error");
        assert_eq!((error.kind(), error.status()), (ErrorKind::NotFound, Some(400)));
    }
}

#[tokio::test]
async fn unknown_errors_are_kept() {
    for dialect in BOTH {
        let body = body(dialect, "out_of_coffee", r#""messages": [{"default_message": "no coffee"}], "data": {"cups": 0}"#);
        let session = canned(dialect, "418 X", "application/json", &body).await;
        let error = session.content().library().get("l").send().await.expect_err("it is an error");
        assert_eq!((error.kind(), error.status()), (ErrorKind::Fault, Some(418)));
        let standard = error.standard_error().expect("it is one");
        assert!(standard.error_type.as_str().to_ascii_lowercase().ends_with("out_of_coffee"));
        assert_eq!(standard.data.as_ref().and_then(|data| data.members["cups"].as_i64()), Some(0));
    }
}

#[tokio::test]
async fn a_challenge_is_passed_on() {
    let body = body(Dialect::Api, "unauthenticated", r#""messages": [], "challenge": "SIGN realm=vc""#);
    let session = canned(Dialect::Api, "401 X", "application/json", &body).await;
    let error = session.content().library().get("l").send().await.expect_err("it is an error");
    assert_eq!(error.standard_error().and_then(|error| error.challenge.as_deref()), Some("SIGN realm=vc"));
    assert!(error.to_string().contains("UNAUTHENTICATED: ") && error.to_string().contains("sign in anew"), "{error}");
}

#[tokio::test]
async fn an_odd_message_does_not_hide_the_error() {
    for dialect in BOTH {
        let rest =
            r#""messages": [{"args": [1]}, {"default_message": "the item is in use"}], "data": {"@class": "com.x", "a": 1}"#;
        let session = canned(dialect, "500 X", "application/json", &body(dialect, "resource_busy", rest)).await;
        let error = session.content().library().get("l").send().await.expect_err("it is an error");
        assert!(error.is_retryable() && error.to_string().contains("the item is in use"), "{error}");
        let data = error.standard_error().and_then(|error| error.data.clone()).expect("there is some");
        assert_eq!((data.class.as_deref(), data.members.len()), (Some("com.x"), 1));
    }
}

#[tokio::test]
async fn without_a_standard_error_the_status_counts() {
    for (status, kind, retryable) in [
        (400, ErrorKind::Fault, false),
        (401, ErrorKind::Authentication, false),
        (403, ErrorKind::Authorization, false),
        (404, ErrorKind::NotFound, false),
        (500, ErrorKind::Fault, false),
        (503, ErrorKind::Fault, true),
    ] {
        for (content_type, body) in [("text/plain", "404 page not found\n"), ("application/json", "{}"), ("", "")] {
            let session = canned(Dialect::Rest, &format!("{status} X"), content_type, body).await;
            let error = session.content().library().get("l").send().await.expect_err("it is an error");
            assert_eq!((error.kind(), error.status(), error.is_retryable()), (kind, Some(status), retryable), "{error}");
            assert!(error.standard_error().is_none());
        }
    }
}
