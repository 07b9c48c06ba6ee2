//! Pull parser over a document in memory: elements, their attributes and text, nothing else.

use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::events::attributes::Attribute;
use quick_xml::events::{BytesRef, BytesStart, Event};
use std::borrow::Cow;
use std::fmt;

/// How deep elements may be nested. Decoding, comparing and dropping recurse as deep.
const MAX_DEPTH: usize = 128;

/// Where and why a document could not be read.
#[derive(Debug)]
pub(crate) struct XmlError {
    line: usize,
    column: usize,
    message: String,
    /// Whether more text could make it right.
    incomplete: bool,
}

impl XmlError {
    pub(crate) fn not_utf8() -> Self {
        Self { line: 1, column: 1, message: "the text is not UTF-8".to_owned(), incomplete: false }
    }

    pub(crate) fn is_incomplete(&self) -> bool {
        self.incomplete
    }
}

impl fmt::Display for XmlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.message)
    }
}

impl std::error::Error for XmlError {}

pub(crate) type Result<T> = std::result::Result<T, XmlError>;

/// Start tag of an element.
pub(super) struct Start<'a> {
    tag: BytesStart<'a>,
    /// Whether it is an empty-element tag, `<x/>`.
    pub(super) empty: bool,
}

impl Start<'_> {
    /// Name with its prefix, if any: prefixed names belong to other vocabularies, and match nothing.
    pub(super) fn name(&self) -> &str {
        self.tag.name().into_inner()
    }
}

/// Value of an attribute as it was written. Most are never looked at: making text of them would be waste.
pub(super) struct AttributeValue<'s>(Attribute<'s>);

pub(super) struct Source<'a> {
    text: &'a str,
    reader: Reader<&'a [u8]>,
    depth: usize,
}

impl<'a> Source<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, reader: Reader::from_str(text), depth: 0 }
    }

    /// Starts within an element whose start tag was read before.
    pub(super) fn within(text: &'a str) -> Self {
        let mut source = Self::new(text);
        source.depth = 1;
        source.reader.config_mut().allow_unmatched_ends = true;
        source
    }

    /// How much of the text is read, in bytes.
    pub(super) fn position(&self) -> usize {
        usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX).min(self.text.len())
    }

    /// The next child of the element that is open, or `None` once its end was read.
    ///
    /// Text between children means nothing and is passed over.
    pub(super) fn child(&mut self) -> Result<Option<Start<'a>>> {
        loop {
            match self.event()? {
                Event::Start(tag) => {
                    self.depth += 1;
                    if self.depth > MAX_DEPTH {
                        return Err(self.error(format!("elements are nested more than {MAX_DEPTH} deep")));
                    }
                    return Ok(Some(Start { tag, empty: false }));
                }
                Event::Empty(tag) => return Ok(Some(Start { tag, empty: true })),
                Event::End(_) => {
                    self.depth = self.depth.saturating_sub(1);
                    return Ok(None);
                }
                Event::Eof if self.depth == 0 => return Ok(None),
                Event::Eof => return Err(self.cut_off()),
                Event::Text(text) if self.depth == 0 && !text.xml10_content().trim().is_empty() => {
                    return Err(self.error("there is text outside of the root element".to_owned()));
                }
                Event::DocType(_) => return Err(self.error("a document type is not allowed".to_owned())),
                _ => {}
            }
        }
    }

    /// Makes sure that nothing but comments follows the root element.
    pub(super) fn end(&mut self) -> Result<()> {
        match self.child()? {
            None => Ok(()),
            Some(start) => Err(self.error(format!("there is a second root element, `<{}>`", start.name()))),
        }
    }

    /// Passes over the rest of an element.
    pub(super) fn skip(&mut self, start: &Start<'_>) -> Result<()> {
        if start.empty {
            return Ok(());
        }
        self.depth = self.depth.saturating_sub(1);
        match self.reader.read_to_end(start.tag.name()) {
            Ok(_) => Ok(()),
            Err(error) => Err(self.malformed(&error)),
        }
    }

    /// The text of an element, without what stands in its children; `None` for `<x/>`.
    ///
    /// Most texts are one piece of the document, and are not copied here.
    pub(super) fn text(&mut self, start: &Start<'_>) -> Result<Option<Cow<'a, str>>> {
        if start.empty {
            return Ok(None);
        }
        let mut text = Cow::Borrowed("");
        loop {
            match self.event()? {
                Event::Text(part) => append(&mut text, part.xml10_content()),
                Event::CData(part) => append(&mut text, part.xml10_content()),
                Event::GeneralRef(entity) => text.to_mut().push(self.character(&entity)?),
                Event::Start(tag) => {
                    self.depth += 1;
                    self.skip(&Start { tag, empty: false })?;
                }
                Event::End(_) => {
                    self.depth = self.depth.saturating_sub(1);
                    return Ok(Some(text));
                }
                Event::Eof => return Err(self.cut_off()),
                _ => {}
            }
        }
    }

    /// Calls `read` with each attribute.
    pub(super) fn attributes<'s>(
        &self,
        start: &'s Start<'_>,
        mut read: impl FnMut(&str, AttributeValue<'s>) -> Result<()>,
    ) -> Result<()> {
        for attribute in start.tag.attributes() {
            let attribute = attribute.map_err(|error| self.error(format!("malformed attribute: {error}")))?;
            read(attribute.key.into_inner(), AttributeValue(attribute))?;
        }
        Ok(())
    }

    /// The text of an attribute.
    pub(super) fn attribute_text<'s>(&self, value: &AttributeValue<'s>) -> Result<Cow<'s, str>> {
        let text = value.0.normalized_value(XmlVersion::Explicit1_0);
        text.map_err(|error| self.error(format!("malformed attribute: {error}")))
    }

    fn cut_off(&self) -> XmlError {
        XmlError { incomplete: true, ..self.error("the document ends within an element".to_owned()) }
    }

    /// An error at the place that was read last.
    pub(super) fn error(&self, message: String) -> XmlError {
        self.error_at(self.reader.buffer_position(), message)
    }

    fn event(&mut self) -> Result<Event<'a>> {
        match self.reader.read_event() {
            Ok(event) => Ok(event),
            Err(error) => Err(self.malformed(&error)),
        }
    }

    /// One of the five entities of XML, or a character by number. Others would have to be declared,
    /// which documents here cannot.
    fn character(&self, entity: &BytesRef<'_>) -> Result<char> {
        match entity.resolve_char_ref() {
            Ok(Some(character)) => return Ok(character),
            Ok(None) => {}
            Err(error) => return Err(self.malformed(&error)),
        }
        match &*entity.xml10_content() {
            "lt" => Ok('<'),
            "gt" => Ok('>'),
            "amp" => Ok('&'),
            "apos" => Ok('\''),
            "quot" => Ok('"'),
            name => Err(self.error(format!("the entity `&{name};` is not known"))),
        }
    }

    fn malformed(&self, error: &quick_xml::Error) -> XmlError {
        use quick_xml::Error::{IllFormed, Syntax};
        use quick_xml::errors::IllFormedError::{MissingEndTag, UnclosedReference};
        let incomplete = matches!(error, Syntax(_) | IllFormed(MissingEndTag(_) | UnclosedReference));
        XmlError { incomplete, ..self.error_at(self.reader.error_position(), format!("malformed XML: {error}")) }
    }

    fn error_at(&self, offset: u64, message: String) -> XmlError {
        let offset = usize::try_from(offset).unwrap_or(usize::MAX).min(self.text.len());
        let before = self.text.as_bytes().get(..offset).map(String::from_utf8_lossy).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = before.matches('\n').count() + 1;
        XmlError { line, column: before[line_start..].chars().count() + 1, message, incomplete: false }
    }
}

fn append<'a>(text: &mut Cow<'a, str>, part: Cow<'a, str>) {
    if text.is_empty() {
        *text = part;
    } else {
        text.to_mut().push_str(&part);
    }
}
