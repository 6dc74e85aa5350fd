//! Which version of the specification a document claims.

use serde_json::Value;

use super::Findings;
use crate::diagnostics::Diagnostic;
use crate::model::Format;

/// The version a document is written in; without one it can't be imported.
pub(crate) fn format(root: &Value, findings: &mut Findings) -> Option<Format> {
    let Some(map) = root.as_object() else {
        let kind = super::kind(root);
        findings.add(Diagnostic::error(
            "not-an-object",
            format!("an OpenAPI document is an object, this is {kind}"),
        ));
        return None;
    };
    let (field, value) = match (map.get("openapi"), map.get("swagger")) {
        (Some(_), Some(_)) => {
            let message = "the document has both `openapi` and `swagger`; it must have one of them";
            findings.add(Diagnostic::error("version-conflict", message).at("/swagger"));
            return None;
        }
        (None, None) => {
            let message = "this is not an OpenAPI document: it has neither `openapi` nor `swagger`";
            findings.add(Diagnostic::error("version-missing", message).hint("Add `openapi: 3.1.1` at the top."));
            return None;
        }
        (Some(value), None) => ("openapi", value),
        (None, Some(value)) => ("swagger", value),
    };
    let pointer = format!("/{field}");
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => {
            let message = format!("`{field}` should be a text in quotes; it is read as \"{number}\"");
            findings.add(Diagnostic::warning("version-not-text", message).at(pointer.clone()));
            number.to_string()
        }
        other => {
            let message = format!("`{field}` must be a text such as \"3.1.1\", not {}", super::kind(other));
            findings.add(Diagnostic::error("version-unsupported", message).at(pointer));
            return None;
        }
    };
    let format = match (field, series(&text)) {
        ("swagger", Some((2, 0))) => Format::OpenApi20,
        ("openapi", Some((3, 0))) => Format::OpenApi30,
        ("openapi", Some((3, 1))) => Format::OpenApi31,
        ("openapi", Some((3, 2))) => Format::OpenApi32,
        _ => {
            let message = format!("version {text:?} of `{field}` is not supported");
            let hint = "Supported are `swagger: \"2.0\"` and `openapi` 3.0, 3.1 and 3.2.";
            findings.add(Diagnostic::error("version-unsupported", message).at(pointer).hint(hint));
            return None;
        }
    };
    Some(format)
}

/// Major and minor of `3.1.0`, `3.1`, `3.1.0-rc0`; `None` for anything else.
fn series(text: &str) -> Option<(u8, u8)> {
    let mut parts = text.trim().splitn(3, '.');
    let major = parts.next()?.parse().ok()?;
    let minor = parts.next()?.parse().ok()?;
    let patch = parts.next().unwrap_or("0");
    patch
        .starts_with(|first: char| first.is_ascii_digit())
        .then_some((major, minor))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn versions() {
        for (document, expected) in [
            (json!({"swagger": "2.0"}), Some(Format::OpenApi20)),
            (json!({"swagger": 2.0}), Some(Format::OpenApi20)),
            (json!({"openapi": "3.0.3"}), Some(Format::OpenApi30)),
            (json!({"openapi": "3.1.0-rc0"}), Some(Format::OpenApi31)),
            (json!({"openapi": "3.2.0"}), Some(Format::OpenApi32)),
            (json!({"openapi": "2.0"}), None),
            (json!({"openapi": "3.3.0"}), None),
            (json!({"openapi": "3.0.x"}), None),
            (json!({"openapi": null}), None),
            (json!({"openapi": "3.0.0", "swagger": "2.0"}), None),
            (json!({}), None),
            (json!([]), None),
        ] {
            let mut findings = Findings::new(10, Vec::new());
            assert_eq!(format(&document, &mut findings), expected, "{document}");
        }
    }
}
