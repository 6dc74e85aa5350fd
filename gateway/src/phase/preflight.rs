//! Questions of browsers before cross-origin calls. They come without a key, and are answered here.

use std::sync::Arc;

use http::Method;

use super::route;
use crate::{
    decision::RequestFacts,
    rules::{Preflight, Rules},
    snapshot::{Found, Version},
};

/// The rules that answer a question: those of the operation that would be called. `None` when nobody asks, or when the
/// operation is not there or has no rules about it: then it is a request like any other.
pub(crate) fn rules(version: &Version, head: &RequestFacts<'_>, base_length: usize) -> Option<Arc<Rules>> {
    if *head.method != Method::OPTIONS {
        return None;
    }
    let method = Method::from_bytes(Preflight::of(head.fields)?.method).ok()?;
    let rules = match route::find(version, &method, &head.path[base_length..]) {
        Found::Operation(operation) => version.operations[operation as usize].rules.as_ref(),
        Found::OtherMethods(_) => version.rules.as_ref(),
        Found::Nothing if version.is_open => version.rules.as_ref(),
        Found::Nothing => None,
    };
    rules.filter(|rules| rules.cors.is_some()).cloned()
}
