//! Our names for published ones.

use crate::declared::{Declared, Located};
use std::collections::BTreeMap;

/// A name without what published names and ours write differently: `Vapi.Std.DynamicID` and
/// `vapi.std.dynamic_id` are the same.
pub fn fold(name: &str) -> String {
    name.chars().filter(|c| *c != '_').flat_map(char::to_lowercase).collect()
}

/// Our names of types and services. They tell how a part of a name is split into words.
pub(super) struct Names {
    types: BTreeMap<String, String>,
    services: BTreeMap<String, String>,
}

impl Names {
    pub(super) fn new(ours: &Declared) -> Self {
        let folded = |name: &Located| (fold(&name.text), name.text.clone());
        let enums = ours.enums.iter().map(|item| folded(&item.name));
        let structs = ours.structs.iter().map(|item| folded(&item.name));
        let errors = ours.errors.iter().map(|item| folded(&item.name));
        Self {
            types: enums.chain(structs).chain(errors).collect(),
            services: ours.services.iter().map(|item| folded(&item.name)).collect(),
        }
    }

    /// Name of an enum, struct or error.
    pub(super) fn of_type(&self, published: &str) -> String {
        self.types.get(&fold(published)).cloned().unwrap_or_else(|| snake(published))
    }

    /// Name of a service.
    pub(super) fn of_service(&self, published: &str) -> String {
        self.services.get(&fold(published)).cloned().unwrap_or_else(|| snake(published))
    }
}

/// `Content.Library.ItemModel` → `content.library.item_model`, `keepAlive` → `keep_alive`, `VAppTemplate` →
/// `v_app_template`, `DynamicID` → `dynamic_id`, `EULAs` → `eulas`, `Client-Token` → `client_token`.
pub(super) fn snake(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut out = String::new();
    for (index, c) in chars.iter().enumerate() {
        let previous = index.checked_sub(1).and_then(|index| chars.get(index));
        let (next, after) = (chars.get(index + 1), chars.get(index + 2));
        // Of an abbreviation, which its last capital does not belong to, unless an `s` makes it several.
        let ends_capitals = next.is_some_and(|next| next.is_lowercase())
            && !(next == Some(&'s') && after.is_none_or(|after| !after.is_lowercase()));
        let starts_word = previous.is_some_and(|previous| {
            previous.is_lowercase() || previous.is_ascii_digit() || previous.is_uppercase() && ends_capitals
        });
        if c.is_uppercase() && starts_word {
            out.push('_');
        }
        if *c == '-' {
            out.push('_');
        } else {
            out.extend(c.to_lowercase());
        }
    }
    out
}

/// Whether the words of a name had to be guessed, so that its full identifier may be another.
pub(super) fn is_guess(name: &str) -> bool {
    let capitals: Vec<bool> = name.chars().map(char::is_uppercase).collect();
    capitals.windows(2).any(|pair| pair == [true, true])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_told_by_capitals() {
        for (published, ours) in [
            ("Content.Library.ItemModel", "content.library.item_model"),
            ("keepAlive", "keep_alive"),
            ("Content.Type.Ovf.VAppTemplate", "content.type.ovf.v_app_template"),
            ("Content.Type.Ovf.USBController", "content.type.ovf.usb_controller"),
            ("Vapi.Std.DynamicID", "vapi.std.dynamic_id"),
            ("Client-Token", "client_token"),
            ("accept_all_EULA", "accept_all_eula"),
            ("Ipv4Spec", "ipv4_spec"),
            ("EULAs", "eulas"),
            ("IDsOfVMs", "ids_of_vms"),
            ("", ""),
        ] {
            assert_eq!(snake(published), ours);
            assert_eq!(fold(published).replace('-', ""), fold(ours));
        }
        assert!(is_guess("DynamicID") && !is_guess("ItemModel"));
    }
}
