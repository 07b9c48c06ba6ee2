//! Two ways from an object to what it refers to.

use clap::Parser;
use examples::{Engine, EngineOptions, Result};

/// Shows, for each storage domain and host, what they refer to.
#[derive(Parser)]
struct Options {
    #[command(flatten)]
    engine: EngineOptions,
}

#[tokio::main]
async fn main() -> Result<()> {
    let options = Options::parse();
    let engine = Engine::open(options.engine).await?;
    let system = engine.connection.system_service();

    // One request more for each link: read a reference when it is needed.
    for host in system.hosts_service().list().send().await? {
        if let Some(cluster) = &host.cluster {
            let cluster = engine.connection.follow_link(cluster).await?;
            println!("{} is in cluster {}", host.name.unwrap_or_default(), cluster.name.unwrap_or_default());
        }
        if let Some(nics) = &host.nics {
            println!("  with {} network interfaces", engine.connection.follow_link(nics).await?.len());
        }
    }

    // No request more: the engine sends along what `follow` names.
    for cluster in system.clusters_service().list().follow("data_center,networks").send().await? {
        let data_center = cluster.data_center.as_ref().and_then(|link| link.get()).and_then(|center| center.name.as_deref());
        let networks: Vec<&str> = cluster.networks.iter().flatten().filter_map(|network| network.name.as_deref()).collect();
        println!(
            "cluster {} of data center {} has networks {}",
            cluster.name.unwrap_or_default(),
            data_center.unwrap_or("-"),
            networks.join(", ")
        );
    }
    engine.close().await
}
