//! What is wrong with a document as it was written.
mod findings;
mod version;
use crate::model::Format;
use crate::reference::Anchors;
pub(crate) use findings::Findings;
use serde_json::Value;

/// What checking found out about a document that can be imported.
pub(crate) struct Checked {
    pub(crate) format: Format,
    pub(crate) anchors: Anchors,
}

/// x
pub(crate) fn document(root: &Value, findings: &mut Findings) -> Option<Checked> {
    let format = version::format(root, findings)?;
    Some(Checked {
        format,
        anchors: Anchors::default(),
    })
}

/// What a value is, with its article, for messages.
pub(crate) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "empty",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
