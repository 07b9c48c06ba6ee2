use super::error::{ImageError, Result};
use super::io::ReadAt;
use std::fmt;

/// What kind of image a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// The bytes of the disk as they are; also whatever is not recognised.
    Raw,
    /// QEMU's format. Its version is not looked at here.
    Qcow2,
    /// ISO 9660, the image of an optical disc, which is raw too.
    Iso,
    /// VMware's format, in any of its kinds.
    Vmdk,
    /// VirtualBox's format.
    Vdi,
    /// The older format of Virtual PC and Hyper-V.
    Vhd,
    /// The newer format of Hyper-V.
    Vhdx,
    /// A file compressed by gzip.
    Gzip,
    /// A file compressed by xz.
    Xz,
    /// A file compressed by zstd.
    Zstd,
    /// A file compressed by bzip2.
    Bzip2,
    /// A tar archive, such as an OVA.
    Tar,
    /// A disk encrypted by LUKS.
    Luks,
}

impl Format {
    /// Why an image of this format cannot be used as a disk as it is, and what to do; `None` if it can.
    pub fn refusal(self) -> Option<&'static str> {
        Some(match self {
            Self::Raw | Self::Qcow2 | Self::Iso => return None,
            Self::Vmdk => "it is a VMDK image; convert it: qemu-img convert -f vmdk -O qcow2",
            Self::Vdi => "it is a VDI image; convert it: qemu-img convert -f vdi -O qcow2",
            Self::Vhd => "it is a VHD image; convert it: qemu-img convert -f vpc -O qcow2",
            Self::Vhdx => "it is a VHDX image; convert it: qemu-img convert -f vhdx -O qcow2",
            Self::Gzip => "it is compressed by gzip; uncompress it first: gzip -d",
            Self::Xz => "it is compressed by xz; uncompress it first: xz -d",
            Self::Zstd => "it is compressed by zstd; uncompress it first: zstd -d",
            Self::Bzip2 => "it is compressed by bzip2; uncompress it first: bzip2 -d",
            Self::Tar => "it is a tar archive or an OVA; take the disk out of it first: tar -xf",
            Self::Luks => {
                "it is encrypted by LUKS; a guest can use it only if it has the key, so say that it is raw if you mean that"
            }
        })
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Raw => "raw",
            Self::Qcow2 => "qcow2",
            Self::Iso => "iso",
            Self::Vmdk => "vmdk",
            Self::Vdi => "vdi",
            Self::Vhd => "vhd",
            Self::Vhdx => "vhdx",
            Self::Gzip => "gzip",
            Self::Xz => "xz",
            Self::Zstd => "zstd",
            Self::Bzip2 => "bzip2",
            Self::Tar => "tar",
            Self::Luks => "luks",
        })
    }
}

/// First bytes, or bytes at another offset, that tell a format. The order does not matter except that
/// ISO is last: a disc that also boots from a USB stick may start with anything.
const MAGICS: &[(u64, &[u8], Format)] = &[
    (0, b"QFI\xfb", Format::Qcow2),
    (0, b"KDMV", Format::Vmdk),
    (0, b"COWD", Format::Vmdk),
    (0, b"# Disk DescriptorFile", Format::Vmdk),
    (0x40, b"\x7f\x10\xda\xbe", Format::Vdi),
    (0, b"conectix", Format::Vhd),
    (0, b"vhdxfile", Format::Vhdx),
    (0, b"\x1f\x8b\x08", Format::Gzip),
    (0, b"\xfd7zXZ\0", Format::Xz),
    (0, b"\x28\xb5\x2f\xfd", Format::Zstd),
    (257, b"ustar", Format::Tar),
    (0, b"LUKS\xba\xbe", Format::Luks),
    (0x8001, b"CD001", Format::Iso),
];

/// Size of the footer that is all that tells a VHD of fixed size.
const VHD_FOOTER: u64 = 512;

/// Tells the format of an image from its content; `name` is for the error.
///
/// A guest can write whatever it likes to its disk, also what makes a raw image look like another one.
/// So do not let this decide for a raw disk of a guest that is not trusted.
///
/// # Errors
/// [`ImageError::Io`] if the source cannot be read.
pub fn detect(source: &dyn ReadAt, name: &str) -> Result<Format> {
    let failed = |error| ImageError::io(name, "cannot be read", error);
    let size = source.size().map_err(failed)?;
    let holds = |offset: u64, magic: &[u8]| -> Result<bool> {
        let mut found = [0; 32];
        match found.get_mut(..magic.len()) {
            Some(found) if offset.checked_add(magic.len() as u64).is_some_and(|end| end <= size) => {
                source.read_exact_at(found, offset).map_err(failed)?;
                Ok(found == magic)
            }
            _ => Ok(false),
        }
    };
    for (offset, magic, format) in MAGICS {
        if holds(*offset, magic)? {
            return Ok(*format);
        }
    }
    // The digit is the size of a block; the mark of the first block follows.
    if holds(0, b"BZh")? && holds(4, b"1AY&SY")? {
        return Ok(Format::Bzip2);
    }
    if size >= VHD_FOOTER && holds(size - VHD_FOOTER, b"conectix")? {
        return Ok(Format::Vhd);
    }
    Ok(Format::Raw)
}
