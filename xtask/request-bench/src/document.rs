//! A virtual machine as an engine sends it, with some of its actions and links; about 3 KB.

use std::fmt::Write;

/// The virtual machine that is asked for.
pub(crate) const ID: &str = "123e4567-e89b-42d3-8456-426614174000";

/// Its name.
pub(crate) const NAME: &str = "vm-00042";

const ACTIONS: &str = "start stop shutdown reboot migrate";

const RELS: &str = "diskattachments nics cdroms snapshots tags";

/// Elements with neither links nor references.
const FIXED: &str = "    <bios><boot_menu><enabled>false</enabled></boot_menu><type>q35_sea_bios</type></bios>
    <cpu><architecture>x86_64</architecture><topology><cores>2</cores><sockets>1</sockets><threads>1</threads></topology></cpu>
    <cpu_shares>0</cpu_shares>
    <creation_time>2024-03-11T10:11:12.345+02:00</creation_time>
    <delete_protected>false</delete_protected>
    <high_availability><enabled>false</enabled><priority>1</priority></high_availability>
    <io><threads>1</threads></io>
    <memory>1073741824</memory>
    <memory_policy><ballooning>true</ballooning><guaranteed>1073741824</guaranteed><max>4294967296</max></memory_policy>
    <origin>ovirt</origin>
    <os><boot><devices><device>hd</device><device>network</device></devices></boot><type>rhel_8x64</type></os>
    <placement_policy><affinity>migratable</affinity></placement_policy>
    <start_paused>false</start_paused>
    <stateless>false</stateless>
    <time_zone><name>Etc/GMT</name></time_zone>
    <type>server</type>
    <usb><enabled>false</enabled></usb>
    <fqdn>vm-00042.example.com</fqdn>
    <next_run_configuration_exists>false</next_run_configuration_exists>
    <run_once>false</run_once>
    <start_time>2024-05-01T08:00:00.000+02:00</start_time>
    <status>up</status>
";

pub(crate) fn vm() -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n");
    // Writing to a string cannot fail.
    let _ = write_vm(&mut out);
    out
}

fn write_vm(out: &mut String) -> std::fmt::Result {
    let href = format!("/ovirt-engine/api/vms/{ID}");
    writeln!(out, "<vm href=\"{href}\" id=\"{ID}\">\n    <actions>")?;
    for action in ACTIONS.split_whitespace() {
        writeln!(out, "        <link href=\"{href}/{action}\" rel=\"{action}\"/>")?;
    }
    writeln!(out, "    </actions>\n    <name>{NAME}</name>")?;
    writeln!(out, "    <description>Application server &amp; cache #42</description>\n    <comment></comment>")?;
    for rel in RELS.split_whitespace() {
        writeln!(out, "    <link href=\"{href}/{rel}\" rel=\"{rel}\"/>")?;
    }
    out.push_str(FIXED);
    for (element, collection) in [("cluster", "clusters"), ("host", "hosts"), ("template", "templates")] {
        writeln!(out, "    <{element} href=\"/ovirt-engine/api/{collection}/{ID}\" id=\"{ID}\"/>")?;
    }
    out.push_str("</vm>\n");
    Ok(())
}
