//! The header `Range`, as web servers read it.

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// All of it, also where the header makes no sense.
    All,
    /// So many bytes from a place.
    Part(u64, u64),
    /// Nothing that is there.
    Nothing,
}

/// Reads one range of bytes, for a file of a size.
pub(super) fn wanted(header: Option<&str>, size: u64) -> Wanted {
    let range = header.and_then(|header| header.trim().strip_prefix("bytes=")).and_then(|range| range.split_once('-'));
    let Some((first, last)) = range else { return Wanted::All };
    let number = |text: &str| if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse::<u64>().ok() } else { None };
    match (number(first), number(last)) {
        (Some(first), _) if last.is_empty() => part(first, size.saturating_sub(1), size),
        (Some(first), Some(last)) if first <= last => part(first, last, size),
        (None, Some(0)) if first.is_empty() => Wanted::Nothing,
        (None, Some(length)) if first.is_empty() => part(size.saturating_sub(length), size.saturating_sub(1), size),
        _ => Wanted::All,
    }
}

fn part(first: u64, last: u64, size: u64) -> Wanted {
    if first >= size { Wanted::Nothing } else { Wanted::Part(first, last.min(size - 1) - first + 1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_cut_down_to_the_file() {
        for (header, expected) in [
            ("bytes=0-9", Wanted::Part(0, 10)),
            ("bytes=5-", Wanted::Part(5, 5)),
            ("bytes=5-100", Wanted::Part(5, 5)),
            ("bytes=-3", Wanted::Part(7, 3)),
            ("bytes=-30", Wanted::Part(0, 10)),
            ("bytes=10-", Wanted::Nothing),
            ("bytes=-0", Wanted::Nothing),
            ("bytes=5-4", Wanted::All),
            ("bytes=0-1,3-4", Wanted::All),
            ("items=0-1", Wanted::All),
        ] {
            assert_eq!(wanted(Some(header), 10), expected, "{header}");
        }
        assert_eq!(wanted(None, 10), Wanted::All);
        assert_eq!(wanted(Some("bytes=0-"), 0), Wanted::Nothing);
    }
}
