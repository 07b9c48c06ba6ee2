//! Where requests begin in what a client sends, for a proxy that answers some of them itself.

use std::borrow::Cow;

/// A head that is longer is none.
const LONGEST_HEAD: usize = 64 * 1024;

/// What follows in what a client sends.
pub(super) enum Part<'a> {
    /// Bytes for the server.
    Bytes(Cow<'a, [u8]>),
    /// A request ended that the server is not to see: its answer.
    Answer(Vec<u8>),
}

/// Splits what a client sends, on one connection. Whatever is not plain HTTP, or does not say its length, passes
/// unread from there on.
pub(super) struct RequestHeads(Place);

enum Place {
    /// In a head, of which this is there.
    Head(Vec<u8>),
    /// In a body of which so many bytes are left, with the answer if the server is not to see it.
    Body(u64, Option<Vec<u8>>),
    /// In what is not read.
    Unread,
}

impl Default for RequestHeads {
    fn default() -> Self {
        Self(Place::Head(Vec::new()))
    }
}

impl RequestHeads {
    /// Takes the next part from the bytes; nothing once they are used up. Whole heads are asked for their answer.
    pub(super) fn next<'a>(&mut self, bytes: &mut &'a [u8], answer: impl Fn(&str) -> Option<Vec<u8>>) -> Option<Part<'a>> {
        loop {
            match &mut self.0 {
                Place::Body(0, answer) => {
                    let answer = answer.take();
                    self.0 = Place::Head(Vec::new());
                    if let Some(answer) = answer {
                        return Some(Part::Answer(answer));
                    }
                }
                _ if bytes.is_empty() => return None,
                Place::Unread => return Some(Part::Bytes(Cow::Borrowed(std::mem::take(bytes)))),
                Place::Body(left, answer) => {
                    let length = bytes.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                    let (body, rest) = bytes.split_at(length);
                    *left -= length as u64;
                    *bytes = rest;
                    if answer.is_none() {
                        return Some(Part::Bytes(Cow::Borrowed(body)));
                    }
                }
                Place::Head(head) => {
                    let before = head.len();
                    head.extend_from_slice(bytes);
                    // Its end may have begun before.
                    let from = before.saturating_sub(3);
                    if !head[0].is_ascii_uppercase() || head.len() > LONGEST_HEAD {
                        *bytes = &[];
                        let head = std::mem::take(head);
                        self.0 = Place::Unread;
                        return Some(Part::Bytes(Cow::Owned(head)));
                    } else if let Some(end) = head[from..].windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                        head.truncate(from + end + 4);
                        *bytes = &bytes[head.len() - before..];
                        let head = std::mem::take(head);
                        let (place, part) = after(head, &answer);
                        self.0 = place;
                        if part.is_some() {
                            return part;
                        }
                    } else {
                        *bytes = &[];
                    }
                }
            }
        }
    }

    /// What was kept of a head that did not end.
    pub(super) fn rest(self) -> Vec<u8> {
        match self.0 {
            Place::Head(head) => head,
            _ => Vec::new(),
        }
    }
}

/// What follows a head, and what of it is for the server.
fn after<'a>(head: Vec<u8>, answer: impl Fn(&str) -> Option<Vec<u8>>) -> (Place, Option<Part<'a>>) {
    let text = String::from_utf8_lossy(&head);
    let header = |name: &str| {
        let lines = text.lines().filter_map(|line| line.split_once(':'));
        lines.filter(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned()).next()
    };
    let has_length = header("transfer-encoding").is_none();
    let length = header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    match answer(&text) {
        Some(answer) if has_length => (Place::Body(length, Some(answer)), None),
        _ if has_length => (Place::Body(length, None), Some(Part::Bytes(Cow::Owned(head)))),
        _ => (Place::Unread, Some(Part::Bytes(Cow::Owned(head)))),
    }
}
