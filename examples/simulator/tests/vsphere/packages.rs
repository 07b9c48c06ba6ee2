//! OVF packages: what belongs together, signatures and their previews.

use crate::client::{BOTH, Client, Dialect};
use crate::support::start;
use base64::Engine as _;
use rcgen::{CertificateParams, DnType, KeyPair, date_time_ymd};
use serde_json::{Value, json};
use virt_simulator::vsphere::Simulator;

const OVF: &str = r#"<Envelope xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1">
  <References><File ovf:href="disk.vmdk" ovf:id="file1"/></References>
  <VirtualSystem ovf:id="machine"/>
</Envelope>"#;

struct Package {
    vcenter: Simulator,
    client: Client,
    item: String,
    session: String,
}

impl Package {
    async fn start(dialect: Dialect) -> Package {
        let (vcenter, client) = start(dialect).await;
        let library = client.library(&vcenter).await;
        let item = client.item(&library, "package", Some("ovf")).await;
        let session = client.update(&item).await;
        Package { vcenter, client, item, session }
    }

    async fn validate(&self) -> Value {
        let name = "content.library.item.updatesession.file.validate";
        self.client.call(name, json!({ "update_session_id": self.session })).await
    }

    async fn preview(&self) -> Value {
        self.client.session(&self.session).await["preview_info"].clone()
    }

    /// Completes the session. Returns its state and the text of its error.
    async fn complete(&self) -> (String, String) {
        self.client.complete(&self.session).await;
        let session = self.client.session(&self.session).await;
        let text = session["error_message"]["default_message"].as_str().unwrap_or_default().to_owned();
        (session["state"].as_str().expect("a state").to_owned(), text)
    }
}

#[tokio::test]
async fn files_of_a_package_must_all_be_there() {
    for dialect in BOTH {
        let package = Package::start(dialect).await;
        package.client.push(&package.session, "machine.ovf", OVF.as_bytes()).await;
        let result = package.validate().await;
        assert_eq!((&result["has_errors"], &result["missing_files"]), (&json!(true), &json!(["disk.vmdk"])));
        let listed = package.client.file(&package.session, "disk.vmdk").await;
        assert_eq!((&listed["source_type"], &listed["status"]), (&json!("NONE"), &json!("WAITING_FOR_TRANSFER")));
        package.client.push(&package.session, "disk.vmdk", b"disk").await;
        assert_eq!(package.validate().await["has_errors"], false);
        assert_eq!(package.complete().await, ("DONE".to_owned(), String::new()));

        let package = Package::start(dialect).await;
        package.client.push(&package.session, "machine.ovf", OVF.as_bytes()).await;
        assert_eq!(package.complete().await, ("ERROR".to_owned(), "The file 'disk.vmdk' is missing.".to_owned()));

        let package = Package::start(dialect).await;
        package.client.push(&package.session, "machine.ovf", b"<nonsense").await;
        let result = package.validate().await;
        assert_eq!(result["invalid_files"][0]["name"], "machine.ovf");
    }
}

#[tokio::test]
async fn manifests_are_compared() {
    let digest = |bytes: &[u8]| {
        aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes)
            .as_ref()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    for (disk, state) in [("disk", "DONE"), ("another", "ERROR")] {
        let package = Package::start(Dialect::Api).await;
        let manifest = format!("SHA256(machine.ovf)= {}\nSHA256(disk.vmdk)= {}\n", digest(OVF.as_bytes()), digest(b"disk"));
        package.client.push(&package.session, "machine.mf", manifest.as_bytes()).await;
        package.client.push(&package.session, "machine.ovf", OVF.as_bytes()).await;
        package.client.push(&package.session, "disk.vmdk", disk.as_bytes()).await;
        let invalid = package.validate().await["invalid_files"].clone();
        if state == "ERROR" {
            assert_eq!(invalid[0]["name"], "disk.vmdk");
            assert!(
                invalid[0]["error_message"]["default_message"].as_str().expect("a text").contains(&digest(b"disk")),
                "{invalid}"
            );
        } else {
            assert_eq!(invalid, json!([]));
            assert_eq!(package.client.file(&package.session, "machine.mf").await["keep_in_storage"], false);
        }
        assert_eq!(package.complete().await.0, state);
        if state == "DONE" {
            let files = package.client.call("content.library.item.file.list", json!({ "library_item_id": package.item })).await;
            let names: Vec<&str> = files.as_array().expect("a list").iter().filter_map(|file| file["name"].as_str()).collect();
            assert_eq!(names, ["machine.ovf", "disk.vmdk"]);
        }
    }
}

fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        archive.append_data(&mut header, name, *content).expect("an entry");
    }
    archive.into_inner().expect("an archive")
}

#[tokio::test]
async fn archives_are_taken_apart() {
    for dialect in BOTH {
        let package = Package::start(dialect).await;
        let disk: Vec<u8> = (0..2_000_000_u32).map(|number| (number % 253) as u8).collect();
        let bytes = archive(&[("machine.ovf", OVF.as_bytes()), ("machine.cert", b"x"), ("disk.vmdk", &disk)]);
        package.client.push(&package.session, "machine.ova", &bytes).await;
        assert_eq!(package.client.file(&package.session, "disk.vmdk").await["status"], "READY");
        package.preview().await;
        assert_eq!(package.preview().await["warnings"][0]["type"], "SELF_SIGNED_CERTIFICATE");
        let behavior = json!([{ "type": "SELF_SIGNED_CERTIFICATE", "ignored": true }]);
        let update = json!({ "update_session_id": package.session, "update_spec": { "warning_behavior": behavior } });
        package.client.call("content.library.item.update_session.update", update).await;
        assert_eq!(package.complete().await.0, "DONE");
        let files = package.client.call("content.library.item.file.list", json!({ "library_item_id": package.item })).await;
        let names: Vec<&str> = files.as_array().expect("a list").iter().filter_map(|file| file["name"].as_str()).collect();
        assert_eq!(names, ["machine.ovf", "disk.vmdk"]);
        assert!(package.client.download(&package.item, "disk.vmdk").await == disk);

        let package = Package::start(dialect).await;
        package.client.push(&package.session, "machine.ova", b"no archive").await;
        let file = package.client.file(&package.session, "machine.ova").await;
        let text = file["error_message"]["default_message"].as_str().expect("a text");
        assert!(file["status"] == "ERROR" && text.contains("cannot be unpacked"), "{file}");
        let nested = archive(&[("a/b", b"x")]);
        package.client.push(&package.session, "machine.ova", &nested).await;
        assert_eq!(package.client.file(&package.session, "machine.ova").await["status"], "ERROR");
    }
}

#[tokio::test]
async fn signatures_come_before_the_descriptor() {
    let package = Package::start(Dialect::Rest).await;
    package.client.push(&package.session, "machine.ovf", OVF.as_bytes()).await;
    for name in ["machine.mf", "machine.cert"] {
        let spec = json!({ "update_session_id": package.session, "file_spec": { "name": name, "source_type": "PUSH" } });
        let refused = package.client.refused("content.library.item.updatesession.file.add", spec).await;
        assert_eq!(refused.0, "not_allowed_in_current_state");
    }
}

#[tokio::test]
async fn warnings_must_be_ignored_to_complete() {
    for dialect in BOTH {
        let package = Package::start(dialect).await;
        assert_eq!(package.preview().await["state"], "UNAVAILABLE");
        let spec = json!({ "name": "machine.cert", "source_type": "PUSH" });
        let uri = package.client.add(&package.session, spec).await["upload_endpoint"]["uri"].clone();
        assert_eq!(package.preview().await["state"], "PREPARING");
        let text = "SELF_SIGNED_CERTIFICATE EXPIRED_CERTIFICATE";
        package.client.http.put(uri.as_str().expect("a text")).body(text).send().await.expect("an answer");
        package.client.push(&package.session, "machine.ovf", OVF.as_bytes()).await;
        package.client.push(&package.session, "disk.vmdk", b"disk").await;
        let preview = package.preview().await;
        assert_eq!((&preview["state"], &preview["certificate_info"]["self_signed"]), (&json!("AVAILABLE"), &json!(true)));
        let warnings: Vec<&str> =
            preview["warnings"].as_array().expect("a list").iter().filter_map(|one| one["type"].as_str()).collect();
        assert_eq!(warnings, ["SELF_SIGNED_CERTIFICATE", "EXPIRED_CERTIFICATE"]);
        let ignore = |types: &[&str]| {
            let behavior: Value = types.iter().map(|kind| json!({ "type": kind, "ignored": true })).collect();
            json!({ "update_session_id": package.session, "update_spec": { "warning_behavior": behavior } })
        };
        let update = "content.library.item.update_session.update";
        package.client.call(update, ignore(&["SELF_SIGNED_CERTIFICATE"])).await;
        assert_eq!(package.preview().await["warnings"][0]["ignored"], true);
        let (state, text) = package.complete().await;
        assert!(state == "ERROR" && text.contains("EXPIRED_CERTIFICATE") && !text.contains("SELF_SIGNED"), "{text}");
        assert_eq!(package.client.refused(update, ignore(&[])).await.0, "not_allowed_in_current_state");

        let behavior = json!([{ "type": "SELF_SIGNED_CERTIFICATE", "ignored": true }]);
        let spec = json!({ "create_spec": { "library_item_id": package.item, "warning_behavior": behavior } });
        let session = package.client.id("content.library.item.update_session.create", spec).await;
        let package = Package { session, ..package };
        package.client.push(&package.session, "machine.cert", b"whatever").await;
        package.client.push(&package.session, "machine.ovf", OVF.as_bytes()).await;
        package.client.push(&package.session, "disk.vmdk", b"disk").await;
        assert_eq!(package.complete().await.0, "DONE");
    }
}

/// A self-signed certificate and one that it issued, in PEM form.
fn certificates() -> (String, String) {
    let (ca_key, key) = (KeyPair::generate().expect("a key"), KeyPair::generate().expect("a key"));
    let mut ca = CertificateParams::default();
    ca.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    ca.distinguished_name.push(DnType::CommonName, "authority");
    let ca_pem = ca.self_signed(&ca_key).expect("a certificate").pem();
    let mut leaf = CertificateParams::default();
    leaf.distinguished_name.push(DnType::CommonName, "signer");
    leaf.not_after = date_time_ymd(2020, 1, 1);
    let leaf_pem = leaf.signed_by(&key, &rcgen::Issuer::new(ca, ca_key)).expect("a certificate").pem();
    (ca_pem, leaf_pem)
}

#[tokio::test]
async fn certificates_are_read_and_can_be_trusted() {
    let (ca, leaf) = certificates();
    let package = Package::start(Dialect::Api).await;
    let client = &package.client;
    let types = async |text: &str| {
        client.push(&package.session, "machine.cert", text.as_bytes()).await;
        package.preview().await;
        let preview = package.preview().await;
        let warnings = preview["warnings"].as_array().unwrap_or_else(|| panic!("{preview}")).iter();
        let types: Vec<String> = warnings.filter_map(|one| one["type"].as_str()).map(str::to_owned).collect();
        (types, preview)
    };
    let (warnings, preview) = types(&format!("SHA256(machine.mf)= 00\n{ca}")).await;
    assert_eq!(warnings, ["SELF_SIGNED_CERTIFICATE"]);
    let info = &preview["certificate_info"];
    assert!(info["subject"].as_str().expect("a text").contains("/CN=authority"), "{info}");
    base64::prelude::BASE64_STANDARD.decode(info["x509"].as_str().expect("a text")).expect("base64");
    assert_eq!(types(&leaf).await.0, ["EXPIRED_CERTIFICATE", "UNTRUSTED_CERTIFICATE"]);

    let create = "content.trusted_certificates.create";
    let id = client.id(create, json!({ "spec": { "cert_text": ca } })).await;
    assert_eq!(client.id(create, json!({ "spec": { "cert_text": ca } })).await, id);
    assert_eq!(client.refused(create, json!({ "spec": { "cert_text": "nonsense" } })).await.0, "invalid_argument");
    assert_eq!(types(&leaf).await.0, ["EXPIRED_CERTIFICATE"]);
    assert_eq!(types(&ca).await.0, Vec::<String>::new());
    let list = client.call("content.trusted_certificates.list", json!({})).await;
    assert_eq!(list["certificates"][0]["certificate"], json!(id));
    let one = json!({ "certificate": id });
    assert_eq!(client.call("content.trusted_certificates.get", one.clone()).await["cert_text"], json!(ca));
    client.call("content.trusted_certificates.delete", one.clone()).await;
    assert_eq!(client.refused("content.trusted_certificates.get", one.clone()).await.0, "not_found");
    assert_eq!(client.refused("content.trusted_certificates.delete", one).await.0, "not_found");
    assert_eq!(package.vcenter.sessions(), 1);
}
