//! Defects of what VMware publishes. Each row corrects one, says why, and fails the import once there is
//! nothing to correct: then the row goes.

use model::published::vsphere::{Description, Type};

struct Fixup {
    /// What is corrected.
    target: &'static str,
    /// What is wrong with it.
    defect: &'static str,
    /// Returns whether the defect was there, and so was corrected.
    apply: fn(&mut Description) -> bool,
}

const FIXUPS: &[Fixup] = &[
    // OpenAPI wants what tells apart the heirs of a schema to be required. Servers before 6.7.2 do not send it,
    // and its own description says that it may be missing.
    Fixup { target: "Vapi.Std.Errors.Error.error_type", defect: "required as the discriminator that it is", apply: error_type },
    // The parameter filters by item; its description has the type of what is listed.
    Fixup {
        target: "Content.Library.Item.DownloadSession_list.library_item_id",
        defect: OTHER_RESOURCE,
        apply: |d| is_an_item(d, "Content.Library.Item.DownloadSession"),
    },
    Fixup {
        target: "Content.Library.Item.UpdateSession_list.library_item_id",
        defect: OTHER_RESOURCE,
        apply: |d| is_an_item(d, "Content.Library.Item.UpdateSession"),
    },
];

const OTHER_RESOURCE: &str = "said to be the identifier of another resource";

/// Corrects all defects.
///
/// # Errors
///
/// The rows that found nothing to correct, a line each.
pub fn apply(description: &mut Description) -> Result<(), String> {
    let mut idle = Vec::new();
    for fixup in FIXUPS {
        if !(fixup.apply)(description) {
            idle.push(format!(
                "{}: the fixup of `{}` ({}) no longer applies; see what the description says of it now, and remove the row \
                 from xtask/import/src/openapi/fixups.rs",
                description.source.path, fixup.target, fixup.defect
            ));
        }
    }
    if idle.is_empty() { Ok(()) } else { Err(idle.join("\n")) }
}

fn error_type(description: &mut Description) -> bool {
    let error = description.errors.iter_mut().find(|error| error.name.text == "Vapi.Std.Errors.Error");
    let member = error.into_iter().flat_map(|error| &mut error.members).find(|member| member.name.text == "error_type");
    member.is_some_and(|member| std::mem::replace(&mut member.mandatory, false))
}

fn is_an_item(description: &mut Description, sessions: &str) -> bool {
    let service = description.services.iter_mut().find(|service| service.name.text == sessions);
    let list = service.into_iter().flat_map(|service| &mut service.operations).find(|operation| operation.name.text == "list");
    let mut parameters = list.into_iter().flat_map(|list| &mut list.parameters);
    let Some(parameter) = parameters.find(|parameter| parameter.name.text == "library_item_id") else { return false };
    let right = Type::Id("com.vmware.content.library.Item".to_owned());
    if parameter.ty == right {
        return false;
    }
    parameter.ty = right;
    true
}
