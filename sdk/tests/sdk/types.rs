//! What must hold for every type, seen from a crate with the default recursion limit.

use crate::{ovirt_types, vsphere_types};
use std::fmt::Debug;
use tokio::task::JoinSet;
use virt_sdk::{Link, List, Pending, ovirt, vsphere};

fn has_all_traits<T: Send + Sync + Clone + Debug + Default + PartialEq + 'static>() {
    let value = T::default();
    assert_eq!(value.clone(), value);
    assert!(!format!("{value:?}").is_empty());
}

fn is_send_and_sync<T: Send + Sync>() {}

fn is_send<T: Send>() {}

/// A task that keeps objects while it waits.
async fn hold<T: Default>() {
    let held = [T::default()];
    tokio::task::yield_now().await;
    assert_eq!(held.len(), 1);
}

#[tokio::test]
async fn every_type_has_the_common_traits_and_can_be_held_in_a_task() {
    let mut tasks = JoinSet::new();
    let mut count = 0;
    macro_rules! check_ovirt {
        ($($($name:ident)::+,)*) => {
            $(
                has_all_traits::<ovirt::$($name)::+>();
                is_send_and_sync::<Link<ovirt::$($name)::+>>();
                is_send_and_sync::<List<ovirt::$($name)::+>>();
                is_send::<Pending<ovirt::$($name)::+>>();
                tasks.spawn(hold::<ovirt::$($name)::+>());
                count += 1;
            )*
        };
    }
    ovirt_types::with_every_struct!(check_ovirt);
    assert_eq!(count, 220);
    ovirt_types::with_every_enum!(check_ovirt);
    assert_eq!(count, 220 + 115);
    macro_rules! check_vsphere {
        ($($($name:ident)::+,)*) => {
            $(
                has_all_traits::<vsphere::$($name)::+>();
                is_send::<vsphere::Pending<vsphere::$($name)::+>>();
                tasks.spawn(hold::<vsphere::$($name)::+>());
                count += 1;
            )*
        };
    }
    count = 0;
    vsphere_types::with_every_struct!(check_vsphere);
    assert_eq!(count, 124);
    vsphere_types::with_every_enum!(check_vsphere);
    assert_eq!(count, 124 + 33);
    while let Some(task) = tasks.join_next().await {
        task.expect("no task panics");
    }
}
