use crate::front::{Front, ImageFront, Sessions};
use crate::images::{Images, lock};
use crate::net::{Identity, Listener};
use crate::seen::{Seen, SeenRequest};
use crate::{Builder, Error, api, engine, seed};
use std::convert::Infallible;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// How long [`Simulator::shutdown`] waits for requests in flight.
const PATIENCE: Duration = Duration::from_secs(5);

/// A running simulator. Dropping it stops it.
pub struct Simulator {
    url: String,
    username: String,
    password: String,
    ca_pem: Option<String>,
    sessions: Arc<Mutex<Sessions>>,
    images: Arc<Images>,
    seen: Arc<Seen>,
    stop: Option<watch::Sender<()>>,
    alive: mpsc::Receiver<Infallible>,
}

impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulator").field("url", &self.url).field("username", &self.username).finish_non_exhaustive()
    }
}

impl Simulator {
    /// Starts a fresh engine with the defaults of [`Builder`].
    ///
    /// # Errors
    ///
    /// As [`Builder::start`].
    pub async fn start() -> Result<Self, Error> {
        Simulator::builder().start().await
    }

    /// Prepares to start a simulator.
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(crate) async fn launch(builder: Builder) -> Result<Self, Error> {
        let identity = if builder.tls { Some(Identity::new()?) } else { None };
        let images = Arc::new(Images::new(builder.ticket_lifetime).map_err(Error::folder)?);
        let mut engine = engine::Engine::new(model::ovirt(), Arc::clone(&images), builder.transition);
        seed::plant(&mut engine, &builder.username, builder.vms)?;

        let listener = Listener::bind(builder.port).await?;
        let image_listener = Listener::bind(0).await?;
        let origin = listener.origin(builder.tls);
        images.set_url(image_listener.origin(builder.tls));

        let sessions = Arc::new(Mutex::new(Sessions::new(&builder.username, &builder.password)));
        let seen = Arc::new(Seen::default());
        let ca_pem = identity.as_ref().map(|identity| identity.ca_pem.clone());
        let front = Front::new(engine, Arc::clone(&sessions), Arc::clone(&seen), &origin, ca_pem.clone());
        let image_front = ImageFront::new(Arc::clone(&images), Arc::clone(&seen));

        let acceptor = identity.map(|identity| identity.acceptor);
        let (stop, stopped) = watch::channel(());
        let (alive, ended) = mpsc::channel(1);
        tokio::spawn(listener.serve(front, acceptor.clone(), stopped.clone(), alive.clone()));
        tokio::spawn(image_listener.serve(image_front, acceptor, stopped, alive));
        Ok(Simulator {
            url: format!("{origin}{}", api::BASE),
            username: builder.username,
            password: builder.password,
            ca_pem,
            sessions,
            images,
            seen,
            stop: Some(stop),
            alive: ended,
        })
    }

    /// Address of the API, such as `http://127.0.0.1:40123/ovirt-engine/api`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Name of the only user.
    pub fn username(&self) -> &str {
        &self.username
    }

    /// Password of the only user.
    pub fn password(&self) -> &str {
        &self.password
    }

    /// Certificate of the CA to trust, in PEM; none without TLS.
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.as_deref()
    }

    /// Number of tokens that were issued and neither revoked nor expired.
    pub fn sessions(&self) -> usize {
        lock(&self.sessions).count()
    }

    /// Makes every token unknown: requests that carry one are answered with 401 from now on.
    pub fn expire_tokens(&self) {
        lock(&self.sessions).clear();
    }

    /// The requests that were answered so far, in the order of their answers.
    pub fn requests(&self) -> Vec<SeenRequest> {
        self.seen.all()
    }

    /// Stops: accepts nothing more, lets requests in flight end, and removes all data.
    pub async fn shutdown(mut self) {
        self.stop = None;
        // Nothing is ever sent: the channel ends with the last connection.
        let _ = tokio::time::timeout(PATIENCE, self.alive.recv()).await;
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.stop = None;
        self.images.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_can_be_shared() {
        fn check<T: Send + Sync + 'static>() {}
        check::<Simulator>();
        check::<Builder>();
        check::<Error>();
    }
}
