//! Which requests a fault meets.

use crate::api;

/// Part of a simulated engine that requests go to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Target {
    /// The API: everything below `/ovirt-engine/api`.
    #[default]
    Api,
    /// Signing in and out.
    SignIn,
    /// The image endpoints, that of the host and that of the proxy.
    Images,
    /// All of these, and the pages beside them.
    Everything,
}

/// Requests that a fault meets.
#[derive(Clone, Debug, Default)]
pub(crate) struct Requests {
    /// Where they go.
    pub(crate) target: Target,
    /// Their HTTP method; none is any.
    pub(crate) method: Option<String>,
    /// Pattern of their path; none is any.
    pub(crate) path: Option<String>,
}

impl Requests {
    /// Whether a request is one of them.
    pub(super) fn fit(&self, target: Target, method: &str, path: &str) -> bool {
        let fits_method = self.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method));
        let is_there = self.target == target || self.target == Target::Everything;
        let shown = if target == Target::Api { below_base(path) } else { path };
        is_there && fits_method && self.path.as_deref().is_none_or(|pattern| fits(pattern, shown))
    }
}

/// What follows the base of the API and the version.
fn below_base(path: &str) -> &str {
    let below = path.strip_prefix(api::BASE).unwrap_or(path);
    let below = below.split(';').next().unwrap_or_default();
    below.strip_prefix("/v4").filter(|rest| rest.is_empty() || rest.starts_with('/')).unwrap_or(below)
}

fn fits(pattern: &str, path: &str) -> bool {
    let segments = |text: &str| text.split('/').filter(|segment| !segment.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    all_fit(&segments(pattern), &segments(path))
}

fn all_fit(pattern: &[String], path: &[String]) -> bool {
    match pattern.split_first() {
        None => path.is_empty(),
        Some((first, rest)) if first == "**" => {
            (0..=path.len()).any(|skipped| all_fit(rest, path.get(skipped..).unwrap_or_default()))
        }
        Some((first, rest)) => match path.split_first() {
            Some((segment, below)) => (first == "*" || first == segment) && all_fit(rest, below),
            None => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        let requests = |path: &str| Requests { path: Some(path.to_owned()), ..Requests::default() };
        for (pattern, path, expected) in [
            ("/", "/ovirt-engine/api", true),
            ("/vms", "/ovirt-engine/api/vms", true),
            ("vms", "/ovirt-engine/api/v4/vms", true),
            ("/events", "/ovirt-engine/api/events;from=3", true),
            ("/vms", "/ovirt-engine/api/vms/1", false),
            ("/vms/*", "/ovirt-engine/api/vms/1", true),
            ("/vms/*", "/ovirt-engine/api/vms", false),
            ("/vms/*/start", "/ovirt-engine/api/vms/1/start", true),
            ("/vms/**", "/ovirt-engine/api/vms/1/nics/2", true),
            ("/**/nics/*", "/ovirt-engine/api/vms/1/nics/2", true),
            ("/**/nics", "/ovirt-engine/api/vms/1/nics/2", false),
        ] {
            assert_eq!(requests(pattern).fit(Target::Api, "GET", path), expected, "{pattern} {path}");
        }
        assert!(!requests("/**").fit(Target::Images, "GET", "/images/1"));
    }
}
