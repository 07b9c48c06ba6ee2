//! Who is to be talked to, and as whom.

use super::arguments::AccessArguments;
use super::failure::Failure;
use super::section::Section;
use std::fmt;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use virt_sdk::ovirt::Connection;
use virt_sdk::reqwest::Url;

/// Where the API of an engine is.
const API: &str = "/ovirt-engine/api";

/// How an engine is reached. What the arguments say goes before what the configuration file says.
pub(super) struct Access {
    url: String,
    username: String,
    password: String,
    cafile: Option<PathBuf>,
    insecure: bool,
}

impl Access {
    /// Brings together what is known, and asks for the password if that is missing. This blocks.
    pub(super) fn new(arguments: AccessArguments, section: Section) -> Result<Self, Failure> {
        let missing = |what: &str, option: &str| {
            Failure::settings(format!("{what} is missing: give --{option}, or a section of the configuration file by --config"))
        };
        let url = arguments.engine_url.or(section.engine_url).ok_or_else(|| missing("the URL of the engine", "engine-url"))?;
        let username = arguments.username.or(section.username).ok_or_else(|| missing("the name of the user", "username"))?;
        let password = match (arguments.password_file, section.password) {
            (Some(path), _) => first_line(&path)?,
            (None, Some(password)) => password,
            (None, None) => ask(&username)?.ok_or_else(|| missing("the password", "password-file"))?,
        };
        Ok(Self {
            url: with_api(url),
            username,
            password,
            cafile: arguments.cafile.or(section.cafile),
            insecure: arguments.insecure || section.secure == Some(false),
        })
    }

    pub(super) fn connect(self) -> virt_sdk::Result<Connection> {
        let mut builder = Connection::builder(self.url).username(self.username).password(self.password).insecure(self.insecure);
        if let Some(path) = self.cafile {
            builder = builder.ca_file(path);
        }
        builder.build()
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access").field("url", &self.url).field("username", &self.username).finish_non_exhaustive()
    }
}

fn first_line(path: &Path) -> Result<String, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::settings(format!("the password file {} cannot be read: {error}", path.display())))?;
    let line = text.lines().next().filter(|line| !line.is_empty());
    line.map(str::to_owned)
        .ok_or_else(|| Failure::settings(format!("the first line of the password file {} is empty", path.display())))
}

/// Asks whoever sits at the terminal; `None` if there is none.
fn ask(username: &str) -> Result<Option<String>, Failure> {
    if !std::io::stdin().is_terminal() {
        return Ok(None);
    }
    let password = rpassword::prompt_password(format!("Password of {username}: "));
    password.map(Some).map_err(|error| Failure::settings(format!("the password could not be asked for: {error}")))
}

/// Completes an address that is that of the engine only.
fn with_api(text: String) -> String {
    match Url::parse(&text) {
        Ok(mut url) if url.path() == "/" => {
            url.set_path(API);
            url.into()
        }
        // If it is no URL, the connection says so.
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_an_engine_is_completed() {
        for text in ["https://e.example.com", "https://e.example.com/", "https://e.example.com/ovirt-engine/api"] {
            assert_eq!(with_api(text.to_owned()), "https://e.example.com/ovirt-engine/api");
        }
        assert_eq!(with_api("nonsense".to_owned()), "nonsense");
    }
}
