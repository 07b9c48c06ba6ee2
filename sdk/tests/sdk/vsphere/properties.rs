//! What must hold for every type in JSON, tried on random values.

use crate::random::{Choices, DEPTH, fill};
use crate::vsphere_types::with_every_struct;
use proptest::prelude::*;
use serde_json::{Value, json};
use virt_sdk::table_access::json::{read, write};
use virt_sdk::vsphere::Dialect;
use virt_sdk::{Record, serde_json, vsphere};

fn random<T: Record + Default>(bytes: &[u8]) -> T {
    let mut value = T::default();
    fill(&mut value, &mut Choices(bytes.iter()), DEPTH);
    value
}

/// Dates without an offset are refused; all other values are written.
fn written(value: &dyn Record, dialect: Dialect) -> Option<Value> {
    match write(value, dialect) {
        Ok(value) => Some(value),
        Err(error) => {
            assert!(error.to_string().contains("offset"), "{error}");
            None
        }
    }
}

fn what_is_written_reads_back<T: Record + Default + Clone + PartialEq + std::fmt::Debug>(
    bytes: &[u8],
) -> Result<(), TestCaseError> {
    let value = random::<T>(bytes);
    for dialect in super::BOTH {
        let Some(text) = written(&value, dialect) else { continue };
        let mut found = T::default();
        prop_assert!(read(&text, &mut found).is_ok(), "{}", text);
        // Dates come back in UTC: what is written again is the same.
        let again = written(&found, dialect);
        prop_assert_eq!(again.as_ref(), Some(&text));
        prop_assert_eq!(value.clone(), value.clone());
    }
    Ok(())
}

/// Puts something new into every object.
fn extend(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.values_mut().for_each(extend);
            members.insert("brand_new".to_owned(), json!({ "a": [1, null] }));
        }
        Value::Array(items) => items.iter_mut().for_each(extend),
        _ => {}
    }
}

fn damage_is_an_error_or_another_value<T: Record + Default + Clone + PartialEq>(bytes: &[u8]) -> Result<(), TestCaseError> {
    let Some(mut value) = written(&random::<T>(bytes), Dialect::Api) else { return Ok(()) };
    let mut choices = Choices(bytes.iter());
    spoil(&mut value, &mut choices);
    let mut found = T::default();
    // Neither a panic nor a loop without end; and what was read can be used.
    if read(&value, &mut found).is_ok() {
        prop_assert!(found.clone() == found);
    }
    let mut extended = value;
    extend(&mut extended);
    let _ = read(&extended, &mut T::default());
    Ok(())
}

/// Replaces some values by others.
fn spoil(value: &mut Value, choices: &mut Choices<'_>) {
    if choices.below(4) == 1 {
        *value = [json!(null), json!(1), json!("x"), json!([]), json!({}), json!([{}]), json!(true), json!(1.5)]
            [choices.below(8)]
        .clone();
        return;
    }
    match value {
        Value::Object(members) => members.values_mut().for_each(|value| spoil(value, choices)),
        Value::Array(items) => items.iter_mut().for_each(|value| spoil(value, choices)),
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_type_reads_back_as_written(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        macro_rules! each { ($($($name:ident)::+,)*) => { $( what_is_written_reads_back::<vsphere::$($name)::+>(&bytes)?; )* } }
        with_every_struct!(each);
    }

    #[test]
    fn no_type_panics_on_damage(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        macro_rules! each {
            ($($($name:ident)::+,)*) => { $( damage_is_an_error_or_another_value::<vsphere::$($name)::+>(&bytes)?; )* }
        }
        with_every_struct!(each);
    }
}
