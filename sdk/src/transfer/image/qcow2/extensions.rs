//! What may follow the header: the format of the backing file, names of features, bitmaps.

use super::super::bytes::{Bytes, narrow};
use super::super::error::{ImageError, Result};
use super::BACKING_FORMAT;

const END: u32 = 0;
const FEATURE_NAMES: u32 = 0x6803_f857;
const BITMAPS: u32 = 0x2385_2875;

/// Length of an entry of the table of feature names: type, bit, name.
const FEATURE_NAME: usize = 48;

#[derive(Default)]
pub(super) struct Extensions {
    pub(super) backing_format: Option<String>,
    /// How many bitmaps there are.
    pub(super) bitmaps: u32,
    feature_names: Vec<u8>,
}

impl Extensions {
    /// Reads the extensions, which are all of `bytes` up to the end mark.
    pub(super) fn read(image: &str, bytes: &[u8]) -> Result<Self> {
        let mut extensions = Self::default();
        let mut at: usize = 0;
        // No end mark is needed where there is no room for one.
        while let (Some(kind), Some(length)) = (Bytes(bytes).u32(at), Bytes(bytes).u32(at.saturating_add(4))) {
            if kind == END {
                break;
            }
            at = at.saturating_add(8);
            let Some(data) = Bytes(bytes).part(at, narrow(length.into())) else {
                return Err(ImageError::corrupt(
                    image,
                    format!("header extension {kind:#010x} of {length} bytes is longer than what is left of the header"),
                ));
            };
            extensions.take(image, kind, data)?;
            at = at.saturating_add(data.len().next_multiple_of(8));
        }
        Ok(extensions)
    }

    fn take(&mut self, image: &str, kind: u32, data: &[u8]) -> Result<()> {
        match kind {
            BACKING_FORMAT => {
                if self.backing_format.is_some() {
                    return Err(ImageError::corrupt(image, "its header gives the format of the backing file twice"));
                }
                self.backing_format = Some(String::from_utf8_lossy(data).into_owned());
            }
            FEATURE_NAMES => self.feature_names = data.to_owned(),
            BITMAPS => self.bitmaps = Bytes(data).u32(0).unwrap_or_default(),
            _ => {}
        }
        Ok(())
    }

    /// The name of an incompatible feature, as the image gives it, else its number.
    pub(super) fn feature_name(&self, bit: u8) -> String {
        let entry = self.feature_names.chunks_exact(FEATURE_NAME).find(|entry| entry.starts_with(&[0, bit]));
        let name = entry.and_then(|entry| entry.get(2..)).unwrap_or_default();
        let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
        if name.is_empty() { format!("bit {bit}") } else { format!("bit {bit} ({:?})", String::from_utf8_lossy(name)) }
    }
}
