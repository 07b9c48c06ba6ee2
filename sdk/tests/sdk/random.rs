//! Random values of any type. All by the tables: nothing is written out per type.

use serde_json::json;
use std::collections::BTreeMap;
use virt_sdk::table_access::Slot;
use virt_sdk::{DateTime, Record, Structure, serde_json};

/// How deep random objects are nested.
pub(crate) const DEPTH: u32 = 3;

/// Decisions, taken from random bytes until these are used up; then everything is as simple as can be.
pub(crate) struct Choices<'a>(pub(crate) std::slice::Iter<'a, u8>);

impl Choices<'_> {
    pub(crate) fn below(&mut self, count: usize) -> usize {
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
pub(crate) fn fill(record: &mut dyn Record, choices: &mut Choices<'_>, depth: u32) {
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
            Slot::Objects(value) if depth > 0 => {
                value.clear();
                (0..choices.below(3)).for_each(|_| fill(value.push(), choices, depth - 1));
            }
            Slot::ObjectMap(value) if depth > 0 => {
                value.clear();
                (0..choices.below(3)).for_each(|_| fill(value.insert(&choices.text()), choices, depth - 1));
            }
            Slot::TextMap(value) => {
                value.clear();
                (0..choices.below(3)).for_each(|_| value.insert(&choices.text(), choices.word()));
            }
            Slot::TextMaps(value) => {
                let mut map = || BTreeMap::from([(choices.text(), choices.text())]);
                *value = Some(vec![map(), map()]);
            }
            Slot::Structure(value) => *value = Some(structure(choices)),
            Slot::Structures(value) => *value = Some(vec![structure(choices), structure(choices)]),
            Slot::Json(value) => *value = Some(json!({ "any": [choices.text(), 1, null] })),
            _ => {}
        }
    }
}

fn structure(choices: &mut Choices<'_>) -> Structure {
    let mut structure = Structure::new();
    structure.class = Some(format!("com.example.{}", choices.word()));
    structure.members.insert("text".to_owned(), json!(choices.text()));
    structure
}
