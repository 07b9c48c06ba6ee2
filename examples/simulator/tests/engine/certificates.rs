//! Certificates that are wrong.

use virt_simulator::{Certificate, Simulator};

/// What a client that trusts a certificate says about a server, or nothing if it is content.
async fn complaint(url: &str, trusted: &str) -> Option<String> {
    let root = reqwest::Certificate::from_pem(trusted.as_bytes()).expect("PEM");
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([root]).build().expect("a client");
    let error = client.get(url).send().await.err()?;
    Some(format!("{error:?}"))
}

#[tokio::test]
async fn each_kind_is_wrong_in_its_way() {
    for (kind, with_ca, with_issuer) in [
        (Certificate::Good, None, None),
        (Certificate::Expired, Some("Expired"), Some("Expired")),
        (Certificate::NotYetValid, Some("NotValidYet"), Some("NotValidYet")),
        (Certificate::WrongName, Some("NotValidForName"), Some("NotValidForName")),
        (Certificate::SelfSigned, Some("UnknownIssuer"), None),
        (Certificate::SelfSignedCa, Some("CaUsedAsEndEntity"), Some("CaUsedAsEndEntity")),
        (Certificate::OtherCa, Some("UnknownIssuer"), None),
        (Certificate::Intermediate, None, None),
        (Certificate::MissingIntermediate, Some("UnknownIssuer"), Some("UnknownIssuer")),
    ] {
        let engine = Simulator::builder().certificate(kind).start().await.expect("a simulator");
        let ca = engine.ca_pem().expect("a CA");
        let issuer = engine.engine_issuer_pem().expect("an issuer");
        for (trusted, expected) in [(ca, with_ca), (issuer, with_issuer)] {
            let found = complaint(engine.url(), trusted).await;
            match expected {
                None => assert_eq!(found, None, "{kind:?}"),
                Some(word) => {
                    let text = found.unwrap_or_else(|| panic!("{kind:?} is accepted"));
                    assert!(text.contains(word), "{kind:?}: {text}");
                }
            }
        }
        assert_eq!(issuer == ca, !matches!(kind, Certificate::SelfSigned | Certificate::SelfSignedCa | Certificate::OtherCa));
    }
}

/// As people do it who take the first certificate that they find.
#[tokio::test]
async fn the_certificate_of_the_server_is_no_ca() {
    let engine = Simulator::builder().tls(true).start().await.expect("a simulator");
    let (own, images) = (engine.engine_certificate_pem().expect("TLS"), engine.image_certificate_pem().expect("TLS"));
    assert!(own != images && own != engine.ca_pem().expect("a CA"));
    let text = complaint(engine.url(), own).await.expect("a complaint");
    assert!(text.contains("UnknownIssuer"), "{text}");
}

#[tokio::test]
async fn engine_and_image_endpoint_differ() {
    let builder = Simulator::builder().tls(true).certificate(Certificate::OtherCa);
    let engine = builder.start().await.expect("a simulator");
    let (own, other) = (engine.ca_pem().expect("a CA"), engine.engine_issuer_pem().expect("an issuer"));
    assert_eq!(engine.image_issuer_pem(), Some(own));
    let images = image_origin(&engine, other).await;
    assert_eq!(complaint(&format!("{images}/info/"), own).await, None);
    assert!(complaint(&format!("{images}/info/"), other).await.is_some());
    assert_eq!(complaint(engine.url(), other).await, None);

    let engine = Simulator::builder().image_certificate(Certificate::Expired).start().await.expect("a simulator");
    assert!(engine.url().starts_with("http://") && engine.engine_issuer_pem().is_none());
    let images = image_origin(&engine, engine.ca_pem().expect("a CA")).await;
    let text = complaint(&format!("{images}/info/"), engine.ca_pem().expect("a CA")).await.expect("a complaint");
    assert!(text.contains("Expired"), "{text}");
}

/// Scheme and authority of the image endpoint, as a transfer tells them.
async fn image_origin(engine: &Simulator, trusted: &str) -> String {
    let root = reqwest::Certificate::from_pem(trusted.as_bytes()).expect("PEM");
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([root]).build().expect("a client");
    let send = async |request: reqwest::RequestBuilder| {
        let request = request.basic_auth(engine.username(), Some(engine.password())).header("x-ovirt-expect", "201-created");
        request.send().await.expect("an answer").text().await.expect("a body")
    };
    let value = |text: &str, before: &str, after: char| {
        let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("no {before} in {text}"));
        rest.split(after).next().unwrap_or_default().to_owned()
    };
    let disk = "<disk><format>raw</format><provisioned_size>4096</provisioned_size><storage_domains><storage_domain>\
                <name>data1</name></storage_domain></storage_domains></disk>";
    let disk = send(client.post(format!("{}/disks", engine.url())).body(disk)).await;
    let id = value(&disk, " id=\"", '"');
    let transfer = format!("<image_transfer><disk id=\"{id}\"/></image_transfer>");
    let transfer = send(client.post(format!("{}/imagetransfers", engine.url())).body(transfer)).await;
    engine.advance(std::time::Duration::from_secs(1));
    let transfer = format!("{}/imagetransfers/{}", engine.url(), value(&transfer, " id=\"", '"'));
    let url = value(&send(client.get(transfer)).await, "<transfer_url>", '<');
    url.split("/images/").next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn the_ca_is_offered_with_and_without_tls() {
    let path = "/ovirt-engine/services/pki-resource?resource=ca-certificate&format=X509-PEM-CA";
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let offered = async |engine: &Simulator| {
        let url = format!("{}{path}", engine.url().trim_end_matches("/ovirt-engine/api"));
        let answer = client.get(url).send().await.expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("a body"))
    };
    let engine = Simulator::builder().offer_ca(true).start().await.expect("a simulator");
    assert!(engine.url().starts_with("http://"));
    assert_eq!(offered(&engine).await, (200, engine.ca_pem().expect("a CA").to_owned()));
    let engine = Simulator::start().await.expect("a simulator");
    assert_eq!((offered(&engine).await.0, engine.ca_pem()), (404, None));
}
