//! Manifests: a checksum for each file of a package.

use crate::vsphere::state::{Algorithm, Checksum};

/// Files and their checksums. Lines that are no checksums are skipped.
pub(crate) fn read(text: &str) -> Vec<(String, Checksum)> {
    text.lines().filter_map(line).collect()
}

/// A line such as `SHA256(disk.vmdk)= 0123…`.
fn line(text: &str) -> Option<(String, Checksum)> {
    let (algorithm, rest) = text.trim().split_once('(')?;
    let (name, digits) = rest.rsplit_once(')')?;
    let digits = digits.trim_start().strip_prefix('=')?.trim();
    let algorithm = Algorithm::named(&algorithm.trim().to_ascii_uppercase())?;
    Some((name.to_owned(), Checksum { algorithm, digits: digits.to_ascii_lowercase() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_leniently() {
        let found = read("SHA256(a (1).vmdk)= AB\nnonsense\nsha1 (b.ovf) =cd\nCRC(c)= 1\n");
        let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["a (1).vmdk", "b.ovf"]);
        assert_eq!(found.first().map(|(_, checksum)| checksum.digits.as_str()), Some("ab"));
    }
}
