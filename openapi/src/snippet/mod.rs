//! Code that sends a request.
use crate::model::Document;
use crate::operation::Operation;
use crate::sample::{self, SampleContext};
/// A `curl` command.
pub fn curl(doc: &Document, operation: &Operation<'_>, context: &SampleContext<'_>) -> String {
    let request = sample::request(doc, operation, context);
    format!("curl {}", request.url)
}
