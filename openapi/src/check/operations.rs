//! Path items and operations.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::place::shortened;
use super::{Checker, Kind, Place};
use crate::model::{Format, METHODS, is_token};

impl<'d> Checker<'d, '_> {
    /// A field of named path items: webhooks.
    pub(super) fn path_items(&mut self, map: &'d Map<String, Value>, field: &str) {
        let root = Place::ROOT;
        let Some(items) = map.get(field).and_then(Value::as_object) else {
            return;
        };
        let place = root.key(field);
        for (name, item) in items.iter().filter(|(name, _)| !name.starts_with("x-")) {
            self.path_item(item, &place.key(name), None);
        }
    }

    /// A path item; `template` is its path, if it has one.
    pub(super) fn path_item(&mut self, value: &'d Value, place: &Place<'_>, template: Option<&str>) {
        let Some(item) = value.as_object() else {
            self.wrong_type(place, Kind::Object, value);
            return;
        };
        self.reference(item, value, place);
        self.types(item, place, &[("summary", Kind::Text), ("description", Kind::Text)]);
        if !self.is_20() {
            self.servers(item, place);
        }
        let common = self.parameters(item, place);
        if let Some(template) = template {
            self.unused_path_parameters(template, &common, place);
        }
        for (field, value) in item {
            let name = field.as_str();
            let place = place.key(field);
            match name {
                _ if name.starts_with("x-") => {}
                "$ref" | "summary" | "description" | "servers" | "parameters" => {}
                "additionalOperations" => {
                    self.needs_32(&place);
                    self.additional_operations(item, &place, &common, template);
                }
                _ if METHODS.contains(&name) => {
                    if name == "query" {
                        self.needs_32(&place);
                    }
                    self.operation(value, &place, &common, template);
                }
                _ => {
                    let message = format!("`{}` is neither a method nor a field of a path", shortened(name));
                    self.error("unknown-method", &place, message);
                }
            }
        }
    }

    fn needs_32(&mut self, place: &Place<'_>) {
        if self.format < Format::OpenApi32 {
            self.warn(
                "needs-3.2",
                place,
                format!("{} exists from OpenAPI 3.2 on", place.label()),
            );
        }
    }

    fn additional_operations(
        &mut self,
        item: &'d Map<String, Value>,
        place: &Place<'_>,
        common: &HashSet<Declared<'d>>,
        template: Option<&str>,
    ) {
        let Some(value) = item.get("additionalOperations") else {
            return;
        };
        let Some(operations) = value.as_object() else {
            self.wrong_type(place, Kind::Object, value);
            return;
        };
        for (method, value) in operations {
            let place = place.key(method);
            if METHODS.contains(&method.to_ascii_lowercase().as_str()) || !is_token(method) {
                let message = format!("`{}` can't be an additional operation", shortened(method));
                self.error("additional-operation", &place, message);
            }
            self.operation(value, &place, common, template);
        }
    }

    fn operation(
        &mut self,
        value: &'d Value,
        place: &Place<'_>,
        common: &HashSet<Declared<'d>>,
        template: Option<&str>,
    ) {
        let Some(operation) = value.as_object() else {
            self.wrong_type(place, Kind::Object, value);
            return;
        };
        let fields = [
            ("summary", Kind::Text),
            ("description", Kind::Text),
            ("operationId", Kind::Text),
            ("deprecated", Kind::Flag),
        ];
        self.types(operation, place, &fields);
        if let Some(id) = operation.get("operationId").and_then(Value::as_str)
            && !self.operation_ids.insert(id)
        {
            let message = format!("the operationId `{}` is used twice", shortened(id));
            self.error("operation-operationId-unique", &place.key("operationId"), message);
        }
        let tags = self.list(operation, place, "tags");
        for (at, tag) in tags.into_iter().flatten().enumerate() {
            if !tag.is_string() {
                self.wrong_type(&place.key("tags").index(at), Kind::Text, tag);
            }
        }
        self.external_docs(operation, place);
        self.security(operation, place);
        if !self.is_20() {
            self.servers(operation, place);
        }
        let own = self.parameters(operation, place);
        if let Some(template) = template {
            self.undeclared_path_parameters(template, [&own, common], place);
            self.unused_path_parameters(template, &own, place);
        }
        if let Some(body) = operation.get("requestBody") {
            self.request_body(body, &place.key("requestBody"));
        }
        self.responses(operation, place);
        if let Some(callbacks) = self.object(operation, place, "callbacks") {
            let place = place.key("callbacks");
            for (name, callback) in callbacks {
                self.callback(callback, &place.key(name));
            }
        }
    }

    fn responses(&mut self, operation: &'d Map<String, Value>, place: &Place<'_>) {
        if self.format <= Format::OpenApi30 {
            self.required(operation, place, "responses");
        }
        let Some(responses) = self.object(operation, place, "responses") else {
            return;
        };
        let place = place.key("responses");
        for (status, response) in responses.iter().filter(|(status, _)| !status.starts_with("x-")) {
            let place = place.key(status);
            let is_status = match status.as_bytes() {
                [b'1'..=b'5', b'0'..=b'9', b'0'..=b'9'] => true,
                [b'1'..=b'5', b'X', b'X'] => !self.is_20(),
                other => other == b"default",
            };
            if !is_status {
                let message = format!(
                    "`{}` is not a status code, a class such as 4XX, or default",
                    shortened(status)
                );
                self.error("response-status", &place, message);
            }
            self.response(response, &place);
        }
    }

    /// A callback: path items by URL expression.
    pub(super) fn callback(&mut self, value: &'d Value, place: &Place<'_>) {
        let Some(callback) = value.as_object() else {
            self.wrong_type(place, Kind::Object, value);
            return;
        };
        if self.reference(callback, value, place) {
            return;
        }
        for (expression, item) in callback.iter().filter(|(name, _)| !name.starts_with("x-")) {
            self.path_item(item, &place.key(expression), None);
        }
    }
}

/// A parameter that an operation or path item declares: name and location.
pub(super) type Declared<'d> = (&'d str, &'d str);
