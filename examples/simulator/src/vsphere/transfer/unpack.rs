//! Packages that come as one archive: their files become files of the session.

use super::upload::Landing;
use crate::vsphere::ovf::{is_archive, is_signature};
use crate::vsphere::record::wide;
use crate::vsphere::state::{Algorithm, Content, SessionFile, Source, Store, Transfer};
use std::io::{self, Read};
use std::sync::Arc;

/// Bytes that are copied at a time.
const STEP: usize = 1 << 20;

/// More files than any package has.
const MOST: usize = 10_000;

/// Ends the transfer of a content, after taking it apart where it is an archive of a package.
pub(super) async fn arrive(landing: &Landing, content: Content) {
    let content = Arc::new(content);
    if landing.in_package().is_some_and(is_archive) {
        let (archive, store) = (Arc::clone(&content), landing.store());
        let unpacked = tokio::task::spawn_blocking(move || unpack(archive, &store)).await;
        match unpacked.map_err(io::Error::other).and_then(|unpacked| unpacked) {
            Ok(files) => {
                landing.add(files);
            }
            Err(error) => return landing.fail(&format!("The archive cannot be unpacked: {error}")),
        }
    }
    landing.finish(content);
}

fn unpack(archive: Arc<Content>, store: &Store) -> io::Result<Vec<(String, SessionFile)>> {
    let mut archive = tar::Archive::new(Reader { content: archive, position: 0 });
    let mut files = Vec::new();
    for entry in archive.entries()? {
        let mut entry = entry?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let name = entry.path()?.to_string_lossy().into_owned();
        if name.is_empty() || name == ".." || name.contains(['/', '\\']) || files.len() == MOST {
            return Err(io::Error::other(format!("it has an entry '{name}', which no package has")));
        }
        let content = copy(&mut entry, store)?;
        let mut file = SessionFile::new(Source::None, is_signature(&name));
        (file.status, file.received, file.content) = (Transfer::Ready, content.length(), Some(Arc::new(content)));
        files.push((name, file));
    }
    if files.is_empty() { Err(io::Error::other("it is empty")) } else { Ok(files) }
}

fn copy(from: &mut impl Read, store: &Store) -> io::Result<Content> {
    let mut receiver = store.begin(Algorithm::Sha1);
    let mut buffer = vec![0; STEP];
    loop {
        let length = from.read(&mut buffer)?;
        match buffer.get_mut(..length) {
            Some(bytes) if !bytes.is_empty() => receiver.write(bytes)?,
            _ => return receiver.finish(),
        }
    }
}

/// Reads a content from its beginning.
struct Reader {
    content: Arc<Content>,
    position: u64,
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = self.content.length().saturating_sub(self.position);
        let length = buffer.len().min(usize::try_from(rest).unwrap_or(usize::MAX));
        let bytes = self.content.read(self.position, length)?;
        buffer.iter_mut().zip(&bytes).for_each(|(to, from)| *to = *from);
        self.position += wide(bytes.len());
        Ok(bytes.len())
    }
}
