//! Where a service is: segments that the API fixes, and identifiers that are data.

use super::error::{Error, ErrorKind, Result};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything but the characters that RFC 3986 calls unreserved.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

#[derive(Clone, Debug, Default)]
pub(crate) struct Path(Vec<Segment>);

#[derive(Clone, Debug)]
enum Segment {
    Fixed(&'static str),
    Id(String),
    /// Path that the server told, encoded as it is, with its first slash.
    Told(String),
}

impl Path {
    pub(crate) fn fixed(&self, segment: &'static str) -> Self {
        self.with(Segment::Fixed(segment))
    }

    pub(crate) fn id(&self, id: &str) -> Self {
        self.with(Segment::Id(id.to_owned()))
    }

    pub(crate) fn told(&self, path: String) -> Self {
        self.with(Segment::Told(path))
    }

    fn with(&self, segment: Segment) -> Self {
        let mut segments = self.0.clone();
        segments.push(segment);
        Self(segments)
    }

    /// The path after the base URL, such as `/vms/123/nics`.
    ///
    /// An identifier becomes one segment whatever characters it has.
    pub(crate) fn encode(&self) -> Result<String> {
        let mut path = String::new();
        for segment in &self.0 {
            match segment {
                Segment::Fixed(fixed) => path.extend(["/", fixed]),
                Segment::Told(told) => path.push_str(told),
                Segment::Id(id) => {
                    path.push('/');
                    let id = encoded(id, &path)?;
                    path.push_str(&id);
                }
            }
        }
        Ok(path)
    }

    /// The path with `{id}` in place of identifiers.
    pub(crate) fn template(&self) -> String {
        let mut template = String::new();
        for segment in &self.0 {
            match segment {
                Segment::Fixed(fixed) => template.extend(["/", fixed]),
                Segment::Told(_) => template.push_str("/{href}"),
                Segment::Id(_) => template.push_str("/{id}"),
            }
        }
        template
    }
}

/// An identifier as one segment of a path, whatever characters it has. `before` is what stands before it.
pub(crate) fn encoded(id: &str, before: &str) -> Result<String> {
    if matches!(id, "" | "." | "..") {
        let message = format!(
            "`{id}` after `{before}` is not an identifier and would address something else; give the identifier of an object"
        );
        return Err(Error::new(ErrorKind::Request, message));
    }
    Ok(utf8_percent_encode(id, RESERVED).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_is_one_segment() {
        let vms = Path::default().fixed("vms");
        for (id, encoded) in [
            ("123", "/vms/123"),
            ("a/b", "/vms/a%2Fb"),
            ("a;b?c#d%é ", "/vms/a%3Bb%3Fc%23d%25%C3%A9%20"),
            ("../x", "/vms/..%2Fx"),
        ] {
            assert_eq!(vms.id(id).encode().unwrap(), encoded);
        }
        assert_eq!(vms.id("123").fixed("nics").template(), "/vms/{id}/nics");
    }

    #[test]
    fn what_would_address_something_else_is_refused() {
        for id in ["", ".", ".."] {
            let error = Path::default().fixed("vms").id(id).encode().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Request);
            assert!(error.to_string().contains("after `/vms/`"), "{error}");
        }
    }
}
