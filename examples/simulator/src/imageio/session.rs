//! The session of one transfer: its ticket at the daemon, and the image behind it.

use super::control::{Control, TicketState};
use super::export::Export;
use crate::images::{Trouble, lock, new_permission};
use serde_json::{Value, json};
use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How long a daemon may be away before its tickets count as lost.
const AWAY: Duration = Duration::from_secs(5);

/// Part of its lifetime after which a ticket is renewed: an engine does so after one minute of five.
const RENEWAL: u32 = 5;

/// Where tickets go.
#[derive(Clone, Debug)]
pub(super) struct Controls {
    /// The daemon that serves the images.
    pub(super) host: Control,
    /// The one that leads to it, if there is one.
    pub(super) proxy: Option<Control>,
}

/// A ticket that was given, until it is closed.
#[derive(Debug)]
pub(super) struct Session {
    /// Identifier of the ticket, which is the secret.
    pub(super) ticket: String,
    /// What the proxy of an old engine would want to see.
    pub(super) permission: String,
    /// The ticket as the daemon gets it.
    body: Value,
    /// The same for the proxy.
    proxy_body: Value,
    /// Time for which it is valid after each renewal.
    lifetime: Duration,
    /// Idle time after which its client counts as gone, if ever.
    inactivity: Option<Duration>,
    /// What serves the image to the daemon, if not the daemon itself.
    export: Mutex<Option<Export>>,
    /// When the client began, or went on after a pause.
    since: Mutex<Instant>,
    /// When it was renewed; never while it is not to be.
    renewed: Mutex<Option<Instant>>,
    /// Since when the daemon does not answer.
    away: Mutex<Option<Instant>>,
    /// Bytes moved when the daemon last told.
    transferred: AtomicU64,
    is_closing: AtomicBool,
}

impl Session {
    /// A session whose ticket was not given yet.
    pub(super) fn new(body: Value, proxied_url: &str, inactivity: u64, export: Option<Export>) -> Self {
        let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let ticket = text("uuid");
        let mut proxy_body = body.clone();
        if let Some(members) = proxy_body.as_object_mut() {
            members.insert("url".to_owned(), json!(format!("{proxied_url}/images/{ticket}")));
        }
        Session {
            lifetime: Duration::from_secs(body.get("timeout").and_then(Value::as_u64).unwrap_or_default()),
            permission: new_permission(&ticket),
            ticket,
            body,
            proxy_body,
            inactivity: Some(inactivity).filter(|seconds| *seconds > 0).map(Duration::from_secs),
            export: Mutex::new(export),
            since: Mutex::new(Instant::now()),
            renewed: Mutex::default(),
            away: Mutex::default(),
            transferred: AtomicU64::new(0),
            is_closing: AtomicBool::new(false),
        }
    }

    /// Gives the ticket, or gives it anew to a daemon that has forgotten it, and renews it from now on.
    ///
    /// # Errors
    ///
    /// That a daemon does not answer, or refuses it.
    pub(super) fn open(&self, controls: &Controls) -> io::Result<()> {
        let all = [(Some(&controls.host), &self.body), (controls.proxy.as_ref(), &self.proxy_body)];
        for (control, body) in all.into_iter().filter_map(|(control, body)| Some((control?, body))) {
            if !control.extend(&self.ticket, self.lifetime.as_secs())? {
                control.put(&self.ticket, body)?;
            }
        }
        *lock(&self.since) = Instant::now();
        *lock(&self.renewed) = Some(Instant::now());
        *lock(&self.away) = None;
        Ok(())
    }

    /// Renews the ticket no more: it expires in its time.
    pub(super) fn stop_renewal(&self) {
        *lock(&self.renewed) = None;
    }

    /// Renews the ticket now.
    pub(super) fn extend(&self, controls: &Controls) {
        for control in [Some(&controls.host), controls.proxy.as_ref()].into_iter().flatten() {
            // What goes wrong with it shows when the ticket is looked at.
            let _ = control.extend(&self.ticket, self.lifetime.as_secs());
        }
    }

    /// What the daemon knows of the ticket: whether a request is running, and the bytes moved so far.
    pub(super) fn state(&self, controls: &Controls) -> (bool, u64) {
        let state = controls.host.get(&self.ticket).ok().flatten();
        self.note(state.as_ref());
        (state.is_some_and(|state| state.active), self.transferred.load(Ordering::Acquire))
    }

    /// Looks after the ticket, and says what is wrong with it.
    pub(super) fn watch(&self, controls: &Controls) -> Option<Trouble> {
        let state = match controls.host.get(&self.ticket) {
            Ok(Some(state)) => state,
            Ok(None) => return Some(Trouble::Lost),
            // It may be back in a moment.
            Err(_) => {
                let since = *lock(&self.away).get_or_insert_with(Instant::now);
                return (since.elapsed() > AWAY).then_some(Trouble::Lost);
            }
        };
        *lock(&self.away) = None;
        self.note(Some(&state));
        let is_due = |renewed: &Instant| renewed.elapsed() > self.lifetime / RENEWAL;
        if lock(&self.renewed).is_some_and(|renewed| is_due(&renewed)) {
            self.extend(controls);
            *lock(&self.renewed) = Some(Instant::now());
        }
        let idle = state.idle.min(lock(&self.since).elapsed());
        let is_silent = !state.active && self.inactivity.is_some_and(|limit| idle > limit);
        is_silent.then_some(Trouble::Silent)
    }

    /// Whether it is being closed.
    pub(super) fn is_closing(&self) -> bool {
        self.is_closing.load(Ordering::Acquire)
    }

    /// Begins to close it. False where that has begun before.
    pub(super) fn begin_close(&self) -> bool {
        !self.is_closing.swap(true, Ordering::AcqRel)
    }

    /// Removes the ticket, and ends what serves the image. False where that has to be tried again.
    pub(super) fn close(&self, controls: &Controls) -> bool {
        let all = [controls.proxy.as_ref(), Some(&controls.host)].into_iter().flatten();
        for control in all {
            if !control.delete(&self.ticket).unwrap_or_default() {
                return false;
            }
        }
        self.end_export();
        true
    }

    /// Ends it at once, whatever is still going on.
    pub(super) fn abort(&self, controls: &Controls) {
        self.end_export();
        for control in [controls.proxy.as_ref(), Some(&controls.host)].into_iter().flatten() {
            control.delete_soon(&self.ticket);
        }
    }

    fn end_export(&self) {
        let export = lock(&self.export).take();
        drop(export);
    }

    fn note(&self, state: Option<&TicketState>) {
        if let Some(transferred) = state.and_then(|state| state.transferred) {
            self.transferred.store(transferred, Ordering::Release);
        }
    }
}
