//! The readable part of a body that is not what the API would send: an error page, most of all.

/// How much of a body is looked at, in bytes.
const LOOKED_AT: usize = 16 * 1024;

/// How long an excerpt is at most, in bytes.
const LONGEST: usize = 2 * 1024;

/// What a body says, without markup and control characters; `None` when that is nothing.
pub(super) fn of(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(body.get(..LOOKED_AT).unwrap_or(body));
    let is_markup = text.trim_start().starts_with('<');
    let text = if is_markup { without_markup(&text) } else { text.into_owned() };
    let words: Vec<&str> =
        text.split(|char: char| char.is_whitespace() || char.is_control()).filter(|word| !word.is_empty()).collect();
    Some(cut(&words.join(" "), LONGEST).to_owned()).filter(|excerpt| !excerpt.is_empty())
}

/// The beginning of a text, of so many bytes at most.
pub(super) fn cut(text: &str, longest: usize) -> &str {
    let end = (0..=longest.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or_default()).unwrap_or_default()
}

/// The text between tags, but for scripts, styles and comments.
fn without_markup(html: &str) -> String {
    let lower = html.to_ascii_lowercase();
    let mut text = String::new();
    let mut at = 0;
    while let Some((before, tag)) = html.get(at..).and_then(|rest| rest.split_once('<')) {
        text.push_str(before);
        text.push(' ');
        let start = html.len() - tag.len();
        let tag = lower.get(start..).unwrap_or_default();
        let hidden = [("script", "</script>"), ("style", "</style>"), ("!--", "-->")];
        let end = hidden.iter().find(|(begin, _)| tag.starts_with(begin)).map_or(">", |(_, end)| end);
        at = tag.find(end).map_or(html.len(), |position| start + position + end.len());
    }
    text.push_str(html.get(at..).unwrap_or_default());
    let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&nbsp;", " "), ("&amp;", "&")];
    entities.iter().fold(text, |text, (entity, char)| text.replace(entity, char))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_become_their_text() {
        let page = "<!DOCTYPE html><html><head><title>503 Service\nUnavailable</title><style>p { a: b }</style>\
                    <script>alert('<p>no</p>')</script></head><!-- <p>hidden</p> --><body><h1>Sorry</h1><p>a &lt;b&gt; &amp; c\u{7}</p>";
        assert_eq!(of(page.as_bytes()).as_deref(), Some("503 Service Unavailable Sorry a <b> & c"));
        assert_eq!(of(b"bad gateway\r\n\0").as_deref(), Some("bad gateway"));
        assert_eq!(of(b"<p"), None);
        assert_eq!(of(b""), None);
    }

    #[test]
    fn long_bodies_are_cut_between_characters() {
        let excerpt = of("ä".repeat(9000).as_bytes()).expect("there is text");
        assert_eq!(excerpt.len(), LONGEST);
    }
}
