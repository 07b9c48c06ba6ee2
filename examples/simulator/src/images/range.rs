//! Headers `Range` and `Content-Range`, as strict and as lax as the daemon reads them.

/// Part of an image that a header means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    /// First byte.
    pub(super) start: u64,
    /// Number of bytes.
    pub(super) length: u64,
}

/// Why a `Range` header is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// 416 that names the size.
    BeyondEnd,
    /// 416 that does not.
    Unsupported,
    /// 400.
    StartBeyondEnd,
}

/// Reads `bytes=a-b` or `bytes=a-` for an image of a size. Nothing is cut down to the size.
///
/// # Errors
///
/// Why the range is refused.
pub(super) fn wanted(header: &str, size: u64) -> Result<Wanted, Refusal> {
    let range = header.trim().strip_prefix("bytes=").ok_or(Refusal::Unsupported)?;
    let (first, last) = range.split_once('-').ok_or(Refusal::Unsupported)?;
    let start = digits(first).ok_or(Refusal::Unsupported)?;
    if last.is_empty() {
        let length = size.checked_sub(start).ok_or(Refusal::StartBeyondEnd)?;
        return Ok(Wanted { start, length });
    }
    let last = digits(last).filter(|last| *last >= start).ok_or(Refusal::Unsupported)?;
    if last >= size {
        return Err(Refusal::BeyondEnd);
    }
    Ok(Wanted { start, length: last - start + 1 })
}

/// Reads `bytes a-b/total`, where nothing may be left open.
pub(super) fn part(header: &str) -> Option<Wanted> {
    let (range, total) = header.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let (start, last, total) = (digits(first)?, digits(last)?, digits(total)?);
    (start <= last && last < total).then(|| Wanted { start, length: last - start + 1 })
}

/// Reads the first byte of `bytes a-b/total`; `b` and `total` may be `*`.
pub(super) fn offset(header: &str) -> Option<u64> {
    let (range, total) = header.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let start = digits(first)?;
    let last = if last == "*" { None } else { Some(digits(last)?) };
    let total = if total == "*" { None } else { Some(digits(total)?) };
    let is_outside = matches!((last, total), (Some(last), Some(total)) if last >= total);
    if is_outside || last.is_some_and(|last| last < start) { None } else { Some(start) }
}

fn digits(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_not_cut_down() {
        let some = |start, length| Ok(Wanted { start, length });
        assert_eq!(wanted("bytes=0-9", 10), some(0, 10));
        assert_eq!(wanted("bytes=3-3", 10), some(3, 1));
        assert_eq!(wanted("bytes=4-", 10), some(4, 6));
        assert_eq!(wanted("bytes=10-", 10), some(10, 0));
        assert_eq!(wanted("bytes=11-", 10), Err(Refusal::StartBeyondEnd));
        assert_eq!(wanted("bytes=0-10", 10), Err(Refusal::BeyondEnd));
        assert_eq!(wanted("bytes=0-18446744073709551615", 10), Err(Refusal::BeyondEnd));
    }

    #[test]
    fn other_ranges_are_unsupported() {
        for header in
            ["bytes=-5", "bytes=5-4", "bytes=0-1,3-4", "items=0-1", "bytes=a-b", "bytes=+1-2", "", "bytes=99999999999999999999-"]
        {
            assert_eq!(wanted(header, 10), Err(Refusal::Unsupported), "{header}");
        }
    }

    #[test]
    fn nothing_of_a_part_is_open() {
        assert_eq!(part("bytes 5-9/10"), Some(Wanted { start: 5, length: 5 }));
        for header in ["bytes 5-10/10", "bytes 5-9/*", "bytes 5-*/10", "bytes 6-5/10", "bytes 0-18446744073709551615/1", "5-9/10"]
        {
            assert_eq!(part(header), None, "{header}");
        }
    }

    #[test]
    fn only_the_start_of_a_content_range_counts() {
        assert_eq!(offset("bytes 300-301/*"), Some(300));
        assert_eq!(offset("bytes 5-*/*"), Some(5));
        assert_eq!(offset("bytes 0-9/10"), Some(0));
        assert_eq!(offset("bytes 0-10/10"), None);
        for header in ["bytes 5-4/*", "5-6/7", "bytes */7", "bytes 1-2", "bytes -1/2"] {
            assert_eq!(offset(header), None, "{header}");
        }
    }
}
