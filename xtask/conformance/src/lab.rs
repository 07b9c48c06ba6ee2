//! The server and a connection to it, for all records that need no connection of their own.

use crate::canonical;
use crate::kinds::Kind;
use crate::rows::CannedAnswer;
use crate::server::Server;
use serde_json::Value;
use std::collections::BTreeMap;
use virt_sdk::Retry;
use virt_sdk::ovirt::Connection;
use virt_sdk::table_access;

/// The token that clients have in the records.
const TOKEN: &str = "TOKEN1";
/// The URL that clients have in the records.
const URL: &str = "http://HOST:PORT/ovirt-engine/api";
/// Where documents to read stand.
const DOCUMENT: &str = "/ovirt-engine/api/document";

/// A server, and a connection to it that has a token.
pub(crate) struct Lab {
    /// The server.
    pub(crate) server: Server,
    /// The connection.
    pub(crate) connection: Connection,
}

impl Lab {
    /// Starts the server.
    pub(crate) async fn new() -> Result<Self, String> {
        let server = Server::start().await?;
        let connection = Connection::builder(server.addressed(URL)).token(TOKEN).retry(Retry::none()).build();
        let connection = connection.map_err(|error| format!("the connection cannot be made: {error}"))?;
        Ok(Self { server, connection })
    }

    /// Lets the SDK read a document as an object of that kind, or as a list of them.
    pub(crate) async fn read(&self, text: &str, kind: &Kind, list: bool) -> virt_sdk::Result<Value> {
        // As an answer it is a failure, whatever was asked for.
        if kind.name == "Fault" && !list {
            let mut fault = (kind.make)();
            return table_access::xml::read(text, &mut *fault).map(|()| canonical::record(&*fault));
        }
        self.server.load(&[], &[xml(200, text)]);
        let follow = if list { kind.follow_list } else { kind.follow };
        follow(&self.connection, DOCUMENT).await
    }
}

/// An answer with a document.
pub(crate) fn xml(status: u16, text: &str) -> CannedAnswer {
    let headers = BTreeMap::from([("Content-Type".to_owned(), "application/xml;charset=UTF-8".to_owned())]);
    CannedAnswer { status, headers, body: text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calls::KINDS;

    #[tokio::test]
    async fn every_type_can_be_read() {
        let lab = Lab::new().await.expect("the server starts");
        for kind in KINDS {
            let table = (kind.make)().table();
            assert_eq!(kind.name, table.name);
            let object = format!("<{} href=\"/x\"/>", table.element);
            let value = lab.read(&object, kind, false).await.expect("it is read");
            assert_eq!((value["$struct"].as_str(), value["$href"].as_str()), (Some(kind.name), Some("/x")));
            let list = format!("<{}>{object}</{}>", table.list_element, table.list_element);
            let value = lab.read(&list, kind, true).await.expect("it is read");
            assert_eq!(value["$list"].as_array().map(Vec::len), Some(1), "{}", kind.name);
        }
    }
}
