//! `cargo xtask codegen [--check]`

use model::Model;
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// An API: where its model is, and what is made of it.
struct Api {
    /// Folder of the documents.
    model: &'static str,
    /// Folder of the generated code; whatever else is in it is removed.
    generated: &'static str,
    /// Every type, for the tests that look at all of them.
    types: &'static str,
    /// Every method by name, for the runner of recorded requests.
    calls: &'static str,
}

const APIS: &[Api] = &[
    Api {
        model: "model/ovirt",
        generated: "sdk/src/ovirt/generated",
        types: "sdk/tests/sdk/ovirt_types.rs",
        calls: "xtask/conformance/src/generated/calls.rs",
    },
    Api {
        model: "model/vsphere",
        generated: "sdk/src/vsphere/generated",
        types: "sdk/tests/sdk/vsphere_types.rs",
        calls: "xtask/conformance/src/generated/vsphere_calls.rs",
    },
];

/// Listing of everything public.
const LISTING: &str = "API.txt";

/// Writes what is not as it should be.
pub(crate) fn write(root: &Path) -> Result<(), String> {
    let (models, wanted) = render(root)?;
    for path in stale(root, &wanted)? {
        let file = root.join(&path);
        match wanted.get(&path) {
            Some(text) => write_file(&file, text)?,
            None => fs::remove_file(&file).map_err(|error| format!("{} cannot be removed: {error}", file.display()))?,
        }
        say(&format!("wrote {}", path.display()));
    }
    models.iter().for_each(|model| say(&counts(model)));
    Ok(())
}

/// Prints a line; whether anybody still reads does not matter.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Fails when there is something to write.
pub(crate) fn check(root: &Path) -> Result<(), String> {
    let (_, wanted) = render(root)?;
    let stale = stale(root, &wanted)?;
    if stale.is_empty() {
        return Ok(());
    }
    let list: String = stale.iter().map(|path| format!("  {}\n", path.display())).collect();
    Err(format!("these files are not as the model says:\n{list}run `cargo xtask codegen` and commit what it writes"))
}

/// Everything that should be there, by path below the workspace.
fn render(root: &Path) -> Result<(Vec<Model>, BTreeMap<PathBuf, String>), String> {
    let (mut models, mut wanted, mut listing, mut faults) = (Vec::new(), BTreeMap::new(), String::new(), Vec::new());
    for api in APIS {
        let model = match model::read_folder(&root.join(api.model)) {
            Ok(model) => model,
            Err(found) => {
                faults.extend(found.iter().map(|fault| relative(&fault.to_string(), root)));
                continue;
            }
        };
        let files = codegen::render(&model).map_err(|problems| problems.join("\n"))?;
        wanted.extend(files.into_iter().map(|file| (Path::new(api.generated).join(file.path), file.text)));
        wanted.insert(api.types.into(), codegen::type_list(&model));
        wanted.insert(api.calls.into(), codegen::calls(&model));
        listing.push_str(&codegen::listing(&model));
        models.push(model);
    }
    if !faults.is_empty() {
        return Err(format!("{}\n{} found; nothing was written", faults.join("\n"), plural(faults.len(), "fault")));
    }
    wanted.insert(LISTING.into(), listing);
    Ok((models, wanted))
}

/// Paths that are missing, different, or should not be there.
fn stale(root: &Path, wanted: &BTreeMap<PathBuf, String>) -> Result<Vec<PathBuf>, String> {
    let mut stale: Vec<PathBuf> = wanted
        .iter()
        // Whether the checkout has Windows line ends does not count.
        .filter(|(path, text)| {
            fs::read_to_string(root.join(path)).ok().map(|found| found.replace("\r\n", "\n")).as_ref() != Some(text)
        })
        .map(|(path, _)| path.clone())
        .collect();
    let mut folders: Vec<PathBuf> = APIS.iter().map(|api| root.join(api.generated)).collect();
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path = entry.map_err(|error| format!("{} cannot be read: {error}", folder.display()))?.path();
            let below = path.strip_prefix(root).unwrap_or(&path);
            if path.is_dir() {
                folders.push(path);
            } else if !wanted.contains_key(below) {
                stale.push(below.to_owned());
            }
        }
    }
    Ok(stale)
}

fn write_file(path: &Path, text: &str) -> Result<(), String> {
    let result = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(path, text));
    result.map_err(|error| format!("{} cannot be written: {error}", path.display()))
}

/// Paths as they stand in the repository, which an editor or a forge can open.
fn relative(fault: &str, root: &Path) -> String {
    let root = format!("{}/", root.display());
    fault.replace(&root, "")
}

fn counts(model: &Model) -> String {
    let values: usize = model.enums.values().map(|item| item.values.len()).sum();
    let services = model.services.values();
    let own_methods = services.clone().flat_map(|s| s.methods.iter().filter(|m| m.declared_in == s.name));
    let own_locators = services.clone().flat_map(|s| s.locators.iter().filter(|l| l.declared_in == s.name));
    let own_members = model.structs.values().flat_map(|s| s.members.iter().filter(|m| m.declared_in == s.name));
    let parameters: usize = own_methods.clone().map(|method| method.parameters.len()).sum();
    let flattened: usize = services.clone().map(|service| service.methods.len()).sum();
    format!(
        "{} {}: {} structs with {} attributes and {} links, {} enums with {values} values, {} errors, {} services ({} of them \
         pseudo), {} methods ({flattened} with inherited ones), {parameters} parameters, {} locators",
        model.name,
        model.version,
        model.structs.len(),
        own_members.clone().filter(|member| !member.link).count(),
        own_members.filter(|member| member.link).count(),
        model.enums.len(),
        model.errors.len(),
        model.services.len(),
        services.filter(|service| service.pseudo).count(),
        own_methods.count(),
        own_locators.count(),
    )
}

fn plural(count: usize, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A workspace with the made-up model of the generator's tests.
    fn workspace() -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder can be made");
        for (model, to) in [("codegen/tests/ovirt/model", "model/ovirt"), ("codegen/tests/vsphere/model", "model/vsphere")] {
            copy(&crate::workspace::root().join(model), &folder.path().join(to));
        }
        folder
    }

    fn copy(from: &Path, to: &Path) {
        fs::create_dir_all(to).expect("a folder can be made");
        for entry in fs::read_dir(from).expect("the model can be read") {
            let from = entry.expect("the model can be read").path();
            let to = to.join(from.file_name().expect("it has a name"));
            if from.is_dir() {
                copy(&from, &to);
            } else {
                fs::copy(&from, &to).expect("a file can be copied");
            }
        }
    }

    #[test]
    fn what_is_written_is_what_check_wants() {
        let folder = workspace();
        let root = folder.path();
        assert!(check(root).is_err());
        write(root).expect("the model is right");
        check(root).expect("everything was just written");

        let file = root.join(APIS[0].generated).join("types/thing.rs");
        let text = fs::read(&file).expect("it was written");
        fs::remove_file(&file).expect("it can be removed");
        write(root).expect("the model is right");
        assert_eq!(fs::read(&file).expect("it was restored"), text);
    }

    #[test]
    fn check_names_what_is_edited_missing_or_left_over() {
        let folder = workspace();
        let root = folder.path();
        write(root).expect("the model is right");
        let generated = root.join(APIS[0].generated);
        fs::write(generated.join("types/host.rs"), "edited").expect("it can be written");
        fs::remove_file(generated.join("services/hosts.rs")).expect("it can be removed");
        fs::write(generated.join("types/old.rs"), "").expect("it can be written");
        let message = check(root).expect_err("three files are stale");
        for part in ["types/host.rs", "services/hosts.rs", "types/old.rs", "cargo xtask codegen"] {
            assert!(message.contains(part), "{part} in {message}");
        }
        assert_eq!(message.matches(".rs").count(), 3, "{message}");
        write(root).expect("the model is right");
        assert!(!generated.join("types/old.rs").exists(), "what is left over is removed");
    }

    #[test]
    fn a_broken_document_writes_nothing() {
        let folder = workspace();
        let root = folder.path();
        let broken = "<struct name=\"host\" base=\"identifid\">\n  <link name=\"a\" type=\"none\"/>\n  <link name=\"a\" type=\"thing\"/>\n</struct>";
        fs::write(root.join("model/ovirt/structs/host.xml"), broken).expect("it can be written");
        let message = write(root).expect_err("the model is broken");
        for place in [
            "model/ovirt/structs/host.xml:1:27: ",
            "model/ovirt/structs/host.xml:2:24: ",
            "model/ovirt/structs/host.xml:3:15: ",
            "nothing was written",
        ] {
            assert!(message.contains(place), "{place} in {message}");
        }
        assert!(!root.join("sdk").exists() && !root.join(LISTING).exists());
    }
}
