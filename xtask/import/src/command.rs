//! The command line of both commands.

use crate::api::Api;
use crate::source::Access;
use crate::{diff, import, operand};
use std::env::VarError;
use std::path::{Path, PathBuf};

/// What `--help` prints.
pub const HELP: &str = "\
cargo xtask import ovirt SOURCE [--with-docs] [--ca-file FILE] [--insecure]

  Rewrites model/ovirt/ to what an engine publishes, and keeps what only our documents have.
  SOURCE is a model.json or model.xml, a .jar or .zip that holds one, or the address of a live engine:
  https://HOST/ovirt-engine/api, with user and password from OVIRT_USERNAME and OVIRT_PASSWORD.

cargo xtask import vsphere SOURCE [--ca-file FILE] [--insecure]

  Rewrites model/vsphere/ to what VMware publishes, and keeps what only our documents have.
  SOURCE is specifications/vsphere/openapi/automation/vcenter.yaml of the repository vmware/vcf-api-specs at
  GitHub, as YAML or JSON: a file, a .zip that holds it, or its address.

  --with-docs     take over descriptions of the source where we have none
  --ca-file FILE  trust the certificates in this PEM file instead of those of the system
  --insecure      trust any certificate; anyone on the way can then read the password
  --model FOLDER  the documents, if not model/ovirt or model/vsphere

cargo xtask diff [ovirt|vsphere] OLD NEW [--ca-file FILE] [--insecure] [--model FOLDER]

  Prints what changed between two models, as Markdown, and which part of the version it raises.
  OLD and NEW are each a folder of model documents, a git revision, or a SOURCE as above. The API is that of
  the folder, else ovirt.
";

/// Runs one of the commands on the documents below a folder that has one for each API. Returns what to print.
///
/// # Errors
///
/// What is wrong, and what would be right.
pub fn run(arguments: &[&str], models: &Path) -> Result<String, String> {
    let options = Options::parse(arguments)?;
    let folder = |api: Api| options.model.map_or_else(|| models.join(api.name()), PathBuf::from);
    match options.words.as_slice() {
        ["import", name, source] => {
            let api = Api::named(name).ok_or_else(|| format!("unknown API `{name}`; `ovirt` and `vsphere` can be imported"))?;
            if options.with_docs && api == Api::Vsphere {
                return Err(
                    "descriptions of vSphere are not taken over: ours are in our own words; leave `--with-docs` away".to_owned()
                );
            }
            let report = import(api, &folder(api), source, &options.access(api)?, options.with_docs)?;
            Ok(report.join("\n") + "\n")
        }
        ["diff", words @ ..] if !options.with_docs => {
            let (api, old, new) = match words {
                [name, old, new] => {
                    (Api::named(name).ok_or_else(|| format!("unknown API `{name}`; it is `ovirt` or `vsphere`"))?, old, new)
                }
                [old, new] => (operand::api_of(&[old, new]).unwrap_or(Api::Ovirt), old, new),
                _ => return Err(unknown(&options.words)),
            };
            let (folder, access) = (folder(api), options.access(api)?);
            let (old, new) = (operand::load(api, old, &folder, &access)?, operand::load(api, new, &folder, &access)?);
            Ok(diff::compare(&old, &new).markdown())
        }
        [] | ["help", ..] => Ok(HELP.to_owned()),
        other => Err(unknown(other)),
    }
}

fn unknown(words: &[&str]) -> String {
    format!("`{}` is none of the commands:\n\n{HELP}", words.join(" "))
}

#[derive(Default)]
struct Options<'a> {
    words: Vec<&'a str>,
    with_docs: bool,
    ca_file: Option<&'a str>,
    insecure: bool,
    model: Option<&'a str>,
}

impl<'a> Options<'a> {
    fn parse(arguments: &[&'a str]) -> Result<Self, String> {
        let mut options = Self::default();
        let mut arguments = arguments.iter().copied();
        while let Some(argument) = arguments.next() {
            let mut file = || arguments.next().ok_or(format!("`{argument}` must be followed by a path"));
            match argument {
                "--with-docs" => options.with_docs = true,
                "--insecure" => options.insecure = true,
                "--ca-file" => options.ca_file = Some(file()?),
                "--model" => options.model = Some(file()?),
                "--help" | "-h" => return Ok(Self { words: vec!["help"], ..Self::default() }),
                option if option.starts_with("--") => return Err(format!("unknown option `{option}`\n\n{HELP}")),
                word => options.words.push(word),
            }
        }
        Ok(options)
    }

    fn access(&self, api: Api) -> Result<Access, String> {
        let open = Access { credentials: None, ca_file: self.ca_file.map(Into::into), insecure: self.insecure };
        if api == Api::Vsphere {
            return Ok(open);
        }
        let variable = |name: &str| match std::env::var(name) {
            Ok(value) => Ok(Some(value)),
            Err(VarError::NotPresent) => Ok(None),
            Err(VarError::NotUnicode(_)) => Err(format!("the environment variable {name} is not UTF-8; correct it")),
        };
        let credentials = match (variable("OVIRT_USERNAME")?, variable("OVIRT_PASSWORD")?) {
            (Some(user), Some(password)) => Some((user, password)),
            (None, None) => None,
            _ => return Err("only one of OVIRT_USERNAME and OVIRT_PASSWORD is set; set both, or none".to_owned()),
        };
        Ok(Access { credentials, ..open })
    }
}
