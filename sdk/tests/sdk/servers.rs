//! Simulators as these tests start them: what is traced meanwhile, and which secrets were used, is kept for
//! [`crate::secrets`].

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::Once;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::util::SubscriberInitExt;
use virt_sdk::ovirt::Connection;
use virt_simulator::{Builder, Simulator, vsphere};

/// Names the folder to write to, if it is to be kept.
pub(crate) const FOLDER: &str = "VIRT_SDK_TRACE_FOLDER";

/// A simulator whose secrets are kept.
pub(crate) struct Kept<S: Secrets>(S);

pub(crate) trait Secrets {
    fn secrets(&self) -> Vec<String>;
}

impl Secrets for Simulator {
    fn secrets(&self) -> Vec<String> {
        self.secrets()
    }
}

impl Secrets for vsphere::Simulator {
    fn secrets(&self) -> Vec<String> {
        self.secrets()
    }
}

impl<S: Secrets> Kept<S> {
    pub(crate) fn new(simulator: S) -> Self {
        listen();
        Self(simulator)
    }
}

impl<S: Secrets> Deref for Kept<S> {
    type Target = S;

    fn deref(&self) -> &S {
        &self.0
    }
}

impl<S: Secrets> Drop for Kept<S> {
    fn drop(&mut self) {
        if let Some(mut file) = file("secrets") {
            file.write_all((self.0.secrets().join("\n") + "\n").as_bytes()).expect("secrets can be kept");
        }
    }
}

/// A fresh engine.
pub(crate) async fn engine() -> Kept<Simulator> {
    engine_of(Simulator::builder()).await
}

pub(crate) async fn engine_of(builder: Builder) -> Kept<Simulator> {
    Kept::new(builder.start().await.expect("it starts"))
}

/// A connection to a simulated engine.
pub(crate) fn connect(engine: &Simulator) -> Connection {
    Connection::builder(engine.url())
        .username(engine.username())
        .password(engine.password())
        .build()
        .expect("the settings are right")
}

/// Traces everything to a file, if there is a folder for it.
pub(crate) fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        if let Some(file) = file("trace") {
            let subscriber = tracing_subscriber::fmt()
                .with_max_level(tracing::Level::TRACE)
                .with_span_events(FmtSpan::FULL)
                .with_ansi(false)
                .with_writer(std::sync::Mutex::new(file))
                .finish();
            // What libraries tell by `log` as well.
            subscriber.try_init().expect("nobody listens yet");
        }
    });
}

fn file(name: &str) -> Option<File> {
    let path = PathBuf::from(std::env::var_os(FOLDER)?).join(name);
    Some(OpenOptions::new().create(true).append(true).open(path).expect("the folder can be written to"))
}
