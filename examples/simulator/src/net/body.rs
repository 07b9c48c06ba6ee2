//! Bodies of answers: whole, or piece by piece from another task.

use bytes::Bytes;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::header::{HeaderName, HeaderValue};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::mpsc;

/// Request as it comes in.
pub(crate) type Request = hyper::Request<Incoming>;

/// Answer as it goes out.
pub(crate) type Answer = hyper::Response<Body>;

/// Where the pieces of a body come from.
pub(crate) type BodySender = mpsc::Sender<io::Result<Bytes>>;

/// Body of an answer.
#[derive(Debug)]
pub(crate) enum Body {
    /// All of it.
    Full(Option<Bytes>),
    /// Pieces, of which so many bytes are still to come.
    Pieces(mpsc::Receiver<io::Result<Bytes>>, u64),
}

impl Body {
    /// A body of known length that another task sends piece by piece.
    pub(crate) fn pieces(length: u64) -> (BodySender, Body) {
        let (sender, receiver) = mpsc::channel(2);
        (sender, Body::Pieces(receiver, length))
    }
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        match self.get_mut() {
            Body::Full(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Body::Pieces(receiver, rest) => receiver.poll_recv(context).map(|piece| match piece {
                Some(Ok(bytes)) => {
                    *rest = rest.saturating_sub(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
                    Some(Ok(Frame::data(bytes)))
                }
                Some(Err(error)) => Some(Err(error)),
                None if *rest > 0 => Some(Err(io::Error::from(io::ErrorKind::UnexpectedEof))),
                None => None,
            }),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Body::Full(bytes) => bytes.as_ref().is_none_or(Bytes::is_empty),
            Body::Pieces(_, rest) => *rest == 0,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Body::Full(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Body::Pieces(_, rest) => SizeHint::with_exact(*rest),
        }
    }
}

/// An answer with a whole body and a content type, which an empty body does not need.
pub(crate) fn full(status: u16, content_type: &'static str, text: impl Into<Bytes>) -> Answer {
    let bytes = text.into();
    let is_empty = bytes.is_empty();
    let mut answer = Answer::new(Body::Full(Some(bytes)));
    *answer.status_mut() = hyper::StatusCode::from_u16(status).unwrap_or(hyper::StatusCode::INTERNAL_SERVER_ERROR);
    if !is_empty {
        head(&mut answer, hyper::header::CONTENT_TYPE, content_type);
    }
    answer
}

/// Sets a header, unless its value cannot be sent.
pub(crate) fn head(answer: &mut Answer, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        answer.headers_mut().insert(name, value);
    }
}
