//! The form of documents that is compared: white space between elements and the order of siblings with
//! different names do not count, and equal numbers and dates have the same text.

use roxmltree::{Document, Node};
use virt_sdk::DateTime;

/// The document with one element, attribute or text in each line.
pub(crate) fn normal(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        return Ok(String::new());
    }
    let document = Document::parse(text).map_err(|error| format!("not a document: {error}"))?;
    let mut out = String::new();
    write(document.root_element(), 0, &mut out);
    Ok(out)
}

fn write(element: Node<'_, '_>, depth: usize, out: &mut String) {
    let indent = "  ".repeat(depth);
    let mut attributes: Vec<String> =
        element.attributes().map(|attribute| format!(" {}={:?}", attribute.name(), attribute.value())).collect();
    attributes.sort();
    out.push_str(&format!("{indent}{}{}", element.tag_name().name(), attributes.concat()));
    let mut children: Vec<Node<'_, '_>> = element.children().filter(Node::is_element).collect();
    let texts = element.children().filter(Node::is_text).filter_map(|text| text.text());
    let text: String = texts.filter(|text| children.is_empty() || !text.trim().is_empty()).collect();
    if !text.is_empty() {
        out.push_str(&format!(" {:?}", value(&text)));
    }
    out.push('\n');
    children.sort_by_key(|child| child.tag_name().name());
    for child in children {
        write(child, depth + 1, out);
    }
}

/// Decimals and dates can be written in several ways.
fn value(text: &str) -> String {
    if let Some(number) = text.parse::<f64>().ok().filter(|_| text.contains(['.', 'e', 'E'])) {
        return format!("{number:?}");
    }
    text.parse().map_or_else(|_| text.to_owned(), |time: DateTime| time.to_string())
}

#[cfg(test)]
mod tests {
    use super::normal;

    #[test]
    fn what_does_not_count() {
        for (one, other) in [
            ("<vm>\n  <name>n</name>\n</vm>\n", "<vm><name>n</name></vm>"),
            ("<vm><a>1</a><b/></vm>", "<vm><b></b><a>1</a></vm>"),
            ("<vm id='1' href='h'/>", "<vm href=\"h\" id=\"1\"/>"),
            ("<d>1e+22</d>", "<d>1e22</d>"),
            ("<t>2024-02-29T12:34:56.789000+00:00</t>", "<t>2024-02-29T12:34:56.789Z</t>"),
            ("", "\n"),
        ] {
            assert_eq!(normal(one), normal(other));
        }
    }

    #[test]
    fn what_counts() {
        for (one, other) in [
            ("<vm><name>n</name></vm>", "<vm><name>n </name></vm>"),
            ("<vm><a>1</a><a>2</a></vm>", "<vm><a>2</a><a>1</a></vm>"),
            ("<vm id='1'/>", "<vm><id>1</id></vm>"),
            ("<n>007</n>", "<n>7</n>"),
            ("<t>2024-02-29T12:34:56</t>", "<t>2024-02-29T12:34:56Z</t>"),
            ("<vm/>", ""),
        ] {
            assert_ne!(normal(one), normal(other));
        }
        assert!(normal("<vm>").is_err());
    }
}
