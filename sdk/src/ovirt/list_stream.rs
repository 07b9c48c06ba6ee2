//! Lists as streams: while they arrive, page after page, or without end.

use super::answer;
use super::call::Call;
use super::services::EventsService;
use super::types::Event;
use crate::core::error::{Error, ErrorKind, Result};
use crate::core::http::reply::Opened;
use crate::core::table::Record;
use crate::core::xml::{ListDecoder, Step};
use futures_core::Stream;
use futures_util::stream::{try_unfold, unfold};
use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// How many objects a page has when the request does not say.
const PAGE: usize = 100;

/// Objects of a list, one after the other. Dropping it cancels the request.
///
/// ```no_run
/// # async fn names(connection: virt_sdk::ovirt::Connection) -> virt_sdk::Result<()> {
/// let mut vms = connection.system_service().vms_service().list().stream();
/// while let Some(vm) = vms.next().await {
///     println!("{}", vm?.name.unwrap_or_default());
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "a request is sent when this is polled"]
pub struct ListStream<T>(Pin<Box<dyn Stream<Item = Result<T>> + Send>>);

impl<T> ListStream<T> {
    /// The next object; `None` at the end.
    ///
    /// # Errors
    ///
    /// Those of the request, and [`ErrorKind::Decode`] where the list is not what it should be. The stream
    /// has ended then, unless its maker says otherwise.
    pub async fn next(&mut self) -> Option<Result<T>> {
        std::future::poll_fn(|context| self.0.as_mut().poll_next(context)).await
    }
}

impl<T> Stream for ListStream<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        self.0.as_mut().poll_next(context)
    }
}

/// The objects of a list while the answer arrives: one is in memory, not all.
pub(crate) fn stream<T: Record + Default>(call: Call) -> ListStream<T> {
    let decoder = ListDecoder::new(T::default().table());
    ListStream(Box::pin(try_unfold((Some(call), None, decoder), |(call, opened, mut decoder)| async move {
        let mut opened = match (call, opened) {
            (Some(call), _) => call.open().await?,
            (None, Some(opened)) => opened,
            (None, None) => return Ok(None),
        };
        loop {
            let mut object = T::default();
            let step = decoder.next(&mut object).map_err(|error| malformed(&opened, &error))?;
            match step {
                Step::Item => return Ok(Some((object, (None, Some(opened), decoder)))),
                Step::End => return Ok(None),
                Step::NoRoot => return Err(opened.error(ErrorKind::Decode, answer::EMPTY_LIST)),
                Step::OtherRoot(_) => return Err(other_root::<T>(opened, &decoder).await),
                Step::Starved => match opened.piece().await? {
                    Some(piece) => decoder.push(&piece),
                    None => decoder.end(),
                }
                .map_err(|error| malformed(&opened, &error))?,
            }
        }
    })))
}

/// The error that an answer means which is no such list: a fault, most of all.
async fn other_root<T: Record + Default>(opened: Opened, decoder: &ListDecoder) -> Error {
    let reply = match opened.read_after(decoder.rest().as_bytes().to_vec()).await {
        Ok(reply) => reply,
        Err(error) => return error,
    };
    match answer::expect_list(&reply, T::default().table()) {
        Err(error) => error,
        Ok(()) => reply.error(ErrorKind::Decode, "the answer is not the list that was asked for"),
    }
}

fn malformed(opened: &Opened, error: &impl ToString) -> Error {
    opened.error(ErrorKind::Decode, format!("an item of the list cannot be read: {}", error.to_string()))
}

/// The objects that a search finds, page after page. A page has as many as `max` says.
pub(crate) fn pages<T: Record + Clone + Default>(call: Call) -> ListStream<T> {
    let value = |name| call.query().iter().find(|(other, _)| other == name).map(|(_, value)| value.clone());
    let search = value("search").unwrap_or_default();
    let size = value("max").and_then(|max| max.parse().ok()).filter(|max| *max > 0).unwrap_or(PAGE);
    let first = Pages { call, search, size, next: Some(1), found: VecDeque::new() };
    ListStream(Box::pin(try_unfold(first, |mut pages| async move {
        loop {
            if let Some(object) = pages.found.pop_front() {
                return Ok(Some((object, pages)));
            }
            let Some(number) = pages.next else { return Ok(None) };
            let mut call = pages.call.clone();
            call.set_query("search", format!("{} page {number}", pages.search).trim());
            call.set_query("max", pages.size);
            pages.found = call.send(answer::list::<T>).await?.into_iter().collect();
            pages.next = (pages.found.len() >= pages.size).then_some(number + 1);
        }
    })))
}

struct Pages<T> {
    call: Call,
    search: String,
    size: usize,
    /// Number of the next page; `None` after the last.
    next: Option<u64>,
    found: VecDeque<T>,
}

impl EventsService {
    /// Events with an identifier above `after`, oldest first, those to come included: the stream has no end.
    /// It asks anew every `interval` once there are no more.
    ///
    /// After an error it goes on where it was when polled again, without loss or repetition; wait a moment
    /// before. To start now, pass the identifier of the newest event, which `list().max(1)` finds.
    ///
    /// # Errors
    ///
    /// Those of the request, and [`ErrorKind::Decode`] for an event whose identifier is not a number.
    pub fn follow(&self, after: i64, interval: Duration) -> ListStream<Event> {
        let start = Following { service: self.clone(), after, interval, found: VecDeque::new(), idle: false };
        ListStream(Box::pin(unfold(start, |mut following| async move {
            loop {
                if let Some((id, event)) = following.found.pop_front() {
                    following.after = id;
                    return Some((Ok(event), following));
                }
                if std::mem::take(&mut following.idle) {
                    tokio::time::sleep(following.interval).await;
                }
                match following.newer().await {
                    Ok(found) => {
                        following.idle = found.is_empty();
                        following.found = found;
                    }
                    Err(error) => return Some((Err(error), following)),
                }
            }
        })))
    }
}

struct Following {
    service: EventsService,
    /// Identifier of the event that came last.
    after: i64,
    interval: Duration,
    found: VecDeque<(i64, Event)>,
    /// Whether the last question found nothing.
    idle: bool,
}

impl Following {
    /// Events that came since, oldest first.
    async fn newer(&self) -> Result<VecDeque<(i64, Event)>> {
        let mut found = Vec::new();
        for event in self.service.list().from(self.after).send().await? {
            let id = event.id.as_deref().unwrap_or_default();
            let id: i64 = id.parse().map_err(|_| {
                Error::new(ErrorKind::Decode, format!("`{id}` is the identifier of an event, which must be a number"))
            })?;
            if id > self.after {
                found.push((id, event));
            }
        }
        found.sort_by_key(|(id, _)| *id);
        Ok(found.into())
    }
}
