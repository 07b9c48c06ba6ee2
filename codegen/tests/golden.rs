//! The generator's output for two made-up models that have every case.
//!
//! The recorded files are compiled as part of the tests of the SDK, which also uses them.
//! `UPDATE_GOLDEN=1 cargo test -p codegen` records anew.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The made-up models, one for each kind of API.
const MODELS: [&str; 2] = ["ovirt", "vsphere"];

fn folder(model: &str, name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(model).join(name)
}

fn read(model: &str) -> model::Model {
    model::read_folder(&folder(model, "model")).unwrap_or_else(|faults| panic!("{}", faults[0]))
}

fn rendered(model: &str) -> BTreeMap<String, String> {
    let model = read(model);
    let files = codegen::render(&model).expect("its names can be expressed in Rust");
    let mut files: BTreeMap<String, String> = files.into_iter().map(|file| (file.path, file.text)).collect();
    files.insert("API.txt".to_owned(), codegen::listing(&model));
    files
}

#[test]
fn output_is_as_recorded() {
    for model in MODELS {
        let golden = folder(model, "golden");
        let rendered = rendered(model);
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            // What is not there cannot be removed.
            let _ = fs::remove_dir_all(&golden);
            for (path, text) in &rendered {
                let path = golden.join(path);
                fs::create_dir_all(path.parent().expect("a file has a folder")).expect("a folder can be made");
                fs::write(path, text).expect("a file can be written");
            }
        }
        let mut recorded = BTreeMap::new();
        let mut folders = vec![golden.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("the record can be read") {
                let path = entry.expect("the record can be read").path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let name = path.strip_prefix(&golden).expect("it is below").display().to_string().replace('\\', "/");
                    recorded.insert(name, fs::read_to_string(path).expect("the record can be read").replace("\r\n", "\n"));
                }
            }
        }
        assert_eq!(recorded.keys().collect::<Vec<_>>(), rendered.keys().collect::<Vec<_>>());
        for (path, text) in &rendered {
            assert_eq!(&recorded[path], text, "{model}/{path} differs; record anew if that is meant");
        }
    }
}

#[test]
fn two_runs_give_the_same_bytes() {
    for model in MODELS {
        assert_eq!(rendered(model), rendered(model));
    }
}

#[test]
fn names_that_clash_in_rust_are_reported_together() {
    let mut model = read("ovirt");
    let mut value = model.enums["odd_value"].values[0].clone();
    value.name = "unrecognized".to_owned();
    model.enums.get_mut("odd_value").expect("it is there").values.push(value);
    let mut member = model.structs["thing"].members[0].clone();
    member.name = "href".to_owned();
    model.structs.get_mut("thing").expect("it is there").members.push(member);
    let problems = codegen::render(&model).expect_err("two names clash");
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(problems[0].contains("`unrecognized`") && problems[0].contains("`Unrecognized`"), "{}", problems[0]);
    assert!(problems[1].contains("`href`") && problems[1].contains("rename"), "{}", problems[1]);
}
