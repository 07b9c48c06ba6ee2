//! A list, item by item, from a document that arrives in pieces. Without input or output of its own.

use super::read::read_into;
use super::source::{Result, Source, XmlError};
use crate::core::table::{Record, Table};

/// Reads the items of a list while the document arrives.
pub(crate) struct ListDecoder {
    table: &'static Table,
    /// What has arrived and is not forgotten yet.
    text: String,
    /// How much of `text` is read.
    read: usize,
    /// The beginning of a character that a piece ended in.
    cut: Vec<u8>,
    /// How much there was to read when it was too little for an item.
    too_little: usize,
    ended: bool,
    place: Place,
}

#[derive(Clone, Copy, PartialEq)]
enum Place {
    BeforeRoot,
    Within,
    After,
}

/// What came of trying to read an item.
#[derive(Debug, PartialEq)]
pub(crate) enum Step {
    /// The record was filled.
    Item,
    /// More must arrive first; the record is not fit for use.
    Starved,
    /// The list has ended.
    End,
    /// The document has ended without an element.
    NoRoot,
    /// The root element is another one.
    OtherRoot(String),
}

impl ListDecoder {
    /// A decoder of a list of objects with that table.
    pub(crate) fn new(table: &'static Table) -> Self {
        let place = Place::BeforeRoot;
        Self { table, text: String::new(), read: 0, cut: Vec::new(), too_little: 0, ended: false, place }
    }

    /// Takes a piece of the document.
    pub(crate) fn push(&mut self, piece: &[u8]) -> Result<()> {
        self.text.drain(..self.read);
        self.read = 0;
        self.cut.extend_from_slice(piece);
        let bytes = std::mem::take(&mut self.cut);
        match std::str::from_utf8(&bytes) {
            Ok(text) => self.text.push_str(text),
            Err(error) if error.error_len().is_none() => {
                let (whole, cut) = bytes.split_at(error.valid_up_to());
                self.text.push_str(std::str::from_utf8(whole).unwrap_or_default());
                self.cut = cut.to_vec();
            }
            Err(_) => return Err(XmlError::not_utf8()),
        }
        Ok(())
    }

    /// Says that no more will arrive.
    pub(crate) fn end(&mut self) -> Result<()> {
        self.ended = true;
        if self.cut.is_empty() { Ok(()) } else { Err(XmlError::not_utf8()) }
    }

    /// What has arrived and is not read yet.
    pub(crate) fn rest(&self) -> &str {
        self.text.get(self.read..).unwrap_or_default()
    }

    /// Reads the next item into a record that has nothing set.
    pub(crate) fn next(&mut self, record: &mut dyn Record) -> Result<Step> {
        // An item longer than the pieces would else be read from its start with every one of them.
        if !self.ended && self.rest().len() < self.too_little + self.too_little / 8 {
            return Ok(Step::Starved);
        }
        self.too_little = 0;
        loop {
            let (place, step, read) = match self.step(record) {
                Ok(found) => found,
                Err(error) if error.is_incomplete() && !self.ended => (self.place, Some(Step::Starved), 0),
                Err(error) => return Err(error),
            };
            self.place = place;
            self.read += read;
            match step {
                None => {}
                Some(Step::Starved) if !self.ended => {
                    self.too_little = self.rest().len();
                    return Ok(Step::Starved);
                }
                Some(Step::Starved) => return Ok(Step::NoRoot),
                Some(step) => return Ok(step),
            }
        }
    }

    /// Reads one element: where the decoder is then, what came of it, and how much was read.
    fn step(&self, record: &mut dyn Record) -> Result<(Place, Option<Step>, usize)> {
        let mut source = match self.place {
            Place::BeforeRoot => Source::new(self.rest()),
            Place::Within => Source::within(self.rest()),
            Place::After => return Ok((Place::After, Some(Step::End), 0)),
        };
        let start = source.child()?;
        let (place, step) = match (self.place, start) {
            (Place::BeforeRoot, None) => return Ok((Place::BeforeRoot, Some(Step::Starved), 0)),
            (Place::BeforeRoot, Some(root)) if root.name() != self.table.list_element => {
                return Ok((Place::BeforeRoot, Some(Step::OtherRoot(root.name().to_owned())), 0));
            }
            (Place::BeforeRoot, Some(root)) if root.empty => (Place::After, Some(Step::End)),
            (Place::BeforeRoot, Some(_)) => (Place::Within, None),
            (_, None) => (Place::After, Some(Step::End)),
            (_, Some(item)) if item.name() == self.table.element => {
                read_into(&mut source, &item, record)?;
                (Place::Within, Some(Step::Item))
            }
            (_, Some(other)) => {
                source.skip(&other)?;
                (Place::Within, None)
            }
        };
        Ok((place, step, source.position()))
    }
}
