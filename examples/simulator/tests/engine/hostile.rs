//! Requests that no honest client sends: none may take the simulator down.

use crate::support::{Api, Reply};
use reqwest::Method;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use virt_simulator::Simulator;

/// Numbers that look random and are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or_default() % below
    }
}

#[tokio::test]
async fn odd_requests_are_answered() {
    let api = Api::with(Simulator::builder().vms(1)).await;
    let vm = api.get("/vms").await.attributes("vm", "id").remove(0);
    let item = api.get(&format!("/vms/{vm}")).await;
    let rels = api.get("").await.attributes("link", "rel");
    let mut paths: Vec<String> = rels.iter().filter(|rel| !rel.contains('/')).map(|rel| format!("/{rel}")).collect();
    paths.extend(item.attributes("link", "href").iter().map(|href| href.trim_start_matches("/ovirt-engine/api").to_owned()));
    paths.extend(
        item.attributes("actions/link", "href").iter().map(|href| href.trim_start_matches("/ovirt-engine/api").to_owned()),
    );
    for path in &paths {
        for (method, body) in [
            (Method::POST, ""),
            (Method::POST, "<action/>"),
            (Method::POST, "<vm><name>&#x0;</name></vm>"),
            (Method::PUT, "<vm/>"),
            (Method::PATCH, "x"),
            (Method::HEAD, ""),
            (Method::DELETE, "<action><async>maybe</async></action>"),
        ] {
            for more in ["", "?max=-1&follow=..,.a&search=%00", "/..%2f", "//"] {
                let reply = Reply::of(api.request(method.clone(), &format!("{path}{more}")).body(body)).await;
                assert!(reply.status < 500 || more.contains("follow"), "{method} {path}{more}: {}", reply.body);
            }
        }
    }
    api.get("").await.expect(200);
}

/// As librest does it when it repeats a request after a 401.
#[tokio::test]
async fn a_body_that_reading_does_not_need_is_not_waited_for() {
    let api = Api::start().await;
    let address = api.origin().trim_start_matches("http://").to_owned();
    let head = format!(
        "GET /ovirt-engine/api HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\nContent-Length: 17\r\n\r\n",
        api.token_text()
    );
    let mut stream = TcpStream::connect(&address).await.expect("a connection");
    stream.write_all(head.as_bytes()).await.expect("room for it");
    let mut answer = String::new();
    // To the end: what comes next on the connection could be taken for the body.
    let read = tokio::time::timeout(Duration::from_secs(10), stream.read_to_string(&mut answer));
    read.await.expect("an answer in time").expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("</api>\n"), "{answer}");
}

#[tokio::test]
async fn damaged_bodies_are_answered() {
    let api = Api::with(Simulator::builder().vms(1)).await;
    let mut numbers = Numbers(7);
    for (collection, element) in [("vms", "vm"), ("disks", "disk"), ("clusters", "cluster"), ("hosts", "host")] {
        let list = api.get(&format!("/{collection}")).await;
        let Some(id) = list.attributes(element, "id").pop() else { continue };
        let path = format!("/{collection}/{id}");
        let body = api.get(&path).await.body.into_bytes();
        for _ in 0..60 {
            let mut damaged = body.clone();
            for _ in 0..=numbers.next(3) {
                let at = numbers.next(damaged.len());
                match numbers.next(3) {
                    0 => damaged.truncate(at.max(1)),
                    1 => damaged[at] = u8::try_from(numbers.next(128)).expect("small"),
                    _ => {
                        let piece = damaged[at..(at + 20).min(damaged.len())].to_vec();
                        damaged.splice(at..at, piece);
                    }
                }
            }
            let damaged = String::from_utf8_lossy(&damaged).into_owned();
            let change = Reply::of(api.request(Method::PUT, &path).body(damaged.clone())).await;
            let addition = Reply::of(api.request(Method::POST, &format!("/{collection}")).body(damaged)).await;
            assert!(change.status < 500 && addition.status < 500, "{} {}", change.body, addition.body);
        }
    }
    api.get("").await.expect(200);
}
