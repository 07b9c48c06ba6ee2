//! The version of the engine that is simulated, and what depends on it.

use crate::Error;
use crate::store::Object;
use model::Notes;

/// First version that keeps an image transfer after its end.
const KEEPS_TRANSFERS: [u32; 3] = [4, 4, 7];

/// First version that tells who cancelled a transfer.
const TELLS_WHO_CANCELLED: [u32; 3] = [4, 3, 5];

/// First version whose image daemon knows extents, zeros and checksums, and whose engine keeps tickets alive.
const KNOWS_EXTENTS: [u32; 3] = [4, 3, 0];

/// First version whose proxy for image data needs no signed permission.
const TRUSTS_TICKETS: [u32; 3] = [4, 4, 3];

/// First version whose packages are built for the ninth release of its operating system.
const NINTH: [u32; 3] = [4, 5, 4];

/// Version of an engine, such as 4.5.7.
#[derive(Clone, Debug)]
pub(crate) struct Version {
    numbers: [u32; 3],
    revision: u32,
    full: String,
}

impl Version {
    /// Reads `4.5`, `4.5.7` or `4.5.7.1`, with or without a release such as `-1.el9` behind it.
    ///
    /// # Errors
    ///
    /// That it is none of these.
    pub(crate) fn read(text: &str) -> Result<Self, Error> {
        let (digits, release) = text.split_once('-').map_or((text, None), |(digits, release)| (digits, Some(release)));
        let numbers: Result<Vec<u32>, _> = digits.split('.').map(str::parse).collect();
        let (numbers, revision) = match numbers.as_deref() {
            Ok([major, minor]) => ([*major, *minor, 0], 0),
            Ok([major, minor, build]) => ([*major, *minor, *build], 0),
            Ok([major, minor, build, revision]) => ([*major, *minor, *build], *revision),
            _ => return Err(Error::version(text)),
        };
        let full = match release {
            Some(_) => text.to_owned(),
            None => format!("{text}-1.el{}", if numbers < NINTH { 8 } else { 9 }),
        };
        Ok(Version { numbers, revision, full })
    }

    /// Whether image transfers stay for some minutes after their end. Before, they vanish with it.
    pub(crate) fn keeps_transfers(&self) -> bool {
        self.numbers >= KEEPS_TRANSFERS
    }

    /// Whether the phase of a transfer tells who cancelled it.
    pub(crate) fn tells_who_cancelled(&self) -> bool {
        self.numbers >= TELLS_WHO_CANCELLED
    }

    /// Whether the image daemon knows extents, zeros and checksums, and tickets are renewed without being asked.
    pub(crate) fn knows_extents(&self) -> bool {
        self.numbers >= KNOWS_EXTENTS
    }

    /// Whether the proxy for image data lets in whoever knows a ticket. Before, it asks for a signed permission as well.
    pub(crate) fn trusts_tickets(&self) -> bool {
        self.numbers >= TRUSTS_TICKETS
    }

    /// Whether an engine of this version has something of which the model tells since when, and until when.
    pub(crate) fn has(&self, notes: &Notes) -> bool {
        let is_reached = |version: &Option<String>| version.as_deref().map(|version| self.numbers >= numbers(version));
        is_reached(&notes.since) != Some(false) && is_reached(&notes.removed) != Some(true)
    }

    /// Writes it into the entry point.
    pub(crate) fn describe(&self, api: &mut Object) {
        let [major, minor, build] = self.numbers;
        for (member, number) in [("major", major), ("minor", minor), ("build", build), ("revision", self.revision)] {
            api.set(&format!("product_info.version.{member}"), u64::from(number));
        }
        api.set("product_info.version.full_version", self.full.as_str());
    }
}

/// The numbers of a version in the model, which the tests of the model have checked.
fn numbers(version: &str) -> [u32; 3] {
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or_default());
    std::array::from_fn(|_| parts.next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_tells_what_a_version_has() {
        let notes = |since: &str, removed: Option<&str>| Notes {
            since: Some(since.to_owned()),
            removed: removed.map(str::to_owned),
            ..Notes::default()
        };
        let version = Version::read("4.2.3").expect("a version");
        assert!(version.has(&Notes::default()) && version.has(&notes("4.2", None)) && version.has(&notes("4.2.3", None)));
        assert!(!version.has(&notes("4.2.4", None)) && !version.has(&notes("4.10", None)));
        assert!(version.has(&notes("4.0.4", Some("4.4.3"))) && !version.has(&notes("4.0", Some("4.2.3"))));
    }
}
