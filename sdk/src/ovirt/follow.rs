use super::answer;
use crate::core::error::{Error, ErrorKind, Result};
use crate::core::http::reply::Reply;
use crate::core::link::{Link, List};
use crate::core::table::{Record, View};
use reqwest::Url;

/// What [`Connection::follow_link`](super::Connection::follow_link) can follow: an object, a [`Link`] to
/// one, or a [`List`], if it has a path.
pub trait Followable {
    /// What stands there.
    type Target;
    /// Where it stands.
    fn href(&self) -> Option<&str>;
    /// Reads it.
    #[doc(hidden)]
    fn decode(reply: &Reply) -> Result<Self::Target>;
}

impl<T: Record + Default> Followable for T {
    type Target = T;

    fn href(&self) -> Option<&str> {
        match self.view(self.table().attribute("href")?) {
            View::Text(href) => href.as_deref(),
            _ => None,
        }
    }

    fn decode(reply: &Reply) -> Result<T> {
        answer::object(reply)
    }
}

impl<T: Record + Default> Followable for Link<T> {
    type Target = T;

    fn href(&self) -> Option<&str> {
        Link::href(self)
    }

    fn decode(reply: &Reply) -> Result<T> {
        answer::object(reply)
    }
}

impl<T: Record + Clone + Default> Followable for List<T> {
    type Target = List<T>;

    fn href(&self) -> Option<&str> {
        self.href.as_deref()
    }

    fn decode(reply: &Reply) -> Result<List<T>> {
        answer::list(reply)
    }
}

/// Path and query below the URL of the connection.
///
/// A path that leads elsewhere is refused: the token must not go to another server, nor a request to
/// what is not the API.
pub(super) fn below(base: &Url, href: Option<&str>) -> Result<(String, Vec<(String, String)>)> {
    let refused = |message: String| Err(Error::new(ErrorKind::Request, message));
    let Some(href) = href.filter(|href| !href.is_empty()) else {
        return refused("this has no href to follow; read it from the server first, or get it by its identifier".to_owned());
    };
    let Ok(url) = base.join(href) else {
        return refused(format!("`{href}` is not a path; follow an href that the server sent"));
    };
    let path = url.path().strip_prefix(base.path().trim_end_matches('/')).filter(|path| path.starts_with('/'));
    match path {
        Some(path) if url.origin() == base.origin() => Ok((path.to_owned(), url.query_pairs().into_owned().collect())),
        _ => refused(format!("`{href}` is not below {}; follow an href that this server sent", base.path())),
    }
}
