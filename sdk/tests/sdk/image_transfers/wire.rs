//! What goes over the wire: only what servers of all versions take.

use super::images::{MIB, padded, pattern, sparse, write_qcow2};
use super::site::{STEP, Site, data_disk, for_each, until};
use std::collections::BTreeSet;
use std::time::Duration;
use virt_sdk::ovirt::types::{DiskFormat, ImageTransferPhase as Phase, ImageTransferTimeoutPolicy};
use virt_sdk::transfer::image::Format;
use virt_sdk::transfer::{ImageId, Source, download, upload};
use virt_simulator::{Fault, SeenRequest, Target};

/// The bytes `FIRST-LAST` of a header, without what is after them.
fn range(text: &str) -> (u64, u64) {
    let numbers = text.split(['=', ' ']).nth(1).and_then(|rest| rest.split('/').next()?.split_once('-'));
    let (first, last) = numbers.unwrap_or_else(|| panic!("no range: {text}"));
    (first.parse().expect("a number"), last.parse().expect("a number"))
}

/// Checks what servers insist on, and what confuses them.
fn check(version: &str, requests: &[SeenRequest], size: u64) {
    let mut known = BTreeSet::new();
    for request in requests {
        let shown = format!("{version}: {request:?}");
        let server = request.header("host").expect("it is named");
        if known.insert(server) {
            assert_eq!(request.method, "OPTIONS", "{shown}");
        }
        assert!(["OPTIONS", "GET", "PUT", "PATCH"].contains(&request.method.as_str()), "{shown}");
        assert_eq!(request.header("transfer-encoding"), None, "{shown}");
        assert_eq!(request.header("expect"), None, "{shown}");
        assert_eq!(request.header("cookie"), None, "{shown}");
        // The only way to the data before 4.2 is a proxy, which wants to see it.
        assert_eq!(request.header("authorization").is_some(), version == "4.1", "{shown}");
        match request.method.as_str() {
            "PUT" => {
                let range = range(request.header("content-range").expect("it has one"));
                assert_eq!(request.body_length, Some(range.1 - range.0 + 1), "{shown}");
                assert!(range.1 < size && request.body_length <= Some(4 << 20), "{shown}");
                assert!(request.header("content-range").is_some_and(|text| text.ends_with(&format!("/{size}"))), "{shown}");
                assert_eq!(request.header("content-length"), Some((range.1 - range.0 + 1).to_string().as_str()), "{shown}");
            }
            "PATCH" => assert!(request.body_length > Some(0) && request.header("content-length").is_some(), "{shown}"),
            "GET" if request.header("range").is_some() => {
                let range = range(request.header("range").expect("it has one"));
                assert!(range.0 <= range.1 && range.1 < size, "{shown}");
            }
            _ => assert_eq!(request.body_length.unwrap_or(0), 0, "{shown}"),
        }
        assert!((200..300).contains(&request.status) || request.status == 405, "{shown}");
    }
}

#[tokio::test]
async fn servers_get_only_what_they_take() {
    for_each(&["4.1", "4.2.3", "4.3", "4.4.6", "4.5.7"], |version| async move {
        let site = Site::version(version).await;
        let converts = version >= "4.3";
        let bytes = sparse(1);
        let size = bytes.len().next_multiple_of(512);
        let raw = site.file("fedora.img", &bytes);
        let qcow2 = site.path("fedora.qcow2");
        write_qcow2(&qcow2, &padded(&bytes, size), None);
        let mut sources = vec![Source::from(&raw), Source::reader(std::io::Cursor::new(bytes.clone()), bytes.len() as u64)];
        if converts {
            sources.push(Source::from(&qcow2));
        }
        for source in sources {
            site.engine.forget_requests();
            let upload =
                upload(&site.connection, source).new_disk(data_disk().name("wire").format(DiskFormat::Raw)).checksum(converts);
            let uploaded = upload.send().await.unwrap_or_else(|error| panic!("{version}: {error}"));
            let sent = site.data_requests();
            check(version, &sent, size as u64);
            assert!(sent.iter().any(|request| request.method == "PUT"), "{version}");
            if converts {
                assert!(
                    sent.iter().filter(|request| request.method == "PUT").all(|put| put.path.ends_with("flush=n")),
                    "{version}"
                );
            }
            site.engine.forget_requests();
            let download = download(&site.connection, ImageId::Disk(uploaded.disk_id)).to_file(site.path("back.img"));
            download.checksum(converts).send().await.unwrap_or_else(|error| panic!("{version}: {error}"));
            check(version, &site.data_requests(), size as u64);
        }
    })
    .await;
}

#[tokio::test]
async fn everything_is_flushed_before_the_end() {
    let site = Site::new().await;
    let path = site.file("fedora.img", &pattern(9 * MIB, 1));
    upload(&site.connection, path).new_disk(data_disk()).send().await.expect("it is uploaded");
    let last = site.data_requests().pop().expect("there are some");
    assert_eq!((last.method.as_str(), last.status), ("PATCH", 200));
    let requests = site.engine.requests();
    let at = |method: &str, part: &str| {
        requests.iter().rposition(|request| request.method == method && request.path.contains(part)).expect("it is there")
    };
    assert!(at("PATCH", "/images/") < at("POST", "/finalize"));
}

#[tokio::test]
async fn a_time_of_inactivity_is_told_within_its_bounds() {
    for (given, told) in [
        (Some(Duration::ZERO), Some(86400)),
        (Some(Duration::from_millis(1)), Some(1)),
        (Some(Duration::from_secs(600)), Some(600)),
        (Some(Duration::MAX), Some(86400)),
        // That is what the engine assumes.
        (None, Some(60)),
    ] {
        let site = Site::new().await;
        let path = site.file("fedora.img", &sparse(1));
        let upload = upload(&site.connection, path).new_disk(data_disk());
        let upload = if let Some(given) = given { upload.inactivity_timeout(given) } else { upload };
        let uploaded = upload.send().await.expect("it is uploaded");
        let transfer = site.transfers().await.remove(0);
        assert_eq!((transfer.id.as_ref(), transfer.inactivity_timeout), (Some(&uploaded.transfer_id), told), "{given:?}");
        let download = download(&site.connection, ImageId::Disk(uploaded.disk_id)).to_file(site.path("back.img"));
        let download = if let Some(given) = given { download.inactivity_timeout(given) } else { download };
        let downloaded = download.send().await.expect("it is downloaded");
        let transfers = site.transfers().await;
        let transfer = transfers.iter().find(|transfer| transfer.id.as_ref() == Some(&downloaded.transfer_id));
        assert_eq!(transfer.and_then(|transfer| transfer.inactivity_timeout), told, "{given:?}");
    }
}

#[tokio::test]
async fn an_upload_that_can_be_resumed_is_to_be_paused() {
    for (journal, policy) in [(false, ImageTransferTimeoutPolicy::Legacy), (true, ImageTransferTimeoutPolicy::Pause)] {
        let site = Site::new().await;
        let path = site.file("fedora.img", &sparse(1));
        let upload = upload(&site.connection, path).new_disk(data_disk());
        let upload = if journal { upload.resume_from(site.path("journal")) } else { upload };
        upload.send().await.expect("it is uploaded");
        assert_eq!(site.transfers().await.remove(0).timeout_policy, Some(policy));
    }
}

#[tokio::test]
async fn the_host_that_is_asked_for_is_told() {
    let site = Site::new().await;
    let host = site.other().hosts_service().list().send().await.expect("they are listed")[0].id.clone().expect("it has an id");
    let path = site.file("fedora.img", &sparse(1));
    upload(&site.connection, path).new_disk(data_disk()).host(&host).send().await.expect("it is uploaded");
    let transfer = site.transfers().await.remove(0);
    assert_eq!(transfer.host.as_ref().and_then(|link| link.id()), Some(host.as_str()));
}

#[tokio::test]
async fn the_permission_goes_to_the_proxies_of_old_engines_only() {
    for (version, wants_permission) in [("4.1", true), ("4.2.3", true), ("4.4.2", true), ("4.4.3", false), ("4.5.7", false)] {
        let site = Site::version(version).await;
        let path = site.file("fedora.img", &sparse(1));
        upload(&site.connection, &path).new_disk(data_disk()).send().await.expect("it is uploaded");
        let is_shown = site.data_requests().iter().any(|request| request.header("authorization").is_some());
        // Before 4.2, nothing but the proxy is told.
        assert_eq!(is_shown, version == "4.1", "{version}");
        site.engine.stop_host().await;
        site.engine.forget_requests();
        upload(&site.connection, &path).new_disk(data_disk()).send().await.expect("it is uploaded");
        assert!(
            site.data_requests().iter().all(|request| request.header("authorization").is_some() == wants_permission),
            "{version}"
        );
    }
}

/// How many requests are under way is not in the log; that each one is held shows it.
#[tokio::test]
async fn there_are_no_more_connections_than_asked_for() {
    for connections in [1, 3] {
        let site = Site::new().await;
        let path = site.file("fedora.img", &pattern(6 * 4 * MIB, 1));
        let held = site.engine.inject(Fault::delay(STEP).at(Target::Images).method("PUT"));
        let upload = upload(&site.connection, path).new_disk(data_disk()).connections(connections);
        let upload = upload.inactivity_timeout(Duration::ZERO);
        let task = tokio::spawn(upload.send());
        until("data that is held", async || (site.engine.met(held) >= connections as u64).then_some(())).await;
        // Whoever would send more has had the time to.
        for _ in 0..20 {
            site.open_transfer().await;
        }
        assert_eq!(site.engine.met(held), connections as u64);
        assert_eq!(site.open_transfer().await.and_then(|transfer| transfer.phase), Some(Phase::Transferring));
        site.engine.remove_fault(held);
        site.engine.advance(STEP);
        task.await.expect("it does not panic").expect("it is uploaded");
    }
}

#[tokio::test]
async fn what_is_shown_of_builders_holds_no_secret() {
    let site = Site::new().await;
    let url = "https://host.example.com:54322/images/s3cret-ticket";
    let client = virt_sdk::transfer::ImageioClient::new(url).proxy_url(url).format(Format::Raw);
    for shown in [format!("{client:?}"), format!("{client:#?}"), format!("{:?}", Source::from(site.path("fedora.img")))] {
        assert!(!shown.contains("s3cret"), "{shown}");
    }
    let error = client.http_client(virt_sdk::reqwest::Client::new()).retry_for(Duration::ZERO).download(site.path("back.img"));
    let error = error.await.expect_err("nobody is there");
    let shown = format!("{error} {error:?} {error:#?}");
    assert!(!shown.contains("s3cret"), "{shown}");
}
