//! Fields that exclude each other, or that have no meaning where they are.

use serde_json::{Map, Value};

use super::place::shortened;
use super::{Checker, Place};
use crate::diagnostics::Severity;
use crate::model::Format;

impl<'d> Checker<'d, '_> {
    /// `style`, `explode` and `allowReserved` of a parameter (3.2 §4.12.3, 3.1 §4.8.12.2).
    pub(super) fn serialization(&mut self, parameter: &'d Map<String, Value>, location: &str, place: &Place<'_>) {
        if self.is_20() {
            return;
        }
        if let Some(style) = parameter.get("style").and_then(Value::as_str) {
            let is_possible = match location {
                "path" => ["matrix", "label", "simple"].contains(&style),
                "query" => ["form", "spaceDelimited", "pipeDelimited", "deepObject"].contains(&style),
                "header" => style == "simple",
                "cookie" => style == "form" || (style == "cookie" && self.format >= Format::OpenApi32),
                "querystring" => false,
                _ => true,
            };
            if !is_possible {
                let message = format!(
                    "a parameter in {} can't have the style `{}`",
                    shortened(location),
                    shortened(style)
                );
                self.error("parameter-style", &place.key("style"), message);
            }
        }
        if parameter.contains_key("content") {
            for field in ["style", "explode", "allowReserved"] {
                if parameter.contains_key(field) {
                    let severity = if self.format >= Format::OpenApi31 {
                        Severity::Error
                    } else {
                        Severity::Warning
                    };
                    let message = format!("`{field}` has no meaning beside `content`");
                    self.report(severity, "parameter-style", &place.key(field), message);
                }
            }
        }
        if location == "querystring" && parameter.contains_key("schema") {
            let message = "a querystring parameter has `content`, not `schema`";
            self.error("parameter-schema", &place.key("schema"), message);
        }
        if location == "header" {
            self.no_reserved(parameter, place);
        }
    }

    /// Header fields are never percent-encoded.
    pub(super) fn no_reserved(&mut self, header: &'d Map<String, Value>, place: &Place<'_>) {
        if header.contains_key("allowReserved") && self.format >= Format::OpenApi32 {
            let message = "`allowReserved` has no meaning in a header";
            self.error("parameter-style", &place.key("allowReserved"), message);
        }
    }

    /// Encodings by name, and by place (3.2 §4.14.5).
    pub(super) fn encodings(&mut self, owner: &'d Map<String, Value>, place: &Place<'_>) {
        if self.format < Format::OpenApi32 {
            return;
        }
        let is_by_place = owner.contains_key("prefixEncoding") || owner.contains_key("itemEncoding");
        if is_by_place && owner.contains_key("encoding") {
            let message = "`encoding` excludes `prefixEncoding` and `itemEncoding`";
            self.error("encoding", &place.key("encoding"), message);
        }
        let below = |field: &str| owner.get(field).and_then(Value::as_object);
        for field in ["encoding", "itemEncoding"] {
            let place = place.key(field);
            match (field, below(field)) {
                ("encoding", Some(named)) => {
                    for (name, encoding) in named {
                        if let Some(encoding) = encoding.as_object() {
                            self.encodings(encoding, &place.key(name));
                        }
                    }
                }
                (_, Some(encoding)) => self.encodings(encoding, &place),
                _ => {}
            }
        }
        let list = owner.get("prefixEncoding").and_then(Value::as_array);
        for (at, encoding) in list.into_iter().flatten().enumerate() {
            if let Some(encoding) = encoding.as_object() {
                self.encodings(encoding, &place.key("prefixEncoding").index(at));
            }
        }
    }

    /// `nodeType` of 3.2 takes the place of older fields.
    pub(super) fn xml(&mut self, schema: &'d Map<String, Value>, place: &Place<'_>) {
        let Some(xml) = schema.get("xml").and_then(Value::as_object) else {
            return;
        };
        if self.format < Format::OpenApi32 || !xml.contains_key("nodeType") {
            return;
        }
        for field in ["attribute", "wrapped"] {
            if xml.contains_key(field) {
                let message = format!("`{field}` excludes `nodeType`");
                self.error("xml-node-type", &place.key("xml").key(field), message);
            }
        }
    }
}
