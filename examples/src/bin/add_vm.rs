//! Adds a virtual machine with a disk, starts it, and waits until it is up.

use clap::Parser;
use examples::{Engine, EngineOptions, Result, first_data_domain, wait_for_disk};
use std::time::{Duration, Instant};
use virt_sdk::ovirt::types::{Cluster, Disk, DiskAttachment, DiskFormat, DiskInterface, StorageDomain, Template, Vm, VmStatus};

/// Adds a virtual machine with a disk, starts it, and waits until it is up.
#[derive(Parser)]
struct Options {
    /// Name of the virtual machine
    #[arg(long, default_value = "example")]
    name: String,
    /// Name of the cluster to put it into
    #[arg(long, default_value = "Default")]
    cluster: String,
    /// Name of the template to make it of
    #[arg(long, default_value = "Blank")]
    template: String,
    /// Memory in MiB
    #[arg(long, default_value_t = 1024)]
    memory: u32,
    /// Size of its disk in GiB
    #[arg(long, default_value_t = 1)]
    disk: u32,
    /// Storage domain for the disk; without it the first active data domain
    #[arg(long)]
    storage_domain: Option<String>,
    #[command(flatten)]
    engine: EngineOptions,
}

#[tokio::main]
async fn main() -> Result<()> {
    let options = Options::parse();
    let engine = Engine::open(options.engine).await?;
    let vms = engine.connection.system_service().vms_service();
    let wanted = Vm::new()
        .name(options.name)
        .cluster(Cluster::new().name(options.cluster))
        .template(Template::new().name(options.template))
        .memory(i64::from(options.memory) << 20);
    let vm = vms.add().vm(wanted).send().await?;
    let id = vm.id.ok_or("the engine added a virtual machine without telling its id")?;
    println!("Added {} as {id}", vm.name.unwrap_or_default());

    let service = vms.vm_service(&id);
    wait_for(&service, VmStatus::Down).await?;
    let storage_domain = match options.storage_domain {
        Some(name) => name,
        None => first_data_domain(&engine.connection).await?,
    };
    let disk = Disk::new()
        .name("root")
        .format(DiskFormat::Cow)
        .provisioned_size(i64::from(options.disk) << 30)
        .storage_domains([StorageDomain::new().name(storage_domain)]);
    let attachment = DiskAttachment::new().bootable(true).active(true).interface(DiskInterface::VirtioScsi).disk(disk);
    let attachment = service.disk_attachments_service().add().attachment(attachment).send().await?;
    // An attachment has the identifier of its disk.
    wait_for_disk(&engine.connection, &attachment.id.ok_or("the engine attached a disk without telling its id")?).await?;

    service.start().send().await?;
    wait_for(&service, VmStatus::Up).await?;
    println!("It is up");
    engine.close().await
}

async fn wait_for(service: &virt_sdk::ovirt::services::VmService, wanted: VmStatus) -> Result<()> {
    let deadline = Instant::now() + Duration::from_secs(300);
    loop {
        let status = service.get().send().await?.status;
        if status.as_ref() == Some(&wanted) {
            return Ok(());
        }
        if Instant::now() > deadline {
            return Err(format!("it should be `{wanted}` after five minutes, and is {status:?}").into());
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
