//! Against the vCenter simulator of govmomi, a server that is not ours. It speaks `/rest` alone.

#[path = "../../support/vcsim.rs"]
mod support;

use support::Vcsim;
use virt_sdk::vsphere::content::LibraryModel;
use virt_sdk::vsphere::content::library::item::downloadsession::file::PrepareStatus;
use virt_sdk::vsphere::content::library::item::updatesession::file::{AddSpec, SourceType};
use virt_sdk::vsphere::content::library::item::{DownloadSessionModel, UpdateSessionModel, UpdateSessionModelState};
use virt_sdk::vsphere::content::library::{ItemModel, StorageBacking, StorageBackingType};
use virt_sdk::vsphere::{Dialect, Session};
use virt_sdk::{ErrorKind, Result};

fn builder(vcsim: &Vcsim) -> virt_sdk::vsphere::SessionBuilder {
    Session::builder(&vcsim.url).username(&vcsim.username).password(&vcsim.password)
}

#[tokio::test]
async fn a_file_comes_back_as_it_went() -> Result<()> {
    let Some(vcsim) = Vcsim::start() else { return Ok(()) };
    let session = builder(&vcsim).dialect(Dialect::Rest).build()?;
    let content: Vec<u8> = (0..3_000_001_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8).collect();

    let backing = StorageBacking::new().r#type(StorageBackingType::Datastore).datastore_id(vcsim.datastore.as_str());
    let library = LibraryModel::new().name("library").storage_backings([backing]);
    let library = session.content().local_library().create(library).send().await?;
    assert_eq!(session.content().library().list().send().await?, std::slice::from_ref(&library));
    let item = ItemModel::new().library_id(&library).name("item");
    let item = session.content().library().item().create(item).send().await?;

    let updates = session.content().library().item().update_session();
    let update = updates.create(UpdateSessionModel::new().library_item_id(&item)).client_token("token").send().await?;
    let files = session.content().library().item().updatesession().file();
    let size = content.len() as u64;
    let spec = AddSpec::new().name("disk.bin").source_type(SourceType::Push).size(i64::try_from(size).expect("it fits"));
    let info = files.add(&update, spec).send().await?;
    let endpoint = info.upload_endpoint.expect("a file to push has one");
    session.upload(&endpoint, std::io::Cursor::new(content.clone()), size).await?;
    // `validate` is left out: vcsim answers it with nothing.
    updates.complete(&update).send().await?;
    assert_eq!(updates.get(&update).send().await?.state, Some(UpdateSessionModelState::Done));
    updates.delete(&update).send().await?;

    let downloads = session.content().library().item().download_session();
    let download = downloads.create(DownloadSessionModel::new().library_item_id(&item)).send().await?;
    let files = session.content().library().item().downloadsession().file();
    let info = files.prepare(&download, "disk.bin").send().await?;
    assert_eq!(info.status, Some(PrepareStatus::Prepared));
    let endpoint = info.download_endpoint.expect("a prepared file has one");
    for from in [0, 1_000_000] {
        let mut found = Vec::new();
        let mut arriving = session.download(&endpoint, from).await?;
        while let Some(piece) = arriving.chunk().await? {
            found.extend_from_slice(&piece);
        }
        assert!(found == content[usize::try_from(from).expect("it fits")..], "{} bytes from {from}", found.len());
    }
    downloads.delete(&download).send().await?;
    session.close().await
}

#[tokio::test]
async fn the_dialect_is_found_out() -> Result<()> {
    let Some(vcsim) = Vcsim::start() else { return Ok(()) };
    let session = builder(&vcsim).detect_dialect().build()?;
    assert!(session.content().library().list().send().await?.is_empty());
    assert_eq!(session.dialect().await?, Dialect::Rest);
    session.close().await
}

#[tokio::test]
async fn errors_have_their_kind() -> Result<()> {
    let Some(vcsim) = Vcsim::start() else { return Ok(()) };
    let error = Session::builder(&vcsim.url).username(&vcsim.username).password("wrong").dialect(Dialect::Rest).build()?;
    let error = error.test().await.expect_err("the password is wrong");
    assert_eq!(error.kind(), ErrorKind::Authentication);
    let session = builder(&vcsim).dialect(Dialect::Rest).build()?;
    let error = session.content().library().get("none").send().await.expect_err("there is none");
    assert_eq!((error.kind(), error.status()), (ErrorKind::NotFound, Some(404)));
    session.close().await?;
    let error = builder(&vcsim).build()?.test().await.expect_err("it does not speak this dialect");
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().contains("detect_dialect"), "{error}");
    Ok(())
}
