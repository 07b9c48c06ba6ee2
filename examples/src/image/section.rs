//! The configuration file, which is the one of `ovirt-img`.

use super::failure::Failure;
use super::log::Level;
use clap::ValueEnum;
use configparser::ini::Ini;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Name of the file, in the folder for configuration.
const NAME: &str = "ovirt-img.conf";

/// What a section of the file says. Keys that are not here are left alone.
#[derive(Clone, Default)]
pub(super) struct Section {
    pub(super) engine_url: Option<String>,
    pub(super) username: Option<String>,
    pub(super) password: Option<String>,
    pub(super) cafile: Option<PathBuf>,
    pub(super) secure: Option<bool>,
    pub(super) disk_timeout: Option<Duration>,
    pub(super) log_file: Option<PathBuf>,
    pub(super) log_level: Option<Level>,
    pub(super) description: Option<String>,
}

impl Section {
    /// Reads a section; what is in `[DEFAULT]` holds where the section says nothing.
    pub(super) fn read(name: &str) -> Result<Self, Failure> {
        let path = path().ok_or_else(|| Failure::settings("there is no home directory, and so no configuration file"))?;
        let text = std::fs::read_to_string(&path)
            .map_err(|error| Failure::settings(format!("{} cannot be read: {error}", path.display())))?;
        Self::parse(&text, name, &path)
    }

    fn parse(text: &str, name: &str, path: &Path) -> Result<Self, Failure> {
        let wrong = |what: String| Failure::settings(format!("{}: {what}", path.display()));
        let mut file = Ini::new();
        file.set_cascade_defaults(true);
        // A password may hold anything.
        file.set_inline_comment_symbols(Some(&[]));
        file.read(text.to_owned()).map_err(wrong)?;
        if !file.get_map_ref().contains_key(&name.to_lowercase()) {
            return Err(wrong(format!("there is no section `{name}`")));
        }
        let get = |key: &str| file.get(name, key).filter(|value| !value.is_empty());
        let refuse = |key: &str, wanted: &str| wrong(format!("`{key}` of section `{name}` has to be {wanted}"));
        let disk_timeout = get("disk_timeout").map(|text| text.parse().map(Duration::from_secs)).transpose();
        let log_level = get("log_level").map(|text| Level::from_str(&text, true)).transpose();
        Ok(Self {
            engine_url: get("engine_url"),
            username: get("username"),
            password: get("password"),
            cafile: get("cafile").map(PathBuf::from),
            secure: file.getboolcoerce(name, "secure").map_err(|_| refuse("secure", "yes or no"))?,
            disk_timeout: disk_timeout.map_err(|_| refuse("disk_timeout", "a number of seconds"))?,
            log_file: get("log_file").map(PathBuf::from),
            log_level: log_level.map_err(|_| refuse("log_level", "error, warning, info, debug or trace"))?,
            description: get("description"),
        })
    }
}

impl fmt::Debug for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The password is nobody's business.
        f.debug_struct("Section").field("engine_url", &self.engine_url).finish_non_exhaustive()
    }
}

/// Where the file is.
fn path() -> Option<PathBuf> {
    let folder = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from).filter(|folder| folder.is_absolute());
    folder.or_else(|| std::env::home_dir().map(|home| home.join(".config"))).map(|folder| folder.join(NAME))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "
# who does it
[DEFAULT]
username = admin@internal

[mine]
engine_url = https://engine.example.com
password = p#a;s = s%:w
cafile = /etc/pki/ca.pem
secure = no
disk_timeout = 90
log_level = WARNING
unknown = 1

[Other]
username: somebody@internal
log_file =
";

    fn read(text: &str, name: &str) -> Result<Section, Failure> {
        Section::parse(text, name, Path::new("test.conf"))
    }

    #[test]
    fn values_are_taken_as_they_are() {
        let section = read(TEXT, "mine").expect("it is right");
        assert_eq!(section.engine_url.as_deref(), Some("https://engine.example.com"));
        assert_eq!(section.username.as_deref(), Some("admin@internal"));
        assert_eq!(section.password.as_deref(), Some("p#a;s = s%:w"));
        assert_eq!(section.cafile, Some("/etc/pki/ca.pem".into()));
        assert_eq!((section.secure, section.disk_timeout), (Some(false), Some(Duration::from_secs(90))));
        assert_eq!(section.log_level, Some(Level::Warning));
        assert!(!format!("{section:?}").contains("p#a"));
        let section = read(TEXT, "Other").expect("it is right");
        assert_eq!((section.username.as_deref(), section.log_file), (Some("somebody@internal"), None));
    }

    #[test]
    fn what_is_wrong_is_named_without_values() {
        for (text, part) in [
            ("[other]\na = 1", "no section `mine`"),
            ("[mine]\nsecure = hidden", "`secure`"),
            ("[mine]\ndisk_timeout = hidden", "`disk_timeout`"),
            ("[mine]\nlog_level = hidden", "`log_level`"),
            ("[mine\npassword = hidden", "line 1"),
        ] {
            let message = read(text, "mine").expect_err("it is wrong").message;
            assert!(message.contains(part) && message.contains("test.conf") && !message.contains("hidden"), "{message}");
        }
    }
}
