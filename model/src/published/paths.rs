//! Member paths of methods, such as `vm.cluster.id|vm.cluster.name`, once members have vanished.

use crate::declared::{Declared, Method, Struct};
use std::collections::BTreeMap;

/// Removes the paths, and the alternatives of paths, that no longer lead to a member; says which.
pub(super) fn prune(declared: &mut Declared) -> Vec<String> {
    let structs: BTreeMap<&str, &Struct> = declared.structs.iter().map(|item| (item.name.text.as_str(), item)).collect();
    let mut removed = Vec::new();
    for service in &mut declared.services {
        for method in &mut service.methods {
            let name = format!("`{}.{}`", service.name.text, method.full_name());
            let right: Vec<String> =
                method.mandatory.iter().chain(&method.optional).map(|path| kept(&path.text, method, &structs)).collect();
            for (path, kept) in method.mandatory.iter_mut().chain(&mut method.optional).zip(right) {
                if path.text != kept {
                    let rest = if kept.is_empty() { "it is removed".to_owned() } else { format!("`{kept}` is kept") };
                    removed.push(format!("{name}: the path `{}` leads to nothing now; {rest}", path.text));
                    path.text = kept;
                }
            }
            method.mandatory.retain(|path| !path.text.is_empty());
            method.optional.retain(|path| !path.text.is_empty());
        }
    }
    removed
}

fn kept(paths: &str, method: &Method, structs: &BTreeMap<&str, &Struct>) -> String {
    paths.split('|').filter(|path| leads_somewhere(path, method, structs)).collect::<Vec<_>>().join("|")
}

fn leads_somewhere(path: &str, method: &Method, structs: &BTreeMap<&str, &Struct>) -> bool {
    let mut steps = path.split('.').map(|step| (step.trim_end_matches("[]"), step.ends_with("[]")));
    let Some((first, mut list)) = steps.next() else { return false };
    let Some(parameter) = method.parameters.iter().find(|parameter| parameter.name.text == first) else { return false };
    let mut ty = parameter.ty.text.as_str();
    for (name, next_list) in steps {
        let (of, is_list) = ty.strip_suffix("[]").map_or((ty, false), |of| (of, true));
        let lineage = std::iter::successors(structs.get(of), |item| structs.get(item.base.as_ref()?.text.as_str()));
        let Some(member) = lineage.flat_map(|item| &item.members).find(|member| member.name.text == name) else { return false };
        if is_list != list {
            return false;
        }
        (ty, list) = (member.ty.text.as_str(), next_list);
    }
    true
}
