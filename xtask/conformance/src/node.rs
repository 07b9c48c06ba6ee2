//! Services by name.

use crate::arguments::Arguments;
use serde_json::Value;
use std::pin::Pin;

/// Future of the result of a call, as canonical JSON. Nothing is sent before it is awaited.
pub(crate) type Outcome = Pin<Box<dyn Future<Output = virt_sdk::Result<Value>> + Send>>;

/// A service, without its type.
pub(crate) trait Node {
    /// Name of the Rust type.
    fn name(&self) -> &'static str;

    /// The service below it that a locator leads to; `id` for locators that take one.
    fn below(&self, _locator: &str, _id: Option<&str>) -> Option<Box<dyn Node>> {
        None
    }

    /// The call of a method with those arguments, each of which is taken.
    fn call(&self, _method: &str, _arguments: &mut Arguments) -> Option<Outcome> {
        None
    }
}

/// A service as what [`Node::below`] returns.
pub(crate) fn node(service: impl Node + 'static) -> Option<Box<dyn Node>> {
    Some(Box::new(service))
}
