//! Where an image has data, as servers tell it.

use crate::transfer::image::{Extent, ExtentKind};
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use std::fmt;

/// Which question about the extents of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Context {
    /// Where there is data.
    Zero,
    /// What has changed since a checkpoint.
    Dirty,
}

impl Context {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Zero => "zero",
            Self::Dirty => "dirty",
        }
    }
}

/// An extent as it is told. Servers of old leave out some of the flags.
#[derive(Default)]
struct Told {
    start: u64,
    length: u64,
    zero: bool,
    hole: bool,
    dirty: bool,
}

// There may be millions of them, of which no generic value is to be made; and a macro for one struct costs each build more.
impl<'de> Deserialize<'de> for Told {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Told;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an extent")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Told, A::Error> {
        let (mut told, mut start, mut length) = (Told::default(), None, None);
        while let Some(name) = map.next_key::<&str>()? {
            match name {
                "start" => start = Some(map.next_value()?),
                "length" => length = Some(map.next_value()?),
                "zero" => told.zero = map.next_value()?,
                "hole" => told.hole = map.next_value()?,
                "dirty" => told.dirty = map.next_value()?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        told.start = start.ok_or_else(|| A::Error::missing_field("start"))?;
        told.length = length.ok_or_else(|| A::Error::missing_field("length"))?;
        Ok(told)
    }
}

/// Reads extents. What is past `size` is left out: a ticket may cover less than the image has.
///
/// # Errors
///
/// That they are none, or that they leave out something: a text for an error.
pub(crate) fn read(json: &[u8], context: Context, size: Option<u64>) -> Result<Vec<Extent>, String> {
    let told: Vec<Told> = serde_json::from_slice(json).map_err(|error| format!("the extents cannot be read: {error}"))?;
    let size = size.unwrap_or(u64::MAX);
    let mut extents = Vec::with_capacity(told.len());
    let mut position: u64 = 0;
    for Told { start, length, zero, hole, dirty } in told {
        if start != position || length == 0 {
            return Err(format!("the extents go on at {start} with {length} bytes where {position} is next"));
        }
        position = start.checked_add(length).ok_or("an extent is longer than any image")?;
        let kind = match context {
            // What has not changed is not looked at, whatever is there.
            Context::Dirty if !dirty => ExtentKind::Hole,
            Context::Zero if hole => ExtentKind::Hole,
            _ if zero => ExtentKind::Zero,
            _ => ExtentKind::Data,
        };
        if start < size {
            extents.push(Extent::new(start, length.min(size - start), kind));
        }
    }
    Ok(extents)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(json: &str, context: Context, size: u64) -> Result<Vec<(u64, u64, ExtentKind)>, String> {
        let extents = read(json.as_bytes(), context, Some(size))?;
        Ok(extents.into_iter().map(|extent| (extent.start, extent.length, extent.kind)).collect())
    }

    #[test]
    fn zeros_holes_and_data_are_told_apart() {
        let json = r#"[{"start":0,"length":10,"zero":false,"hole":false},{"start":10,"length":5,"zero":true,"hole":true},
            {"start":15,"length":5,"zero":true}]"#;
        let expected = vec![(0, 10, ExtentKind::Data), (10, 5, ExtentKind::Hole), (15, 5, ExtentKind::Zero)];
        assert_eq!(kinds(json, Context::Zero, 20), Ok(expected));
        let clipped = vec![(0, 10, ExtentKind::Data), (10, 2, ExtentKind::Hole)];
        assert_eq!(kinds(json, Context::Zero, 12), Ok(clipped));
    }

    #[test]
    fn what_is_clean_shows_what_is_behind() {
        let json = r#"[{"start":0,"length":4,"dirty":true,"zero":false},{"start":4,"length":4,"dirty":false},
            {"start":8,"length":4,"dirty":true,"zero":true}]"#;
        let expected = vec![(0, 4, ExtentKind::Data), (4, 4, ExtentKind::Hole), (8, 4, ExtentKind::Zero)];
        assert_eq!(kinds(json, Context::Dirty, 12), Ok(expected));
    }

    #[test]
    fn gaps_overlaps_and_nonsense_are_refused() {
        for json in [
            "",
            "{}",
            r#"[{"start":1,"length":1}]"#,
            r#"[{"start":0,"length":0}]"#,
            r#"[{"start":0,"length":2},{"start":1,"length":2}]"#,
            r#"[{"start":0,"length":2},{"start":3,"length":2}]"#,
            r#"[{"start":0,"length":1},{"start":1,"length":18446744073709551615}]"#,
            r#"[{"start":-1,"length":2}]"#,
        ] {
            assert!(kinds(json, Context::Zero, 10).is_err(), "{json}");
        }
    }
}
