//! Descriptions from an address.

use super::{Access, LONGEST};
use crate::api::Api;
use reqwest::blocking::{Client, ClientBuilder};
use reqwest::redirect::Policy;
use reqwest::{Certificate, StatusCode, Url, header};
use std::io::Read;
use std::time::Duration;

/// Time for the connection, and for the whole answer.
const CONNECT_LIMIT: Duration = Duration::from_secs(30);
const ANSWER_LIMIT: Duration = Duration::from_secs(300);

/// Gets the description at an address, and the address it came from. User and password are sent to engines
/// alone.
pub(super) fn get(api: Api, source: &str, access: &Access) -> Result<(String, Vec<u8>), String> {
    let url = address(api, source)?;
    let client = builder(access)?.build().map_err(|error| format!("a connection cannot be prepared: {}", causes(&error)))?;
    let content = fetch(api, &client, url.clone(), access)?;
    Ok((url.to_string(), content))
}

/// Address of the description. No message repeats what was given before it is known to hold no password.
fn address(api: Api, source: &str) -> Result<Url, String> {
    let mut url =
        Url::parse(source).map_err(|error| format!("the address is malformed: {error}; it must be like {}", api.address()))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(match api {
            Api::Ovirt => "the address holds a user or password; put them into OVIRT_USERNAME and OVIRT_PASSWORD".to_owned(),
            Api::Vsphere => "the address holds a user or password; what VMware publishes needs none".to_owned(),
        });
    }
    if url.scheme() != "https" {
        return Err(format!("the address starts with `{}`; it must start with `https`", url.scheme()));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(format!("the address has a query or fragment; it must be like {}", api.address()));
    }
    let path = url.path().trim_end_matches('/').to_owned();
    if api == Api::Ovirt && !path.ends_with("/model.json") && !path.ends_with("/model.xml") {
        url.set_path(&format!("{path}/model.json"));
    }
    Ok(url)
}

fn builder(access: &Access) -> Result<ClientBuilder, String> {
    let mut builder = Client::builder()
        .redirect(Policy::none())
        .connect_timeout(CONNECT_LIMIT)
        .timeout(ANSWER_LIMIT)
        .tls_danger_accept_invalid_certs(access.insecure);
    if let Some(file) = &access.ca_file {
        let name = file.display();
        let pem = std::fs::read(file).map_err(|error| format!("{name} cannot be read: {error}"))?;
        let certificates = Certificate::from_pem_bundle(&pem).map_err(|error| format!("{name}: {}", causes(&error)))?;
        if certificates.is_empty() {
            return Err(format!("{name} holds no certificate in PEM form; give the file of the engine's CA"));
        }
        builder = builder.tls_certs_only(certificates);
    }
    Ok(builder)
}

fn fetch(api: Api, client: &Client, url: Url, access: &Access) -> Result<Vec<u8>, String> {
    let failed = |error: &dyn std::error::Error| format!("{url} cannot be read: {}", causes(error));
    let forms = match api {
        Api::Ovirt => "application/json, application/xml;q=0.9",
        Api::Vsphere => "application/yaml, application/json, text/plain;q=0.9, */*;q=0.8",
    };
    let mut request = client.get(url.clone()).header(header::ACCEPT, forms);
    if let Some((user, password)) = access.credentials.as_ref().filter(|_| api == Api::Ovirt) {
        request = request.basic_auth(user, Some(password));
    }
    let response = request.send().map_err(|error| {
        let advice =
            if error.is_connect() { "; give the certificate of its CA by `--ca-file` if that is what is missing" } else { "" };
        failed(&error.without_url()) + advice
    })?;
    let status = response.status();
    if status == StatusCode::UNAUTHORIZED && api == Api::Ovirt {
        return Err(format!("{url} answers {status}; set OVIRT_USERNAME and OVIRT_PASSWORD to those of a user, as name@domain"));
    }
    if status.is_redirection() {
        return Err(format!("{url} answers {status}, and redirects are not followed; give the address that it leads to"));
    }
    if status != StatusCode::OK {
        return Err(format!("{url} answers {status}; give the address of a description, such as {}", api.address()));
    }
    let mut content = Vec::new();
    response.take(LONGEST + 1).read_to_end(&mut content).map_err(|error| failed(&error))?;
    if u64::try_from(content.len()).unwrap_or(u64::MAX) > LONGEST {
        return Err(format!("{url} answers more than {LONGEST} bytes; a description has fewer"));
    }
    Ok(content)
}

/// An error and what caused it.
fn causes(error: &dyn std::error::Error) -> String {
    let all = std::iter::successors(Some(error), |error| error.source());
    all.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::net::TcpListener;

    #[test]
    fn the_address_of_the_api_leads_to_its_description() {
        for given in ["https://e.example/ovirt-engine/api", "https://e.example/ovirt-engine/api/"] {
            assert_eq!(
                address(Api::Ovirt, given).expect("it is right").as_str(),
                "https://e.example/ovirt-engine/api/model.json"
            );
        }
        assert_eq!(address(Api::Ovirt, "https://e/api/model.xml").expect("it is right").as_str(), "https://e/api/model.xml");
    }

    #[test]
    fn the_address_of_a_published_document_is_taken_as_it_is() {
        let url = "https://raw.githubusercontent.com/vmware/vcf-api-specs/main/vcenter.yaml";
        assert_eq!(address(Api::Vsphere, url).expect("it is right").as_str(), url);
    }

    #[test]
    fn addresses_that_would_leak_or_mislead_are_refused() {
        for given in
            ["http://e/api", "https://me:hidden@e/api", "https://hidden@e/api", "https://e/api?x=hidden", "https://hid den/"]
        {
            let message = address(Api::Ovirt, given).expect_err(given);
            assert!(!message.contains("hidden") && !message.contains("hid den"), "{message}");
        }
    }

    /// What comes of one answer of a server, and the request that it got.
    fn answered(api: Api, answer: &'static str, access: &Access) -> (Result<Vec<u8>, String>, String) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let url = format!("http://{}/model.json", listener.local_addr().expect("it is bound"));
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("the client connects");
            let mut request = Vec::new();
            let mut byte = [0];
            while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).expect("the client sends") > 0 {
                request.push(byte[0]);
            }
            stream.write_all(answer.as_bytes()).expect("the client reads");
            String::from_utf8(request).expect("a request is text")
        });
        let client = builder(access).expect("nothing to refuse").no_proxy().build().expect("a client can be made");
        let result = fetch(api, &client, Url::parse(&url).expect("it is an address"), access);
        (result, server.join().expect("the server answers"))
    }

    #[test]
    fn answers_are_taken_or_explained() {
        let access = Access { credentials: Some(("me@internal".to_owned(), "hidden".to_owned())), ..Access::default() };
        let (content, request) = answered(Api::Ovirt, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", &access);
        assert_eq!(content.expect("it is taken"), b"{}");
        assert!(request.to_lowercase().contains("authorization: basic bwvaaw50zxjuyww6aglkzgvu"), "{request}");
        for (answer, advice) in [
            ("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", "OVIRT_PASSWORD"),
            ("HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n", "redirects are not followed"),
            ("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "address of a description"),
            ("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{}", "cannot be read"),
        ] {
            let message = answered(Api::Ovirt, answer, &access).0.expect_err(answer);
            assert!(message.contains(advice) && !message.contains("hidden"), "{message}");
        }
        let (content, request) = answered(Api::Ovirt, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", &Access::default());
        assert!(content.is_ok() && !request.to_lowercase().contains("authorization"), "{request}");
        // What is for engines goes to no one else.
        let (content, request) = answered(Api::Vsphere, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", &access);
        assert!(content.is_ok() && !request.to_lowercase().contains("authorization"), "{request}");
    }

    #[test]
    fn a_file_without_certificates_is_refused() {
        let file = tempfile::NamedTempFile::new().expect("a file can be made");
        let access = Access { ca_file: Some(file.path().to_owned()), ..Access::default() };
        assert!(builder(&access).expect_err("it holds none").contains("no certificate"));
        assert!(!format!("{:?}", Access { credentials: Some(("a".into(), "hidden".into())), ..access }).contains("hidden"));
    }
}
