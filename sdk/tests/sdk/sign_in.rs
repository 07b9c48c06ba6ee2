//! Signing in and out.

use crate::canned::{answer, canned, serve};
use crate::connect;
use crate::servers::engine;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use virt_sdk::ovirt::Connection;
use virt_sdk::{Credentials, CredentialsError, CredentialsProvider, Error, ErrorKind, SignIn};
use virt_simulator::{Fault, Simulator, Target};

const JSON: &str = "Content-Type: application/json\r\n";
const API: &str = "Content-Type: application/xml\r\n";

/// How often somebody signed in, or tried to.
fn sign_ins(engine: &Simulator) -> usize {
    engine.requests().iter().filter(|request| request.path.starts_with("/ovirt-engine/sso/oauth/token")).count()
}

/// Waits until something holds.
async fn until(what: &str, holds: impl Fn() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < Duration::from_secs(30), "{what} does not come about");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn the_first_call_signs_in_and_close_signs_out() {
    let engine = engine().await;
    let connection = connect(&engine);
    assert_eq!(engine.sessions(), 0, "nothing is sent before the first call");
    connection.test().await.expect("the engine is there");
    connection.system_service().vms_service().list().send().await.expect("the engine is there");
    assert_eq!(engine.sessions(), 1);
    connection.close().await.expect("the session ends");
    assert_eq!(engine.sessions(), 0);
    connection.close().await.expect("closing again does nothing");
    let error = connection.test().await.expect_err("it is closed");
    assert_eq!(error.kind(), ErrorKind::Request);
    assert!(error.to_string().contains("closed"), "{error}");
}

#[tokio::test]
async fn calls_at_the_same_time_sign_in_once() {
    let engine = engine().await;
    let connection = connect(&engine);
    let tasks: Vec<_> = (0..32)
        .map(|_| {
            tokio::spawn({
                let connection = connection.clone();
                async move { connection.test().await }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("no task panics").expect("the engine is there");
    }
    assert_eq!(engine.sessions(), 1);
    connection.close().await.expect("the session ends");
}

#[tokio::test]
async fn a_refused_token_is_renewed_once() {
    let engine = engine().await;
    let connection = connect(&engine);
    connection.test().await.expect("the engine is there");
    engine.expire_tokens();
    connection.system_service().vms_service().list().send().await.expect("the token is renewed");
    assert_eq!(engine.sessions(), 1);
    connection.close().await.expect("the session ends");
    assert_eq!(engine.sessions(), 0);
}

#[tokio::test]
async fn a_second_refusal_is_the_error() {
    let connection =
        canned("401 Unauthorized", "Content-Type: text/html\r\n", "<html/>").await.build().expect("the settings are right");
    let error = connection.test().await.expect_err("the token is refused");
    assert_eq!((error.kind(), error.status()), (ErrorKind::Authentication, Some(401)));
}

#[tokio::test]
async fn a_token_of_the_caller_is_not_ended() {
    let engine = engine().await;
    let expired = Connection::builder(engine.url()).token("gone").username(engine.username()).password(engine.password());
    let connection = expired.build().expect("the settings are right");
    connection.test().await.expect("user name and password renew the token");
    assert_eq!(engine.sessions(), 1);
    connection.close().await.expect("the session ends");
    assert_eq!(engine.sessions(), 0, "what was renewed is ended");
    let without = Connection::builder(engine.url()).token("gone").build().expect("the settings are right");
    assert_eq!(without.test().await.expect_err("it is refused").kind(), ErrorKind::Authentication);
    without.close().await.expect("there is nothing to end");
}

#[tokio::test]
async fn tasks_that_wait_share_a_failed_sign_in() {
    let engine = engine().await;
    let wrong = Connection::builder(engine.url()).username(engine.username()).password("s3cret");
    let connection = wrong.build().expect("the settings are right");
    let mut tasks = JoinSet::new();
    for _ in 0..64 {
        let connection = connection.clone();
        tasks.spawn(async move { connection.test().await });
    }
    for result in tasks.join_all().await {
        assert_eq!(result.expect_err("the password is wrong").kind(), ErrorKind::Authentication);
    }
    assert_eq!(sign_ins(&engine), 1, "more would lock the user out");
}

#[tokio::test]
async fn a_caller_that_goes_away_leaves_no_session() {
    let engine = engine().await;
    let connection = connect(&engine);
    engine.inject(Fault::delay(Duration::from_secs(600)).at(Target::SignIn).once());
    let caller = tokio::spawn({
        let connection = connection.clone();
        async move { connection.test().await }
    });
    until("the sign-in", || engine.sessions() == 1).await;
    caller.abort();
    assert!(caller.await.expect_err("it was cancelled").is_cancelled());
    engine.advance(Duration::from_secs(601));
    connection.test().await.expect("the sign-in goes on without its caller");
    assert_eq!(sign_ins(&engine), 1);
    connection.close().await.expect("the session ends");
    assert_eq!(engine.sessions(), 0);
}

#[tokio::test]
async fn closing_amid_a_sign_in_ends_its_session() {
    let engine = engine().await;
    let connection = connect(&engine);
    engine.inject(Fault::delay(Duration::from_secs(1)).at(Target::SignIn).once());
    let caller = tokio::spawn({
        let connection = connection.clone();
        async move { connection.test().await }
    });
    until("the sign-in", || engine.sessions() == 1).await;
    connection.close().await.expect("the session ends");
    assert_eq!(engine.sessions(), 0);
    let error = caller.await.expect("it does not panic").expect_err("the connection is closed");
    assert!(error.to_string().contains("closed"), "{error}");
}

#[tokio::test]
async fn dropping_the_last_clone_ends_the_session_in_the_background() {
    let engine = engine().await;
    let connection = connect(&engine);
    let clone = connection.clone();
    connection.test().await.expect("the engine is there");
    drop(connection);
    clone.test().await.expect("the session goes on");
    assert_eq!((engine.sessions(), sign_ins(&engine)), (1, 1));
    drop(clone);
    until("the end of the session", || engine.sessions() == 0).await;
}

#[test]
fn dropping_on_a_thread_without_a_runtime_ends_the_session_too() {
    let runtime = tokio::runtime::Runtime::new().expect("it starts");
    let (engine, connection) = runtime.block_on(async {
        let engine = engine().await;
        let connection = connect(&engine);
        connection.test().await.expect("the engine is there");
        (engine, connection)
    });
    drop(connection);
    runtime.block_on(until("the end of the session", || engine.sessions() == 0));
    // Where the runtime is gone, nobody can end it; nothing panics.
    let connection = runtime.block_on(async {
        let connection = connect(&engine);
        connection.test().await.expect("the engine is there");
        connection
    });
    drop(runtime);
    drop(connection);
}

#[tokio::test]
async fn close_returns_though_the_engine_is_gone() {
    let engine = engine().await;
    let refused = connect(&engine);
    refused.test().await.expect("the engine is there");
    engine.restart_with(virt_simulator::Outage::Refused(Duration::from_secs(3600)));
    assert_eq!(refused.close().await.expect_err("nobody is there").kind(), ErrorKind::Connection);
    refused.close().await.expect("it is closed all the same");
    engine.advance(Duration::from_secs(3601));

    let silent = connect(&engine);
    silent.test().await.expect("the engine is back");
    engine.inject(Fault::delay(Duration::from_secs(3600)).at(Target::SignIn));
    let error = tokio::time::timeout(Duration::from_secs(60), silent.close()).await.expect("it has a deadline");
    assert_eq!(error.expect_err("nobody answers").kind(), ErrorKind::Timeout);
    let error = silent.test().await.expect_err("it is closed all the same");
    assert_eq!(error.kind(), ErrorKind::Request);
}

#[tokio::test]
async fn a_silent_sign_in_has_the_limit_of_calls() {
    let engine = engine().await;
    engine.inject(Fault::delay(Duration::from_secs(3600)).at(Target::SignIn));
    let builder = Connection::builder(engine.url()).username(engine.username()).password(engine.password());
    let connection = builder.timeout(Duration::from_millis(50)).build().expect("the settings are right");
    assert_eq!(connection.test().await.expect_err("nobody answers").kind(), ErrorKind::Timeout);
}

#[tokio::test]
async fn a_provider_is_asked_at_each_sign_in() {
    let engine = engine().await;
    let asked = Arc::new(AtomicU32::new(0));
    let provider = {
        let (asked, user, password) = (asked.clone(), engine.username().to_owned(), engine.password().to_owned());
        move |sign_in: SignIn| {
            assert_eq!(sign_in.host, "127.0.0.1");
            asked.fetch_add(1, Ordering::SeqCst);
            let credentials = Credentials::password(&user, &password);
            async move { Ok(credentials) }
        }
    };
    let connection = Connection::builder(engine.url()).credentials(provider).build().expect("the settings are right");
    connection.test().await.expect("the engine is there");
    connection.test().await.expect("the engine is there");
    engine.expire_tokens();
    connection.test().await.expect("the token is renewed");
    assert_eq!(asked.load(Ordering::SeqCst), 2);
    connection.close().await.expect("the session ends");
    assert_eq!(engine.sessions(), 0);
}

/// A provider that is a type, and has nothing.
struct Vault;

impl CredentialsProvider for Vault {
    async fn credentials(&self, _: SignIn) -> Result<Credentials, CredentialsError> {
        Err("the vault is sealed".into())
    }
}

#[tokio::test]
async fn a_provider_that_fails_is_the_source_of_the_error() {
    let connection = Connection::builder("http://127.0.0.1:1/ovirt-engine/api").credentials(Vault);
    let error = connection.build().expect("the settings are right").test().await.expect_err("there are no credentials");
    assert_eq!(error.kind(), ErrorKind::Authentication);
    assert!(error.to_string().contains("the vault is sealed") && error.to_string().contains("127.0.0.1"), "{error}");
    let source = std::error::Error::source(&error).expect("it has a cause");
    assert_eq!(source.to_string(), "the vault is sealed");
}

#[tokio::test]
async fn a_token_of_a_provider_is_renewed_there_and_not_ended() {
    let server = serve(|request| match request.contains("Bearer t0ken-1") {
        true => answer("401 Unauthorized", "", ""),
        false => answer("200 OK", API, "<api/>"),
    })
    .await;
    let count = AtomicU32::new(0);
    let provider = move |_| {
        let token = format!("t0ken-{}", count.fetch_add(1, Ordering::SeqCst) + 1);
        async move { Ok(Credentials::token(token)) }
    };
    let connection = Connection::builder(server.api()).credentials(provider).build().expect("the settings are right");
    connection.test().await.expect("the second token is good");
    connection.close().await.expect("there is nothing to end");
    let requests = server.requests();
    assert_eq!(requests.len(), 2, "{requests:?}");
    assert!(requests[1].contains("Bearer t0ken-2"));
}

#[tokio::test]
async fn kerberos_signs_in_by_http() {
    let server = serve(|request| match request.contains("/sso/oauth/token-http-auth") {
        true => answer("200 OK", JSON, r#"{"access_token": "canned-token"}"#),
        false => answer("200 OK", API, "<api/>"),
    })
    .await;
    let ticket = |_| async { Ok(Credentials::negotiate("Negotiate s3cret")) };
    let connection = Connection::builder(server.api()).credentials(ticket).build().expect("the settings are right");
    connection.test().await.expect("the engine is there");
    let sign_in = &server.requests()[0];
    assert!(sign_in.starts_with("POST /ovirt-engine/sso/oauth/token-http-auth "), "{sign_in}");
    assert!(sign_in.contains("authorization: Negotiate s3cret"), "{sign_in}");
    assert!(sign_in.ends_with("grant_type=urn%3Aovirt%3Aparams%3Aoauth%3Agrant-type%3Ahttp&scope=ovirt-app-api"), "{sign_in}");

    let refusing = serve(|_| answer("401 Unauthorized", "WWW-Authenticate: Negotiate\r\n", "<html>no</html>")).await;
    let connection = Connection::builder(refusing.api()).credentials(ticket).build().expect("the settings are right");
    let error = connection.test().await.expect_err("the ticket is no good");
    assert_eq!((error.kind(), error.status()), (ErrorKind::Authentication, Some(401)));
    assert!(error.to_string().contains("HTTP/127.0.0.1") && !error.to_string().contains("s3cret"), "{error}");
}

#[tokio::test]
async fn the_sign_on_can_be_elsewhere() {
    let sign_on = serve(|_| answer("200 OK", JSON, r#"[{"id_token": "canned-token"}]"#)).await;
    let engine = serve(|_| answer("200 OK", API, "<api/>")).await;
    let builder = Connection::builder(engine.api()).username("u@internal").password("s3cret").sso_token_name("id_token");
    let builder = builder.sso_url(format!("{}/in?realm=a%20b", sign_on.origin)).sso_revoke_url(format!("{}/out", sign_on.origin));
    let connection = builder.build().expect("the settings are right");
    connection.test().await.expect("the engine is there");
    connection.close().await.expect("the session ends");
    let [sign_in, sign_out] = &sign_on.requests()[..] else { panic!("{:?}", sign_on.requests()) };
    assert!(sign_in.starts_with("POST /in?realm=a%20b HTTP/1.1"), "{sign_in}");
    assert!(sign_out.starts_with("POST /out HTTP/1.1") && sign_out.ends_with("token=canned-token"), "{sign_out}");
    assert!(engine.requests()[0].contains("Bearer canned-token"));
}

#[tokio::test]
async fn a_refusal_says_which_names_engines_take() {
    let refusing = |name: &'static str| async move {
        let json = r#"{"error_code": "access_denied", "error": "Cannot authenticate user."}"#;
        let server = serve(move |_| answer("400 Bad Request", JSON, json)).await;
        let connection = Connection::builder(server.api()).username(name).password("s3cret").build();
        let error: Error = connection.expect("the settings are right").test().await.expect_err("it is refused");
        assert_eq!(error.kind(), ErrorKind::Authentication);
        error.to_string()
    };
    for (name, parts) in [
        ("admin", &["`admin`", "access_denied", "the name of its profile", "admin@internal", "admin@ovirt@internalsso"][..]),
        ("admin@internal", &["admin@ovirt@internalsso", "Keycloak", "full host name", "`127.0.0.1` is not"]),
        ("admin@ovirt@internalsso", &["admin@internal", "Keycloak"]),
    ] {
        let text = refusing(name).await;
        for part in parts {
            assert!(text.contains(part), "`{part}` in {text}");
        }
        assert!(!text.contains("s3cret"), "{text}");
    }
}

#[tokio::test]
async fn a_password_that_comes_back_is_not_shown() {
    let page = "<html><body>no user with password s3cret-echo</body></html>";
    let server = serve(move |_| answer("401 Unauthorized", "Content-Type: text/html\r\n", page)).await;
    let connection = Connection::builder(server.api()).username("u@internal").password("s3cret-echo").build();
    let error = connection.expect("the settings are right").test().await.expect_err("it is refused");
    assert_eq!(error.body(), Some("no user with password [REDACTED]"));
    assert!(!format!("{error} {error:?}").contains("s3cret"), "{error}");
}

#[tokio::test]
async fn a_renewal_ends_the_session_whose_token_was_refused() {
    let engine = engine().await;
    let connection = connect(&engine);
    connection.test().await.expect("the engine is there");
    // The engine refuses the token though it knows it.
    engine.inject(Fault::invalid_grant_page().once());
    connection.test().await.expect("the token is renewed");
    until("the end of the old session", || engine.sessions() == 1).await;
    connection.close().await.expect("the session ends");
    assert_eq!(engine.sessions(), 0);
}

#[tokio::test]
async fn a_close_that_nobody_waits_for_ends_the_session_all_the_same() {
    let engine = engine().await;
    let connection = connect(&engine);
    connection.test().await.expect("the engine is there");
    engine.inject(Fault::hang_up().at(Target::SignIn).once());
    let close = connection.close();
    tokio::select! {
        biased;
        _ = close => panic!("it takes longer than this"),
        () = tokio::task::yield_now() => {}
    }
    until("the end of the session", || engine.sessions() == 0).await;
}

#[tokio::test]
async fn closing_amid_a_sign_in_tells_what_became_of_the_session() {
    let engine = engine().await;
    let connection = connect(&engine);
    engine.inject(Fault::delay(Duration::from_secs(600)).at(Target::SignIn).once());
    let caller = tokio::spawn({
        let connection = connection.clone();
        async move { connection.test().await }
    });
    until("the sign-in", || engine.sessions() == 1).await;
    engine.inject(Fault::refusal(400, "server_error", "no").at(Target::SignIn));
    let close = tokio::spawn(async move { connection.close().await });
    tokio::task::yield_now().await;
    engine.advance(Duration::from_secs(601));
    let error = caller.await.expect("it does not panic").expect_err("the connection is closed");
    assert!(error.to_string().contains("closed"), "{error}");
    let error = close.await.expect("it does not panic").expect_err("the engine did not end it");
    assert!(error.to_string().contains("sso-logout"), "{error}");
}

#[tokio::test]
async fn what_a_service_sends_back_of_the_password_is_shown_nowhere() {
    for (status, kind) in [("500 Internal Server Error", ErrorKind::Fault), ("400 Bad Request", ErrorKind::Decode)] {
        for echo in ["s3cret&echo", "password=s3cret%26echo&scope"] {
            let page = format!("debug: {echo}");
            let server = serve(move |_| answer(status, "Content-Type: text/plain\r\n", &page)).await;
            let connection = Connection::builder(server.api()).username("u@internal").password("s3cret&echo").build();
            let error = connection.expect("the settings are right").test().await.expect_err("it is no answer");
            assert_eq!(error.kind(), kind, "{error}");
            assert!(!format!("{error} {error:?} {:?}", error.body()).contains("s3cret"), "{error}");
        }
    }
}

#[tokio::test]
async fn a_sign_in_that_has_no_time_left_tells_what_the_engine_said() {
    let engine = engine().await;
    engine.inject(Fault::unavailable(Duration::from_secs(30)).at(Target::SignIn));
    let builder = Connection::builder(engine.url()).username(engine.username()).password(engine.password());
    let connection = builder.timeout(Duration::from_secs(20)).build().expect("the settings are right");
    let error = connection.test().await.expect_err("it would be too late");
    assert_eq!((error.status(), error.retry_after()), (Some(503), Some(Duration::from_secs(30))), "{error}");
}
