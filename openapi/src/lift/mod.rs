//! From any version to the shape of OpenAPI 3.1, in place.
use crate::model::Format;
use serde_json::Value;
/// x
pub(crate) fn lift(_root: &mut Value, _format: Format) {}
