//! What `diff` says, beside the listing that reviewers read.

use crate::common::*;
use import::diff::{Part, compare};
use model::{Document, Model};

/// The committed model with replacements in some documents: path, what, by what.
fn mutated(mutations: &[(&str, &str, &str)]) -> Model {
    let mut documents = import::folder::load(&committed()).expect("the documents can be read");
    for (path, from, to) in mutations {
        if from.is_empty() {
            documents.push(Document { path: (*path).to_owned(), text: (*to).to_owned() });
            continue;
        }
        let document = documents.iter_mut().find(|document| document.path == *path).expect(path);
        assert!(document.text.contains(from), "{from} in {path}");
        document.text = document.text.replacen(from, to, 1);
    }
    model::read(&documents).unwrap_or_else(|faults| panic!("{}", faults[0]))
}

struct Case {
    mutations: &'static [(&'static str, &'static str, &'static str)],
    part: Part,
    /// What the Markdown says.
    says: &'static str,
    /// Whether the listing of everything public shows it.
    listed: bool,
}

const CASES: &[Case] = &[
    Case {
        mutations: &[("structs/disk.xml", ">Alias of the disk.<", ">Name of the disk.<")],
        part: Part::Patch,
        says: "### Described anew\n\n- struct `disk`: attribute `alias`\n",
        listed: false,
    },
    Case {
        mutations: &[("structs/disk.xml", "name=\"alias\" type=\"string\"", "name=\"alias\" type=\"string\" removed=\"4.7\"")],
        part: Part::Patch,
        says: "- struct `disk`: attribute `alias` `removed` is `4.7`",
        listed: true,
    },
    Case {
        mutations: &[("model.xml", "version=\"4.6.1\"", "version=\"4.6.2\"")],
        part: Part::Patch,
        says: "- model: version is `4.6.2`, was `4.6.1`",
        listed: true,
    },
    Case {
        mutations: &[("structs/identified.xml", "</struct>", "<attribute name=\"made_up\" type=\"string\"/></struct>")],
        part: Part::Minor,
        says: "### Added\n\n- struct `identified`: attribute `made_up`: `string`\n",
        listed: true,
    },
    Case {
        mutations: &[("structs/disk.xml", "name=\"alias\" type=\"string\"", "name=\"alias\" type=\"integer\"")],
        part: Part::Major,
        says: "- struct `disk`: type of attribute `alias` is `integer`, was `string`",
        listed: true,
    },
    Case {
        mutations: &[(
            "structs/disk.xml",
            "<link name=\"quota\" type=\"quota\">Quota that the disk counts against.</link>",
            "<attribute name=\"quota\" type=\"quota\"/>",
        )],
        part: Part::Major,
        says: "attribute `quota` was link `quota`",
        listed: true,
    },
    Case {
        mutations: &[("structs/disk.xml", "name=\"alias\" type=\"string\"", "name=\"alias\" type=\"string\" secret=\"true\"")],
        part: Part::Minor,
        says: "attribute `alias` is kept out of `Debug` output from now on",
        listed: true,
    },
    Case {
        mutations: &[("structs/disk.xml", "base=\"device\"", "base=\"identified\"")],
        part: Part::Major,
        says: "base is `identified`, was `device`",
        listed: true,
    },
    Case {
        mutations: &[("enums/vm_status.xml", "<value name=\"up\"", "<value name=\"made_up\"/><value name=\"up\"")],
        part: Part::Minor,
        says: "### Added\n\n- enum `vm_status`: value `made_up`\n",
        listed: true,
    },
    Case {
        mutations: &[(
            "enums/usb_type.xml",
            "<value name=\"legacy\" deprecated=\"true\">",
            "<value name=\"legacy\" deprecated=\"3.6\">",
        )],
        part: Part::Patch,
        says: "value `legacy` deprecation is `3.6`, was `true`",
        listed: true,
    },
    Case {
        mutations: &[(
            "enums/usb_type.xml",
            "<value name=\"legacy\" deprecated=\"true\">",
            "<value name=\"legacy\" since=\"3.0\">",
        )],
        part: Part::Patch,
        says: "value `legacy` is no longer deprecated",
        listed: true,
    },
    Case {
        mutations: &[(
            "services/host.xml",
            "<in name=\"source_host\" type=\"host\"",
            "<in name=\"source_host\" type=\"host\" mandatory=\"true\"",
        )],
        part: Part::Major,
        says: "method `copy_host_networks`: parameter `source_host` is mandatory from now on",
        listed: true,
    },
    Case {
        mutations: &[(
            "services/host.xml",
            "<method name=\"upgrade_check\" since=\"4.1\">",
            "<method name=\"upgrade_check\" since=\"4.1\" deprecated=\"true\">",
        )],
        part: Part::Minor,
        says: "### Deprecated\n\n- service `host`: method `upgrade_check`\n",
        listed: true,
    },
    Case {
        mutations: &[("services/host.xml", "<method name=\"copy_host_networks\"", "<method name=\"copy_networks\"")],
        part: Part::Major,
        says: "### Removed\n\n- service `host`: method `copy_host_networks`\n",
        listed: true,
    },
    Case {
        mutations: &[(
            "services/host.xml",
            "<out name=\"iscsi_targets\" type=\"string[]\"",
            "<out name=\"iscsi_targets\" type=\"iscsi_details[]\"",
        )],
        part: Part::Major,
        says: "method `iscsi_discover`: result is `iscsi_targets: iscsi_details[]`, was `iscsi_targets: string[]`",
        listed: true,
    },
    Case {
        mutations: &[(
            "services/host.xml",
            "<locator name=\"nics\" service=\"host_nics\"",
            "<locator name=\"nics\" service=\"host_hooks\"",
        )],
        part: Part::Major,
        says: "target of locator `nics` is `host_hooks`, was `host_nics`",
        listed: true,
    },
    Case {
        mutations: &[("services/measurable.xml", "</service>", "<locator name=\"made_up\" service=\"statistics\"/></service>")],
        part: Part::Minor,
        says: "### Added\n\n- service `measurable`: locator `made_up`\n",
        listed: true,
    },
    Case {
        mutations: &[("services/host.xml", "<mandatory>source_host.id</mandatory>", "<mandatory>source_host.name</mandatory>")],
        part: Part::Major,
        says: "method `copy_host_networks`: mandatory member `source_host.name`",
        listed: false,
    },
    Case {
        mutations: &[("services/host.xml", " area=\"Infrastructure\"", " area=\"Storage\"")],
        part: Part::Patch,
        says: "area is `Storage`, was `Infrastructure`",
        listed: false,
    },
    Case {
        mutations: &[("structs/made_up.xml", "", "<struct name=\"made_up\"/>")],
        part: Part::Minor,
        says: "### Added\n\n- struct `made_up`\n",
        listed: true,
    },
    Case {
        mutations: &[("services/area.xml", " pseudo=\"true\"", "")],
        part: Part::Minor,
        says: "### Added\n\n- service `area`\n",
        listed: true,
    },
];

#[test]
fn each_change_is_told_with_its_part_of_the_version() {
    let old = read(&committed());
    let listing = codegen::listing(&old);
    for Case { mutations, part, says, listed } in CASES {
        let new = mutated(mutations);
        let diff = compare(&old, &new);
        let text = diff.markdown();
        assert_eq!(diff.part(), Some(*part), "{mutations:?}: {text}");
        assert!(text.contains(says), "{mutations:?}: {text}");
        // Whatever the listing shows is told, and what it does not show is told of the things that it never shows.
        assert_eq!(codegen::listing(&new) != listing, *listed, "{mutations:?}: {text}");
        assert_ne!(compare(&new, &old).part(), None);
    }
}

#[test]
fn the_order_of_members_values_and_parameters_is_told() {
    let old = read(&committed());
    let mut new = old.clone();
    new.structs.get_mut("disk").expect("it is there").members.reverse();
    new.enums.get_mut("vm_status").expect("it is there").values.reverse();
    let host = new.services.get_mut("host").expect("it is there");
    host.methods.iter_mut().find(|method| method.name == "install").expect("it is there").parameters.reverse();
    let diff = compare(&old, &new);
    assert_eq!(diff.part(), Some(Part::Patch));
    for what in ["order of members", "order of values", "order of parameters of method `install`"] {
        assert!(diff.markdown().contains(what), "{what}: {}", diff.markdown());
    }
}

#[test]
fn equal_models_do_not_differ() {
    let model = read(&committed());
    let diff = compare(&model, &model.clone());
    assert_eq!((diff.part(), diff.changes.len()), (None, 0));
    assert!(diff.markdown().ends_with("Nothing changed.\n"));
}
