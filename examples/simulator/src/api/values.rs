//! Checks of the texts of primitives and enums in requests.

use super::fault::Fault;
use model::{Model, Type};

/// Integers of 64 bits, by struct that declares them; all others have 32.
const WIDE: &[(&str, &[&str])] = &[
    ("disk", &["actual_size", "initial_size", "provisioned_size", "total_size"]),
    ("gluster_client", &["bytes_read", "bytes_written"]),
    ("host", &["max_scheduling_memory", "memory"]),
    ("host_nic", &["speed"]),
    ("image", &["size"]),
    ("image_transfer", &["transferred"]),
    ("logical_unit", &["discard_max_size", "size"]),
    ("memory_policy", &["guaranteed", "max"]),
    ("numa_node", &["memory"]),
    ("quota_storage_limit", &["limit"]),
    ("storage_domain", &["available", "committed", "used"]),
    ("vm_base", &["memory"]),
    ("ticket", &["expiry"]),
];

/// Whether an integer member has 64 bits.
pub(crate) fn is_wide(declared_in: &str, member: &str) -> bool {
    WIDE.iter().any(|(kind, members)| *kind == declared_in && members.contains(&member))
}

/// The text in the form in which it is stored.
///
/// # Errors
///
/// 400 where the text is not of the type.
pub(crate) fn check(model: &Model, ty: &Type, wide: bool, text: &str) -> Result<String, Fault> {
    match ty {
        Type::String | Type::Struct(_) | Type::List(_) => Ok(text.to_owned()),
        // The engine's API has none of these.
        Type::Id(_) | Type::Dynamic(_) | Type::Opaque | Type::Set(_) | Type::Map(..) => Ok(text.to_owned()),
        Type::Boolean => match text.to_ascii_lowercase().as_str() {
            "true" | "1" => Ok("true".to_owned()),
            "false" | "0" => Ok("false".to_owned()),
            _ => Err(Fault::invalid(format!("Value '{text}' isn't a valid boolean, it should be 'true' or 'false'"))),
        },
        Type::Integer => integer(text.trim(), wide),
        Type::Decimal => match text.trim().parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(text.trim().to_owned()),
            _ => Err(Fault::invalid(format!("Value '{text}' isn't a valid decimal"))),
        },
        Type::Date => date(text),
        Type::Enum(name) => {
            let known = model.enums.get(name).is_some_and(|found| found.values.iter().any(|value| value.name == text));
            if known { Ok(text.to_owned()) } else { Err(Fault::invalid(format!("{text} is not a member of {}", camel(name)))) }
        }
    }
}

fn integer(text: &str, wide: bool) -> Result<String, Fault> {
    let number: i128 = match text.parse() {
        Ok(number) => number,
        Err(_) => return Err(Fault::invalid(format!("Value '{text}' isn't a valid integer"))),
    };
    let fits = if wide { i64::try_from(number).is_ok() } else { i32::try_from(number).is_ok() };
    if fits {
        Ok(number.to_string())
    } else {
        Err(Fault::out_of_range(format!("Value {number} is greater than its type allows")))
    }
}

fn date(text: &str) -> Result<String, Fault> {
    let has_time = text.contains('T');
    let known = text.parse::<jiff::Timestamp>().is_ok() || text.parse::<jiff::civil::DateTime>().is_ok();
    if has_time && known { Ok(text.to_owned()) } else { Err(Fault::invalid(format!("Value '{text}' isn't a valid date"))) }
}

/// Name of a type as messages show it: `vm_status` is `VmStatus`.
pub(crate) fn camel(name: &str) -> String {
    let mut camel = String::with_capacity(name.len());
    for word in name.split('_') {
        let mut letters = word.chars();
        camel.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        camel.push_str(letters.as_str());
    }
    camel
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_fits_the_model() {
        for (kind, members) in WIDE {
            for name in *members {
                let member = model::ovirt().structs[*kind].member(name).unwrap_or_else(|| panic!("{kind}.{name} exists"));
                assert_eq!((member.ty.clone(), member.declared_in.as_str()), (Type::Integer, *kind), "{name}");
            }
        }
    }

    #[test]
    fn texts_are_checked() {
        let check = |ty: Type, text: &str| check(model::ovirt(), &ty, false, text).ok();
        assert_eq!(check(Type::Boolean, "TRUE").as_deref(), Some("true"));
        assert_eq!(check(Type::Boolean, "maybe"), None);
        assert_eq!(check(Type::Integer, " 007 ").as_deref(), Some("7"));
        assert_eq!(check(Type::Integer, "2147483648"), None);
        assert_eq!(check(Type::Decimal, "NaN"), None);
        assert_eq!(check(Type::Date, "2016-09-08T09:53:35.138+02:00").as_deref(), Some("2016-09-08T09:53:35.138+02:00"));
        assert_eq!(check(Type::Date, "2016-09-08T09:53:35").as_deref(), Some("2016-09-08T09:53:35"));
        assert_eq!(check(Type::Date, "yesterday"), None);
        assert_eq!(check(Type::Enum("disk_format".into()), "cow").as_deref(), Some("cow"));
        assert_eq!(check(Type::Enum("disk_format".into()), "Cow"), None);
    }
}
