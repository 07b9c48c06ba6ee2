//! What `diff` says of two vSphere models.

use crate::common::*;
use import::api::Api;
use import::diff::{Part, compare};
use model::{Document, Model};

/// The committed model with replacements in documents: path, what, by what; a new document where there is nothing
/// to replace.
fn mutated(mutations: &[(&str, &str, &str)]) -> Model {
    let mut documents = import::folder::load(&committed_of(Api::Vsphere)).expect("the documents can be read");
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
}

const ITEM: &str = "services/content.library.item.xml";
const BACKING: &str = "structs/content.library.storage_backing.xml";
const NOT_FOUND: &str = "errors/vapi.std.errors.not_found.xml";

const CASES: &[Case] = &[
    Case {
        mutations: &[(ITEM, "path=\"/content/library/item?action=find\"", "path=\"/content/library/item?action=search\"")],
        part: Part::Major,
        says: "### Changed\n\n- service `content.library.item`: method `find`: request is `POST /api/content/library/item?action=search`, \
               was `POST /api/content/library/item?action=find`\n",
    },
    Case {
        mutations: &[(
            ITEM,
            "<error name=\"vapi.std.errors.already_exists\"/>",
            "<error name=\"vapi.std.errors.resource_in_use\"/>",
        )],
        part: Part::Minor,
        says: "### Removed\n\n- service `content.library.item`: method `create`: error `vapi.std.errors.already_exists`\n\n\
               ### Added\n\n- service `content.library.item`: method `create`: error `vapi.std.errors.resource_in_use`\n",
    },
    Case {
        mutations: &[(ITEM, "<privilege name=\"System.Read\" on=\"library_id\"/>", "<privilege name=\"System.Read\"/>")],
        part: Part::Minor,
        says: "method `list`: privilege `System.Read` on `library_id`",
    },
    Case {
        mutations: &[(ITEM, "path=\"/content/library/item\">", "path=\"/content/library/item\" status=\"200\">")],
        part: Part::Patch,
        says: "method `create`: status of a success is `200`, was `201`",
    },
    Case {
        mutations: &[(ITEM, "mandatory=\"true\" body=\"true\">Properties of the new item;", "mandatory=\"true\">")],
        part: Part::Major,
        says: "place of method `copy`: parameter `destination_create_spec` is `member of the body`, was `body`",
    },
    Case {
        mutations: &[("services/content.library.subscribed_item.xml", "<method name=\"evict\"", "<method name=\"evict_all\"")],
        part: Part::Major,
        says: "### Removed\n\n- service `content.library.subscribed_item`: method `evict`\n",
    },
    Case {
        mutations: &[(
            "services/content.library.made_up.xml",
            "",
            "<service name=\"content.library.made_up\"><method name=\"get\" verb=\"GET\" path=\"/made-up\"/></service>",
        )],
        part: Part::Minor,
        says: "version: added: service `content.library.made_up`.\n\n### Added\n\n- service `content.library.made_up`\n",
    },
    Case {
        mutations: &[(BACKING, "<member name=\"datastore_id\"/>", "<member name=\"datastore_id\" mandatory=\"true\"/>")],
        part: Part::Major,
        says: "- struct `content.library.storage_backing`: union by `type`: case `DATASTORE`: members is `datastore_id (mandatory)`, \
               was `datastore_id`",
    },
    Case {
        mutations: &[
            (BACKING, "</union>", "<case value=\"MADE_UP\"/></union>"),
            ("enums/content.library.storage_backing.type.xml", "</enum>", "<value name=\"MADE_UP\"/></enum>"),
        ],
        part: Part::Minor,
        says: "- enum `content.library.storage_backing.type`: value `MADE_UP`\n\
               - struct `content.library.storage_backing`: union by `type`: case `MADE_UP`\n",
    },
    Case {
        mutations: &[(BACKING, "update:unused\"", "update:required\"")],
        part: Part::Major,
        says: "use of attribute `type` by `update` is `required`, was `unused`",
    },
    Case {
        mutations: &[(BACKING, "type=\"id(Datastore)\"", "type=\"string\"")],
        part: Part::Major,
        says: "type of attribute `datastore_id` is `string`, was `id(Datastore)`",
    },
    Case {
        mutations: &[("structs/cis.session.info.xml", "mandatory=\"true\"", "")],
        part: Part::Minor,
        says: "is mandatory no longer",
    },
    Case {
        mutations: &[(NOT_FOUND, "status=\"404\"", "status=\"410\" legacy_status=\"404\" retryable=\"true\"")],
        part: Part::Minor,
        says: "- error `vapi.std.errors.not_found`\n  - status in `/api` is `410`, was `404`\n  - it may go away by itself from now on\n",
    },
    Case {
        mutations: &[(
            "errors/vapi.std.errors.made_up.xml",
            "",
            "<error name=\"vapi.std.errors.made_up\" base=\"vapi.std.errors.error\" status=\"400\"/>",
        )],
        part: Part::Minor,
        says: "### Added\n\n- error `vapi.std.errors.made_up`\n",
    },
    Case {
        mutations: &[("errors/vapi.std.errors.error.xml", "</error>", "<attribute name=\"made_up\" type=\"string\"/></error>")],
        part: Part::Minor,
        // Not of each heir.
        says: "version: added: error `vapi.std.errors.error`: attribute `made_up`: `string`.\n",
    },
    Case {
        mutations: &[(
            "services/cis.tasks.xml",
            "verb=\"GET\" path=\"/cis/tasks\"",
            "verb=\"POST\" path=\"/cis/tasks?action=list\"",
        )],
        part: Part::Major,
        says: "place of method `list`: parameter `filter_spec` is `member of the body`, was `members in the query`",
    },
    Case {
        mutations: &[("services/cis.tasks.xml", " resource=\"cis.task\"", "")],
        part: Part::Patch,
        says: "- service `cis.tasks`: resource is none, was `cis.task`",
    },
];

#[test]
fn each_change_is_told_with_its_part_of_the_version() {
    let old = read(&committed_of(Api::Vsphere));
    for Case { mutations, part, says } in CASES {
        let new = mutated(mutations);
        let diff = compare(&old, &new);
        let text = diff.markdown();
        assert_eq!(diff.part(), Some(*part), "{mutations:?}: {text}");
        assert!(text.contains(says), "{mutations:?}: {text}");
        assert_ne!(compare(&new, &old).part(), None);
    }
}

#[test]
fn equal_models_do_not_differ() {
    let model = read(&committed_of(Api::Vsphere));
    assert_eq!(compare(&model, &model.clone()).markdown(), "## vsphere 9.1.0.0 → vsphere 9.1.0.0\n\nNothing changed.\n");
}

#[test]
fn what_is_gone_in_the_older_dialect_is_told() {
    let old = read(&committed_of(Api::Vsphere));
    let mut new = old.clone();
    let service = new.services.get_mut("content.type").expect("it is there");
    service.methods[0].legacy_route = None;
    let text = compare(&old, &new).markdown();
    assert!(text.contains("method `list`: request in `/rest` is none, was `GET /rest/com/vmware/content/type`"), "{text}");
}
