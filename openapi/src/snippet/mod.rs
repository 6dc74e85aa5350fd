//! Code that sends the sample request of an operation.

mod curl;
mod shell;

use crate::model::Document;
use crate::operation::Operation;
use crate::sample::{self, SampleContext};

/// A `curl` command for bash, over several lines, that works as printed.
pub fn curl(doc: &Document, operation: &Operation<'_>, context: &SampleContext<'_>) -> String {
    curl::command(&sample::request(doc, operation, context))
}
