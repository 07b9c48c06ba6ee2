//! Virtual machines to begin with.

use super::{BLANK, CLUSTER, data_domain};
use crate::engine::Engine;
use crate::images::Format;
use crate::rules;
use crate::store::Object;

/// Size of the boot disk of each.
const DISK_SIZE: u64 = 1 << 30;

/// Adds so many virtual machines, `vm1` and so on, each with a boot disk.
pub(super) fn plant(engine: &mut Engine, count: u32) {
    for number in 1..=count {
        let name = format!("vm{number}");
        let vm = Object::default()
            .with("id", id("0f", number))
            .with("name", name.as_str())
            .with("status", "down")
            .with("next_run_configuration_exists", false)
            .with("cluster", Object::reference(CLUSTER))
            .with("original_template", Object::reference(BLANK))
            .with("template", Object::reference(BLANK));
        let vm = rules::plant(engine, "vms", "vm", vm);
        rules::equip(engine, &vm);
        attach_disk(engine, &vm, &format!("{name}_Disk1"), number);
    }
}

fn attach_disk(engine: &mut Engine, vm: &str, name: &str, number: u32) {
    let id = id("0d", number);
    let disk = Object::default()
        .with("id", id.as_str())
        .with("alias", name)
        .with("name", name)
        .with("format", "raw")
        .with("sparse", true)
        .with("status", "ok")
        .with("image_id", self::id("01", number))
        .with("provisioned_size", DISK_SIZE)
        .with("storage_domains", data_domain(engine).into_iter().collect::<Vec<_>>());
    rules::plant(engine, "disks", "disk", disk);
    engine.images.add(&id, DISK_SIZE, Format::Raw);
    let attachment = Object::default()
        .with("id", id.as_str())
        .with("bootable", true)
        .with("disk", Object::reference(&id))
        .with("vm", Object::reference(vm.rsplit('/').next().unwrap_or_default()));
    rules::plant(engine, &format!("{vm}/diskattachments"), "disk_attachment", attachment);
}

/// Ids that are the same in every run.
fn id(family: &str, number: u32) -> String {
    format!("{family}000000-0000-4000-8000-{number:012}")
}
