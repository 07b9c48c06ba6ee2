//! What callers get of each fault that a simulator has: nothing where the SDK gets over it, else which error.

use crate::servers::{Kept, engine_of};
use std::fmt::Debug;
use std::time::Duration;
use virt_sdk::ovirt::Connection;
use virt_sdk::ovirt::services::VmService;
use virt_sdk::ovirt::types::{DiskFormat, ImageTransfer, ImageTransferDirection, ImageTransferPhase, Tag, Vm, VmStatus};
use virt_sdk::{Conflict, Error, ErrorKind, Link, Result, Retry};
use virt_simulator::{Fault, Outage, Simulator, Target};

const HOUR: Duration = Duration::from_secs(3600);

/// What an error tells to programs, but for the number of attempts.
fn told(error: &Error) -> String {
    let mut told = format!("{:?}", error.kind());
    told += &error.status().map(|status| format!(" {status}")).unwrap_or_default();
    told += if error.is_retryable() { " retryable" } else { "" };
    told += &error.conflict().map(|conflict| format!(" {conflict:?}")).unwrap_or_default();
    told += &error.retry_after().map(|time| format!(" after {}", time.as_secs())).unwrap_or_default();
    told + error.fault().map_or("", |_| " explained") + error.body().map_or("", |_| " page")
}

/// Checks what an error tells to programs and to people.
fn check(what: &dyn Debug, error: &Error, wanted: &str, attempts: usize, part: &str) {
    let text = format!("{error:?}");
    assert_eq!((told(error).as_str(), usize::try_from(error.attempts())), (wanted, Ok(attempts)), "{what:?}: {text}");
    let whole = error.fault().and_then(|fault| fault.detail.as_deref()).or(error.body()).unwrap_or_default();
    assert!(text.contains(part) && text.contains(whole) && !text.contains("s3cret"), "{what:?}: {whole} in {text}");
    assert_eq!(text.contains(&format!("it was tried {attempts} times")), attempts > 1, "{what:?}: {text}");
}

/// Repeats as by default, but does not let tests wait.
fn quick() -> Retry {
    Retry::new().first_pause(Duration::from_millis(5))
}

/// A connection with the defaults, but that tests do not wait, least of all for ever.
fn connect(engine: &Simulator) -> Connection {
    let builder = Connection::builder(engine.url()).username(engine.username()).password(engine.password());
    builder.retry(quick()).timeout(Duration::from_secs(30)).build().expect("the settings are right")
}

/// An engine with a virtual machine, and somebody who has signed in.
async fn start() -> (Kept<Simulator>, Connection, VmService) {
    let engine = engine_of(Simulator::builder().vms(1).password("s3cret")).await;
    let connection = connect(&engine);
    let vms = connection.system_service().vms_service();
    let id = vms.list().send().await.expect("the engine is there")[0].id.clone().expect("it has an id");
    engine.forget_requests();
    (engine, connection, vms.vm_service(&id))
}

/// How often a request was sent since they were counted last, and how often somebody tried to sign in.
fn sent(engine: &Simulator, method: &str) -> (usize, usize) {
    let requests = engine.requests();
    engine.forget_requests();
    let (sign_ins, others): (Vec<_>, Vec<_>) = requests.iter().partition(|request| request.path.ends_with("/oauth/token"));
    (others.iter().filter(|request| request.method == method).count(), sign_ins.len())
}

async fn get(vm: &VmService, retry: Retry) -> Result<Vm> {
    let mut get = vm.get();
    get.call.set_retry(retry);
    get.send().await
}

#[tokio::test]
async fn each_fault_that_stays_is_an_error_and_those_that_pass_are_not_seen() {
    let (engine, _connection, vm) = start().await;
    let refusal = |detail| Fault::refusal(409, "Operation Failed", detail);
    // How often it is sent by default: 6 times where that may help, or 3 times where the token is renewed in between.
    for (fault, wanted, requests, part) in [
        (Fault::status(400), "Fault 400 explained", 1, "Operation Failed: Bad Request"),
        (Fault::status(401), "Authentication 401 explained", 3, "not signed in"),
        (Fault::status(403), "Authorization 403 explained", 1, "not authorized"),
        (Fault::status(404), "NotFound 404 explained", 1, "Entity not found"),
        (Fault::status(409), "Conflict 409 retryable OperationInProgress explained", 1, "currently in progress"),
        (refusal("[VM is locked.]"), "Conflict 409 retryable Locked explained", 1, "VM is locked"),
        (refusal("[The name is already in use.]"), "Conflict 409 NameTaken explained", 1, "already in use"),
        (refusal("[VM is running.]"), "Conflict 409 explained", 1, "VM is running"),
        (Fault::status(429), "Fault 429 retryable explained", 6, "Too Many Requests"),
        (Fault::status(500), "Fault 500 explained", 1, "Internal Engine Error"),
        (Fault::status(503), "Fault 503 retryable explained", 6, "is starting"),
        (Fault::unavailable(Duration::ZERO), "Fault 503 retryable after 0 explained", 6, "is starting"),
        (Fault::unavailable(HOUR), "Fault 503 retryable after 3600 explained", 1, "is starting"),
        (Fault::html(200), "Decode 200 page", 1, "text/html instead of XML"),
        (Fault::html(401), "Authentication 401 page", 3, "does not accept the token"),
        (Fault::html(403), "Authorization 403 page", 1, "the user may not do this"),
        (Fault::html(404), "NotFound 404 page", 1, "check the identifiers"),
        (Fault::html(502), "Fault 502 retryable page", 6, "not ready"),
        (Fault::html(503), "Fault 503 retryable page", 6, "it says: `503 Service Unavailable"),
        (Fault::html(504), "Fault 504 retryable page", 6, "not ready"),
        (Fault::invalid_grant(), "Authentication 400", 3, "does not accept the token"),
        (Fault::invalid_grant_page(), "Authentication 401 page", 3, "does not accept the token"),
        (Fault::empty(200), "Decode 200", 1, "the answer is empty"),
        (Fault::empty(500), "Fault 500", 1, "without saying why"),
        (Fault::hang_up(), "Connection retryable", 6, "broke"),
        (Fault::close_after(0), "Connection retryable", 6, "broke"),
        (Fault::close_after(20), "Connection retryable", 6, "broke"),
        (Fault::unknown_enum_in("memory"), "Decode 200", 1, "from_a_newer_engine"),
    ] {
        let (attempts, sign_ins) = if requests == 3 { (1, 2) } else { (requests, 0) };
        let id = engine.inject(fault.clone().method("GET").path("/vms/*"));
        check(&fault, &get(&vm, quick()).await.expect_err("it stays"), wanted, attempts, part);
        assert_eq!(sent(&engine, "GET"), (requests, sign_ins), "{fault:?}");
        check(&fault, &get(&vm, Retry::none()).await.expect_err("it stays"), wanted, 1, part);
        assert_eq!(sent(&engine, "GET"), (sign_ins + 1, sign_ins), "{fault:?}");
        assert!(engine.remove_fault(id));
        engine.inject(fault.clone().method("GET").path("/vms/*").once());
        assert_eq!(get(&vm, quick()).await.is_ok(), requests > 1, "{fault:?}");
        assert_eq!(get(&vm, Retry::none()).await.expect("it has passed").name.as_deref(), Some("vm1"), "{fault:?}");
        engine.forget_requests();
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_is_asked_for_again() {
    let (engine, _connection, vm) = start().await;
    engine.inject(Fault::cut_body(10).times(3));
    let error = get(&vm, Retry::none()).await.expect_err("it breaks off");
    assert_eq!((error.kind(), error.is_retryable(), error.attempts()), (ErrorKind::Connection, true, 1), "{error}");
    get(&vm, quick()).await.expect("the third answer is whole");
    assert_eq!(sent(&engine, "GET"), (4, 0));
}

#[tokio::test]
async fn the_status_of_an_answer_that_breaks_off_is_known() {
    let (engine, _connection, vm) = start().await;
    engine.inject(Fault::cut_body(10));
    let error = get(&vm, Retry::none()).await.expect_err("it breaks off");
    assert_eq!((error.status(), error.correlation_id().is_some()), (Some(200), true), "{error}");
}

#[tokio::test]
async fn faults_that_leave_an_answer_readable_are_not_seen() {
    let (engine, connection, vm) = start().await;
    let whole = get(&vm, quick()).await.expect("it is there");
    for fault in [
        Fault::content_type("text/html"),
        Fault::content_type("application/json"),
        Fault::slow(100, Duration::ZERO),
        Fault::delay(Duration::ZERO),
        Fault::unknown_element(),
        Fault::accepted(),
    ] {
        let id = engine.inject(fault.clone().once());
        let found = get(&vm, Retry::none()).await.unwrap_or_else(|error| panic!("{fault:?}: {error}"));
        assert!(found == whole && engine.met(id) == 1, "{fault:?}: {found:?}");
    }
    engine.inject(Fault::unknown_enum_in("status").path("/vms/*"));
    engine.inject(Fault::unknown_enum().path("/vms"));
    engine.inject(Fault::without("name"));
    let list = connection.system_service().vms_service().list().send().await.expect("it can be read");
    for vm in [&list[0], &get(&vm, quick()).await.expect("it can be read")] {
        let status = vm.status.as_ref().map(VmStatus::as_str);
        assert_eq!((status, &vm.name, &vm.id), (Some("from_a_newer_engine"), &None, &whole.id));
    }
}

#[tokio::test]
async fn what_takes_too_long_is_not_repeated() {
    let (engine, _connection, vm) = start().await;
    for (fault, wanted, part) in [
        (Fault::delay(HOUR), "Timeout retryable", "in time"),
        // The head of the answer came in time, and its status.
        (Fault::slow(1, HOUR), "Timeout 200 retryable", "in time"),
        // The next attempt would come too late.
        (Fault::unavailable(Duration::from_secs(1)), "Fault 503 retryable after 1 explained", "is starting"),
    ] {
        engine.inject(fault.clone().once());
        let mut get = vm.get();
        get.call.set_timeout(Duration::from_millis(300));
        check(&fault, &get.send().await.expect_err("it takes too long"), wanted, 1, part);
        assert_eq!(sent(&engine, "GET"), (1, 0), "{fault:?}");
    }
}

#[tokio::test]
async fn what_was_accepted_has_no_content_but_succeeds() {
    let (engine, connection, vm) = start().await;
    engine.inject(Fault::accepted());
    let tags = connection.system_service().tags_service();
    let added = tags.add().tag(Tag::new().name("a")).send().await.expect("it was accepted");
    let (path, id) = added.href.as_deref().and_then(|href| href.rsplit_once('/')).expect("it is known where it will be");
    assert_eq!((added.id.as_deref(), path), (None, "/ovirt-engine/api/tags"));
    let changed = vm.update().vm(Vm::new().comment("b")).send().await.expect("it was accepted");
    assert!(changed.id.is_none() && changed.href.is_some_and(|href| href.contains("/vms/")));
    vm.start().send().await.expect("it was accepted");
    assert_eq!(get(&vm, quick()).await.expect("it is there").comment.as_deref(), Some("b"));
    tags.tag_service(id).remove().send().await.expect("it was accepted");
    assert_eq!(tags.tag_service(id).get().send().await.expect_err("it is gone").kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_post_is_sent_once_where_it_may_have_been_carried_out() {
    for (fault, wanted, part, status) in [
        (Fault::close_after(0), "Connection retryable", "broke", VmStatus::Up),
        (Fault::html(502), "Fault 502 retryable page", "not ready", VmStatus::Down),
        (Fault::status(503), "Fault 503 retryable explained", "is starting", VmStatus::Down),
        (Fault::status(403), "Authorization 403 explained", "not authorized", VmStatus::Down),
    ] {
        let (engine, _connection, vm) = start().await;
        engine.inject(fault.clone().method("POST").once());
        check(&fault, &vm.start().send().await.expect_err("the answer is lost"), wanted, 1, part);
        assert_eq!(sent(&engine, "POST"), (1, 0), "{fault:?}");
        engine.advance(HOUR / 4);
        assert_eq!(get(&vm, quick()).await.expect("it is there").status, Some(status), "{fault:?}");
    }
    // A server that is too busy to begin has carried nothing out.
    let (engine, _connection, vm) = start().await;
    engine.inject(Fault::status(429).method("POST").once());
    vm.start().send().await.expect("the second attempt starts it");
    assert_eq!(sent(&engine, "POST"), (2, 0));
}

#[tokio::test]
async fn a_post_whose_answer_is_lost_says_that_it_may_have_been_carried_out() {
    let (engine, _connection, vm) = start().await;
    engine.inject(Fault::close_after(0).method("POST").once());
    let text = vm.start().send().await.expect_err("the answer is lost").to_string();
    assert!(text.contains("may have been carried out") && !text.contains("; try again"), "{text}");
}

#[tokio::test]
async fn a_removal_whose_answer_is_lost_says_that_it_may_have_been_carried_out() {
    let (engine, connection, _vm) = start().await;
    let tags = connection.system_service().tags_service();
    let id = tags.add().tag(Tag::new().name("a")).send().await.expect("it is added").id.expect("it has an id");
    engine.inject(Fault::close_after(0).method("DELETE").once());
    let hint = "an attempt before this one may have removed it";
    check(&"DELETE", &tags.tag_service(&id).remove().send().await.expect_err("it is gone"), "NotFound 404", 2, hint);
    let error = tags.tag_service(&id).remove().send().await.expect_err("it is gone");
    assert!(error.attempts() == 1 && !error.to_string().contains(hint), "{error}");
}

#[tokio::test]
async fn a_token_that_is_no_longer_good_is_renewed_only_with_credentials() {
    let (engine, _connection, vm) = start().await;
    let bare = Connection::builder(engine.url()).token(engine.secrets().swap_remove(0)).retry(quick()).timeout(HOUR);
    let bare = bare.build().expect("the settings are right");
    bare.test().await.expect("the token is good");
    for (fault, wanted) in
        [(Fault::invalid_grant(), "Authentication 400"), (Fault::invalid_grant_page(), "Authentication 401 page")]
    {
        engine.forget_requests();
        engine.inject(fault.clone().once());
        get(&vm, Retry::none()).await.unwrap_or_else(|error| panic!("{fault:?}: {error}"));
        assert_eq!(sent(&engine, "GET"), (2, 1), "{fault:?}");
        engine.inject(fault.clone().once());
        let error = bare.test().await.expect_err("there is nothing to renew it with");
        check(&fault, &error, wanted, 1, "sign in anew, or give credentials");
        assert_eq!(sent(&engine, "GET"), (1, 0), "{fault:?}");
    }
    engine.expire_tokens();
    get(&vm, Retry::none()).await.expect("the token is renewed");
    assert_eq!(sent(&engine, "GET"), (2, 1));
    assert_eq!(told(&bare.test().await.expect_err("it is not renewed")), "Authentication 401 page");
}

/// The error of a sign-in that meets a fault, and how often it was tried.
async fn sign_in(fault: &Fault) -> (Error, usize) {
    let engine = engine_of(Simulator::builder().password("s3cret")).await;
    engine.inject(fault.clone().at(Target::SignIn));
    let error = connect(&engine).test().await.expect_err("nobody signs in");
    (error, sent(&engine, "GET").1)
}

#[tokio::test]
async fn what_goes_wrong_while_signing_in() {
    for (fault, wanted, part) in [
        (Fault::status(400), "Authentication 400", "access_denied"),
        (Fault::invalid_grant(), "Authentication 400", "invalid_grant"),
        (Fault::html(401), "Authentication 401 page", "check user name and password"),
        (Fault::html(404), "Decode 404 page", "text/html instead of JSON; check that the URL"),
    ] {
        let (error, sign_ins) = sign_in(&fault).await;
        check(&fault, &error, wanted, 1, part);
        assert_eq!(sign_ins, 1, "{fault:?}");
    }
    let engine = engine_of(Simulator::builder()).await;
    let id = engine.inject(Fault::in_list());
    connect(&engine).test().await.expect("the token is found");
    assert_eq!(engine.met(id), 1);
}

#[tokio::test]
async fn a_sign_on_service_that_fails_has_not_refused() {
    check(&"sign-in", &sign_in(&Fault::status(500)).await.0, "Fault 500", 1, "server_error");
}

#[tokio::test]
async fn a_sign_in_is_tried_no_more_often_than_any_call() {
    assert_eq!((sign_in(&Fault::html(503)).await.1, sign_in(&Fault::hang_up()).await.1), (6, 2));
}

#[tokio::test]
async fn a_restart_is_not_seen_and_an_outage_is_an_error() {
    let (engine, _connection, vm) = start().await;
    engine.restart();
    get(&vm, quick()).await.expect("it signs in again, on a new connection");
    assert_eq!(engine.sessions(), 1);
    // A call that is not safe to repeat is sent again only where no connection came about.
    for (outage, wanted, part, posts) in [
        (Outage::Unavailable(HOUR), "Fault 503 retryable page", "not ready", 1),
        (Outage::Refused(HOUR), "Connection retryable", "cannot reach 127.0.0.1:", 6),
    ] {
        engine.restart_with(outage);
        check(&outage, &get(&vm, quick()).await.expect_err("it is away"), wanted, 6, part);
        check(&outage, &get(&vm, Retry::none()).await.expect_err("it is away"), wanted, 1, part);
        check(&outage, &vm.start().send().await.expect_err("it is away"), wanted, posts, part);
        engine.advance(HOUR);
        get(&vm, quick().attempts(100).longest_pause(Duration::from_millis(50))).await.expect("it is back");
    }
}

#[tokio::test]
async fn a_locked_object_is_a_conflict_that_passes() {
    let (engine, _connection, vm) = start().await;
    engine.lock(&vm.get().call.path().expect("a path"), HOUR).expect("it can be locked");
    let error = vm.start().send().await.expect_err("it is locked");
    check(&"lock", &error, "Conflict 409 retryable Locked explained", 1, "VM is locked");
    assert_eq!((sent(&engine, "POST"), error.conflict()), ((1, 0), Some(Conflict::Locked)));
    engine.advance(HOUR);
    vm.start().send().await.expect("it is free again");
}

#[tokio::test]
async fn transfers_vanish_with_their_end_before_4_4_7() {
    for (version, phase) in [("4.4.6", None), ("4.4.7", Some(ImageTransferPhase::FinishedSuccess))] {
        let engine = engine_of(Simulator::builder().vms(1).engine_version(version)).await;
        let system = connect(&engine).system_service();
        let disks = system.disks_service().list().send().await.expect("they are listed");
        let disk = Link::by_id(disks[0].id.as_deref().expect("it has an id"));
        let wanted = ImageTransfer::new().disk(disk).direction(ImageTransferDirection::Download).format(DiskFormat::Raw);
        let transfers = system.image_transfers_service();
        let id = transfers.add().image_transfer(wanted).send().await.expect("it starts").id.expect("it has an id");
        let transfer = transfers.image_transfer_service(&id);
        engine.advance(Duration::from_secs(1));
        transfer.finalize().send().await.expect("it ends");
        engine.advance(Duration::from_secs(1));
        let found = transfer.get().send().await.map(|transfer| transfer.phase).map_err(|error| error.kind());
        assert_eq!(found, phase.map(Some).ok_or(ErrorKind::NotFound), "{version}");
    }
}
