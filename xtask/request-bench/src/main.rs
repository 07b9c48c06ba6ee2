//! What a call costs: `request-bench serve`, `request-bench sdk|reqwest|decoded get|remove PORT CALLS TASKS`.
//!
//! All but `serve` print processor seconds, user and system, of the calls alone: signing in and connecting come before.
#![forbid(unsafe_code)]

mod document;
mod serve;

use reqwest::Method;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use std::process::ExitCode;
use std::time::Duration;
use virt_sdk::ovirt::Connection;
use virt_sdk::ovirt::types::Vm;
use virt_sdk::table_access;

const USAGE: &str = "usage: request-bench serve | sdk|reqwest|decoded get|remove PORT CALLS TASKS";

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = stay_on_one_processor().and_then(|()| match arguments.as_slice() {
        ["serve"] => serve::run(),
        ["sdk", "get", port, calls, tasks] => Load::new(port, calls, tasks).and_then(|load| block_on(sdk_get(load))),
        ["sdk", "remove", port, calls, tasks] => Load::new(port, calls, tasks).and_then(|load| block_on(sdk_remove(load))),
        ["reqwest", "get", port, calls, tasks] => {
            let length = document::vm().len();
            let check = move |body: &[u8]| expect(body.len() == length, "another virtual machine was answered");
            Load::new(port, calls, tasks).and_then(|load| block_on(bare(load, Method::GET, check)))
        }
        ["decoded", "get", port, calls, tasks] => {
            Load::new(port, calls, tasks).and_then(|load| block_on(bare(load, Method::GET, decode)))
        }
        ["reqwest", "remove", port, calls, tasks] => {
            let check = |body: &[u8]| expect(!body.is_empty(), "nothing was answered");
            Load::new(port, calls, tasks).and_then(|load| block_on(bare(load, Method::DELETE, check)))
        }
        _ => Err(USAGE.into()),
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn block_on(work: impl Future<Output = Result<()>>) -> Result<()> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work)
}

/// What is asked of a way of calling.
struct Load {
    /// URL of the API.
    api: String,
    calls: usize,
    /// Tasks that call at the same time.
    tasks: usize,
}

impl Load {
    fn new(port: &str, calls: &str, tasks: &str) -> Result<Self> {
        let port: u16 = port.parse()?;
        Ok(Self { api: format!("http://127.0.0.1:{port}/ovirt-engine/api"), calls: calls.parse()?, tasks: tasks.parse()? })
    }

    /// Calls once in each task, to sign in and connect, and then as often as is asked; prints what that cost.
    async fn run<C, F>(&self, call: C) -> Result<()>
    where
        C: Fn() -> F + Clone + Send + 'static,
        F: Future<Output = Result<()>> + Send,
    {
        self.spread(1, &call).await?;
        let before = processor_seconds()?;
        self.spread(self.calls / self.tasks.max(1), &call).await?;
        println!("{:.6}", processor_seconds()? - before);
        Ok(())
    }

    /// Calls that often in each task, one after the other.
    async fn spread<C, F>(&self, calls: usize, call: &C) -> Result<()>
    where
        C: Fn() -> F + Clone + Send + 'static,
        F: Future<Output = Result<()>> + Send,
    {
        let tasks: Vec<_> = (0..self.tasks)
            .map(|_| {
                let call = call.clone();
                tokio::spawn(async move {
                    for _ in 0..calls {
                        call().await?;
                    }
                    Result::Ok(())
                })
            })
            .collect();
        for task in tasks {
            task.await??;
        }
        Ok(())
    }
}

fn connect(load: &Load) -> Result<Connection> {
    Ok(Connection::builder(&load.api).username("admin@internal").password("secret").build()?)
}

/// Calls as programs do that use the SDK; the answer is a virtual machine.
async fn sdk_get(load: Load) -> Result<()> {
    let connection = connect(&load)?;
    let vms = connection.system_service().vms_service();
    load.run(move || {
        let request = vms.vm_service(document::ID).get();
        async move {
            let vm = request.send().await?;
            expect(vm.name.as_deref() == Some(document::NAME), "another virtual machine was answered")
        }
    })
    .await?;
    Ok(connection.close().await?)
}

/// Calls as programs do that use the SDK; the answer says little.
async fn sdk_remove(load: Load) -> Result<()> {
    let connection = connect(&load)?;
    let vms = connection.system_service().vms_service();
    load.run(move || {
        let request = vms.vm_service(document::ID).remove();
        async move { Ok(request.send().await?) }
    })
    .await?;
    Ok(connection.close().await?)
}

/// Calls as the SDK does, with a client that is set up as its own is, and leaves the answer to `check`. What is the same in
/// all calls is made once; the URL is made of the identifier each time, as in any program.
async fn bare(load: Load, method: Method, check: impl Fn(&[u8]) -> Result<()> + Clone + Send + 'static) -> Result<()> {
    let http = reqwest::Client::builder()
        .user_agent(concat!("virt-sdk/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_secs(20))
        .build()?;
    let xml = HeaderValue::from_static("application/xml");
    let mut bearer = HeaderValue::from_str(&format!("Bearer {}", serve::TOKEN))?;
    bearer.set_sensitive(true);
    let version = (HeaderName::from_static("version"), HeaderValue::from_static("4"));
    let headers = HeaderMap::from_iter([(ACCEPT, xml.clone()), (CONTENT_TYPE, xml), version, (AUTHORIZATION, bearer)]);
    let api = load.api.clone();
    load.run(move || {
        let request = http.request(method.clone(), format!("{api}/vms/{}", document::ID)).headers(headers.clone());
        let check = check.clone();
        async move {
            let response = request.send().await?;
            let status = response.status();
            let body = response.bytes().await?;
            expect(status.is_success(), status.as_str())?;
            check(&body)
        }
    })
    .await
}

/// Decodes the answer as the SDK does.
fn decode(body: &[u8]) -> Result<()> {
    let mut vm = Vm::default();
    table_access::xml::read(std::str::from_utf8(body)?, &mut vm)?;
    expect(vm.name.as_deref() == Some(document::NAME), "another virtual machine was answered")
}

fn expect(right: bool, otherwise: &str) -> Result<()> {
    if right { Ok(()) } else { Err(otherwise.into()) }
}

/// Processor seconds of this process so far.
#[cfg(target_os = "linux")]
fn processor_seconds() -> Result<f64> {
    use nix::sys::resource::{UsageWho, getrusage};
    use nix::sys::time::TimeValLike;
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    Ok((usage.user_time() + usage.system_time()).num_microseconds() as f64 / 1e6)
}

/// Keeps server and clients on the same processor. To wake one on another processor may cost several times what a
/// call does, or nothing, as the machine is idle or not: then one figure could not be held against another.
#[cfg(target_os = "linux")]
fn stay_on_one_processor() -> Result<()> {
    use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
    let this = nix::unistd::Pid::from_raw(0);
    let allowed = sched_getaffinity(this)?;
    let first = (0..CpuSet::count()).find(|&processor| allowed.is_set(processor) == Ok(true));
    let mut one = CpuSet::new();
    one.set(first.ok_or("no processor may be used")?)?;
    Ok(sched_setaffinity(this, &one)?)
}

#[cfg(not(target_os = "linux"))]
fn stay_on_one_processor() -> Result<()> {
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn processor_seconds() -> Result<f64> {
    Err("only Linux tells what is needed of a process".into())
}
