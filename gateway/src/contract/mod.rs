//! What a version's document says, for calls: whether a request or an answer is as described, and what the API would say
//! if it were there.
//!
//! Documents are read where snapshots are compiled, never by a worker. [`Contracts`] keeps what was compiled from one
//! snapshot to the next, by the document's hash; a document that only serves to judge is forgotten once its operations are
//! compiled, which take a hundredth of its memory.

mod answer;
mod coding;
mod compile;
mod request;

use std::sync::Arc;

use openapi::{Document, validate::OperationValidator};

pub(crate) use answer::Judged;
pub(crate) use coding::{Coding, Decoded};
pub(crate) use compile::{Contracts, Wanted};
pub(crate) use request::{BodySeen, Path, judge};

/// What the document says of one operation, as far as policies ask.
#[derive(Clone, Debug, Default)]
pub(crate) struct OperationContract {
    /// There if requests or answers are judged, and it could be compiled.
    pub(crate) validator: Option<Arc<OperationValidator>>,
    /// Whether requests had to be judged, and can't be.
    pub(crate) is_unusable: bool,
    /// There if the gateway answers in the API's place.
    pub(crate) document: Option<Arc<Document>>,
}

/// Texts of mistakes that are noted of one call.
const NOTED: usize = 3;

/// The first mistakes as the access log has them. No value that was sent is in them, only names and places.
pub(crate) fn noted(violations: &[openapi::validate::Violation]) -> Vec<String> {
    violations.iter().take(NOTED).map(ToString::to_string).collect()
}
