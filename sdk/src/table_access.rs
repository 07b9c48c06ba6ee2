//! Access to members by index and to the codecs, for tests of every type and for tools. Not covered by
//! semantic versioning.

pub use crate::core::link::{Items, LinkSlot, ListSlot, Target};
pub use crate::core::table::{EnumSlot, EnumsSlot, ObjectMapSlot, ObjectSlot, Slot, Text, TextMapSlot, View};

/// Documents in XML.
#[cfg(feature = "ovirt")]
pub mod xml {
    use crate::core::error::{Error, ErrorKind, Result};
    use crate::core::link::ListSlot;
    use crate::core::table::Record;
    use crate::core::xml;

    /// Reads a document into a record that has nothing set.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Decode`] when the text is not XML, has no element, or a value is not of its type.
    pub fn read(text: &str, record: &mut dyn Record) -> Result<()> {
        let root = xml::root(text).map_err(unreadable)?;
        let root = root.ok_or_else(|| Error::new(ErrorKind::Decode, "there is no element"))?;
        xml::read_record(root, record).map_err(unreadable)
    }

    /// Reads a document that is a list of elements of that name.
    ///
    /// # Errors
    ///
    /// As [`read`].
    pub fn read_list(text: &str, item: &str, list: &mut dyn ListSlot) -> Result<()> {
        let root = xml::root(text).map_err(unreadable)?;
        let root = root.ok_or_else(|| Error::new(ErrorKind::Decode, "there is no element"))?;
        xml::read_list(root, item, list).map_err(unreadable)
    }

    /// Name of the root element; `None` when there is no element.
    ///
    /// # Errors
    ///
    /// As [`read`].
    pub fn root_element(text: &str) -> Result<Option<String>> {
        Ok(xml::root(text).map_err(unreadable)?.map(|root| root.name().to_owned()))
    }

    /// Writes a record under its own root element.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Request`] when a text holds a control character.
    pub fn write(record: &dyn Record) -> Result<String> {
        xml::record(record).map_err(|error| Error::new(ErrorKind::Request, error.to_string()))
    }

    fn unreadable(error: xml::XmlError) -> Error {
        Error::new(ErrorKind::Decode, error.to_string())
    }

    /// Reads a list whose document arrives in pieces, and hands on each object when it is complete.
    ///
    /// # Errors
    ///
    /// As [`read`]; objects before the fault were handed on.
    pub fn read_pieces<T: Record + Default>(pieces: impl IntoIterator<Item = Vec<u8>>, mut each: impl FnMut(T)) -> Result<()> {
        let mut decoder = xml::ListDecoder::new(T::default().table());
        let mut pieces = pieces.into_iter();
        loop {
            let mut object = T::default();
            match decoder.next(&mut object).map_err(unreadable)? {
                xml::Step::Item => each(object),
                xml::Step::End => return Ok(()),
                xml::Step::NoRoot => return Err(Error::new(ErrorKind::Decode, "there is no element")),
                xml::Step::OtherRoot(name) => {
                    return Err(Error::new(ErrorKind::Decode, format!("the root element is `<{name}>`")));
                }
                xml::Step::Starved => match pieces.next() {
                    Some(piece) => decoder.push(&piece),
                    None => decoder.end(),
                }
                .map_err(unreadable)?,
            }
        }
    }
}

/// Documents in JSON.
#[cfg(feature = "vsphere")]
pub mod json {
    use crate::core::error::{Error, ErrorKind, Result};
    use crate::core::json;
    use crate::core::table::Record;
    use crate::vsphere::Dialect;
    use serde_json::Value;

    /// Reads an object into a record that has nothing set.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Decode`] when it is no object, or a value is not of its type.
    pub fn read(value: &Value, record: &mut dyn Record) -> Result<()> {
        json::read(value, record).map_err(|error| Error::new(ErrorKind::Decode, error.to_string()))
    }

    /// Writes a record as an object.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Request`] when a value cannot be written, such as a date without an offset.
    pub fn write(record: &dyn Record, dialect: Dialect) -> Result<Value> {
        json::write(record, dialect.form()).map_err(|error| Error::new(ErrorKind::Request, error.to_string()))
    }
}
