//! `cargo xtask codegen [--check]`

use crate::workspace;
use model::Model;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Folder of the generated code; whatever else is in it is removed.
const GENERATED: &str = "sdk/src/ovirt/generated";

/// Every type, for the tests that look at all of them.
const TYPE_LIST: &str = "sdk/tests/sdk/every_type.rs";

/// Listing of everything public.
const LISTING: &str = "API.txt";

/// Writes what is not as it should be.
pub(crate) fn write() -> Result<(), String> {
    let (model, wanted) = render()?;
    for path in stale(&wanted)? {
        match wanted.get(&path) {
            Some(text) => write_file(&workspace::root().join(&path), text)?,
            None => {
                let file = workspace::root().join(&path);
                fs::remove_file(&file).map_err(|error| format!("{} cannot be removed: {error}", file.display()))?;
            }
        }
        println!("wrote {}", path.display());
    }
    println!("{}", counts(&model));
    Ok(())
}

/// Fails when there is something to write.
pub(crate) fn check() -> Result<(), String> {
    let (_, wanted) = render()?;
    let stale = stale(&wanted)?;
    if stale.is_empty() {
        return Ok(());
    }
    let list: String = stale.iter().map(|path| format!("  {}\n", path.display())).collect();
    Err(format!("these files are not as the model says:\n{list}run `cargo xtask codegen` and commit what it writes"))
}

/// Everything that should be there, by path below the workspace.
fn render() -> Result<(Model, BTreeMap<PathBuf, String>), String> {
    let root = workspace::root();
    let model = model::read_folder(&root.join("model/ovirt")).map_err(|faults| {
        let faults: Vec<String> = faults.iter().map(|fault| relative(&fault.to_string(), &root)).collect();
        format!("{}\n{} found; nothing was written", faults.join("\n"), plural(faults.len(), "fault"))
    })?;
    let files = codegen::render(&model).map_err(|problems| problems.join("\n"))?;
    let mut wanted: BTreeMap<PathBuf, String> = files.into_iter().map(|file| (Path::new(GENERATED).join(file.path), file.text)).collect();
    wanted.insert(TYPE_LIST.into(), codegen::type_list(&model));
    wanted.insert(LISTING.into(), codegen::listing(&model));
    Ok((model, wanted))
}

/// Paths that are missing, different, or should not be there.
fn stale(wanted: &BTreeMap<PathBuf, String>) -> Result<Vec<PathBuf>, String> {
    let root = workspace::root();
    let mut stale: Vec<PathBuf> = wanted
        .iter()
        // Whether the checkout has Windows line ends does not count.
        .filter(|(path, text)| fs::read_to_string(root.join(path)).ok().map(|found| found.replace("\r\n", "\n")).as_ref() != Some(text))
        .map(|(path, _)| path.clone())
        .collect();
    let mut folders = vec![root.join(GENERATED)];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path = entry.map_err(|error| format!("{} cannot be read: {error}", folder.display()))?.path();
            let below = path.strip_prefix(&root).unwrap_or(&path);
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
        "{} {}: {} structs with {} attributes and {} links, {} enums with {values} values, {} services ({} of them pseudo), \
         {} methods ({flattened} with inherited ones), {parameters} parameters, {} locators",
        model.name,
        model.version,
        model.structs.len(),
        own_members.clone().filter(|member| !member.link).count(),
        own_members.filter(|member| member.link).count(),
        model.enums.len(),
        model.services.len(),
        services.filter(|service| service.pseudo).count(),
        own_methods.count(),
        own_locators.count(),
    )
}

fn plural(count: usize, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}
