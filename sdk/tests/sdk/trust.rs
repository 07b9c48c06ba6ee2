//! Whom a connection trusts, and what it says of servers that it does not: the engine and the image endpoint, with every
//! certificate that a simulator has, under every setting.

use crate::servers::{Kept, engine_of};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use virt_sdk::ovirt::types::{ImageTransfer, ImageTransferDirection};
use virt_sdk::ovirt::{Connection, ConnectionBuilder};
use virt_sdk::{Error, ErrorKind, Link, Result, Retry, reqwest};
use virt_simulator::Certificate::{
    Expired, Good, Intermediate, MissingIntermediate, NotYetValid, OtherCa, SelfSigned, SelfSignedCa, WrongName,
};
use virt_simulator::{Certificate, Fault, Outage, Simulator};

const CERTIFICATES: [Certificate; 9] =
    [Good, Expired, NotYetValid, WrongName, SelfSigned, SelfSignedCa, OtherCa, Intermediate, MissingIntermediate];

/// What was set of trust, if not the issuer of the server in one form or another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trust {
    System,
    File,
    Text,
    /// A file and a text, of which one is of the issuer.
    Two,
    Beside,
    /// An authority of another name.
    Wrong,
    /// An authority of the right name, and with another key.
    MadeAnew,
    /// The certificate of the server itself.
    Leaf,
    /// The fingerprint of the authority that the engine offers.
    Pinned,
    /// Another fingerprint.
    PinnedWrong,
    Insecure,
    /// A client that trusts the issuer.
    Client,
}

const TRUSTS: [Trust; 12] = {
    use Trust::*;
    [System, File, Text, Two, Beside, Wrong, MadeAnew, Leaf, Pinned, PinnedWrong, Insecure, Client]
};

/// What is said of a certificate, the fix last.
const EXPIRED: &[&str] = &["has expired (valid 2000-01-01 to 2001-01-01)", "renew it on that server", "check the clock here"];
const NOT_YET: &[&str] = &["is not valid yet (valid 2100-01-01 to 2101-01-01)", "check the clocks here and there"];
const WRONG_NAME: &[&str] = &["is not for `127.0.0.1`, but for engine.invalid", "use one of these in the URL"];
const ALONE: &[&str] = &["nobody but the server itself vouches for its certificate", "have one issued by an authority"];
const IS_CA: &[&str] = &["signed itself as an authority, and cannot serve a host as well", "have one issued for the server"];
const LEAF: &[&str] = &["holds this very certificate, not that of the authority which issued it", "give that of"];
const MADE_ANEW: &[&str] = &["is not signed by the key of", "made anew, or somebody is in between", "compare its fingerprint"];
const UNKNOWN: &[&str] =
    &["which issued its certificate, is not trusted", "give the certificate of that authority with `ca_file` or `ca_pem`"];
const OFFERED: &[&str] = &["`CN=virt-simulator CA`, which issued its certificate, is not trusted", "resource=ca-certificate"];
const INCOMPLETE: &[&str] = &[
    "`CN=virt-simulator intermediate CA`, which issued its certificate, is not trusted",
    "have the server send its certificate along",
];
const PINNED: &[&str] =
    &["no authority with the pinned fingerprint 00:00:", "but `CN=virt-simulator CA`", "ask its administrator"];

/// What has to be said; `None` where the connection has to work.
fn expected(certificate: Certificate, trust: Trust) -> Option<&'static [&'static str]> {
    let knows_issuer = matches!(trust, Trust::File | Trust::Text | Trust::Two | Trust::Beside | Trust::Client);
    match (certificate, trust) {
        (_, Trust::Insecure) => None,
        (_, Trust::PinnedWrong) => Some(PINNED),
        (Good | OtherCa | Intermediate, _) if knows_issuer => None,
        // The offered authority is above these.
        (Good | Intermediate, Trust::Pinned) => None,
        // Its own certificate is that of its issuer.
        (SelfSigned, _) if knows_issuer || trust == Trust::Leaf => None,
        (_, Trust::Client) => Some(&["trusted is whom `http_client` trusts"]),
        (Expired, _) => Some(EXPIRED),
        (NotYetValid, _) => Some(NOT_YET),
        (WrongName, _) => Some(WRONG_NAME),
        (SelfSignedCa, _) => Some(IS_CA),
        (SelfSigned, _) => Some(ALONE),
        (_, Trust::Leaf) => Some(LEAF),
        (MissingIntermediate, _) => Some(INCOMPLETE),
        (Good | OtherCa, Trust::MadeAnew) => Some(MADE_ANEW),
        (Good, _) => Some(OFFERED),
        _ => Some(UNKNOWN),
    }
}

/// What was presented: subject and issuer.
fn presented(certificate: Certificate) -> [&'static str; 2] {
    let issuer = match certificate {
        SelfSigned | SelfSignedCa => "issued by `CN=localhost`",
        OtherCa => "issued by `CN=virt-simulator other CA`",
        Intermediate | MissingIntermediate => "issued by `CN=virt-simulator intermediate CA`",
        _ => "issued by `CN=virt-simulator CA`",
    };
    ["It presented `CN=localhost`", issuer]
}

/// Who was trusted.
fn trusted(trust: Trust) -> &'static [&'static str] {
    match trust {
        Trust::System => &["Trusted: the authorities of the system"],
        Trust::File => &["Trusted: `CN=", "(the CA file /"],
        Trust::Text | Trust::Leaf | Trust::Wrong | Trust::MadeAnew => &["Trusted: `CN=", "(the CA text)"],
        Trust::Two => &["Trusted: `CN=", "(the CA file /", "(the CA text)"],
        Trust::Beside => &["Trusted: `CN=", "(the CA text), the authorities of the system"],
        Trust::Pinned => &["Trusted: `CN=virt-simulator CA` (fetched from the server)"],
        Trust::PinnedWrong | Trust::Insecure | Trust::Client => &[],
    }
}

/// A file that is gone with its test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str, text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("virt-sdk-trust-{}-{name}", std::process::id()));
        std::fs::write(&path, text).expect("the file can be written");
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn settings(engine: &Simulator) -> ConnectionBuilder {
    let builder = Connection::builder(engine.url()).username(engine.username()).password(engine.password());
    builder.no_proxy().retry(Retry::new().first_pause(Duration::from_millis(5)))
}

fn build(builder: ConnectionBuilder) -> Connection {
    builder.build().expect("the settings are right")
}

/// A simulator with that certificate in both places, whose secrets are known.
async fn start(certificate: Certificate) -> Kept<Simulator> {
    let builder = Simulator::builder().vms(1).password("s3cret");
    engine_of(builder.certificate(certificate).image_certificate(certificate)).await
}

/// Host and port.
fn place(url: &str) -> String {
    url.split('/').nth(2).expect("a URL").to_owned()
}

/// The URL of the image endpoint, as the engine tells it with a transfer.
async fn image_url(engine: &Simulator) -> String {
    let connection = build(settings(engine).insecure(true));
    let system = connection.system_service();
    let disk = system.disks_service().list().send().await.expect("they are listed")[0].id.clone().expect("it has an id");
    let wanted = ImageTransfer::new().disk(Link::by_id(disk)).direction(ImageTransferDirection::Download);
    let transfers = system.image_transfers_service();
    let id = transfers.add().image_transfer(wanted).send().await.expect("it starts").id.expect("it has an id");
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        engine.advance(Duration::from_millis(100));
        let transfer = transfers.image_transfer_service(&id).get().send().await.expect("it is there");
        match transfer.transfer_url {
            Some(url) => return url,
            None => assert!(Instant::now() < deadline, "data should flow"),
        }
    }
}

/// Checks the text of an error, and that no secret is in it.
fn assert_says(error: &Error, cell: &str, parts: &[&str]) {
    let text = format!("{error:?}");
    for part in parts {
        assert!(text.contains(part), "{cell}: no `{part}` in {text}");
    }
    for secret in ["s3cret", "t0ken", "PRIVATE KEY", "czNjcmV0", "/images/"] {
        assert!(!text.contains(secret), "{cell}: `{secret}` in {text}");
    }
}

#[tokio::test]
async fn who_is_trusted_works_and_who_is_not_is_named_with_the_fix() {
    let (namesake, stranger) = (start(Good).await, start(OtherCa).await);
    let strange_ca = stranger.engine_issuer_pem().expect("it has an issuer");
    for certificate in CERTIFICATES {
        let engine = start(certificate).await;
        let image_url = image_url(&engine).await;
        let offered = Connection::fetch_ca(engine.url()).await.expect("it offers one");
        let proofs = [
            (true, engine.url(), engine.engine_issuer_pem(), engine.engine_certificate_pem()),
            (false, &image_url, engine.image_issuer_pem(), engine.image_certificate_pem()),
        ];
        for (is_engine, url, issuer, leaf) in proofs {
            let (issuer, leaf) = (issuer.expect("it has TLS"), leaf.expect("it has TLS"));
            let file = Scratch::new(&format!("{certificate:?}-{is_engine}.pem"), issuer);
            // An authority of the same name, and one of another.
            let anew = if certificate == OtherCa { Some(strange_ca) } else { namesake.ca_pem() };
            let wrong = if certificate == OtherCa { namesake.ca_pem() } else { Some(strange_ca) }.expect("it has TLS");
            for trust in TRUSTS {
                let builder = settings(&engine);
                let connection = build(match trust {
                    Trust::System => builder,
                    Trust::File => builder.ca_file(&file.0),
                    Trust::Text => builder.ca_pem(issuer),
                    Trust::Two => builder.ca_file(&file.0).ca_pem(wrong),
                    Trust::Beside => builder.ca_pem(issuer).system_ca(true),
                    Trust::Wrong => builder.ca_pem(wrong),
                    Trust::MadeAnew => builder.ca_pem(anew.expect("it has TLS")),
                    Trust::Leaf => builder.ca_pem(leaf),
                    Trust::Pinned => builder.ca_fingerprint(&offered.fingerprint),
                    Trust::PinnedWrong => builder.ca_fingerprint("00".repeat(32)),
                    Trust::Insecure => builder.insecure(true),
                    Trust::Client => builder.http_client(client(issuer)),
                });
                let result = if is_engine { connection.test().await } else { connection.test_endpoint(url).await };
                let cell = format!("{certificate:?} {trust:?} {url}");
                check(&cell, result, certificate, trust, &place(if trust == Trust::PinnedWrong { engine.url() } else { url }));
            }
        }
    }
}

fn check(cell: &str, result: Result<()>, certificate: Certificate, trust: Trust, place: &str) {
    match (result, expected(certificate, trust)) {
        (Ok(()), None) => {}
        (Err(error), None) => panic!("{cell} should work: {error}"),
        (Ok(()), Some(_)) => panic!("{cell} should not work"),
        (Err(error), Some(parts)) => {
            assert_eq!((error.kind(), error.attempts(), error.is_retryable()), (ErrorKind::Tls, 1, false), "{cell}: {error}");
            assert_says(&error, cell, &[place]);
            assert_says(&error, cell, parts);
            let has_system = error.to_string().contains("the authorities of the system");
            assert_eq!(has_system, matches!(trust, Trust::System | Trust::Beside), "{cell}: {error}");
            let verdicts = [EXPIRED, NOT_YET, WRONG_NAME, ALONE, IS_CA, LEAF, MADE_ANEW, UNKNOWN, PINNED];
            let said = verdicts.iter().filter(|verdict| error.to_string().contains(verdict[0])).count();
            assert_eq!(said, usize::from(trust != Trust::Client), "{cell}: {error}");
            assert_says(&error, cell, trusted(trust));
            if !matches!(trust, Trust::Client | Trust::PinnedWrong) {
                assert_says(&error, cell, &presented(certificate));
            }
        }
    }
}

fn client(issuer: &str) -> reqwest::Client {
    let root = reqwest::Certificate::from_pem(issuer.as_bytes()).expect("it is a certificate");
    reqwest::Client::builder().no_proxy().tls_certs_only([root]).build().expect("a client")
}

fn other_scheme(url: &str) -> String {
    url.replacen("https:", "tls:", 1).replacen("http:", "https:", 1).replacen("tls:", "http:", 1)
}

#[tokio::test]
async fn http_and_https_that_are_mixed_up_are_told_apart() {
    let plain = engine_of(Simulator::builder().vms(1)).await;
    for (engine, kind) in [(&plain, ErrorKind::Tls), (&start(Good).await, ErrorKind::Connection)] {
        let (wrong, wrong_image) = (other_scheme(engine.url()), other_scheme(&image_url(engine).await));
        let builder = Connection::builder(&wrong).token("t0ken").retry(Retry::new().first_pause(Duration::from_millis(5)));
        let image = build(settings(engine)).test_endpoint(&wrong_image).await;
        for (url, result) in [(&wrong, build(builder).test().await), (&wrong_image, image)] {
            let error = result.expect_err("it is the other one");
            assert_eq!(error.kind(), kind, "{error}");
            assert_says(&error, url, &[&place(url), "check", "scheme", "port"]);
        }
    }
}

#[tokio::test]
async fn what_is_no_authority_is_said_before_anything_is_sent() {
    let key = "-----BEGIN PRIVATE KEY-----\nczNjcmV0\n-----END PRIVATE KEY-----\n";
    let (no_file, key_file) = (Scratch::new("none.pem", "hello"), Scratch::new("key.pem", key));
    let engine = start(Good).await;
    let pem = engine.ca_pem().expect("it has a CA");
    for (builder, parts) in [
        (settings(&engine).ca_file(pem), ["`ca_file` was given the text of a certificate", "use `ca_pem`"]),
        (settings(&engine).ca_pem("/etc/pki/ca.pem"), ["`ca_pem` was given what looks like a path", "use `ca_file`"]),
        (settings(&engine).system_ca(false), ["nobody is trusted", "`ca_file`"]),
        (settings(&engine).ca_file("/no/such/ca.pem"), ["/no/such/ca.pem cannot be read", "No such file"]),
        (settings(&engine).ca_file(&no_file.0), ["none.pem holds no certificate", "BEGIN CERTIFICATE"]),
        (settings(&engine).ca_file(&key_file.0), ["key.pem holds no certificate", "but a private key"]),
        (settings(&engine).ca_pem(key), ["the CA text holds no certificate", "but a private key"]),
        (settings(&engine).ca_pem(pem).ca_fingerprint("AA:BB"), ["`AA:BB` is not the SHA-256", "64 hexadecimal digits"]),
        (settings(&engine).ca_pem(pem).http_client(client(pem)), ["`http_client` trusts", "give the certificates to it"]),
    ] {
        let error = builder.build().expect_err("it is wrong");
        assert_eq!(error.kind(), ErrorKind::Configuration, "{error}");
        assert_says(&error, parts[0], &parts);
    }
    assert!(engine.requests().is_empty());
}

#[tokio::test]
async fn a_fingerprint_that_was_fetched_is_good_for_this_engine_only() {
    let (engine, other) = (start(Good).await, start(Good).await);
    let offered = Connection::fetch_ca(engine.url()).await.expect("it offers one");
    assert_eq!((offered.subject.as_str(), Some(offered.pem.trim())), ("CN=virt-simulator CA", engine.ca_pem().map(str::trim)));
    for pin in [offered.fingerprint.clone(), offered.fingerprint.replace(':', "").to_lowercase()] {
        build(settings(&engine).ca_fingerprint(&pin)).test().await.expect("it is the right one");
        let error = build(settings(&other).ca_fingerprint(&pin)).test().await.expect_err("it is that of another engine");
        let own = Connection::fetch_ca(other.url()).await.expect("it offers one").fingerprint;
        assert_says(&error, &pin, &[&place(other.url()), &offered.fingerprint, &own, "ask its administrator"]);
    }
    assert!(other.requests().iter().all(|request| request.method == "GET"), "nobody signed in");
}

#[tokio::test]
async fn over_tls_a_connection_that_breaks_is_no_matter_of_trust() {
    let engine = start(Good).await;
    let connection = build(settings(&engine).ca_pem(engine.ca_pem().expect("it has a CA")));
    connection.test().await.expect("it is trusted");
    for fault in [Fault::hang_up(), Fault::close_after(0), Fault::close_after(20), Fault::cut_body(10)] {
        engine.inject(fault.clone().once());
        connection.test().await.unwrap_or_else(|error| panic!("{fault:?} is not repeated: {error}"));
        let id = engine.inject(fault.clone());
        let error = connection.test().await.expect_err("it stays");
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Connection, 6), "{fault:?}: {error}");
        engine.remove_fault(id);
    }
}

#[tokio::test]
async fn no_text_sends_people_the_wrong_way() {
    let (company, own) = (start(OtherCa).await, start(SelfSignedCa).await);
    let plain = engine_of(Simulator::builder()).await;
    let pin = Connection::fetch_ca(company.url()).await.expect("it offers one").fingerprint;
    let https = || Connection::builder(other_scheme(plain.url())).token("t0ken");
    let ca = company.ca_pem().expect("it has a CA");
    let mut wrong = Vec::new();
    for (builder, part) in [
        // It is an error to give certificates beside a client.
        (settings(&company).http_client(client(ca)), "`ca_file`"),
        // The authority that the engine offers is trusted already, and issued nothing here.
        (settings(&company).ca_fingerprint(pin), "resource=ca-certificate"),
        // A certificate of an authority cannot serve a host, trusted or not.
        (settings(&own), "give this certificate as a CA"),
        (https(), "`ca_file`"),
        (https().insecure(true), "Trusted: the authorities of the system"),
    ] {
        let text = build(builder).test().await.expect_err("it is not trusted").to_string();
        wrong.extend(text.contains(part).then(|| format!("`{part}` in {text}")));
    }
    company.restart_with(Outage::Unavailable(Duration::from_secs(3600)));
    let error = Connection::fetch_ca(company.url()).await.expect_err("the engine is away");
    wrong.extend((error.kind() == ErrorKind::Tls).then(|| error.to_string()));
    for (pem, part) in [("certs/ca.crt", "use `ca_file`"), (&format!("{ca}{}", ca.replace('M', "A")), "the CA text")] {
        let text = settings(&own).ca_pem(pem).build().expect_err("it is wrong").to_string();
        wrong.extend((!text.contains(part)).then(|| format!("no `{part}` in {text}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
