//! A document that can be changed, and written as JSON and as YAML.

use serde_json::Value;
use std::fmt::Write;

/// A value, with the fields of objects in their order.
#[derive(Clone, Debug)]
pub(super) enum Doc {
    /// A number or truth value.
    Plain(String),
    Text(String),
    List(Vec<Doc>),
    Object(Vec<(String, Doc)>),
}

pub(super) fn text(text: impl Into<String>) -> Doc {
    Doc::Text(text.into())
}

pub(super) fn flag(flag: bool) -> Doc {
    Doc::Plain(flag.to_string())
}

pub(super) fn texts<T: Into<String>>(items: impl IntoIterator<Item = T>) -> Doc {
    Doc::List(items.into_iter().map(text).collect())
}

pub(super) fn object<const N: usize>(fields: [(&str, Doc); N]) -> Doc {
    Doc::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

impl Doc {
    /// Adds a field.
    pub(super) fn with(mut self, name: &str, value: Doc) -> Doc {
        self.set(name, value);
        self
    }

    /// What stands below names, which must be there; a name is a field or the index of an item.
    pub(super) fn at(&mut self, path: &[&str]) -> &mut Doc {
        path.iter().fold(self, |doc, name| match doc {
            Doc::Object(fields) => fields.iter_mut().find(|(other, _)| other == name).map(|(_, doc)| doc).expect(name),
            Doc::List(items) => items.get_mut(name.parse::<usize>().expect(name)).expect(name),
            _ => panic!("{name} in {doc:?}"),
        })
    }

    /// Sets a field, at the end if there is none of that name.
    pub(super) fn set(&mut self, name: &str, value: Doc) {
        let Doc::Object(fields) = self else { panic!("{self:?}") };
        match fields.iter_mut().find(|(other, _)| other == name) {
            Some((_, old)) => *old = value,
            None => fields.push((name.to_owned(), value)),
        }
    }

    /// Removes a field that must be there.
    pub(super) fn remove(&mut self, name: &str) -> Doc {
        let Doc::Object(fields) = self else { panic!("{self:?}") };
        let position = fields.iter().position(|(other, _)| other == name).expect(name);
        fields.remove(position).1
    }

    /// Renames a field that must be there.
    pub(super) fn rename(&mut self, from: &str, to: &str) {
        let Doc::Object(fields) = self else { panic!("{self:?}") };
        fields.iter_mut().find(|(name, _)| name == from).expect(from).0 = to.to_owned();
    }

    /// Adds to a text.
    pub(super) fn append(&mut self, more: &str) {
        match self {
            Doc::Text(text) => text.push_str(more),
            other => panic!("{other:?}"),
        }
    }

    /// Adds an item to a list.
    pub(super) fn push(&mut self, item: Doc) {
        match self {
            Doc::List(items) => items.push(item),
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn json(&self) -> String {
        let mut out = String::new();
        self.write_json(&mut out, 0);
        out.push('\n');
        out
    }

    fn write_json(&self, out: &mut String, depth: usize) {
        let line = |out: &mut String, depth: usize| write!(out, "\n{:width$}", "", width = depth).expect("it is memory");
        match self {
            Doc::Plain(plain) => out.push_str(plain),
            Doc::Text(text) => out.push_str(&quoted(text)),
            Doc::List(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    out.push_str(if index > 0 { "," } else { "" });
                    line(out, depth + 1);
                    item.write_json(out, depth + 1);
                }
                out.push(']');
            }
            Doc::Object(fields) => {
                out.push('{');
                for (index, (name, value)) in fields.iter().enumerate() {
                    out.push_str(if index > 0 { "," } else { "" });
                    line(out, depth + 1);
                    out.push_str(&format!("{}: ", quoted(name)));
                    value.write_json(out, depth + 1);
                }
                out.push('}');
            }
        }
    }

    pub(super) fn yaml(&self) -> String {
        let mut out = String::new();
        self.write_yaml(&mut out, 0);
        out
    }

    /// Writes it behind a name or dash: on the same line if it is a scalar, else below.
    fn write_yaml(&self, out: &mut String, depth: usize) {
        let indent = |out: &mut String| out.push_str(&"  ".repeat(depth));
        match self {
            Doc::Plain(plain) => out.push_str(&format!(" {plain}\n")),
            Doc::Text(text) => out.push_str(&scalar(text, depth)),
            Doc::List(items) if items.is_empty() => out.push_str(" []\n"),
            Doc::Object(fields) if fields.is_empty() => out.push_str(" {}\n"),
            Doc::List(items) => {
                out.push('\n');
                for item in items {
                    indent(out);
                    out.push('-');
                    item.write_yaml(out, depth + 1);
                }
            }
            Doc::Object(fields) => {
                out.push('\n');
                for (name, value) in fields {
                    indent(out);
                    let plain = name.starts_with(|c: char| c.is_ascii_alphabetic()) && !name.contains(['?', '{', ':', ' ']);
                    out.push_str(&if plain { name.clone() } else { quoted(name) });
                    out.push(':');
                    value.write_yaml(out, depth + 1);
                }
            }
        }
    }
}

/// A text in one of the styles of YAML: plain, literal over several lines, or quoted.
fn scalar(text: &str, depth: usize) -> String {
    let indent = "  ".repeat(depth);
    let is_plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || " ._-".contains(c))
        && !text.ends_with(' ')
        && !["true", "false", "null"].contains(&text);
    let lines: Vec<&str> = text.split('\n').collect();
    if is_plain {
        format!(" {text}\n")
    } else if lines.len() > 1 && lines.iter().all(|line| !line.starts_with(' ') && !line.ends_with(' ')) {
        let lines = lines.into_iter().map(|line| if line.is_empty() { "\n".to_owned() } else { format!("{indent}{line}\n") });
        format!(" |-\n{}", lines.collect::<String>())
    } else {
        format!(" {}\n", quoted(text))
    }
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}
