//! A list of virtual machines as an engine sends it: with actions, links and references.

use std::fmt::Write;

const RELS: &str = "diskattachments nics numanodes cdroms graphicsconsoles hostdevices katelloerrata permissions tags statistics sessions \
                    snapshots watchdogs reporteddevices affinitylabels applications";

const ACTIONS: &str = "start stop shutdown reboot suspend migrate detach clone export logon maintenance previewsnapshot commitsnapshot \
                       undosnapshot ticket reordermacaddresses freezefilesystems thawfilesystems autopincpuandnumanodes screenshot";

/// Elements that are the same in every virtual machine.
const FIXED: &str = "        <bios>
            <boot_menu><enabled>false</enabled></boot_menu>
            <type>q35_sea_bios</type>
        </bios>
        <cpu_shares>0</cpu_shares>
        <delete_protected>false</delete_protected>
        <display><allow_override>false</allow_override><copy_paste_enabled>true</copy_paste_enabled><disconnect_action>LOCK_SCREEN</disconnect_action><file_transfer_enabled>true</file_transfer_enabled><monitors>1</monitors><single_qxl_pci>false</single_qxl_pci><smartcard_enabled>false</smartcard_enabled><type>vnc</type></display>
        <high_availability><enabled>false</enabled><priority>1</priority></high_availability>
        <io><threads>1</threads></io>
        <memory_policy><ballooning>true</ballooning><guaranteed>1073741824</guaranteed><max>4294967296</max></memory_policy>
        <migration><auto_converge>inherit</auto_converge><compressed>inherit</compressed><encrypted>inherit</encrypted></migration>
        <migration_downtime>-1</migration_downtime>
        <multi_queues_enabled>true</multi_queues_enabled>
        <origin>ovirt</origin>
        <os><boot><devices><device>hd</device><device>network</device></devices></boot><type>rhel_8x64</type></os>
        <placement_policy><affinity>migratable</affinity></placement_policy>
        <serial_number><policy>vm</policy></serial_number>
        <sso><methods><method id=\"guest_agent\"/></methods></sso>
        <start_paused>false</start_paused>
        <stateless>false</stateless>
        <storage_error_resume_behaviour>auto_resume</storage_error_resume_behaviour>
        <time_zone><name>Etc/GMT</name></time_zone>
        <type>server</type>
        <usb><enabled>false</enabled></usb>
        <virtio_scsi_multi_queues_enabled>false</virtio_scsi_multi_queues_enabled>
        <has_illegal_images>false</has_illegal_images>
        <next_run_configuration_exists>false</next_run_configuration_exists>
        <numa_tune_mode>interleave</numa_tune_mode>
        <run_once>false</run_once>
        <start_time>2024-05-01T08:00:00.000+02:00</start_time>
        <stop_time>2024-04-30T08:00:00.000+02:00</stop_time>
";

/// The document with that many virtual machines; 5,000 are about 37 MB.
pub(crate) fn vms(count: usize) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<vms>\n");
    for number in 0..count {
        // Writing to a string cannot fail.
        let _ = vm(number, &mut out);
    }
    out.push_str("</vms>\n");
    out
}

fn vm(number: usize, out: &mut String) -> std::fmt::Result {
    let href = format!("/ovirt-engine/api/vms/{}", id(number));
    writeln!(out, "    <vm href=\"{href}\" id=\"{}\">\n        <actions>", id(number))?;
    for action in ACTIONS.split_whitespace() {
        writeln!(out, "            <link href=\"{href}/{action}\" rel=\"{action}\"/>")?;
    }
    writeln!(out, "        </actions>\n        <name>vm-{number:05}</name>")?;
    writeln!(out, "        <description>Application server &amp; cache #{number}</description>\n        <comment></comment>")?;
    for rel in RELS.split_whitespace() {
        writeln!(out, "        <link href=\"{href}/{rel}\" rel=\"{rel}\"/>")?;
    }
    out.push_str(FIXED);
    let (cores, day, status) = (1 + number % 4, number % 10, ["up", "down", "paused"].get(number % 3).copied().unwrap_or("up"));
    writeln!(out, "        <cpu>\n            <architecture>x86_64</architecture>")?;
    writeln!(
        out,
        "            <topology><cores>{cores}</cores><sockets>1</sockets><threads>1</threads></topology>\n        </cpu>"
    )?;
    writeln!(
        out,
        "        <creation_time>2024-03-1{day}T10:11:12.345+02:00</creation_time>\n        <memory>{}</memory>",
        1_u64 << 30
    )?;
    for (element, collection, seed) in [
        ("cluster", "clusters", 1),
        ("cpu_profile", "cpuprofiles", 2),
        ("host", "hosts", 3),
        ("original_template", "templates", 4),
        ("template", "templates", 4),
    ] {
        let id = id(number * 7 + seed);
        writeln!(out, "        <{element} href=\"/ovirt-engine/api/{collection}/{id}\" id=\"{id}\"/>")?;
    }
    writeln!(
        out,
        "        <quota id=\"{}\"/>\n        <fqdn>vm-{number:05}.example.com</fqdn>\n        <status>{status}</status>\n    </vm>",
        id(number * 7 + 5)
    )
}

/// An identifier in the form of a UUID.
fn id(seed: usize) -> String {
    let mixed = (seed as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    format!(
        "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
        mixed >> 32,
        mixed >> 16 & 0xffff,
        mixed >> 4 & 0xfff,
        mixed & 0xfff,
        mixed & 0xffff_ffff_ffff
    )
}
