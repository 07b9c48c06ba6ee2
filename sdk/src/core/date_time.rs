use jiff::civil;
use jiff::tz::Offset;
use std::fmt;
use std::str::FromStr;

/// Point in time as a server writes it: date and time of day, to the nanosecond, with an offset from
/// UTC or without one.
///
/// ```
/// use virt_sdk::DateTime;
///
/// let time: DateTime = "2016-09-08T09:53:35.138+02:00".parse()?;
/// assert_eq!(time.timestamp().unwrap().to_string(), "2016-09-08T07:53:35.138Z");
/// assert_eq!(time.to_string(), "2016-09-08T09:53:35.138+02:00");
/// # Ok::<(), virt_sdk::InvalidDateTime>(())
/// ```
///
/// Two values are equal when date, time and offset are; compare the [`timestamp`](Self::timestamp)s to
/// find out whether they mean the same moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DateTime {
    local: civil::DateTime,
    offset: Option<Offset>,
}

impl DateTime {
    /// Date and time of day, in the time zone that [`offset`](Self::offset) tells.
    pub fn local(self) -> civil::DateTime {
        self.local
    }

    /// Offset from UTC; `None` when the server did not say which zone is meant.
    pub fn offset(self) -> Option<Offset> {
        self.offset
    }

    /// The moment; `None` without an offset, and for moments beyond the year 9999.
    pub fn timestamp(self) -> Option<jiff::Timestamp> {
        self.offset?.to_timestamp(self.local).ok()
    }
}

impl From<jiff::Timestamp> for DateTime {
    /// The moment, written in UTC.
    fn from(timestamp: jiff::Timestamp) -> Self {
        Self { local: Offset::UTC.to_datetime(timestamp), offset: Some(Offset::UTC) }
    }
}

impl From<civil::DateTime> for DateTime {
    /// A time without offset.
    fn from(local: civil::DateTime) -> Self {
        Self { local, offset: None }
    }
}

impl fmt::Display for DateTime {
    /// As RFC 3339 has it, with as many digits of the second as are needed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.local)?;
        match self.offset.map(Offset::seconds) {
            None => Ok(()),
            Some(0) => f.write_str("Z"),
            Some(seconds) => {
                let minutes = seconds.unsigned_abs() / 60;
                write!(f, "{}{:02}:{:02}", if seconds < 0 { '-' } else { '+' }, minutes / 60, minutes % 60)
            }
        }
    }
}

impl serde::Serialize for DateTime {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Text that is no date with time; see [`DateTime`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidDateTime(());

impl fmt::Display for InvalidDateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a date with time such as 2016-09-08T09:53:35.138+02:00")
    }
}

impl std::error::Error for InvalidDateTime {}

impl FromStr for DateTime {
    type Err = InvalidDateTime;

    /// Takes a date, `T`, a time with up to nine digits after the point, and `Z`, `+hh:mm`, `-hh:mm`
    /// or nothing.
    fn from_str(text: &str) -> Result<Self, InvalidDateTime> {
        let (_, time) = text.split_once('T').ok_or(InvalidDateTime(()))?;
        let zone = time.find(['Z', '+', '-']).map(|start| &time[start..]);
        let offset = zone.map(parse_offset).transpose()?;
        let local = &text[..text.len() - zone.unwrap_or_default().len()];
        Ok(Self { local: local.parse().map_err(|_| InvalidDateTime(()))?, offset })
    }
}

fn parse_offset(zone: &str) -> Result<Offset, InvalidDateTime> {
    let two_digits =
        |text: &str| -> Option<i32> { text.parse().ok().filter(|_| text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit())) };
    let seconds = || -> Option<i32> {
        if zone == "Z" {
            return Some(0);
        }
        let (sign, digits) = if let Some(digits) = zone.strip_prefix('-') { (-1, digits) } else { (1, zone.strip_prefix('+')?) };
        let (hours, minutes) = digits.split_once(':')?;
        let (hours, minutes) = (two_digits(hours)?, two_digits(minutes)?);
        (minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
    };
    seconds().and_then(|seconds| Offset::from_seconds(seconds).ok()).ok_or(InvalidDateTime(()))
}
