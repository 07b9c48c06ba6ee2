//! Comparison of requests.

use crate::compare::{Difference, texts};
use crate::rows::Request;
use crate::server::Received;
use crate::xml;
use percent_encoding::percent_decode_str;
use std::collections::BTreeSet;

/// Headers that a request must have, or not have, as recorded.
const HEADERS: &[&str] = &["version", "accept", "content-type", "authorization", "all-content"];

/// Headers that tell the client, or are a matter of the transport.
const IGNORED: &[&str] = &["user-agent", "accept-encoding", "host", "content-length", "connection"];

/// Kind of content of forms.
const FORM: &str = "application/x-www-form-urlencoded";

/// Compares all requests of a record, in order.
pub(crate) fn compare_all(recorded: &[Request], ours: &[Received]) -> Vec<Difference> {
    if recorded.len() != ours.len() {
        let recorded: Vec<String> =
            recorded.iter().map(|request| format!("{} {}\n", request.http_method, request.path)).collect();
        let ours: Vec<String> = ours.iter().map(|request| format!("{} {}\n", request.method, request.path)).collect();
        return vec![Difference::new("requests", recorded.concat(), ours.concat())];
    }
    recorded.iter().zip(ours).flat_map(|(recorded, ours)| compare(recorded, ours)).collect()
}

/// Compares two requests.
fn compare(recorded: &Request, ours: &Received) -> Vec<Difference> {
    let mut differences: Vec<Difference> = texts("method", &recorded.http_method, &ours.method).into_iter().collect();
    if segments(&recorded.path) != segments(&ours.path) {
        differences.push(Difference::new("path", &recorded.path, &ours.path));
    }
    let mut pairs = recorded.query.clone();
    pairs.sort();
    differences.extend(texts("query", &lines(&pairs), &lines(&form(&ours.query))));
    differences.extend(headers(recorded, ours));
    differences.extend(bodies(recorded, ours));
    differences
}

fn headers(recorded: &Request, ours: &Received) -> Vec<Difference> {
    let recorded: Vec<(String, &String)> =
        recorded.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect();
    let mut names: BTreeSet<&str> = HEADERS.iter().copied().collect();
    names.extend(recorded.iter().map(|(name, _)| name.as_str()).filter(|name| !IGNORED.contains(name)));
    names.extend(ours.headers.keys().map(String::as_str).filter(|name| name.starts_with("x-")));
    let shown = |value: Option<&String>| value.map_or_else(|| "none".to_owned(), |value| format!("{value:?}"));
    names
        .into_iter()
        .filter_map(|name| {
            let recorded = recorded.iter().find(|(other, _)| other == name).map(|(_, value)| *value);
            texts(&format!("header {name}"), &shown(recorded), &shown(ours.headers.get(name)))
        })
        .collect()
}

fn bodies(recorded: &Request, ours: &Received) -> Option<Difference> {
    if ours.headers.get("content-type").is_some_and(|value| value == FORM) {
        return texts("body", &lines(&form(&recorded.body)), &lines(&form(&ours.body)));
    }
    match (xml::normal(&recorded.body), xml::normal(&ours.body)) {
        (Ok(normal), Ok(other)) => texts("body", &normal, &other),
        (Err(problem), _) => Some(Difference::malformed(format!("the recorded body is {problem}"))),
        (_, Err(problem)) => Some(Difference::new("body", &recorded.body, format!("{problem}\n{}", ours.body))),
    }
}

/// What stands between the slashes, decoded.
fn segments(path: &str) -> Vec<Vec<u8>> {
    path.split('/').map(|segment| percent_decode_str(segment).collect()).collect()
}

/// Pairs of a query or form, decoded and sorted: their order does not count.
fn form(text: &str) -> Vec<(String, String)> {
    let mut pairs: Vec<(String, String)> = form_urlencoded::parse(text.as_bytes()).into_owned().collect();
    pairs.sort();
    pairs
}

fn lines(pairs: &[(String, String)]) -> String {
    pairs.iter().map(|(name, value)| format!("{name}={value}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn recorded() -> Request {
        let value = json!({
            "http_method": "GET", "path": "/api/vms/a%20b", "query": [["search", "a b"], ["max", "1"]],
            "headers": { "Version": "4", "Accept": "application/xml", "User-Agent": "other" }, "body": "",
        });
        serde_json::from_value(value).expect("a request")
    }

    fn ours() -> Received {
        let headers = [("version", "4"), ("accept", "application/xml"), ("user-agent", "ours"), ("host", "h")];
        Received {
            method: "GET".to_owned(),
            path: "/api/vms/a%20b".to_owned(),
            query: "max=1&search=a+b".to_owned(),
            headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            body: String::new(),
        }
    }

    fn aspects(ours: &Received) -> Vec<String> {
        compare_all(&[recorded()], std::slice::from_ref(ours)).into_iter().map(|difference| difference.aspect).collect()
    }

    #[test]
    fn the_same_request() {
        assert_eq!(aspects(&ours()), [] as [&str; 0]);
    }

    #[test]
    fn every_part_counts() {
        assert_eq!(aspects(&Received { method: "PUT".to_owned(), ..ours() }), ["method"]);
        assert_eq!(aspects(&Received { path: "/api/vms/a/b".to_owned(), ..ours() }), ["path"]);
        assert_eq!(aspects(&Received { query: "search=a+b".to_owned(), ..ours() }), ["query"]);
        assert_eq!(aspects(&Received { body: "<vm/>".to_owned(), ..ours() }), ["body"]);
        let mut more = ours();
        more.headers.insert("all-content".to_owned(), "true".to_owned());
        more.headers.remove("version");
        assert_eq!(aspects(&more), ["header all-content", "header version"]);
    }

    #[test]
    fn the_number_of_requests_counts() {
        let differences = compare_all(&[recorded()], &[]);
        assert_eq!(differences, [Difference::new("requests", "GET /api/vms/a%20b\n", "")]);
    }
}
