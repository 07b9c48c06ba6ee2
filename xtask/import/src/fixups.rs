//! Defects of what engines publish. Each row corrects one, says why, and fails the import once there is
//! nothing to correct: then the row goes.

use crate::source::Format;
use model::published::{Description, Method, Remarks, Text, is_version, leading_version};

struct Fixup {
    /// What is corrected.
    target: &'static str,
    /// What is wrong with it.
    defect: &'static str,
    /// Which form has the defect; `None` for both.
    format: Option<Format>,
    /// Returns whether the defect was there, and so was corrected.
    apply: fn(&mut Description) -> bool,
}

/// In this order: a later row may count on an earlier one.
const FIXUPS: &[Fixup] = &[
    // The engine writes `out` from the wrong field. What is not told is found by `model::published`.
    Fixup { target: "out", defect: "it repeats `in`", format: Some(Format::Xml), apply: out_repeats_in },
    // The only actions with a parameter that goes both ways, which no rule would find.
    Fixup { target: "vm.ticket.ticket", defect: OUT_LOST, format: Some(Format::Xml), apply: |d| goes_out(d, "vm") },
    Fixup {
        target: "vm_graphics_console.ticket.ticket",
        defect: OUT_LOST,
        format: Some(Format::Xml),
        apply: |d| goes_out(d, "vm_graphics_console"),
    },
    // Signatures have their short names, so three methods of one service are called the same.
    Fixup { target: "host.using_ssh", defect: SHORT_NAME, format: None, apply: |d| repeated(d, "using_ssh") },
    Fixup { target: "host.using_root_password", defect: SHORT_NAME, format: None, apply: |d| repeated(d, "using_root_password") },
    // The lines of the description that follow the tag were taken for more of its value.
    Fixup {
        target: "image_transfer",
        defect: SINCE_IS_TEXT,
        format: None,
        apply: |d| lowest_since(service(d, "image_transfer").map(|service| &mut service.remarks)),
    },
    Fixup {
        target: "image_transfers.add",
        defect: SINCE_IS_TEXT,
        format: None,
        apply: |d| lowest_since(method(d, "image_transfers", "add").map(|method| &mut method.remarks)),
    },
    // A day of the calendar was written where a version belongs.
    Fixup { target: "boot_protocol.poly_dhcp_autoconf", defect: "`since` is a date", format: None, apply: since_is_a_date },
    // A sentence was written where a version belongs.
    Fixup {
        target: "image_transfer_phase.cancelled",
        defect: "`deprecated` is a sentence",
        format: None,
        apply: deprecated_is_text,
    },
    // What is said of one value is attached to the enum.
    Fixup {
        target: "host_status",
        defect: ON_ENUM,
        format: None,
        apply: |d| to_values(d, "host_status", &["pending_approval"], 0),
    },
    Fixup { target: "host_type", defect: ON_ENUM, format: None, apply: |d| to_values(d, "host_type", &["rhev_h"], 0) },
    Fixup {
        target: "image_transfer_phase",
        defect: ON_ENUM,
        format: None,
        apply: |d| to_values(d, "image_transfer_phase", &["cancelled"], 0),
    },
    Fixup { target: "usb_type", defect: ON_ENUM, format: None, apply: |d| to_values(d, "usb_type", &["legacy"], 0) },
    Fixup { target: "video_type", defect: ON_ENUM, format: None, apply: |d| to_values(d, "video_type", &["cirrus", "qxl"], 0) },
    // Both the enum and its value are deprecated.
    Fixup {
        target: "network_plugin_type",
        defect: ON_ENUM,
        format: None,
        apply: |d| to_values(d, "network_plugin_type", &["open_vswitch"], 1),
    },
];

const OUT_LOST: &str = "its `out` is lost";
const SHORT_NAME: &str = "signatures of three methods have this one name";
const SINCE_IS_TEXT: &str = "`since` holds more than a version";
const ON_ENUM: &str = "the deprecation of values is attached to the enum";

/// Corrects all defects that the form has.
///
/// # Errors
///
/// The rows that found nothing to correct, a line each.
pub fn apply(description: &mut Description, format: Format) -> Result<(), String> {
    let mut idle = Vec::new();
    for fixup in FIXUPS.iter().filter(|fixup| fixup.format.is_none_or(|only| only == format)) {
        if !(fixup.apply)(description) {
            idle.push(format!(
                "{}: the fixup of `{}` ({}) no longer applies; see what the description says of it now, and remove the row \
                 from xtask/import/src/fixups.rs",
                description.source.path, fixup.target, fixup.defect
            ));
        }
    }
    if idle.is_empty() { Ok(()) } else { Err(idle.join("\n")) }
}

fn out_repeats_in(description: &mut Description) -> bool {
    let methods = || description.services.iter().flat_map(|service| &service.methods);
    let mut parameters = methods().flat_map(|method| &method.parameters);
    // Were it right, the object of every `get` would tell.
    if methods().next().is_none() || parameters.any(|parameter| parameter.returned != Some(parameter.given)) {
        return false;
    }
    for method in description.services.iter_mut().flat_map(|service| &mut service.methods) {
        for parameter in &mut method.parameters {
            parameter.returned = None;
        }
    }
    true
}

fn goes_out(description: &mut Description, service: &str) -> bool {
    let parameters = method(description, service, "ticket").into_iter().flat_map(|method| &mut method.parameters);
    let ticket = parameters.into_iter().find(|parameter| parameter.name.text == "ticket");
    let ticket = ticket.filter(|ticket| ticket.given && ticket.returned.is_none());
    ticket.map(|ticket| ticket.returned = Some(true)).is_some()
}

fn repeated(description: &mut Description, name: &str) -> bool {
    service(description, "host").is_some_and(|host| host.methods.iter().filter(|m| m.name.text == name).count() == 3)
}

fn lowest_since(remarks: Option<&mut Remarks>) -> bool {
    let Some(since) = annotation(remarks, "since") else { return false };
    if let [value] = since.as_slice()
        && is_version(value)
    {
        return false;
    }
    let key = |version: &&str| version.split('.').map(|part| part.parse().unwrap_or(u64::MAX)).collect::<Vec<u64>>();
    let lowest = since.iter().filter_map(|value| leading_version(value)).min_by_key(key).map(str::to_owned);
    lowest.map(|lowest| *since = vec![lowest]).is_some()
}

fn since_is_a_date(description: &mut Description) -> bool {
    let Some(value) = value(description, "boot_protocol", "poly_dhcp_autoconf") else { return false };
    // The day comes first, and a version of the API has a point.
    let is_date = |text: &String| !is_version(text) || !text.contains('.');
    let before = value.annotations.len();
    value.annotations.retain(|annotation| annotation.name.text != "since" || !annotation.values.iter().any(is_date));
    value.annotations.len() < before
}

fn deprecated_is_text(description: &mut Description) -> bool {
    let value = value(description, "image_transfer_phase", "cancelled");
    let Some(values) = annotation(value, "deprecated") else { return false };
    let text = !values.is_empty() && values.iter().all(|value| leading_version(value).is_none());
    if text {
        values.clear();
    }
    text
}

/// Moves one deprecation from an enum to each of its values, of which so many stay with the enum.
fn to_values(description: &mut Description, name: &str, values: &[&str], stay: usize) -> bool {
    let Some(item) = description.enums.iter_mut().find(|item| item.name.text == name) else { return false };
    if item.remarks.named("deprecated").count() != values.len() + stay {
        return false;
    }
    for wanted in values {
        let Some(value) = item.values.iter_mut().find(|value| value.name.text == *wanted) else { return false };
        let position = item.remarks.annotations.iter().rposition(|annotation| annotation.name.text == "deprecated");
        let moved = position.map(|position| item.remarks.annotations.remove(position));
        if value.remarks.named("deprecated").next().is_none() {
            value.remarks.annotations.extend(moved);
        }
    }
    true
}

fn service<'d>(description: &'d mut Description, name: &str) -> Option<&'d mut model::published::Service> {
    description.services.iter_mut().find(|service| service.name.text == name)
}

fn method<'d>(description: &'d mut Description, of: &str, name: &str) -> Option<&'d mut Method> {
    service(description, of)?.methods.iter_mut().find(|method| method.name.text == name)
}

fn value<'d>(description: &'d mut Description, of: &str, name: &str) -> Option<&'d mut Remarks> {
    let item = description.enums.iter_mut().find(|item| item.name.text == of)?;
    item.values.iter_mut().find(|value| value.name.text == name).map(|value| &mut value.remarks)
}

fn annotation<'d>(remarks: Option<&'d mut Remarks>, name: &str) -> Option<&'d mut Vec<String>> {
    let named = |text: &Text| text.text == name;
    remarks?.annotations.iter_mut().find(|annotation| named(&annotation.name)).map(|annotation| &mut annotation.values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::description::read;
    use crate::source::{Access, Source, load};

    fn published(form: &str) -> (Description, Format) {
        let path = format!("{}/tests/data/model-4.6.1.{form}.zip", env!("CARGO_MANIFEST_DIR"));
        let Source { document, format } = load(&path, &Access::default()).expect("the archive is right");
        (read(document, format).expect("the description is right"), format)
    }

    #[test]
    fn every_fixup_fails_once_its_target_is_gone() {
        for form in ["json", "xml"] {
            let (description, format) = published(form);
            apply(&mut description.clone(), format).expect("all of them apply");
            for fixup in FIXUPS.iter().filter(|fixup| fixup.format.is_none_or(|only| only == format)) {
                let mut description = description.clone();
                let item = fixup.target.split('.').next().unwrap_or_default();
                description.enums.retain(|other| other.name.text != item);
                description.services.retain(|other| other.name.text != item && item != "out");
                let message = apply(&mut description, format).expect_err(fixup.target);
                assert!(message.contains(&format!("the fixup of `{}` (", fixup.target)), "{message}");
            }
        }
    }

    #[test]
    fn every_fixup_fails_once_its_target_is_right() {
        for form in ["json", "xml"] {
            let (mut description, format) = published(form);
            apply(&mut description, format).expect("all of them apply");
            // What was corrected is right now; the names of signatures are the only thing that is just checked.
            let host = service(&mut description, "host").expect("it is there");
            for (number, method) in host.methods.iter_mut().enumerate() {
                method.name.text = format!("{}_{number}", method.name.text);
            }
            let message = apply(&mut description, format).expect_err("nothing is left to correct");
            let wanted = FIXUPS.iter().filter(|fixup| fixup.format.is_none_or(|only| only == format)).count();
            assert_eq!(message.lines().count(), wanted, "{message}");
        }
    }
}
