//! Images that are refused.

use super::Qemu;
use virt_sdk::transfer::image::ImageError;
use virt_sdk::transfer::image::qcow2::{Backing, Image};

/// The error of opening an image that must not be opened.
pub(crate) fn refused(qemu: &Qemu, image: &str, backing: &Backing) -> ImageError {
    match Image::open(qemu.path(image), backing) {
        Ok(_) => panic!("{image} was opened"),
        Err(error) => error,
    }
}

/// Checks that the error of opening an image, with backing files from its folder, says all this.
pub(crate) fn says(qemu: &Qemu, image: &str, texts: &[&str]) {
    says_with(qemu, image, &Backing::Within(qemu.folder().to_owned()), texts);
}

/// Checks that the error of opening an image says all this, and its name.
pub(crate) fn says_with(qemu: &Qemu, image: &str, backing: &Backing, texts: &[&str]) {
    let text = refused(qemu, image, backing).to_string();
    eprintln!("{text}");
    assert!(text.contains(image), "{text}");
    for part in texts {
        assert!(text.contains(part), "{text:?} does not say {part:?}");
    }
}
