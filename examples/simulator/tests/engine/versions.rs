//! Versions of the engine.

use crate::support::Api;
use virt_simulator::Simulator;

/// Adds a disk and a transfer of it, and waits until that is open. Returns the paths of both.
async fn upload(api: &Api) -> (String, String) {
    let disk = api.disk("d", 4096).await;
    let body = format!("<image_transfer><disk id=\"{}\"/></image_transfer>", &disk["/disks/".len()..]);
    let transfer = format!("/imagetransfers/{}", api.post("/imagetransfers", &body).await.expect(201).id());
    api.wait(&transfer, "phase", "transferring").await;
    (disk, transfer)
}

#[tokio::test]
async fn the_entry_point_tells_the_version() {
    for (given, numbers, full) in [
        ("4.4.6", ["4", "4", "6", "0"], "4.4.6-1.el8"),
        ("4.5", ["4", "5", "0", "0"], "4.5-1.el8"),
        ("4.5.6", ["4", "5", "6", "0"], "4.5.6-1.el9"),
        ("4.4.10.7-0.4.el8ev", ["4", "4", "10", "7"], "4.4.10.7-0.4.el8ev"),
    ] {
        let api = Api::with(Simulator::builder().engine_version(given)).await;
        let root = api.get("").await.expect(200);
        let text = |member: &str| root.text(&format!("product_info/version/{member}")).unwrap_or_default();
        assert_eq!(["major", "minor", "build", "revision"].map(text), numbers.map(str::to_owned));
        assert_eq!(text("full_version"), full);
    }
    for wrong in ["", "4", "four", "4.5.x", "1.2.3.4.5"] {
        let error = Simulator::builder().engine_version(wrong).start().await.expect_err(wrong).to_string();
        assert!(error.contains("is no version of an engine"), "{error}");
    }
}

#[tokio::test]
async fn transfers_vanish_with_their_end_before_4_4_7() {
    let api = Api::with(Simulator::builder().engine_version("4.4.6")).await;
    let (disk, transfer) = upload(&api).await;
    api.post(&format!("{transfer}/finalize"), "<action/>").await.expect(200);
    api.wait_gone(&transfer).await;
    assert_eq!(api.get(&disk).await.expect(200).text("status").as_deref(), Some("ok"));
    let (disk, transfer) = upload(&api).await;
    api.post(&format!("{transfer}/cancel"), "<action/>").await.expect(200);
    api.wait_gone(&transfer).await;
    api.get(&disk).await.expect(404);
}

#[tokio::test]
async fn transfers_stay_since_4_4_7() {
    let api = Api::with(Simulator::builder().engine_version("4.4.7")).await;
    let (_, transfer) = upload(&api).await;
    api.post(&format!("{transfer}/finalize"), "<action/>").await.expect(200);
    api.wait(&transfer, "phase", "finished_success").await;
    api.engine.advance(std::time::Duration::from_secs(14 * 60));
    assert_eq!(api.get(&transfer).await.expect(200).text("phase").as_deref(), Some("finished_success"));
    api.engine.advance(std::time::Duration::from_secs(60));
    api.get(&transfer).await.expect(404);
}
