//! Where requests meet faults, and are recorded.

use super::{Effect, Target, alter, answer, drip};
use crate::api;
use crate::control::Control;
use crate::front;
use crate::net::{Answer, Body, Connection, Cut, Handler, Hangup, Request, full, head};
use crate::seen::SeenRequest;
use http_body_util::{BodyExt, Limited};
use hyper::Method;
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, LOCATION};
use model::Model;
use std::sync::Arc;

/// Requests whose bodies are read before they are refused: those of longer ones may stay where they are.
const LONGEST: usize = 1 << 20;

/// Status of a request that got no answer, in the log.
const NO_ANSWER: u16 = 0;

/// A server whose requests meet faults.
pub(crate) struct Faulty<H> {
    inner: H,
    control: Arc<Control>,
    is_images: bool,
}

impl<H: Clone> Clone for Faulty<H> {
    fn clone(&self) -> Self {
        Faulty { inner: self.inner.clone(), control: Arc::clone(&self.control), is_images: self.is_images }
    }
}

impl<H: Handler> Faulty<H> {
    /// The host of the engine.
    pub(crate) fn engine(inner: H, control: Arc<Control>) -> Self {
        Faulty { inner, control, is_images: false }
    }

    /// The image endpoint.
    pub(crate) fn images(inner: H, control: Arc<Control>) -> Self {
        Faulty { inner, control, is_images: true }
    }

    /// Part that a request goes to.
    fn target(&self, path: &str) -> Target {
        match path {
            _ if self.is_images => Target::Images,
            _ if api::is_below(path) => Target::Api,
            _ if front::is_sign_in(path) => Target::SignIn,
            _ => Target::Everything,
        }
    }
}

impl<H: Handler> Handler for Faulty<H> {
    async fn handle(self, request: Request) -> Answer {
        let control = Arc::clone(&self.control);
        let mut seen = SeenRequest::begin(&request, control.clock.elapsed());
        let connection = request.extensions().get::<Connection>().cloned();
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        if !self.is_images && control.is_away() {
            drain(request).await;
            let answer = answer::page(503);
            seen.status = answer.status().as_u16();
            control.seen.push(seen);
            return answer;
        }
        let target = self.target(&path);
        let effects = control.faults.meet(target, method.as_str(), &path);
        let mut answer = match effects.iter().find(|effect| effect.replaces()) {
            Some(effect) => {
                let is_action = drain(request).await;
                answer::answer(effect, target, is_action).unwrap_or_else(|| answer::page(500))
            }
            None => self.inner.handle(request).await,
        };
        for effect in &effects {
            answer = alter(control.model, effect, answer, &method, &path).await;
        }
        seen.status = match answer.extensions().get::<Hangup>() {
            Some(Hangup) => NO_ANSWER,
            None => answer.status().as_u16(),
        };
        control.seen.push(seen);
        // How the answer goes out comes after what it says.
        for effect in &effects {
            match (effect, &connection) {
                (Effect::Slow { bytes, pause }, _) => answer = drip::slow(answer, *bytes, *pause, Arc::clone(&control.clock)),
                (Effect::Delay(time), _) => control.clock.sleep(*time).await,
                (Effect::CloseAfter(bytes), Some(connection)) => connection.cut(Cut::Whole(*bytes)),
                (Effect::CutBody(bytes), Some(connection)) => connection.cut(Cut::Body(*bytes)),
                _ => {}
            }
        }
        answer
    }
}

/// Reads what the client still sends, so that the connection can go on. Says whether it asks for an action.
async fn drain(request: Request) -> bool {
    let patience = front::patience(request.method());
    let is_post = *request.method() == Method::POST;
    let body = Limited::new(request.into_body(), LONGEST).collect();
    let Ok(Ok(body)) = tokio::time::timeout(patience, body).await else { return false };
    is_post && std::str::from_utf8(&body.to_bytes()).is_ok_and(alter::is_action)
}

/// The answer after an effect that changes it.
async fn alter(model: &Model, effect: &Effect, answer: Answer, method: &Method, path: &str) -> Answer {
    match effect {
        Effect::ContentType(wanted) => {
            let mut answer = answer;
            answer.headers_mut().remove(CONTENT_TYPE);
            head(&mut answer, CONTENT_TYPE, wanted);
            answer
        }
        Effect::UnknownEnum(element) => rewrite(answer, "xml", |text| alter::unknown_enum(model, text, element.as_deref())).await,
        Effect::Without(member) => rewrite(answer, "xml", |text| alter::without(text, member)).await,
        Effect::UnknownElement => rewrite(answer, "xml", alter::unknown_element).await,
        Effect::InList => rewrite(answer, "json", |text| Some(format!("[{text}]"))).await,
        Effect::Accepted if answer.status().is_success() => accept(answer, method, path).await,
        _ => answer,
    }
}

/// The answer with another document, where it has one of that format.
async fn rewrite(answer: Answer, format: &str, edit: impl FnOnce(&str) -> Option<String>) -> Answer {
    let fits = answer.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).is_some_and(|text| text.contains(format));
    if !fits || !matches!(answer.body(), Body::Full(_)) {
        return answer;
    }
    let (mut parts, body) = answer.into_parts();
    let Ok(body) = body.collect().await else { return full(500, "text/plain", "") };
    let body = body.to_bytes();
    let edited = std::str::from_utf8(&body).ok().and_then(edit);
    parts.headers.remove(CONTENT_LENGTH);
    Answer::from_parts(parts, Body::Full(Some(edited.map_or(body, Into::into))))
}

async fn accept(mut answer: Answer, method: &Method, path: &str) -> Answer {
    if !matches!(*method, Method::POST | Method::PUT | Method::DELETE) {
        return answer;
    }
    *answer.status_mut() = hyper::StatusCode::ACCEPTED;
    let has_location = answer.headers().contains_key(LOCATION);
    if *method == Method::POST && !has_location {
        return rewrite(answer, "xml", alter::pending).await;
    }
    if *method == Method::PUT {
        head(&mut answer, LOCATION, path);
    }
    answer.headers_mut().remove(CONTENT_TYPE);
    *answer.body_mut() = Body::Full(None);
    answer
}
