use super::error::{Error, ErrorKind, Result};
use super::json;
use super::table::Record;
use serde_json::{Map, Value};
use std::fmt;

/// A struct of which the API model does not say which one it is; the value tells that by itself.
///
/// ```
/// use virt_sdk::Structure;
/// use virt_sdk::vsphere::vcenter::ovf::{OvfParams, PropertyParams};
///
/// let parameters = Structure::of(&PropertyParams::new().r#type("PropertyParams"))?;
/// assert_eq!(parameters.class.as_deref(), Some("com.vmware.vcenter.ovf.property_params"));
/// assert_eq!(parameters.read::<OvfParams>()?.r#type.as_deref(), Some("PropertyParams"));
/// # Ok::<(), virt_sdk::Error>(())
/// ```
#[derive(Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Structure {
    /// Full identifier of the struct, such as `com.vmware.vcenter.ovf.property_params`. Only the older
    /// dialect of vSphere tells and needs it.
    pub class: Option<String>,
    /// Members by their names on the wire.
    pub members: Map<String, Value>,
}

impl Structure {
    /// A structure with nothing set.
    pub fn new() -> Self {
        Self::default()
    }

    /// What the object has, with the identifier of its struct. Maps in it are as the newer dialect has them.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Request`] when a value cannot be written, such as a date without an offset.
    pub fn of(object: &impl Record) -> Result<Self> {
        let members = match json::write(object, json::Form::Plain) {
            Ok(Value::Object(members)) => members,
            Ok(_) => Map::new(),
            Err(error) => return Err(Error::new(ErrorKind::Request, format!("the structure cannot be written: {error}"))),
        };
        Ok(Self { class: Some(object.table().element.to_owned()), members })
    }

    /// The members as those of a struct. What that does not have is left out.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Decode`] when a member has another type there.
    pub fn read<T: Record + Default>(&self) -> Result<T> {
        let mut object = T::default();
        json::read_members(&self.members, &mut object)
            .map_err(|error| Error::new(ErrorKind::Decode, format!("the structure cannot be read: {error}")))?;
        Ok(object)
    }
}

impl fmt::Debug for Structure {
    /// Names of the members only: which of them hold secrets is not known here.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&String> = self.members.keys().collect();
        f.debug_struct("Structure").field("class", &self.class).field("members", &names).finish()
    }
}
