//! A small HTTP client: one GET at a time, without redirects.

use super::trust::Trust;
use http_body_util::Empty;
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{HOST, USER_AGENT};
use hyper::{Request, Response, Uri};
use hyper_util::rt::TokioIo;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

/// How long a connection may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why nothing can be fetched.
#[derive(Debug)]
pub(super) enum Failure {
    /// The certificate of the server is not good.
    Untrusted,
    /// Anything else.
    Other(String),
}

/// Asks for what is at a URI.
///
/// # Errors
///
/// That there is no connection, or no answer over it.
pub(super) async fn get(uri: &str, trust: Trust) -> Result<Response<Incoming>, Failure> {
    let other = |text: String| Failure::Other(format!("{} cannot be fetched: {text}", shown(uri)));
    let parsed: Uri = uri.parse().map_err(|error| other(format!("{error}")))?;
    let authority = parsed.authority().ok_or_else(|| other("it names no host".to_owned()))?.clone();
    let is_tls = parsed.scheme_str().is_some_and(|scheme| scheme.eq_ignore_ascii_case("https"));
    let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
    let port = authority.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
    let connecting = tokio::time::timeout(PATIENCE, TcpStream::connect((host.as_str(), port)));
    let stream = connecting.await.map_err(|_| other("the host does not answer".to_owned()))?;
    let stream = stream.map_err(|error| other(error.to_string()))?;
    let path = parsed.path_and_query().map_or("/", |path| path.as_str());
    let request = Request::get(path).header(HOST, authority.as_str()).header(USER_AGENT, "virt-simulator");
    let request = request.body(Empty::<Bytes>::new()).map_err(|error| other(error.to_string()))?;
    if !is_tls {
        return send(stream, request).await.map_err(|error| other(error.to_string()));
    }
    let config = trust.config().map_err(|error| other(error.to_string()))?;
    let name = ServerName::try_from(host).map_err(|error| other(error.to_string()))?;
    let shaking = tokio::time::timeout(PATIENCE, TlsConnector::from(Arc::new(config)).connect(name, stream));
    let stream = shaking.await.map_err(|_| other("the host does not answer".to_owned()))?;
    // Other failures of a handshake are about the certificate too, nearly always.
    let stream = stream.map_err(|_| Failure::Untrusted)?;
    send(stream, request).await.map_err(|error| other(error.to_string()))
}

/// A URI for messages: without what can let somebody in.
pub(super) fn shown(uri: &str) -> String {
    let uri = uri.split(['?', '#']).next().unwrap_or_default();
    let Some((scheme, rest)) = uri.split_once("://") else { return uri.to_owned() };
    let (authority, path) = rest.split_once('/').map_or((rest, ""), |(authority, path)| (authority, path));
    let host = authority.rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{host}/{path}")
}

async fn send(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Empty<Bytes>>,
) -> hyper::Result<Response<Incoming>> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // It ends with the body of the answer; its failures show there.
    tokio::spawn(connection);
    sender.send_request(request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_show_no_secrets() {
        for (uri, expected) in [
            ("http://user:pass@host:80/a/b?token=x#y", "http://host:80/a/b"),
            ("https://host", "https://host/"),
            ("ds:///vmfs/volumes/a", "ds:///vmfs/volumes/a"),
            ("nonsense", "nonsense"),
        ] {
            assert_eq!(shown(uri), expected);
        }
    }
}
