//! A strict second opinion on OpenAPI 3.0 documents, from the types of the `openapiv3` crate.
//!
//! It costs a second parse, so it is meant for imports, not for every time a document is loaded.

use serde_json::Value;

use crate::diagnostics::{Diagnostic, Severity};

/// Whether the document fits the typed model of OpenAPI 3.0 that generators use. The answer is at most one finding, because a
/// typed reader stops at its first; documents of other versions have none.
///
/// `bytes` are the uploaded ones, as given to [`crate::read`]; what `read` refuses has no findings here.
pub fn check(bytes: &[u8], limits: &crate::Limits) -> Vec<Diagnostic> {
    crate::load::source_value(bytes, limits).map_or_else(|_| Vec::new(), |root| check_value(&root))
}

fn check_value(root: &Value) -> Vec<Diagnostic> {
    let is_30 = root
        .get("openapi")
        .and_then(Value::as_str)
        .is_some_and(|version| version.starts_with("3.0"));
    if !is_30 {
        return Vec::new();
    }
    match <openapiv3::OpenAPI as serde::Deserialize>::deserialize(root) {
        Ok(_) => Vec::new(),
        Err(error) => {
            let message = format!("strict OpenAPI 3.0 tools will refuse this document: {error}");
            let mut found = vec![Diagnostic::new(Severity::Info, "strict-3.0", message)];
            crate::advice::complete(&mut found);
            found
        }
    }
}
