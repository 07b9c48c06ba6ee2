//! An engine that knows one virtual machine: HTTP/1.1 with connections that stay open, and as little work as can be.

use crate::{Result, document};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

/// The token that the sign-in gives; in lower case, as all of a request is looked at.
pub(crate) const TOKEN: &str = "m2k1gxqkqzmvuusd4hlphfkwb6qgpsfnmaiu1mkpaqcmnsjfdxjlbcqb2nvlbfpo0f7tkfjgxm3y6bnv4hfrjg";

/// What every way of calling must send, so that all do the same.
const HEADERS: &[&str] =
    &["accept: application/xml", "accept-encoding: gzip", "content-type: application/xml", "version: 4", "user-agent: virt-sdk/"];

const END_OF_HEAD: &[u8] = b"\r\n\r\n";

/// Serves until standard input ends; prints the port.
pub(crate) fn run() -> Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    println!("{}", listener.local_addr()?.port());
    let vm: Arc<[u8]> = answer("200 OK", "application/xml;charset=UTF-8", &document::vm()).into();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let vm = vm.clone();
            // A client that goes away is no failure.
            std::thread::spawn(move || converse(stream, &vm));
        }
    });
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink())?;
    Ok(())
}

/// Answers the requests of one connection until the client closes it.
fn converse(mut stream: TcpStream, vm: &[u8]) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut received = Vec::new();
    let mut buffer = [0; 16 << 10];
    loop {
        while let Some((head, length)) = request(&received) {
            stream.write_all(&respond(&head, vm))?;
            received.drain(..length);
        }
        match stream.read(&mut buffer)? {
            0 => return Ok(()),
            count => received.extend(buffer.iter().take(count)),
        }
    }
}

/// The head of the first request, in lower case, and the length of the request with its body; `None` when more is to come.
fn request(received: &[u8]) -> Option<(String, usize)> {
    let end = received.windows(END_OF_HEAD.len()).position(|window| window == END_OF_HEAD)?;
    let head = String::from_utf8_lossy(received.get(..end)?).to_ascii_lowercase();
    let body = head.lines().find_map(|line| line.strip_prefix("content-length:")).map_or(Ok(0), |length| length.trim().parse());
    let length = end + END_OF_HEAD.len() + body.unwrap_or(0);
    (received.len() >= length).then_some((head, length))
}

fn respond<'a>(head: &str, vm: &'a [u8]) -> std::borrow::Cow<'a, [u8]> {
    if head.starts_with("delete /ovirt-engine/api/vms/") {
        return answer("200 OK", "application/xml;charset=UTF-8", "<action><status>complete</status></action>").into();
    }
    if let Some(path) = head.strip_prefix("get /ovirt-engine/api/vms/") {
        let missing = HEADERS.iter().find(|header| !head.contains(&format!("\r\n{header}")));
        return match missing {
            _ if !head.contains(&format!("\r\nauthorization: bearer {TOKEN}")) => {
                answer("401 Unauthorized", "text/plain", "another token").into()
            }
            Some(header) => answer("400 Bad Request", "text/plain", &format!("no `{header}`")).into(),
            None if path.split(' ').next() == Some(document::ID) => vm.into(),
            None => answer("404 Not Found", "text/plain", "another virtual machine").into(),
        };
    }
    if head.starts_with("post /ovirt-engine/sso/oauth/token ") {
        let token =
            format!(r#"{{"access_token":"{TOKEN}","scope":"ovirt-app-api","exp":"9223372036854775807","token_type":"bearer"}}"#);
        return answer("200 OK", "application/json", &token).into();
    }
    if head.starts_with("post /ovirt-engine/services/sso-logout ") {
        return answer("200 OK", "application/json", "{}").into();
    }
    answer("404 Not Found", "text/plain", "another path").into()
}

/// An answer with the headers that engines send.
fn answer(status: &str, content_type: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nDate: Wed, 01 May 2024 08:00:00 GMT\r\nServer: Apache\r\nContent-Type: {content_type}\r\n\
         Correlation-Id: 7d5a9a3c-6a59-4a42-9c39-3f1f0b1c2d3e\r\nX-Content-Type-Options: nosniff\r\nContent-Length: {length}\r\n\
         Keep-Alive: timeout=5, max=1000000\r\nConnection: Keep-Alive\r\n\r\n{body}"
    )
    .into_bytes()
}
