//! What is served beside the API.

use crate::api::Options;
use crate::net::{Answer, full};

/// Page for those who have not signed in.
pub(crate) const UNAUTHORIZED: &str = "<html><head><title>Error</title></head><body>Unauthorized</body></html>";

/// Page for those whose session asks for more than a cookie.
pub(crate) const FORBIDDEN: &str = "<html><head><title>Error</title></head><body>Forbidden</body></html>";

const NOT_FOUND: &str = "<html><head><title>Error</title></head><body>404 - Not Found</body></html>";

/// Answers a request that is none to the API and none to sign in.
pub(crate) fn answer(path: &str, query: &str, ca_pem: Option<&str>) -> Answer {
    let query = Options::read(query, "");
    match (path, ca_pem) {
        ("/ovirt-engine/services/health", _) => full(200, "text/html;charset=UTF-8", "DB Up!Welcome to Health Status!"),
        ("/ca.crt", Some(pem)) => certificate(pem),
        ("/ovirt-engine/services/pki-resource", Some(pem)) if query.text("resource") == Some("ca-certificate") => {
            certificate(pem)
        }
        _ => full(404, "text/html;charset=UTF-8", NOT_FOUND),
    }
}

fn certificate(pem: &str) -> Answer {
    full(200, "application/x-x509-ca-cert", pem.to_owned())
}
