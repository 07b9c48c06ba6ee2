//! The incompatible features: what an image needs its reader to know.

use super::super::error::{ImageError, Result};
use super::extensions::Extensions;

const DIRTY: u64 = 1;
const CORRUPT: u64 = 1 << 1;
const DATA_FILE: u64 = 1 << 2;
const COMPRESSION_TYPE: u64 = 1 << 3;
const EXTENDED_L2: u64 = 1 << 4;
const KNOWN: u64 = DIRTY | CORRUPT | DATA_FILE | COMPRESSION_TYPE | EXTENDED_L2;

#[derive(Clone, Copy)]
pub(super) struct Features(pub(super) u64);

impl Features {
    pub(super) fn dirty(self) -> bool {
        self.0 & DIRTY != 0
    }

    pub(super) fn compression_type(self) -> bool {
        self.0 & COMPRESSION_TYPE != 0
    }

    pub(super) fn extended_l2(self) -> bool {
        self.0 & EXTENDED_L2 != 0
    }

    /// Refuses what cannot be read, or not reliably.
    pub(super) fn check(self, image: &str, extensions: &Extensions) -> Result<()> {
        let unknown = self.0 & !KNOWN;
        if unknown != 0 {
            let names: Vec<String> =
                (0..64).filter(|bit| unknown >> bit & 1 == 1).map(|bit| extensions.feature_name(bit)).collect();
            return Err(ImageError::unsupported(
                image,
                format!("it needs features that are not known here: {}; convert it: qemu-img convert -O qcow2", names.join(", ")),
            ));
        }
        if self.0 & CORRUPT != 0 {
            return Err(ImageError::corrupt(image, "it is marked as corrupt; try to repair a copy of it: qemu-img check -r all"));
        }
        if self.0 & DATA_FILE != 0 {
            return Err(ImageError::unsupported(
                image,
                "its data is in an external data file; if you trust the image, bring both into one file: qemu-img convert -O qcow2",
            ));
        }
        Ok(())
    }
}
