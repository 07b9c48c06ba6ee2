//! A description in YAML.

use super::node::{DEEPEST, Node, Value};
use model::published::{Text, fault_at};
use model::{Document, Fault};
use saphyr_parser::{Event, Marker, Parser, ScalarStyle};

/// Parses a text that must hold one value, without anchors.
pub(super) fn parse(source: &Document) -> Result<Node, Fault> {
    let mut builder = Builder { source, lines: Lines::new(&source.text), open: Vec::new(), root: None };
    for event in Parser::new_from_str(&source.text) {
        let (event, span) = event.map_err(|error| {
            let at = builder.lines.offset(error.marker());
            fault_at(source, at, format!("malformed YAML: {}; get the description again, whole", error.info()))
        })?;
        builder.take(event, &span.start)?;
    }
    builder.root.ok_or_else(|| fault_at(source, 0, "the text is empty; give an OpenAPI document"))
}

/// A list or object that has not ended yet.
enum Open {
    List { at: usize, items: Vec<Node> },
    Object { at: usize, fields: Vec<(Text, Node)>, name: Option<Text> },
}

struct Builder<'a> {
    source: &'a Document,
    lines: Lines<'a>,
    open: Vec<Open>,
    root: Option<Node>,
}

impl Builder<'_> {
    fn take(&mut self, event: Event<'_>, start: &Marker) -> Result<(), Fault> {
        let at = self.lines.offset(start);
        match event {
            Event::Scalar(text, style, ..) => {
                let is_null = style == ScalarStyle::Plain && matches!(&*text, "" | "~" | "null" | "Null" | "NULL");
                let value = if is_null { Value::Null } else { Value::Text(text.into_owned()) };
                self.close(Node { at, value })
            }
            Event::SequenceStart(..) => self.begin(at, Open::List { at, items: Vec::new() }),
            Event::MappingStart(..) => self.begin(at, Open::Object { at, fields: Vec::new(), name: None }),
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(Open::List { at, items }) => self.close(Node { at, value: Value::List(items) }),
                Some(Open::Object { at, fields, .. }) => self.close(Node::object(self.source, at, fields)?),
                None => Ok(()),
            },
            Event::Alias(_) => Err(fault_at(self.source, at, "an alias; write out what it stands for")),
            _ => Ok(()),
        }
    }

    fn begin(&mut self, at: usize, open: Open) -> Result<(), Fault> {
        if self.open.len() > DEEPEST {
            let message = format!("more than {DEEPEST} values in one another; descriptions have fewer");
            return Err(fault_at(self.source, at, message));
        }
        self.open.push(open);
        Ok(())
    }

    /// Puts a whole value where it belongs.
    fn close(&mut self, node: Node) -> Result<(), Fault> {
        match self.open.last_mut() {
            None if self.root.is_some() => {
                return Err(fault_at(self.source, node.at, "a second document; the text must hold one"));
            }
            None => self.root = Some(node),
            Some(Open::List { items, .. }) => items.push(node),
            Some(Open::Object { fields, name, .. }) => match (name.take(), node) {
                (Some(name), node) => fields.push((name, node)),
                (None, Node { at, value: Value::Text(text) }) => *name = Some(Text { text, at }),
                (None, node) => return Err(fault_at(self.source, node.at, "the name of a field must be text")),
            },
        }
        Ok(())
    }
}

/// Where lines start, to find byte offsets: the parser counts lines and characters.
struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(end, _)| end + 1));
        Self { text, starts: starts.collect() }
    }

    fn offset(&self, marker: &Marker) -> usize {
        let line = marker.line().checked_sub(1).and_then(|line| self.starts.get(line)).copied();
        let start = line.unwrap_or(self.text.len());
        let rest = self.text.get(start..).unwrap_or_default();
        start + rest.char_indices().nth(marker.col()).map_or(rest.len(), |(offset, _)| offset)
    }
}
