//! The engine's words for conflicts that programs treat differently.

use crate::core::error::Conflict;

/// What stands in the detail of a fault with status 409, in lower case, and what it means. The engine gives no code, only
/// its message, in which names of objects stand: these are parts without them.
///
/// Several hundred messages have that status. Those which are not here are of states that do not pass by themselves.
const CONFLICTS: &[(Conflict, &[&str])] = &[
    (
        Conflict::NameTaken,
        &[
            "choose a different name",
            "choose a unique name",
            "conflicting name",
            "name already exists",
            "name is already in use",
            "name is already used",
        ],
    ),
    (Conflict::Locked, &["are locked", "image locked status", "is currently locked", "is locked"]),
    (
        Conflict::OperationInProgress,
        &[
            "another operation",
            "currently being created",
            "currently being updated",
            "currently in use to create",
            "in progress",
            "is being cloned",
            "is being converted",
            "is being created",
            "is being exported",
            "is being hot unplugged",
            "is being imported",
            "is being migrated",
            "is being moved or copied",
            "is being reduced",
            "is being removed",
            "is being switched",
            "is being transferred",
            "is being updated",
            "is performing an operation",
            "running tasks",
            "wait and try again later",
            "wait for the operation",
        ],
    ),
];

/// Messages with a name of an object amid the words: how they begin, and how they go on.
const AROUND_NAMES: &[(Conflict, &str, &str)] = &[
    (Conflict::NameTaken, "name '", "is already in use"),
    (Conflict::NameTaken, "template name ", " already used"),
    (Conflict::NameTaken, "the name of the logical network '", "is already used"),
    (Conflict::NameTaken, "volume name ", " already exists"),
    (Conflict::NameTaken, "snapshot ", " already exists"),
    (Conflict::OperationInProgress, "related operation on provider", "in progress"),
];

/// Which conflict a detail tells of.
pub(super) fn conflict(detail: &str) -> Option<Conflict> {
    let detail = detail.to_lowercase();
    let around = AROUND_NAMES
        .iter()
        .find(|(_, begin, end)| detail.split_once(begin).is_some_and(|(_, rest)| rest.contains(end)))
        .map(|(conflict, ..)| *conflict);
    let plain =
        || CONFLICTS.iter().find(|(_, parts)| parts.iter().any(|part| detail.contains(part))).map(|(conflict, _)| *conflict);
    around.or_else(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_engines() {
        for (detail, expected) in [
            (
                "[Cannot add VM. The VM name is already in use, please choose a unique name and try again.]",
                Some(Conflict::NameTaken),
            ),
            ("[Cannot add Template. Template name base already used.]", Some(Conflict::NameTaken)),
            (
                "[Cannot add Network. The name of the logical network 'red' is already used by an existing logical network in the same data-center.]",
                Some(Conflict::NameTaken),
            ),
            ("[Cannot add Tag. The specified Tag name already exists.]", Some(Conflict::NameTaken)),
            ("[Cannot add affinity label with a conflicting NAME.]", Some(Conflict::NameTaken)),
            ("[Cannot run VM: VM is locked. Please try again in a few minutes.]", Some(Conflict::Locked)),
            ("[Cannot attach Virtual Disk because the VM is in Image Locked status.]", Some(Conflict::Locked)),
            (
                "[Cannot remove VM: The following disks are locked: a, b. Please try again in a few minutes.]",
                Some(Conflict::Locked),
            ),
            ("[Template's Image is locked (temporarily).]", Some(Conflict::Locked)),
            (
                "[Cannot edit VM. Related operation is currently in progress. Please try again later.]",
                Some(Conflict::OperationInProgress),
            ),
            ("[Cannot remove Virtual Disk. Disk d1 is being moved or copied.]", Some(Conflict::OperationInProgress)),
            ("[Cannot migrate VM. VM web is being exported.]", Some(Conflict::OperationInProgress)),
            ("[Cannot add Snapshot. Snapshot is currently being created for VM web.]", Some(Conflict::OperationInProgress)),
            ("[Cannot remove VM. VM is running.]", None),
            ("[Cannot remove Template. Template is being used by the following VMs: a.]", None),
            ("[Cannot add Virtual Disk. The provided lun is used by another disk.]", None),
            ("[Cannot add VM. The ID is already in use.]", None),
            ("", None),
        ] {
            assert_eq!(conflict(detail), expected, "{detail}");
        }
    }

    #[test]
    fn parts_are_in_lower_case_and_none_is_within_another() {
        let all: Vec<&str> = CONFLICTS.iter().flat_map(|(_, parts)| *parts).copied().collect();
        for part in &all {
            assert_eq!(*part, part.to_lowercase());
            let within: Vec<_> = all.iter().filter(|other| *other != part && other.contains(part)).collect();
            assert!(within.is_empty(), "`{part}` is within {within:?}");
        }
    }
}
