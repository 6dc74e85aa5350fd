//! What changed between two versions of a document, and what of it breaks callers.
//!
//! What is sent to the API may be widened, what comes from it narrowed; anything else breaks somebody. The names and levels
//! of the rules are those of oasdiff 1.15 where the rule is the same (see [`rules`]). Schemas are compared once for each pair
//! that is in the same place, however often it is reached, and what differs is then said of each operation that it touches.
//!
//! ```
//! let read = |text: &str| openapi::read(text.as_bytes(), &openapi::Limits::default());
//! let old = read(r#"{"openapi": "3.1.0", "info": {"title": "Pets", "version": "1.2.0"}, "paths": {
//!     "/pets": {"get": {"responses": {"200": {"description": "ok"}}}}}}"#)?;
//! let new = read(r#"{"openapi": "3.1.0", "info": {"title": "Pets", "version": "1.2.0"}, "paths": {
//!     "/pets": {"get": {"parameters": [{"name": "kind", "in": "query", "required": true, "schema": {}}],
//!                       "responses": {"200": {"description": "ok"}}}}}}"#)?;
//!
//! let changes = openapi::diff::diff(&old, &new);
//! let change = &changes.list()[0];
//! assert_eq!(change.rule.name, "new-required-request-parameter");
//! assert_eq!(change.operation.as_deref(), Some("GET /pets"));
//! assert_eq!(change.message, "the query parameter `kind` is new and required");
//! assert_eq!(changes.suggested_version(old.version()).version.as_deref(), Some("2.0.0"));
//! # Ok::<(), openapi::Rejected>(())
//! ```

mod bodies;
mod breaks;
mod change;
mod changes;
mod comparison;
mod components;
mod lifecycle;
mod markdown;
mod operation;
mod parameters;
mod paths;
mod report;
mod responses;
pub mod rules;
mod schema;
mod security;
mod select;
mod source;
mod version;
mod walk;
mod webhooks;

pub use breaks::Break;
pub use change::{Change, Direction, Level, Side};
pub use changes::Changes;
pub use lifecycle::Date;
pub use report::Limits;
pub use version::{Bump, Suggestion};

use comparison::Comparison;

use crate::model::Document;

/// How two documents are compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The day that sunsets are compared with. Without it, no sunset has come yet and none is too early.
    pub today: Option<Date>,
    /// How much the comparison may give and cost.
    pub limits: Limits,
}

/// Compares two versions of a document, without a date.
pub fn diff(old: &Document, new: &Document) -> Changes {
    diff_with(old, new, &Options::default())
}

/// Compares two versions of a document.
pub fn diff_with(old: &Document, new: &Document, options: &Options) -> Changes {
    let report = Comparison::run(old, new, options.limits.clone(), options.today);
    Changes::new(report, old, new)
}
