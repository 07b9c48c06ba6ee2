//! What becomes of a transfer that is called off.
#![cfg(unix)]

use crate::support::{Bench, Running, STORAGE_DOMAIN, content, json_lines, labelled, shown, text};
use rustix::process::Signal;
use std::ffi::OsStr;
use std::process::Stdio;
use std::time::{Duration, Instant};
use virt_sdk::ovirt::types::ImageTransferPhase;
use virt_simulator::{Fault, Target};

/// An upload of standard input, which does not end, that has begun.
async fn endless(bench: &Bench, more: &[&dyn AsRef<OsStr>]) -> Running {
    let words: [&dyn AsRef<OsStr>; 6] = [&"upload", &"-s", &STORAGE_DOMAIN, &"--name=endless", &"--size=1073741824", &"-"];
    let mut command = bench.command(&[&words, more].concat());
    command.stdin(Stdio::piped());
    let mut running = Running::start(command);
    running.feed(&content());
    bench.until_data_flows().await;
    running
}

#[tokio::test(flavor = "multi_thread")]
async fn signals_leave_nothing_behind() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let bench = Bench::start().await;
        let mut running = endless(&bench, &[&"-ojson"]).await;
        assert_eq!(bench.disks("endless").await, 1);
        running.signal(signal);
        let output = running.end();
        assert_eq!(output.status.code(), Some(code), "{}", shown(&output));
        let last = json_lines(&text(&output.stdout)).pop().expect("a line");
        let message = last["error"].as_str().expect("a text");
        assert_eq!(last["kind"], "cancelled");
        assert!(message.contains("the transfer is cancelled") && message.contains("the disk is removed"), "{message}");
        assert_eq!((bench.disks("endless").await, bench.phases().await), (0, vec![]));
        bench.connection.close().await.expect("it ends");
        assert_eq!(bench.engine.sessions(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_ends_it_at_once() {
    let bench = Bench::start().await;
    let mut running = endless(&bench, &[]).await;
    let slow = bench.engine.inject(Fault::delay(Duration::from_secs(600)).path("/imagetransfers/*/cancel"));
    running.signal(Signal::INT);
    bench.until("the first signal", async || bench.engine.met(slow) > 0).await;
    let started = Instant::now();
    running.signal(Signal::TERM);
    let output = running.end();
    assert_eq!(output.status.code(), Some(143), "{}", shown(&output));
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_goes_on_where_it_stopped() {
    let bench = Bench::start().await;
    let (image, journal) = (bench.file("image.raw", content()), bench.path("journal"));
    let words: [&dyn AsRef<OsStr>; 6] = [&"upload", &"-s", &STORAGE_DOMAIN, &"--resume", &journal, &image];
    let slow = bench.engine.inject(Fault::delay(Duration::from_secs(600)).at(Target::Images).method("PUT"));
    let mut running = Running::start(bench.command(&words));
    bench.until("a request for data", async || bench.engine.met(slow) > 0).await;
    running.signal(Signal::INT);
    let output = running.end();
    assert_eq!(output.status.code(), Some(130), "{}", shown(&output));
    assert!(text(&output.stderr).contains("the transfer is paused") && journal.exists(), "{}", shown(&output));
    assert_eq!(bench.phases().await, [ImageTransferPhase::PausedUser]);
    assert_eq!(bench.disks("image").await, 1);

    bench.engine.clear_faults();
    let mut command = bench.bare(&words);
    command.args(["--engine-url=http://127.0.0.1:1", "--username=admin@internal", "--password-file"]);
    let output = command.arg(bench.path("password")).output().expect("it can be started");
    assert_eq!(output.status.code(), Some(3), "{}", shown(&output));

    let sent = bench.run(&words);
    assert!(!journal.exists());
    assert_eq!((bench.disks("image").await, bench.phases().await), (1, vec![]));
    let copy = bench.path("copy.raw");
    bench.run(&[&"download", &labelled(&sent, "disk"), &copy]);
    assert!(std::fs::read(copy).expect("a file") == content());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_goes_on_where_it_stopped() {
    let bench = Bench::start().await;
    let image = bench.file("image.raw", content());
    let id = labelled(&bench.run(&[&"upload", &"-s", &STORAGE_DOMAIN, &image]), "disk");
    let (copy, partial, journal) = (bench.path("copy"), bench.path("copy.part"), bench.path("copy.part.journal"));
    for (more, is_kept) in [(&[][..], false), (&[&"--resume" as &dyn AsRef<OsStr>], true)] {
        let fault = Fault::delay(Duration::from_secs(600)).at(Target::Images).method("GET").path("/images/*").skip(1);
        let slow = bench.engine.inject(fault);
        let words: [&dyn AsRef<OsStr>; 3] = [&"download", &id, &copy];
        let mut running = Running::start(bench.command(&[&words, more].concat()));
        bench.until("a request for data", async || bench.engine.met(slow) > 0 && partial.exists()).await;
        running.signal(Signal::TERM);
        let output = running.end();
        assert_eq!(output.status.code(), Some(143), "{}", shown(&output));
        assert_eq!((partial.exists(), journal.exists(), copy.exists()), (is_kept, is_kept, false), "{}", shown(&output));
        assert_eq!(bench.phases().await, []);
        assert_eq!(text(&output.stderr).contains("what arrived is kept"), is_kept, "{}", shown(&output));
        bench.engine.clear_faults();
    }
    bench.run(&[&"download", &"--resume", &id, &copy]);
    assert!(std::fs::read(&copy).expect("a file") == content());
    assert!(!partial.exists() && !journal.exists());
}
