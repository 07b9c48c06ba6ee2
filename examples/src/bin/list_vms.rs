//! Lists virtual machines.

use clap::Parser;
use examples::{Engine, EngineOptions, Result};

/// Lists virtual machines with their status and memory.
#[derive(Parser)]
struct Options {
    /// Search, such as "name=my* and status=up"
    #[arg(long, default_value = "")]
    search: String,
    #[command(flatten)]
    engine: EngineOptions,
}

#[tokio::main]
async fn main() -> Result<()> {
    let options = Options::parse();
    let engine = Engine::open(options.engine).await?;
    let vms = engine.connection.system_service().vms_service().list().search(options.search).send().await?;
    for vm in &vms {
        let name = vm.name.as_deref().unwrap_or("-");
        let status = vm.status.as_ref().map_or("-", |status| status.as_str());
        let memory = vm.memory.unwrap_or_default() >> 20;
        println!("{name:30} {status:15} {memory:8} MiB");
    }
    println!("{} virtual machines", vms.len());
    engine.close().await
}
