//! Jobs that users have, as a whole.

use crate::connect;
use crate::servers::engine;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use virt_sdk::ovirt::types::Tag;
use virt_simulator::Outage;

/// Many tasks call for half a minute. Every two seconds all tokens die, and once the engine restarts: no call fails, each
/// loss of the tokens costs one sign-in at most, and no session is left.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stay_logged_in() {
    let engine = engine().await;
    let connection = connect(&engine);
    let (is_over, calls) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let tag = connection.system_service().tags_service().add().tag(Tag::new().name("job")).send().await;
    let id = tag.expect("the engine is there").id.expect("a tag has an identifier");
    let mut tasks = JoinSet::new();
    for number in 0..64_usize {
        let (connection, is_over, calls, id) = (connection.clone(), is_over.clone(), calls.clone(), id.clone());
        tasks.spawn(async move {
            let tags = connection.system_service().tags_service();
            while !is_over.load(Ordering::SeqCst) {
                if number % 8 == 0 {
                    let tag = Tag::new().description(number.to_string());
                    tags.tag_service(&id).update().tag(tag).send().await?;
                } else {
                    tags.list().send().await?;
                }
                calls.fetch_add(1, Ordering::SeqCst);
                // The log of requests stays small.
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            virt_sdk::Result::Ok(())
        });
    }
    let (started, mut losses) = (Instant::now(), 0);
    while started.elapsed() < Duration::from_secs(30) {
        tokio::time::sleep(Duration::from_secs(2)).await;
        losses += 1;
        if losses == 7 {
            engine.restart_with(Outage::Unavailable(Duration::from_secs(1)));
        } else {
            engine.expire_tokens();
        }
    }
    is_over.store(true, Ordering::SeqCst);
    for result in tasks.join_all().await {
        result.expect("no call fails");
    }
    let requests = engine.requests();
    let sign_ins = requests.iter().filter(|request| request.path == "/ovirt-engine/sso/oauth/token" && request.status == 200);
    let sign_ins = sign_ins.count();
    println!("{} calls, {losses} losses of all tokens, {sign_ins} sign-ins", calls.load(Ordering::SeqCst));
    assert!(calls.load(Ordering::SeqCst) > 1000);
    assert!(sign_ins <= losses + 1, "{sign_ins} sign-ins for {losses} losses and the start");
    assert!(sign_ins > losses / 2, "the tokens were lost");
    connection.close().await.expect("the session ends");
    assert_eq!(engine.sessions(), 0);
}
