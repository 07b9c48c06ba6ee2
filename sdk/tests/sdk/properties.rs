//! What must hold for every type, tried on random values. All by the tables: nothing is written out per type.

use crate::every_type::with_every_struct;
use proptest::prelude::*;
use virt_sdk::ovirt::types;
use virt_sdk::table_access::{Slot, read, write};
use virt_sdk::{DateTime, Record};

/// How deep random objects are nested.
const DEPTH: u32 = 3;

/// Decisions, taken from random bytes until these are used up; then everything is as simple as can be.
struct Choices<'a>(std::slice::Iter<'a, u8>);

impl Choices<'_> {
    fn below(&mut self, count: usize) -> usize {
        usize::from(self.0.next().copied().unwrap_or(0)) % count
    }

    fn integer(&mut self) -> i64 {
        match self.below(4) {
            0 => 0,
            1 => i64::MIN,
            2 => i64::MAX,
            _ => i64::try_from(self.below(256)).unwrap_or(0) - 128,
        }
    }

    fn decimal(&mut self) -> f64 {
        [0.0, -0.5, 123_456.789, f64::MAX, f64::MIN_POSITIVE, 1e16, 1.0 / 3.0][self.below(7)]
    }

    fn date(&mut self) -> DateTime {
        let texts = [
            "2024-02-29T12:34:56.789+02:00",
            "1999-12-31T23:59:59Z",
            "2016-09-08T09:53:35",
            "0001-01-01T00:00:00.000000001-11:30",
        ];
        texts[self.below(4)].parse().expect("these are dates")
    }

    fn text(&mut self) -> String {
        let parts = ["a", "<&>\"'", "\t\r\n", " ", "]]>", "ä中😀", "&amp;", "-->", "0", "\u{85}\u{a0}"];
        (0..self.below(4)).map(|_| parts[self.below(10)]).collect()
    }

    /// A word such as those of enums, known ones among them.
    fn word(&mut self) -> &'static str {
        ["up", "ok", "raw", "never_heard_of", "true"][self.below(5)]
    }
}

/// Sets random members.
fn fill(record: &mut dyn Record, choices: &mut Choices<'_>, depth: u32) {
    for index in 0..record.table().fields.len() {
        if choices.below(3) != 1 {
            continue;
        }
        match record.slot(index) {
            Slot::None => {}
            Slot::Boolean(value) => *value = Some(choices.below(2) == 1),
            Slot::Integer(value) => *value = Some(choices.integer()),
            Slot::Decimal(value) => *value = Some(choices.decimal()),
            Slot::Date(value) => *value = Some(choices.date()),
            Slot::Text(value) => *value = Some(choices.text()),
            Slot::Texts(value) => *value = Some((0..choices.below(3)).map(|_| choices.text()).collect()),
            Slot::Enum(value) => value.set(choices.word()),
            Slot::Enums(value) => {
                value.clear();
                (0..choices.below(3)).for_each(|_| value.push(choices.word()));
            }
            Slot::Object(value) if depth > 0 => fill(value.reset(), choices, depth - 1),
            Slot::Link(value) if choices.below(2) == 1 => value.set_reference(Some(choices.text()), Some(choices.text())),
            Slot::Link(value) if depth > 0 => fill(value.reset(), choices, depth - 1),
            Slot::List(value) if depth > 0 => {
                let (href, items) = value.parts_mut();
                let count = choices.below(3);
                // The path of an empty list is that of one that was not read, which is not written.
                *href = (count > 0 && choices.below(2) == 1).then(|| format!("/{}", choices.text()));
                items.clear();
                (0..count).for_each(|_| fill(items.push(), choices, depth - 1));
            }
            _ => {}
        }
    }
}

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
        macro_rules! each { ($($name:ident,)*) => { $( what_is_written_reads_back::<types::$name>(&bytes)?; )* } }
        with_every_struct!(each);
    }

    #[test]
    fn no_type_minds_unknown_elements(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        macro_rules! each { ($($name:ident,)*) => { $( what_is_unknown_does_no_harm::<types::$name>(&bytes)?; )* } }
        with_every_struct!(each);
    }

    #[test]
    fn no_type_panics_on_damage(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        macro_rules! each { ($($name:ident,)*) => { $( damage_is_an_error_or_another_value::<types::$name>(&bytes)?; )* } }
        with_every_struct!(each);
    }
}
