use super::error::Result;
use super::http::reply::Reply;
use super::http::session::BoxFuture;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Future of the result of a request. Dropping it cancels the request.
#[must_use = "a request is sent when this is awaited"]
pub struct Pending<T, A = Reply> {
    answer: BoxFuture<'static, Result<A>>,
    decode: fn(&A) -> Result<T>,
}

impl<T, A> Pending<T, A> {
    /// `decode` makes the result of the answer.
    pub(crate) fn new(answer: BoxFuture<'static, Result<A>>, decode: fn(&A) -> Result<T>) -> Self {
        Self { answer, decode }
    }
}

impl<T, A> Future for Pending<T, A> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<T>> {
        let answer = std::task::ready!(self.answer.as_mut().poll(context));
        Poll::Ready(answer.and_then(|answer| (self.decode)(&answer)))
    }
}
