//! The version of the engine that is simulated, and what depends on it.

use crate::Error;
use crate::store::Object;

/// First version that keeps an image transfer after its end.
const KEEPS_TRANSFERS: [u32; 3] = [4, 4, 7];

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

    /// Writes it into the entry point.
    pub(crate) fn describe(&self, api: &mut Object) {
        let [major, minor, build] = self.numbers;
        for (member, number) in [("major", major), ("minor", minor), ("build", build), ("revision", self.revision)] {
            api.set(&format!("product_info.version.{member}"), u64::from(number));
        }
        api.set("product_info.version.full_version", self.full.as_str());
    }
}
