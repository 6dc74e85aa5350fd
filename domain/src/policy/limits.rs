//! `limits`: how large and how deep a request may be.

use serde::{Deserialize, Serialize};

use super::{Policy, problems::Problems, units::ByteSize};
use crate::error::FieldError;

/// Sizes of requests. What is left out has no limit of its own beside those of the gateway.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Largest header section, names and values together: 256 B to 64 KiB. Answered with 431.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header_bytes: Option<ByteSize>,
    /// Longest path and query: 16 B to 64 KiB. Answered with 414.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url_bytes: Option<ByteSize>,
    /// Largest body: 0 (no body at all) to 1 TiB. Answered with 413, also in the middle of a body of unknown length.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_bytes: Option<ByteSize>,
    /// Shape of JSON bodies. Answered with 400.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub json: Option<JsonLimits>,
    /// Shape of XML bodies. Answered with 400.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub xml: Option<XmlLimits>,
}

/// Shape of bodies whose content type is JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JsonLimits {
    /// Objects and arrays inside each other: 1 to 1,000; by default 32.
    #[serde(default = "depth")]
    pub depth: u32,
    /// Members of one object: 1 to 1,000,000; by default 1,000.
    #[serde(default = "thousand")]
    pub keys: u32,
    /// Longest string or name, as written: 1 B to 1 GiB; by default 64 KiB.
    #[serde(default = "text_bytes")]
    pub string_bytes: ByteSize,
    /// Items of one array: 1 to 10,000,000; by default 10,000.
    #[serde(default = "ten_thousand")]
    pub array_items: u32,
}

/// Shape of bodies whose content type is XML. Document types (`<!DOCTYPE …>`), and with them entities of one's own, are
/// always refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct XmlLimits {
    /// Elements inside each other: 1 to 1,000; by default 32.
    #[serde(default = "depth")]
    pub depth: u32,
    /// Elements of the document: 1 to 10,000,000; by default 10,000.
    #[serde(default = "ten_thousand")]
    pub elements: u32,
    /// Attributes of one element: 1 to 10,000; by default 100.
    #[serde(default = "hundred")]
    pub attributes: u32,
    /// Longest text, attribute value, name or comment, as written: 1 B to 1 GiB; by default 64 KiB.
    #[serde(default = "text_bytes")]
    pub text_bytes: ByteSize,
}

fn depth() -> u32 {
    32
}

fn hundred() -> u32 {
    100
}

fn thousand() -> u32 {
    1_000
}

fn ten_thousand() -> u32 {
    10_000
}

fn text_bytes() -> ByteSize {
    ByteSize::kib(64)
}

impl Policy for Limits {
    const SUMMARY: &'static str = "Refuses requests that are too large, too deep or too many-membered.";
    const EXAMPLE: &'static str = "\
header_bytes: 16KiB
url_bytes: 4KiB
body_bytes: 1MiB
json:
  depth: 20
  keys: 200
  string_bytes: 32KiB
  array_items: 1000
xml:
  depth: 20
  elements: 5000
  attributes: 50
  text_bytes: 32KiB
";

    fn validate(&self) -> Vec<FieldError> {
        let mut problems = Problems::default();
        if *self == Self::default() {
            problems.add("body_bytes", "Name at least one limit.");
        }
        if let Some(size) = self.header_bytes {
            problems.size("header_bytes", size, ByteSize::bytes(256)..=ByteSize::kib(64));
        }
        if let Some(size) = self.url_bytes {
            problems.size("url_bytes", size, ByteSize::bytes(16)..=ByteSize::kib(64));
        }
        if let Some(size) = self.body_bytes {
            problems.size("body_bytes", size, ByteSize::default()..=ByteSize::mib(1 << 20));
        }
        let texts = ByteSize::bytes(1)..=ByteSize::mib(1_024);
        if let Some(json) = self.json {
            problems.number("json.depth", json.depth.into(), 1..=1_000);
            problems.number("json.keys", json.keys.into(), 1..=1_000_000);
            problems.size("json.string_bytes", json.string_bytes, texts.clone());
            problems.number("json.array_items", json.array_items.into(), 1..=10_000_000);
        }
        if let Some(xml) = self.xml {
            problems.number("xml.depth", xml.depth.into(), 1..=1_000);
            problems.number("xml.elements", xml.elements.into(), 1..=10_000_000);
            problems.number("xml.attributes", xml.attributes.into(), 1..=10_000);
            problems.size("xml.text_bytes", xml.text_bytes, texts);
        }
        problems.found()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_ranges() {
        for (body, fields) in [
            (serde_json::json!({ "body_bytes": 0 }), &[][..]),
            (serde_json::json!({ "json": {} }), &[]),
            (serde_json::json!({}), &["body_bytes"]),
            (
                serde_json::json!({ "header_bytes": "1MiB", "url_bytes": 1 }),
                &["header_bytes", "url_bytes"],
            ),
            (
                serde_json::json!({ "json": { "depth": 0 }, "xml": { "elements": 0 } }),
                &["json.depth", "xml.elements"],
            ),
        ] {
            let limits: Limits = serde_json::from_value(body.clone()).unwrap();
            let errors = limits.validate();
            assert_eq!(
                errors.iter().map(|e| e.field.as_str()).collect::<Vec<_>>(),
                fields,
                "{body}"
            );
        }
    }

    #[test]
    fn parts_have_defaults() {
        let limits: Limits = serde_json::from_str(r#"{ "json": {}, "xml": {} }"#).unwrap();
        let (json, xml) = (limits.json.unwrap(), limits.xml.unwrap());
        assert_eq!((json.depth, json.keys, json.array_items), (32, 1_000, 10_000));
        assert_eq!((xml.depth, xml.elements, xml.attributes), (32, 10_000, 100));
        assert_eq!(
            (json.string_bytes, xml.text_bytes),
            (ByteSize::kib(64), ByteSize::kib(64))
        );
    }
}
