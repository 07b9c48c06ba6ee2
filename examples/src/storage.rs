use crate::Result;
use std::time::{Duration, Instant};
use virt_sdk::ovirt::Connection;
use virt_sdk::ovirt::types::{DiskStatus, StorageDomainStatus, StorageDomainType};

/// Name of a storage domain that can hold disks.
///
/// # Errors
///
/// When there is none, or the engine fails.
pub async fn first_data_domain(connection: &Connection) -> Result<String> {
    let centers = connection.system_service().data_centers_service();
    for center in centers.list().send().await? {
        let attached = centers.data_center_service(center.id.as_deref().unwrap_or_default()).storage_domains_service();
        for domain in attached.list().send().await? {
            let usable = domain.status == Some(StorageDomainStatus::Active) && domain.r#type == Some(StorageDomainType::Data);
            if let (true, Some(name)) = (usable, domain.name) {
                return Ok(name);
            }
        }
    }
    Err("no active data storage domain was found; name one with --storage-domain".into())
}

/// Waits until a new disk is ready.
///
/// # Errors
///
/// When that takes more than two minutes, or the engine fails.
pub async fn wait_for_disk(connection: &Connection, id: &str) -> Result<()> {
    let disk = connection.system_service().disks_service().disk_service(id);
    let deadline = Instant::now() + Duration::from_secs(120);
    loop {
        match disk.get().send().await?.status {
            Some(DiskStatus::Ok) => return Ok(()),
            Some(DiskStatus::Illegal) => return Err("the disk became illegal; the events of the engine say why".into()),
            _ if Instant::now() > deadline => return Err("the new disk was still not ready after two minutes".into()),
            _ => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}
