//! The XML codec: one reader and one writer for every type, over the tables.

mod list_decoder;
mod read;
mod redact;
mod source;
#[cfg(test)]
mod tests;
mod write;

pub(crate) use list_decoder::{ListDecoder, Step};
pub(crate) use read::{Root, read_list, read_record, root};
pub(crate) use redact::redacted;
pub(crate) use source::XmlError;
pub(crate) use write::{Child, element, list, record};
