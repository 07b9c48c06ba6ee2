//! A plain HTTP client, and what tests often need.

use reqwest::{Client, Method, RequestBuilder};
use std::time::{Duration, Instant};
use virt_simulator::{Builder, Simulator};

/// Longest time that any change of state may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Pause between two looks.
const INTERVAL: Duration = Duration::from_millis(2);

/// A simulator and a signed-in client.
pub(crate) struct Api {
    pub(crate) engine: Simulator,
    pub(crate) http: Client,
    token: String,
}

/// Whether texts are some of the expected ones, in their order, up to the last: a poller may miss some.
pub(crate) fn is_part(found: &[String], expected: &[&str]) -> bool {
    let mut rest = expected.iter();
    found.last().map(String::as_str) == expected.last().copied() && found.iter().all(|text| rest.any(|known| known == text))
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) async fn of(request: RequestBuilder) -> Reply {
        let response = request.send().await.expect("an answer");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Reply { status, headers, body: response.text().await.expect("a body") }
    }

    /// The reply, if it has that status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Reply {
        assert_eq!(self.status, status, "{}", self.body);
        self
    }

    /// Text at a path of elements below the root.
    #[track_caller]
    pub(crate) fn text(&self, path: &str) -> Option<String> {
        self.texts(path).into_iter().next()
    }

    /// Texts of all elements at a path below the root.
    #[track_caller]
    pub(crate) fn texts(&self, path: &str) -> Vec<String> {
        self.select(path, |node| node.text().unwrap_or_default().to_owned())
    }

    /// An attribute of all elements at a path below the root.
    #[track_caller]
    pub(crate) fn attributes(&self, path: &str, name: &str) -> Vec<String> {
        self.select(path, |node| node.attribute(name).unwrap_or_default().to_owned())
    }

    #[track_caller]
    fn select(&self, path: &str, take: impl Fn(roxmltree::Node<'_, '_>) -> String) -> Vec<String> {
        let document = roxmltree::Document::parse(&self.body).expect("an XML body");
        let mut nodes = vec![document.root_element()];
        for tag in path.split('/').filter(|tag| !tag.is_empty()) {
            nodes = nodes.iter().flat_map(|node| node.children()).filter(|node| node.has_tag_name(tag)).collect();
        }
        nodes.into_iter().map(take).collect()
    }

    /// Name of the root element.
    #[track_caller]
    pub(crate) fn root(&self) -> String {
        self.select("", |node| node.tag_name().name().to_owned()).remove(0)
    }

    /// Id of the root element.
    #[track_caller]
    pub(crate) fn id(&self) -> String {
        self.attributes("", "id").remove(0)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl Api {
    pub(crate) async fn start() -> Api {
        Api::with(Simulator::builder()).await
    }

    pub(crate) async fn with(builder: Builder) -> Api {
        let engine = builder.start().await.expect("a simulator");
        let http = Client::builder().no_proxy().build().expect("a client");
        let mut api = Api { engine, http, token: String::new() };
        api.token = api.sign_in().await;
        api
    }

    pub(crate) async fn sign_in(&self) -> String {
        let form = [("username", self.engine.username()), ("password", self.engine.password())];
        let reply = self.token(&[("grant_type", "password"), ("scope", "ovirt-app-api"), form[0], form[1]]).await.expect(200);
        let answer: serde_json::Value = serde_json::from_str(&reply.body).expect("JSON");
        answer["access_token"].as_str().expect("a token").to_owned()
    }

    pub(crate) async fn token(&self, form: &[(&str, &str)]) -> Reply {
        self.form("/ovirt-engine/sso/oauth/token", form).await
    }

    pub(crate) async fn form(&self, path: &str, form: &[(&str, &str)]) -> Reply {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = self.http.post(format!("{}{path}", self.origin()));
        Reply::of(request.header("content-type", "application/x-www-form-urlencoded").body(body)).await
    }

    pub(crate) fn origin(&self) -> String {
        self.engine.url().trim_end_matches("/ovirt-engine/api").to_owned()
    }

    pub(crate) fn token_text(&self) -> &str {
        &self.token
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.engine.url())).bearer_auth(&self.token)
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        Reply::of(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &str) -> Reply {
        Reply::of(self.request(Method::POST, path).body(body.to_owned())).await
    }

    pub(crate) async fn put(&self, path: &str, body: &str) -> Reply {
        Reply::of(self.request(Method::PUT, path).body(body.to_owned())).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        Reply::of(self.request(Method::DELETE, path)).await
    }

    /// Polls until an element has a text.
    #[track_caller]
    pub(crate) fn wait<'a>(&'a self, path: &'a str, element: &'a str, text: &'a str) -> impl Future<Output = Reply> + 'a {
        let caller = std::panic::Location::caller();
        async move {
            let deadline = Instant::now() + PATIENCE;
            loop {
                let reply = self.get(path).await.expect(200);
                if reply.text(element).as_deref() == Some(text) {
                    return reply;
                }
                assert!(Instant::now() < deadline, "{caller}: {element} of {path} is not {text}: {}", reply.body);
                tokio::time::sleep(INTERVAL).await;
            }
        }
    }

    /// Polls until there is nothing at a path.
    pub(crate) async fn wait_gone(&self, path: &str) {
        let deadline = Instant::now() + PATIENCE;
        while self.get(path).await.status != 404 {
            assert!(Instant::now() < deadline, "{path} is still there");
            tokio::time::sleep(INTERVAL).await;
        }
    }

    /// Adds a raw disk and waits until it is ok. Returns its path.
    pub(crate) async fn disk(&self, name: &str, size: u64) -> String {
        let body = format!(
            "<disk><name>{name}</name><format>raw</format><provisioned_size>{size}</provisioned_size>\
             <storage_domains><storage_domain><name>data1</name></storage_domain></storage_domains></disk>"
        );
        let path = format!("/disks/{}", self.post("/disks", &body).await.expect(202).id());
        self.wait(&path, "status", "ok").await;
        path
    }

    /// Adds a virtual machine without disks. Returns its path.
    pub(crate) async fn vm(&self, name: &str) -> String {
        let body =
            format!("<vm><name>{name}</name><cluster><name>Default</name></cluster><template><name>Blank</name></template></vm>");
        format!("/vms/{}", self.post("/vms", &body).await.expect(201).id())
    }

    /// Fault of a refusal: reason and detail.
    #[track_caller]
    pub(crate) fn fault(reply: &Reply) -> (String, String) {
        let base = if reply.root() == "action" { "fault/" } else { "" };
        let text = |name: &str| reply.text(&format!("{base}{name}")).unwrap_or_default();
        (text("reason"), text("detail"))
    }
}
