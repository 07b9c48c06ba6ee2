//! What must hold for every type, seen from a crate with the default recursion limit.

use crate::every_type::{with_every_enum, with_every_struct};
use std::fmt::Debug;
use tokio::task::JoinSet;
use virt_sdk::ovirt::types;
use virt_sdk::{Link, List, Pending};

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
    macro_rules! check {
        ($($name:ident,)*) => {
            $(
                has_all_traits::<types::$name>();
                is_send_and_sync::<Link<types::$name>>();
                is_send_and_sync::<List<types::$name>>();
                is_send::<Pending<types::$name>>();
                tasks.spawn(hold::<types::$name>());
                count += 1;
            )*
        };
    }
    with_every_struct!(check);
    assert_eq!(count, 220);
    with_every_enum!(check);
    assert_eq!(count, 220 + 115);
    while let Some(task) = tasks.join_next().await {
        task.expect("no task panics");
    }
}
