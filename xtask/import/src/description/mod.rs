//! The text of a published description → [`Description`].

mod items;
mod json;
mod node;
mod xml;

use crate::source::Format;
use model::published::Description;
use model::{Document, Fault};

/// Reads a description.
///
/// # Errors
///
/// Everything that is not as engines publish it, in its order in the text.
pub fn read(source: Document, format: Format) -> Result<Description, Vec<Fault>> {
    let root = match format {
        Format::Json => json::parse(&source),
        Format::Xml => xml::parse(&source),
    };
    let root = root.map_err(|fault| vec![fault])?;
    items::read(source, &root)
}
