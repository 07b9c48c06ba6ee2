//! Lists the model documents, for the feature `embedded` to compile them in.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    if env::var_os("CARGO_FEATURE_EMBEDDED").is_none() {
        return Ok(());
    }
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    for model in ["ovirt", "vsphere"] {
        println!("cargo::rerun-if-changed={model}");
        fs::write(out.join(model).with_extension("rs"), list(&root, model)?)?;
    }
    Ok(())
}

/// An expression for the documents of a model: an array of paths and texts.
fn list(root: &Path, model: &str) -> io::Result<String> {
    let mut documents = Vec::new();
    collect(&root.join(model), &mut documents)?;
    documents.sort();
    let mut list = String::from("[\n");
    for path in documents {
        let name = path.strip_prefix(root).unwrap_or(&path).display().to_string();
        writeln!(list, "({name:?}, include_str!({:?})),", path.display().to_string()).map_err(io::Error::other)?;
    }
    list.push(']');
    Ok(list)
}

fn collect(folder: &Path, documents: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, documents)?;
        } else if path.extension().is_some_and(|extension| extension == "xml") {
            documents.push(path);
        }
    }
    Ok(())
}
