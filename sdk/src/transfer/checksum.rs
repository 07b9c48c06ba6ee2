use super::imageio::Route;
use super::source::wrong;
use crate::core::error::{Error, ErrorKind, Result};

/// Compares the checksum of what was moved with that of the server.
///
/// # Errors
///
/// `Checksum`, if they differ; else those of asking for it.
pub(super) async fn compared_with_server(route: &Route, size: u64, ours: Option<String>) -> Result<String> {
    let theirs = route.request(|server| async move { server.checksum(size).await }).await?;
    match ours {
        Some(ours) if ours == theirs => Ok(ours),
        Some(ours) => {
            let problem = format!("the image is not what was sent: its checksum is {ours} here and {theirs} on the server");
            Err(Error::new(ErrorKind::Checksum, problem))
        }
        None => Err(wrong("the checksum was not computed as a whole")),
    }
}
