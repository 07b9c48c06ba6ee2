//! The server behind HTTP.

use super::argument::{self, Carried};
use super::dialect::Dialect;
use super::fault::{Fault, JSON};
use super::operations::{self, SIGN_IN};
use super::route::{Found, Routes};
use super::sign_in::{self, SESSION};
use super::state::{Failure, Vcenter};
use super::{answer, transfer};
use crate::images::lock;
use crate::net::{Answer, Handler, Request, full, head};
use crate::seen::Seen;
use http_body_util::{BodyExt, Limited};
use hyper::header::{CONTENT_TYPE, SET_COOKIE};
use hyper::http::request::Parts;
use std::sync::{Arc, Mutex};

/// More than any honest call carries.
const LONGEST: usize = 32 << 20;

/// Which dialects are served.
#[derive(Clone, Copy, Debug)]
pub(super) struct Served {
    pub(super) api: bool,
    pub(super) rest: bool,
}

/// The server, its routes, and the log of requests.
#[derive(Clone)]
pub(super) struct Front {
    vcenter: Arc<Mutex<Vcenter>>,
    routes: Arc<Routes>,
    seen: Arc<Seen>,
    served: Served,
}

impl Front {
    /// Puts a server behind HTTP.
    pub(super) fn new(vcenter: Arc<Mutex<Vcenter>>, seen: Arc<Seen>, served: Served) -> Self {
        let routes = Arc::new(Routes::new(lock(&vcenter).model));
        Front { vcenter, routes, seen, served }
    }
}

impl Handler for Front {
    async fn handle(self, request: Request) -> Answer {
        let (verb, path) = (request.method().to_string(), request.uri().path().to_owned());
        let query = request.uri().query().map(str::to_owned);
        if path.starts_with(transfer::BASE) {
            let answer = transfer::serve(Arc::clone(&self.vcenter), request).await;
            self.seen.push(&verb, &transfer::disguise(&path), query.as_deref(), answer.status().as_u16());
            return answer;
        }
        let (parts, body) = request.into_parts();
        let answer = match Limited::new(body, LONGEST).collect().await {
            Ok(body) => self.call(&parts, &body.to_bytes()),
            Err(_) => full(413, "text/plain", "The body is too long, or ended too early.\n"),
        };
        self.seen.push(&verb, &path, query.as_deref(), answer.status().as_u16());
        answer
    }
}

impl Front {
    fn call(&self, parts: &Parts, body: &[u8]) -> Answer {
        let path = parts.uri.path();
        let dialect = Dialect::of(path).filter(|dialect| match dialect {
            Dialect::Api => self.served.api,
            Dialect::Rest => self.served.rest,
        });
        let Some(dialect) = dialect else { return full(404, "text/plain", "There is nothing here.\n") };
        let mut vcenter = lock(&self.vcenter);
        vcenter.settle();
        let query: Vec<(String, String)> =
            form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
        let Some(found) = self.routes.find(dialect, parts.method.as_str(), path, &query) else {
            return Fault::operation_not_found(parts.method.as_str(), path).answer(vcenter.model, dialect);
        };
        let carried = Carried { query: &query, headers: &parts.headers, body };
        let answer = attempt(&mut vcenter, dialect, &found, &carried);
        let (model, pulls) = (vcenter.model, std::mem::take(&mut vcenter.pulls));
        drop(vcenter);
        transfer::start(&self.vcenter, pulls);
        answer.unwrap_or_else(|fault| fault.answer(model, dialect))
    }
}

fn attempt(vcenter: &mut Vcenter, dialect: Dialect, found: &Found, carried: &Carried<'_>) -> Result<Answer, Fault> {
    let (model, now) = (vcenter.model, vcenter.now());
    let is_sign_in = format!("{}.{}", found.service, found.method.name) == SIGN_IN;
    let session = if is_sign_in {
        vcenter.sessions.sign_in(carried.headers, now)?
    } else {
        if let Some(failure) = vcenter.failures.pop_front() {
            return fail(failure);
        }
        vcenter.sessions.admit(carried.headers, dialect == Dialect::Rest, now)?
    };
    let mut arguments = argument::take(model, dialect, found, carried)?;
    arguments.user = vcenter.sessions.username().to_owned();
    arguments.session = session;
    let result = operations::run(vcenter, found.service, &found.method.name, &arguments)?;
    let mut answer = answer::write(model, dialect, found, result);
    if is_sign_in && dialect == Dialect::Rest && sign_in::wants_cookie(carried.headers) {
        head(&mut answer, SET_COOKIE, &format!("{SESSION}={};Path=/rest;HttpOnly", arguments.session));
    }
    Ok(answer)
}

/// What a test asked for instead of a result.
fn fail(failure: Failure) -> Result<Answer, Fault> {
    match failure {
        Failure::Error(name) => Err(Fault::named(&name, "test", "a fault that the test asked for")),
        Failure::Raw(status, content_type, body) => {
            let mut answer = full(status, JSON, body);
            head(&mut answer, CONTENT_TYPE, &content_type);
            Ok(answer)
        }
    }
}
