//! Against the simulated vCenter, in both dialects.

use super::BOTH;
use crate::servers::Kept;
use std::io::Cursor;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use virt_sdk::vsphere::content::LibraryModel;
use virt_sdk::vsphere::content::library::item::downloadsession::file::{EndpointType, PrepareStatus};
use virt_sdk::vsphere::content::library::item::updatesession::file::{AddSpec, SourceType};
use virt_sdk::vsphere::content::library::item::{
    DownloadSessionModel, TransferEndpoint, UpdateSessionModel, UpdateSessionModelState,
};
use virt_sdk::vsphere::content::library::{ItemModel, StorageBacking, StorageBackingType};
use virt_sdk::vsphere::ids::{DownloadSessionId, ItemId, UpdateSessionId};
use virt_sdk::vsphere::{Dialect, Session};
use virt_sdk::{Credentials, ErrorKind, Result, Retry};
use virt_simulator::vsphere::{Builder, Simulator};

async fn simulator() -> Kept<Simulator> {
    simulator_of(Simulator::builder()).await
}

async fn simulator_of(builder: Builder) -> Kept<Simulator> {
    Kept::new(builder.start().await.expect("it starts"))
}

fn open(vcenter: &Simulator, dialect: Dialect) -> Session {
    let builder = Session::builder(vcenter.url()).username(vcenter.username()).password(vcenter.password());
    builder.dialect(dialect).build().expect("the settings are right")
}

/// An item without files, in a new library.
async fn item(vcenter: &Simulator, session: &Session) -> Result<ItemId> {
    let backing = StorageBacking::new().r#type(StorageBackingType::Datastore).datastore_id(vcenter.datastore());
    let library = LibraryModel::new().name("library").storage_backings([backing]);
    let library = session.content().local_library().create(library).send().await?;
    session.content().library().item().create(ItemModel::new().library_id(library).name("item")).send().await
}

async fn update(session: &Session, item: &ItemId) -> Result<UpdateSessionId> {
    let spec = UpdateSessionModel::new().library_item_id(item);
    session.content().library().item().update_session().create(spec).send().await
}

/// Pushes a file, and makes it part of the item.
async fn push(session: &Session, item: &ItemId, name: &str, content: &[u8]) -> Result<()> {
    let update = update(session, item).await?;
    let files = session.content().library().item().updatesession().file();
    let size = content.len() as u64;
    let spec = AddSpec::new().name(name).source_type(SourceType::Push).size(i64::try_from(size).expect("it fits"));
    let endpoint = files.add(&update, spec).send().await?.upload_endpoint.expect("a file to push has one");
    session.upload(&endpoint, Cursor::new(content.to_vec()), size).await?;
    let checked = files.validate(&update).send().await?;
    assert_eq!((checked.has_errors, checked.missing_files, checked.invalid_files), (Some(false), Some(vec![]), Some(vec![])));
    let sessions = session.content().library().item().update_session();
    sessions.complete(&update).send().await?;
    assert_eq!(sessions.get(&update).send().await?.state, Some(UpdateSessionModelState::Done));
    sessions.delete(&update).send().await
}

/// Where a file can be fetched, once it is prepared.
async fn prepare(session: &Session, download: &DownloadSessionId, name: &str) -> Result<TransferEndpoint> {
    let files = session.content().library().item().downloadsession().file();
    let mut info = files.prepare(download, name).endpoint_type(EndpointType::Https).send().await?;
    let started = Instant::now();
    while info.status != Some(PrepareStatus::Prepared) {
        assert!(started.elapsed() < Duration::from_secs(30), "{info:?}");
        tokio::task::yield_now().await;
        info = files.get(download, name).send().await?;
    }
    Ok(*info.download_endpoint.expect("a prepared file has one"))
}

async fn fetch(session: &Session, endpoint: &TransferEndpoint, from: u64) -> Result<Vec<u8>> {
    let mut arriving = session.download(endpoint, from).await?;
    let mut content = Vec::new();
    while let Some(piece) = arriving.chunk().await? {
        content.extend_from_slice(&piece);
    }
    Ok(content)
}

#[tokio::test]
async fn a_file_comes_back_as_it_went() -> Result<()> {
    let content: Vec<u8> = (0..2_000_003_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    for dialect in BOTH {
        let vcenter = simulator().await;
        let session = open(&vcenter, dialect);
        let item = item(&vcenter, &session).await?;
        push(&session, &item, "disk.bin", &content).await?;
        let files = session.content().library().item().file().list(&item).send().await?;
        assert_eq!(files.iter().map(|file| file.size).collect::<Vec<_>>(), [i64::try_from(content.len()).ok()]);

        let downloads = session.content().library().item().download_session();
        let download = downloads.create(DownloadSessionModel::new().library_item_id(&item)).send().await?;
        let endpoint = prepare(&session, &download, "disk.bin").await?;
        assert!(fetch(&session, &endpoint, 0).await? == content);
        assert!(fetch(&session, &endpoint, 1_999_000).await? == content[1_999_000..]);
        let error = session.download(&endpoint, 2_000_003).await.expect_err("there is nothing");
        assert_eq!((error.kind(), error.status()), (ErrorKind::Request, Some(416)));
        downloads.keep_alive(&download).progress(100).send().await?;
        downloads.delete(&download).send().await?;
        session.close().await?;
        assert_eq!(vcenter.sessions(), 0);
    }
    Ok(())
}

#[tokio::test]
async fn content_of_another_size_than_announced_is_no_file() -> Result<()> {
    let vcenter = simulator().await;
    let session = open(&vcenter, Dialect::Api);
    let item = item(&vcenter, &session).await?;
    let update = update(&session, &item).await?;
    let files = session.content().library().item().updatesession().file();
    for (length, text) in [
        (600_000, "ends after 600000 bytes, 1000000 were announced"),
        (1_000_001, "goes on after the 1000000 bytes"),
        (0, "ends after 0 bytes"),
    ] {
        let spec = AddSpec::new().name("disk.bin").source_type(SourceType::Push).size(1_000_000);
        let endpoint = files.add(&update, spec).send().await?.upload_endpoint.expect("a file to push has one");
        let error = session.upload(&endpoint, Cursor::new(vec![7; length]), 1_000_000).await.expect_err("it is not so long");
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Request, false), "{error}");
        assert!(error.to_string().contains(text), "{error}");
        // The address may let in whoever has it.
        assert!(!error.to_string().contains("/cls/data/"), "{error}");
    }
    Ok(())
}

#[tokio::test]
async fn a_session_that_ended_in_mid_work_is_opened_anew_once() -> Result<()> {
    for dialect in BOTH {
        let vcenter = simulator().await;
        let session = open(&vcenter, dialect);
        let item = item(&vcenter, &session).await?;
        let update = update(&session, &item).await?;
        vcenter.expire_sessions();
        let state = session.content().library().item().update_session().get(&update).send().await?.state;
        assert_eq!(state, Some(UpdateSessionModelState::Active));
        assert_eq!(vcenter.sessions(), 1);
        let sign_ins =
            vcenter.requests().iter().filter(|request| request.method == "POST" && request.path.ends_with("/session")).count();
        assert_eq!(sign_ins, 2);
        session.close().await?;
        assert_eq!(vcenter.sessions(), 0);
        let error = session.test().await.expect_err("it is closed");
        assert_eq!(error.kind(), ErrorKind::Request);
    }
    Ok(())
}

#[tokio::test]
async fn many_tasks_sign_in_once() -> Result<()> {
    let vcenter = simulator().await;
    let session = open(&vcenter, Dialect::Api);
    let tasks: Vec<_> = (0..16)
        .map(|_| {
            let session = session.clone();
            tokio::spawn(async move { session.content().library().list().send().await })
        })
        .collect();
    for task in tasks {
        task.await.expect("it does not panic")?;
    }
    assert_eq!(vcenter.sessions(), 1);
    session.close().await
}

#[tokio::test]
async fn the_dialect_is_found_out() -> Result<()> {
    for (api, rest, dialect) in [(true, true, Dialect::Api), (true, false, Dialect::Api), (false, true, Dialect::Rest)] {
        let vcenter = simulator_of(Simulator::builder().api(api).rest(rest)).await;
        let builder = Session::builder(vcenter.url()).username(vcenter.username()).password(vcenter.password());
        let session = builder.detect_dialect().build()?;
        session.content().library().list().send().await?;
        assert_eq!(session.dialect().await?, dialect);
        session.close().await?;
    }
    Ok(())
}

/// A token that is opened without the SDK, by a request with the default user and password of the simulator.
async fn foreign_token(vcenter: &Simulator, path: &str) -> String {
    let host = vcenter.url().trim_start_matches("http://");
    let mut stream = tokio::net::TcpStream::connect(host).await.expect("it listens");
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Basic YWRtaW5pc3RyYXRvckB2c3BoZXJlLmxvY2FsOnNlY3JldA==\r\n\
         Content-Length: 0\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.expect("it takes a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("it answers");
    let body = answer.split("\r\n\r\n").nth(1).expect("there is a body");
    body.rsplit('"').nth(1).expect("there is a token").to_owned()
}

#[tokio::test]
async fn a_token_of_the_caller_is_neither_renewed_nor_ended() -> Result<()> {
    for (api, rest, path, dialect) in
        [(true, true, "/api/session", Dialect::Api), (false, true, "/rest/com/vmware/cis/session", Dialect::Rest)]
    {
        let vcenter = simulator_of(Simulator::builder().api(api).rest(rest)).await;
        let token = foreign_token(&vcenter, path).await;
        let session = Session::builder(vcenter.url()).token(&token).detect_dialect().build()?;
        session.test().await?;
        assert_eq!(session.dialect().await?, dialect);
        session.close().await?;
        assert_eq!(vcenter.sessions(), 1);
        let session = Session::builder(vcenter.url()).token(&token).dialect(dialect).build()?;
        vcenter.expire_sessions();
        let error = session.test().await.expect_err("the token has ended");
        assert_eq!(error.kind(), ErrorKind::Authentication);
        assert!(!error.to_string().contains(&token), "{error}");
    }
    Ok(())
}

#[tokio::test]
async fn a_server_that_is_not_well_tells_no_dialect() -> Result<()> {
    let vcenter = simulator_of(Simulator::builder().api(false)).await;
    let token = foreign_token(&vcenter, "/rest/com/vmware/cis/session").await;
    let session = Session::builder(vcenter.url()).token(token).detect_dialect().build()?;
    vcenter.fail_next_with(503, "text/html", "<html>starting</html>");
    let error = session.test().await.expect_err("it is not ready");
    assert_eq!((error.status(), error.is_retryable()), (Some(503), true));
    session.test().await?;
    assert_eq!(session.dialect().await?, Dialect::Rest);
    Ok(())
}

#[tokio::test]
async fn a_download_goes_on_when_the_session_has_ended() -> Result<()> {
    let vcenter = simulator().await;
    let session = open(&vcenter, Dialect::Api);
    let item = item(&vcenter, &session).await?;
    push(&session, &item, "disk.bin", b"0123456789").await?;
    let downloads = session.content().library().item().download_session();
    let download = downloads.create(DownloadSessionModel::new().library_item_id(&item)).send().await?;
    let endpoint = prepare(&session, &download, "disk.bin").await?;
    vcenter.expire_sessions();
    let mut arriving = session.download(&endpoint, 4).await?;
    assert_eq!(arriving.size(), Some(6));
    assert_eq!(arriving.chunk().await?.as_deref(), Some(&b"456789"[..]));
    assert_eq!(arriving.size(), Some(0));
    assert!(arriving.chunk().await?.is_none());
    Ok(())
}

#[tokio::test]
async fn a_wrong_password_says_what_to_look_at() {
    for dialect in BOTH {
        let vcenter = simulator().await;
        let builder = Session::builder(vcenter.url()).username("administrator").password("wr0ng").dialect(dialect);
        let error = builder.build().expect("the settings are right").test().await.expect_err("it is wrong");
        assert_eq!((error.kind(), error.status()), (ErrorKind::Authentication, Some(401)));
        let text = error.to_string();
        assert!(text.contains("`administrator`") && text.contains("administrator@vsphere.local"), "{text}");
        assert!(!text.contains("wr0ng"), "{text}");
    }
}

#[tokio::test]
async fn a_certificate_is_trusted_only_when_its_authority_is() -> Result<()> {
    let vcenter = simulator_of(Simulator::builder().tls(true)).await;
    let builder = || Session::builder(vcenter.url()).username(vcenter.username()).password(vcenter.password());
    let error = builder().build()?.test().await.expect_err("nobody vouches for it");
    assert_eq!(error.kind(), ErrorKind::Tls);
    let session = builder().ca_pem(vcenter.ca_pem().expect("it has one")).build()?;
    let item = item(&vcenter, &session).await?;
    push(&session, &item, "a.bin", b"content").await?;
    session.close().await?;
    let session = builder().insecure(true).build()?;
    session.test().await?;
    session.close().await
}

#[tokio::test]
async fn two_update_sessions_of_an_item_are_one_too_many() -> Result<()> {
    for dialect in BOTH {
        let vcenter = simulator().await;
        let session = open(&vcenter, dialect);
        let item = item(&vcenter, &session).await?;
        let first = update(&session, &item).await?;
        let error = update(&session, &item).await.expect_err("one is open");
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Conflict, true), "{error}");
        let sessions = session.content().library().item().update_session();
        sessions.fail(&first, "the disk is gone").send().await?;
        let found = sessions.get(&first).send().await?;
        assert_eq!(found.state, Some(UpdateSessionModelState::Error));
        let message = found.error_message.expect("it says why");
        assert!(message.default_message.is_some_and(|text| text.contains("the disk is gone")));
        sessions.delete(&first).send().await?;
        let second = update(&session, &item).await?;
        sessions.cancel(&second).send().await?;
        assert_eq!(sessions.get(&second).send().await?.state, Some(UpdateSessionModelState::Canceled));
    }
    Ok(())
}

#[tokio::test]
async fn an_update_session_lives_as_long_as_it_is_kept_alive() -> Result<()> {
    for dialect in BOTH {
        let vcenter = simulator().await;
        let session = open(&vcenter, dialect);
        let item = item(&vcenter, &session).await?;
        let update = update(&session, &item).await?;
        let sessions = session.content().library().item().update_session();
        for progress in [10, 20, 30] {
            vcenter.advance(Duration::from_secs(4 * 60));
            sessions.keep_alive(&update).client_progress(progress).send().await?;
        }
        vcenter.advance(Duration::from_secs(6 * 60));
        let error = sessions.complete(&update).send().await.expect_err("it has ended");
        assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    }
    Ok(())
}

#[tokio::test]
async fn a_file_is_pulled_from_an_url() -> Result<()> {
    for dialect in BOTH {
        let vcenter = simulator().await;
        let session = open(&vcenter, dialect);
        let source = item(&vcenter, &session).await?;
        push(&session, &source, "disk.bin", &[42; 300_000]).await?;
        let downloads = session.content().library().item().download_session();
        let download = downloads.create(DownloadSessionModel::new().library_item_id(&source)).send().await?;
        let endpoint = prepare(&session, &download, "disk.bin").await?;

        let library = session.content().library().item().get(&source).send().await?.library_id.expect("it has one");
        let spec = ItemModel::new().library_id(library).name("pulled");
        let target = session.content().library().item().create(spec).send().await?;
        let update = update(&session, &target).await?;
        let files = session.content().library().item().updatesession().file();
        let spec = AddSpec::new().name("disk.bin").source_type(SourceType::Pull).source_endpoint(endpoint);
        files.add(&update, spec).send().await?;
        let sessions = session.content().library().item().update_session();
        sessions.complete(&update).send().await?;
        let started = Instant::now();
        while sessions.get(&update).send().await?.state == Some(UpdateSessionModelState::Active) {
            assert!(started.elapsed() < Duration::from_secs(30), "it is still pulling");
            tokio::task::yield_now().await;
        }
        let files = session.content().library().item().file().list(&target).send().await?;
        assert_eq!(files.first().and_then(|file| file.size), Some(300_000));
    }
    Ok(())
}

#[tokio::test]
async fn faults_on_request_have_their_kind() -> Result<()> {
    for dialect in BOTH {
        let vcenter = simulator().await;
        let session = open(&vcenter, dialect);
        session.test().await?;
        for (name, kind) in [
            ("resource_busy", ErrorKind::Conflict),
            ("service_unavailable", ErrorKind::Fault),
            ("unauthorized", ErrorKind::Authorization),
            ("timed_out", ErrorKind::Timeout),
            ("invalid_argument", ErrorKind::InvalidArgument),
        ] {
            vcenter.fail_next(&format!("vapi.std.errors.{name}"));
            let mut list = session.content().library().list();
            list.call.set_retry(Retry::none());
            let error = list.send().await.expect_err("it was asked to fail");
            assert_eq!(error.kind(), kind, "{name}");
            assert!(error.to_string().contains("a fault that the test asked for"), "{error}");
        }
        // A permission error is no reason to sign in again; a page of a proxy is no answer.
        assert_eq!(vcenter.sessions(), 1);
        vcenter.fail_next_with(502, "text/html", "<html>Bad Gateway</html>");
        let mut list = session.content().library().list();
        list.call.set_retry(Retry::none());
        let error = list.send().await.expect_err("it is a page");
        assert_eq!((error.status(), error.is_retryable()), (Some(502), true));
        assert_eq!(error.body(), Some("Bad Gateway"));
        vcenter.fail_next("vapi.std.errors.service_unavailable");
        session.content().library().list().send().await?;
    }
    Ok(())
}

#[tokio::test]
async fn credentials_come_from_a_provider_and_dropping_ends_the_session() -> Result<()> {
    for dialect in BOTH {
        let vcenter = simulator().await;
        let (user, password) = (vcenter.username().to_owned(), vcenter.password().to_owned());
        let provider = move |_| {
            let credentials = Credentials::password(&user, &password);
            async move { Ok(credentials) }
        };
        let session = Session::builder(vcenter.url()).credentials(provider).dialect(dialect).build()?;
        session.test().await?;
        vcenter.expire_sessions();
        session.test().await?;
        assert_eq!(vcenter.sessions(), 1, "{dialect}");
        drop(session);
        let started = Instant::now();
        while vcenter.sessions() > 0 {
            assert!(started.elapsed() < Duration::from_secs(30), "the session goes on");
            tokio::task::yield_now().await;
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_token_of_a_provider_tells_no_dialect_which_is_found_out() -> Result<()> {
    for (api, rest) in [(true, false), (false, true)] {
        let vcenter = simulator_of(Simulator::builder().api(api).rest(rest)).await;
        let owner = Session::builder(vcenter.url()).username(vcenter.username()).password(vcenter.password());
        let owner = owner.detect_dialect().build()?;
        owner.test().await?;
        let token = vcenter.secrets().remove(0);
        let provider = move |_| {
            let token = Credentials::token(&token);
            async move { Ok(token) }
        };
        let session = Session::builder(vcenter.url()).credentials(provider).detect_dialect().build()?;
        session.test().await?;
        session.close().await?;
        assert_eq!(vcenter.sessions(), 1, "whoever got the token ends it");
    }
    Ok(())
}

#[tokio::test]
async fn kerberos_is_not_for_vcenters() -> Result<()> {
    let vcenter = simulator().await;
    let provider = |_| async { Ok(Credentials::negotiate("Negotiate s3cret")) };
    let session = Session::builder(vcenter.url()).credentials(provider).build()?;
    let error = session.test().await.expect_err("it takes none");
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(!error.to_string().contains("s3cret"), "{error}");
    Ok(())
}

#[tokio::test]
async fn finding_out_the_dialect_has_the_limit_of_the_call() -> Result<()> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let url = format!("http://{}", listener.local_addr().expect("it has an address"));
    let limit = Duration::from_millis(50);
    let session = Session::builder(&url).token("t0ken").detect_dialect().timeout(limit).build()?;
    assert_eq!(session.dialect().await.expect_err("nobody answers").kind(), ErrorKind::Timeout);
    let session = Session::builder(&url).username("u").password("s3cret").detect_dialect().build()?;
    let mut list = session.content().library().list();
    list.call.set_timeout(limit);
    assert_eq!(list.send().await.expect_err("nobody answers").kind(), ErrorKind::Timeout);
    Ok(())
}
