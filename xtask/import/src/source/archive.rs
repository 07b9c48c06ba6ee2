//! Descriptions in `.jar` and `.zip` files.

use super::LONGEST;
use crate::api::Api;
use std::io::{Cursor, Read};
use zip::ZipArchive;

/// Whether a file is such an archive, whatever its name.
pub(super) fn is_one(content: &[u8]) -> bool {
    content.starts_with(b"PK")
}

/// The description in an archive, and its path for messages.
pub(super) fn description(archive: &str, content: &[u8], api: Api) -> Result<(String, Vec<u8>), String> {
    let failed = |error: &dyn std::fmt::Display| format!("{archive} cannot be read as an archive: {error}; get it again");
    let mut zip = ZipArchive::new(Cursor::new(content)).map_err(|error| failed(&error))?;
    let mut names = Vec::new();
    for name in zip.file_names() {
        names.push(name.map_err(|error| failed(&error))?.into_owned());
    }
    let entry = choose(&names, api.files()).ok_or_else(|| {
        let wanted = api.files().join("` or `");
        format!("{archive} holds no description: put one into it as `{wanted}`, or give that file itself")
    })?;
    let mut file = zip.by_name(entry).map_err(|error| failed(&error))?;
    let mut content = Vec::new();
    Read::by_ref(&mut file).take(LONGEST + 1).read_to_end(&mut content).map_err(|error| failed(&error))?;
    if u64::try_from(content.len()).unwrap_or(u64::MAX) > LONGEST {
        return Err(format!("{entry} in {archive} has more than {LONGEST} bytes; a description has fewer"));
    }
    Ok((format!("{archive}/{entry}"), content))
}

/// The entry named like a description; of several, the first one of the best name.
fn choose<'n>(names: &'n [String], wanted: &[&str]) -> Option<&'n String> {
    let file = |name: &str| name.rsplit('/').next().unwrap_or_default().to_owned();
    wanted.iter().find_map(|wanted| names.iter().find(|name| file(name) == *wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_description_is_found_among_other_files() {
        let names = ["META-INF/pom.xml", "org/model.xml", "org/model.json"].map(str::to_owned);
        let wanted = Api::Ovirt.files();
        assert_eq!(choose(&names, wanted).map(String::as_str), Some("org/model.json"));
        assert_eq!(choose(&names[..2], wanted).map(String::as_str), Some("org/model.xml"));
        assert_eq!(choose(&names[..1], wanted), None);
    }
}
