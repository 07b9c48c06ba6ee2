//! Results of calls as canonical JSON.
//!
//! What is generic here is compiled for every type: it is kept to the few lines that need the type.

use crate::canonical;
use crate::node::Outcome;
use serde_json::{Value, json};
use std::pin::Pin;
use std::task::{Context, Poll};
use virt_sdk::{List, Pending, Record};

/// Future of a result as canonical JSON.
struct Shown<T> {
    pending: Pending<T>,
    show: fn(T) -> Value,
}

impl<T> Future for Shown<T> {
    type Output = virt_sdk::Result<Value>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match std::task::ready!(Pin::new(&mut self.pending).poll(context)) {
            Ok(result) => Poll::Ready(Ok((self.show)(result))),
            Err(error) => Poll::Ready(Err(error)),
        }
    }
}

/// No result.
pub(crate) fn nothing(pending: Pending<()>) -> Outcome {
    Box::pin(Shown { pending, show: |()| Value::Null })
}

/// An object.
pub(crate) fn record<T: Record>(pending: Pending<T>) -> Outcome {
    Box::pin(Shown { pending, show: |object| canonical::record(&object) })
}

/// A list of objects.
pub(crate) fn list<T: Record + Clone + Default>(pending: Pending<List<T>>) -> Outcome {
    Box::pin(Shown { pending, show: |list| canonical::list(&Some(list)) })
}

/// An object, if there is one.
pub(crate) fn optional_record<T: Record>(pending: Pending<Option<T>>) -> Outcome {
    Box::pin(Shown { pending, show: |object| object.as_ref().map_or(Value::Null, |object| canonical::record(object)) })
}

/// A list of objects, if there is one.
pub(crate) fn optional_list<T: Record + Clone + Default>(pending: Pending<Option<List<T>>>) -> Outcome {
    Box::pin(Shown { pending, show: |list| canonical::list(&list) })
}

/// A value that is no object, if there is one.
pub(crate) fn optional_value<T: Plain>(pending: Pending<Option<T>>) -> Outcome {
    Box::pin(Shown { pending, show: |value| value.map_or(Value::Null, Plain::into_value) })
}

/// A value that is no object.
pub(crate) trait Plain: 'static {
    /// The value as canonical JSON.
    fn into_value(self) -> Value;
}

impl Plain for bool {
    fn into_value(self) -> Value {
        Value::Bool(self)
    }
}

impl Plain for String {
    fn into_value(self) -> Value {
        Value::String(self)
    }
}

impl Plain for Vec<String> {
    fn into_value(self) -> Value {
        json!({ "$list": self })
    }
}
