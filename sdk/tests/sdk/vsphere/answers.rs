use super::{BOTH, canned};
use virt_sdk::vsphere::content::library::item::UpdateSessionModelState;
use virt_sdk::vsphere::content::library::item::downloadsession::file::PrepareStatus;
use virt_sdk::vsphere::{Dialect, Session};
use virt_sdk::{ErrorKind, Result};

/// A session for a server that answers with this value in the form of the dialect.
async fn answering(dialect: Dialect, value: &str) -> Session {
    let body = match dialect {
        Dialect::Api => value.to_owned(),
        Dialect::Rest => format!("{{\"value\": {value}}}"),
    };
    canned(dialect, "200 OK", "application/json", &body).await
}

#[tokio::test]
async fn required_members_that_a_server_leaves_out_do_not_fail_the_read() -> Result<()> {
    for dialect in BOTH {
        let session = answering(dialect, r#"{"name": "disk.vmdk", "checksum_info": null}"#).await;
        let info = session.content().library().item().downloadsession().file().get("s", "disk.vmdk").send().await?;
        assert_eq!(info.name.as_deref(), Some("disk.vmdk"));
        assert_eq!((info.bytes_transferred, info.status, info.checksum_info), (None, None, None));
    }
    Ok(())
}

#[tokio::test]
async fn what_is_unknown_is_kept_or_passed_over() -> Result<()> {
    for dialect in BOTH {
        let session =
            answering(dialect, r#"{"status": "HALF_PREPARED", "brand_new": {"a": [1]}, "size": 9007199254740993}"#).await;
        let info = session.content().library().item().downloadsession().file().prepare("s", "f").send().await?;
        assert_eq!(info.status, Some(PrepareStatus::Unrecognized("HALF_PREPARED".to_owned())));
        assert_eq!(info.size, Some(9_007_199_254_740_993));
    }
    Ok(())
}

#[tokio::test]
async fn every_prepare_status_has_its_name() -> Result<()> {
    for (text, status) in [
        ("UNPREPARED", PrepareStatus::Unprepared),
        ("PREPARE_REQUESTED", PrepareStatus::PrepareRequested),
        ("PREPARING", PrepareStatus::Preparing),
        ("PREPARED", PrepareStatus::Prepared),
        ("ERROR", PrepareStatus::Error),
    ] {
        let session = answering(Dialect::Api, &format!("[{{\"status\": \"{text}\"}}]")).await;
        let files = session.content().library().item().downloadsession().file().list("s").send().await?;
        assert_eq!(files.first().and_then(|file| file.status.clone()), Some(status));
    }
    Ok(())
}

#[tokio::test]
async fn empty_lists_may_be_null() -> Result<()> {
    for dialect in BOTH {
        let session = answering(dialect, "null").await;
        assert!(session.content().library().list().send().await?.is_empty());
        assert!(session.content().library().item().updatesession().file().list("s").send().await?.is_empty());
        assert!(session.cis().tasks().list().send().await?.is_empty());
    }
    Ok(())
}

#[tokio::test]
async fn maps_are_read_in_either_form() -> Result<()> {
    let forms = [r#"{"t": {"status": "RUNNING"}}"#, r#"[{"key": "t", "value": {"status": "RUNNING"}}]"#];
    for (dialect, form) in BOTH.into_iter().flat_map(|dialect| forms.map(|form| (dialect, form))) {
        let tasks = answering(dialect, form).await.cis().tasks().list().send().await?;
        assert_eq!(tasks["t"].status.as_ref().map(ToString::to_string).as_deref(), Some("RUNNING"));
    }
    Ok(())
}

#[tokio::test]
async fn the_value_is_unwrapped_only_where_the_dialect_wraps_it() -> Result<()> {
    let session = canned(Dialect::Rest, "200 OK", "text/plain; charset=utf-8", r#"{"value": {"state": "DONE"}}"#).await;
    let found = session.content().library().item().update_session().get("s").send().await?;
    assert_eq!(found.state, Some(UpdateSessionModelState::Done));
    Ok(())
}

#[tokio::test]
async fn a_member_of_the_wrong_type_is_named() {
    for dialect in BOTH {
        let session = answering(dialect, r#"{"missing_files": [], "invalid_files": [{"name": "a"}, {"name": 7}]}"#).await;
        let error =
            session.content().library().item().updatesession().file().validate("s").send().await.expect_err("7 is no text");
        assert_eq!(error.kind(), ErrorKind::Decode);
        assert!(error.to_string().contains("`invalid_files[1].name` must be a text, and is a number"), "{error}");
    }
}

#[tokio::test]
async fn what_is_no_json_is_said_to_be_that() {
    let session = canned(Dialect::Api, "200 OK", "text/html", "<html>vSphere Client</html>").await;
    let error = session.content().library().list().send().await.expect_err("it is a page");
    assert_eq!((error.kind(), error.status()), (ErrorKind::Decode, Some(200)));
    assert!(error.to_string().contains("text/html instead of JSON"), "{error}");
    let session = canned(Dialect::Api, "200 OK", "application/json", "{\"name\": ").await;
    let error = session.content().library().get("l").send().await.expect_err("it is cut off");
    assert_eq!(error.kind(), ErrorKind::Decode);
}

#[tokio::test]
async fn nothing_is_no_object() -> Result<()> {
    for dialect in BOTH {
        let session = canned(dialect, "204 No Content", "", "").await;
        session.content().library().item().delete("i").send().await?;
        let error = session.content().library().get("l").send().await.expect_err("an object was asked for");
        assert_eq!(error.kind(), ErrorKind::Decode);
        assert!(error.to_string().contains("empty"), "{error}");
        let error = session.content().library().list().send().await.expect_err("a list was asked for");
        assert_eq!(error.kind(), ErrorKind::Decode);
    }
    Ok(())
}
