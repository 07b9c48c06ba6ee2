//! The OpenAPI document that VMware publishes for vSphere → [`Description`].
//!
//! Much of it stands in sentences of its descriptions that always read the same.

pub mod fixups;
mod json;
mod node;
mod operations;
mod prose;
mod reader;
mod schemas;
mod types;
mod yaml;

use model::published::vsphere::Description;
use model::{Document, Fault};

/// Reads a description in JSON or YAML, limited to the namespaces that our documents cover.
///
/// # Errors
///
/// Everything that is not as VMware publishes it, in its order in the text.
pub fn read(source: Document) -> Result<Description, Vec<Fault>> {
    let is_json = source.text.trim_start().starts_with(['{', '[']);
    let root = if is_json { json::parse(&source) } else { yaml::parse(&source) };
    let root = root.map_err(|fault| vec![fault])?;
    reader::read(source, &root)
}
