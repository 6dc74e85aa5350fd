//! Parameters and headers.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::operations::Declared;
use super::place::shortened;
use super::{Checker, Kind, Place};
use crate::model::{Format, is_token};
use crate::reference;

impl<'d> Checker<'d, '_> {
    /// Checks a list of parameters and returns what it declares.
    pub(super) fn parameters(&mut self, owner: &'d Map<String, Value>, place: &Place<'_>) -> HashSet<Declared<'d>> {
        let mut own = HashSet::new();
        let Some(list) = self.list(owner, place, "parameters") else {
            return own;
        };
        let place = place.key("parameters");
        for (at, value) in list.iter().enumerate() {
            let place = place.index(at);
            self.parameter(value, &place);
            let Ok(resolved) = reference::resolve(self.root, &self.anchors, value) else {
                continue;
            };
            let text = |field: &str| resolved.value.get(field).and_then(Value::as_str);
            let Some(found) = text("name").zip(text("in")) else {
                continue;
            };
            if !own.insert(found) {
                let message = format!(
                    "the parameter `{}` in {} is declared twice",
                    shortened(found.0),
                    shortened(found.1)
                );
                self.error("operation-parameters", &place, message);
            }
        }
        self.exclusive_locations(&own, &place);
        own
    }

    fn exclusive_locations(&mut self, own: &HashSet<Declared<'d>>, place: &Place<'_>) {
        let count = |location: &str| own.iter().filter(|(_, own)| *own == location).count();
        if count("body") > 1 {
            self.error(
                "operation-parameters",
                place,
                "an operation can have one body parameter only",
            );
        }
        if count("body") > 0 && count("formData") > 0 {
            self.error(
                "operation-parameters",
                place,
                "an operation can't have both a body and form fields",
            );
        }
        if count("querystring") > 1 || (count("querystring") > 0 && count("query") > 0) {
            let message = "a querystring parameter stands alone: no other and no query parameter beside it";
            self.error("operation-parameters", place, message);
        }
    }

    pub(super) fn parameter(&mut self, value: &'d Value, place: &Place<'_>) {
        let Some(parameter) = value.as_object() else {
            self.wrong_type(place, Kind::Object, value);
            return;
        };
        if self.reference(parameter, value, place) {
            return;
        }
        let fields = [
            ("description", Kind::Text),
            ("required", Kind::Flag),
            ("deprecated", Kind::Flag),
            ("style", Kind::Text),
            ("explode", Kind::Flag),
            ("allowReserved", Kind::Flag),
            ("allowEmptyValue", Kind::Flag),
        ];
        self.types(parameter, place, &fields);
        let name = parameter.get("name").and_then(Value::as_str).unwrap_or_default();
        if name.is_empty() {
            self.error("parameter-name", place, "a parameter needs a name; it is left out");
        }
        let location = parameter.get("in").and_then(Value::as_str).unwrap_or_default();
        let is_known = match location {
            "query" | "header" | "path" => true,
            "cookie" => !self.is_20(),
            "querystring" => self.format >= Format::OpenApi32,
            "body" | "formData" => self.is_20(),
            _ => false,
        };
        if !is_known {
            let message = format!("`in` can't be `{}`; the parameter is left out", shortened(location));
            self.error("parameter-in", &place.key("in"), message);
        }
        if location == "path" && parameter.get("required") != Some(&Value::Bool(true)) {
            self.error(
                "path-params",
                place,
                "a path parameter must have `required: true`; it is read as required",
            );
        }
        if location == "header" {
            self.header_name(name, place);
        }
        self.serialization(parameter, location, place);
        self.value_of_parameter(parameter, location, place);
    }

    fn header_name(&mut self, name: &str, place: &Place<'_>) {
        if !name.is_empty() && !is_token(name) {
            self.error(
                "header-name",
                &place.key("name"),
                "a header can't have this name; the parameter is left out",
            );
        }
        if ["accept", "content-type", "authorization"].contains(&name.to_ascii_lowercase().as_str()) {
            let message = format!("`{name}` is described elsewhere in OpenAPI; tools ignore it as a parameter");
            self.warn("header-reserved", &place.key("name"), message);
        }
    }

    /// `schema` or `content`; in 2.0 the schema keywords are the parameter's own.
    fn value_of_parameter(&mut self, parameter: &'d Map<String, Value>, location: &str, place: &Place<'_>) {
        if self.is_20() {
            if let Some(schema) = parameter.get("schema") {
                self.schema(schema, &place.key("schema"));
            }
            if location != "body" {
                self.required(parameter, place, "type");
                self.keywords(parameter, place);
            }
            return;
        }
        match (parameter.contains_key("schema"), parameter.contains_key("content")) {
            (true, true) => self.error(
                "parameter-schema",
                place,
                "a parameter has either `schema` or `content`",
            ),
            (false, false) => self.warn(
                "parameter-schema",
                place,
                "the parameter has neither `schema` nor `content`",
            ),
            _ => {}
        }
        if let Some(schema) = parameter.get("schema") {
            self.schema(schema, &place.key("schema"));
        }
        self.content(parameter, place);
        self.examples(parameter, place);
    }

    pub(super) fn header(&mut self, value: &'d Value, place: &Place<'_>) {
        let Some(header) = value.as_object() else {
            self.wrong_type(place, Kind::Object, value);
            return;
        };
        if self.reference(header, value, place) {
            return;
        }
        self.types(
            header,
            place,
            &[
                ("description", Kind::Text),
                ("required", Kind::Flag),
                ("deprecated", Kind::Flag),
            ],
        );
        if self.is_20() {
            self.keywords(header, place);
            return;
        }
        self.no_reserved(header, place);
        if let Some(schema) = header.get("schema") {
            self.schema(schema, &place.key("schema"));
        }
        self.content(header, place);
        self.examples(header, place);
    }
}
