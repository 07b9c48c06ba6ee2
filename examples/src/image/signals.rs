//! Signals that call a transfer off.

use super::failure::Failure;
use std::io;
use tokio::sync::watch;

/// A signal that asks the program to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    /// SIGINT, which is Ctrl-C.
    Interrupt,
    /// SIGTERM.
    #[cfg(unix)]
    Terminate,
}

impl Signal {
    /// 128 and the number of the signal, as shells have it.
    pub(super) fn exit_code(self) -> u8 {
        match self {
            Self::Interrupt => 130,
            #[cfg(unix)]
            Self::Terminate => 143,
        }
    }
}

/// What was caught so far.
pub(super) struct Signals {
    caught: watch::Receiver<Option<Signal>>,
}

impl Signals {
    /// Catches signals from now on. The second one ends the program at once.
    pub(super) fn listen() -> io::Result<Self> {
        let mut sources = Sources::new()?;
        let (tell, caught) = watch::channel(None);
        tokio::spawn(async move {
            tell.send_replace(Some(sources.next().await));
            std::process::exit(i32::from(sources.next().await.exit_code()));
        });
        Ok(Self { caught })
    }

    /// The first one, if there was any.
    pub(super) fn caught(&self) -> Option<Signal> {
        *self.caught.borrow()
    }

    /// Ends with the first one.
    pub(super) fn first(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut caught = self.caught.clone();
        async move {
            if caught.wait_for(Option::is_some).await.is_err() {
                std::future::pending().await
            }
        }
    }

    /// Gives what was called off by a signal the exit code of that.
    pub(super) fn judge(&self, mut failure: Failure) -> Failure {
        if let Some(signal) = self.caught().filter(|_| failure.kind == "cancelled") {
            failure.code = signal.exit_code();
        }
        failure
    }
}

/// Where signals come from.
struct Sources {
    #[cfg(unix)]
    interrupts: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminations: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Sources {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupts: signal(SignalKind::interrupt())?, terminations: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupts.recv() => Signal::Interrupt,
            _ = self.terminations.recv() => Signal::Terminate,
        }
    }
}

#[cfg(not(unix))]
impl Sources {
    fn new() -> io::Result<Self> {
        Ok(Self {})
    }

    async fn next(&mut self) -> Signal {
        if tokio::signal::ctrl_c().await.is_err() {
            return std::future::pending().await;
        }
        Signal::Interrupt
    }
}
