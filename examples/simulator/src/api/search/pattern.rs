//! Values of conditions, in which `*` stands for any text.

/// Text with wildcards.
#[derive(Debug)]
pub(super) struct Pattern {
    text: String,
    case_sensitive: bool,
}

impl Pattern {
    /// A pattern that cares about case, or not.
    pub(super) fn new(text: &str, case_sensitive: bool) -> Self {
        let text = if case_sensitive { text.to_owned() } else { text.to_lowercase() };
        Pattern { text, case_sensitive }
    }

    /// The text itself.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Whether a value fits.
    pub(super) fn matches(&self, value: &str) -> bool {
        let lowered;
        let value = if self.case_sensitive {
            value
        } else {
            lowered = value.to_lowercase();
            &lowered
        };
        let Some((first, rest)) = self.text.split_once('*') else { return self.text == value };
        let (Some(mut value), Some((middle, last))) =
            (value.strip_prefix(first), Some(rest.rsplit_once('*').unwrap_or(("", rest))))
        else {
            return false;
        };
        for part in middle.split('*').filter(|part| !part.is_empty()) {
            match value.find(part) {
                Some(at) => value = value.get(at + part.len()..).unwrap_or_default(),
                None => return false,
            }
        }
        value.ends_with(last)
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn wildcards_stand_anywhere() {
        for (pattern, value, fits) in [
            ("vm", "vm", true),
            ("vm", "vm1", false),
            ("vm*", "vm1", true),
            ("*1", "vm1", true),
            ("v*1", "vm1", true),
            ("v*m*1", "vxxm21", true),
            ("*", "", true),
            ("a*a", "a", false),
            ("*a*b*", "xxbxa", false),
            ("v_1", "vm1", false),
            ("*ä*", "xäy", true),
        ] {
            assert_eq!(Pattern::new(pattern, true).matches(value), fits, "{pattern} {value}");
        }
    }

    #[test]
    fn case_counts_where_it_should() {
        assert!(!Pattern::new("VM*", true).matches("vm1"));
        assert!(Pattern::new("VM*", false).matches("vm1"));
    }
}
