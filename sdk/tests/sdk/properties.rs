//! What must hold for every type, tried on random values.

use crate::ovirt_types::with_every_struct;
use crate::random::{Choices, DEPTH, fill};
use proptest::prelude::*;
use virt_sdk::table_access::xml::{read, write};
use virt_sdk::{Record, ovirt};

fn random<T: Record + Default>(bytes: &[u8]) -> T {
    let mut value = T::default();
    fill(&mut value, &mut Choices(bytes.iter()), DEPTH);
    value
}

fn what_is_written_reads_back<T: Record + Default + Clone + PartialEq + std::fmt::Debug>(
    bytes: &[u8],
) -> Result<(), TestCaseError> {
    let value = random::<T>(bytes);
    let text = write(&value).expect("it can be written");
    let mut found = T::default();
    prop_assert!(read(&text, &mut found).is_ok(), "{}", text);
    prop_assert_eq!(&found, &value, "{}", text);
    prop_assert_eq!(value.clone(), value);
    Ok(())
}

fn what_is_unknown_does_no_harm<T: Record + Default + PartialEq + std::fmt::Debug>(bytes: &[u8]) -> Result<(), TestCaseError> {
    let value = random::<T>(bytes);
    let text = write(&value).expect("it can be written");
    let mut choices = Choices(bytes.iter());
    let mut changed = String::new();
    let last = text.len() - 1;
    for (position, character) in text.char_indices() {
        changed.push(character);
        if character == '>' && position < last && choices.below(3) == 1 {
            changed.push_str("<brand_new id=\"1\" x='y'>text<href/><!-- --><![CDATA[<]]></brand_new>");
        }
    }
    let mut found = T::default();
    prop_assert!(read(&changed, &mut found).is_ok(), "{}", changed);
    prop_assert_eq!(found, value, "{}", changed);
    Ok(())
}

fn damage_is_an_error_or_another_value<T: Record + Default + Clone + PartialEq>(bytes: &[u8]) -> Result<(), TestCaseError> {
    let mut text = write(&random::<T>(bytes)).expect("it can be written").into_bytes();
    let mut choices = Choices(bytes.iter());
    for _ in 0..1 + choices.below(4) {
        let at = (choices.below(256) * 256 + choices.below(256)) % (text.len() + 1);
        let end = text.len().min(at + choices.below(20));
        let part = text[at..end].to_vec();
        match choices.below(4) {
            0 => drop(text.drain(at..end)),
            1 => drop(text.splice(at..at, part)),
            2 => text.extend(part),
            _ => drop(text.splice(at..end, [b"<>&\"'/= x;"[choices.below(10)]])),
        }
    }
    let mut found = T::default();
    // Neither a panic nor a loop without end; and what was read can be used.
    if read(&String::from_utf8_lossy(&text), &mut found).is_ok() {
        let copy = found.clone();
        prop_assert!(copy == found || write(&found).is_ok_and(|text| text.contains("NaN")));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_type_reads_back_as_written(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        macro_rules! each { ($($($name:ident)::+,)*) => { $( what_is_written_reads_back::<ovirt::$($name)::+>(&bytes)?; )* } }
        with_every_struct!(each);
    }

    #[test]
    fn no_type_minds_unknown_elements(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        macro_rules! each { ($($($name:ident)::+,)*) => { $( what_is_unknown_does_no_harm::<ovirt::$($name)::+>(&bytes)?; )* } }
        with_every_struct!(each);
    }

    #[test]
    fn no_type_panics_on_damage(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        macro_rules! each { ($($($name:ident)::+,)*) => { $( damage_is_an_error_or_another_value::<ovirt::$($name)::+>(&bytes)?; )* } }
        with_every_struct!(each);
    }
}
