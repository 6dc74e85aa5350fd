//! Request bodies, responses, media types, examples and links.

use serde_json::{Map, Value};

use super::{Checker, Kind, Place};
use crate::model::{Format, is_token};

impl<'d> Checker<'d, '_> {
    pub(super) fn request_body(&mut self, value: &'d Value, place: &Place<'_>) {
        let Some(body) = value.as_object() else {
            self.wrong_type(place, Kind::Object, value);
            return;
        };
        if self.reference(body, value, place) {
            return;
        }
        self.types(body, place, &[("description", Kind::Text), ("required", Kind::Flag)]);
        self.required(body, place, "content");
        self.content(body, place);
    }

    pub(super) fn response(&mut self, value: &'d Value, place: &Place<'_>) {
        let Some(response) = value.as_object() else {
            self.wrong_type(place, Kind::Object, value);
            return;
        };
        if self.reference(response, value, place) {
            return;
        }
        self.types(response, place, &[("description", Kind::Text), ("summary", Kind::Text)]);
        if self.format < Format::OpenApi32 && !response.contains_key("description") {
            self.warn(
                "missing-field",
                place,
                format!("the response {} has no `description`", place.label()),
            );
        }
        if let Some(headers) = self.object(response, place, "headers") {
            let place = place.key("headers");
            for (name, header) in headers {
                let place = place.key(name);
                if !is_token(name) {
                    self.error("header-name", &place, "a header can't have this name; it is left out");
                }
                self.header(header, &place);
            }
        }
        if self.is_20() {
            if let Some(schema) = response.get("schema") {
                self.schema(schema, &place.key("schema"));
            }
            return;
        }
        self.content(response, place);
        if let Some(links) = self.object(response, place, "links") {
            let place = place.key("links");
            for (name, link) in links {
                self.link(link, &place.key(name));
            }
        }
    }

    pub(super) fn content(&mut self, owner: &'d Map<String, Value>, place: &Place<'_>) {
        let Some(content) = self.object(owner, place, "content") else {
            return;
        };
        let place = place.key("content");
        for (name, media) in content {
            self.media_type(media, &place.key(name));
        }
    }

    pub(super) fn media_type(&mut self, value: &'d Value, place: &Place<'_>) {
        let Some(media) = value.as_object() else {
            self.wrong_type(place, Kind::Object, value);
            return;
        };
        self.reference(media, value, place);
        for field in ["schema", "itemSchema"] {
            if let Some(schema) = media.get(field) {
                self.schema(schema, &place.key(field));
            }
        }
        self.examples(media, place);
        self.encodings(media, place);
        self.each_object(media, place, "encoding", |this, _, encoding, place| {
            if let Some(headers) = this.object(encoding, place, "headers") {
                let place = place.key("headers");
                for (name, header) in headers {
                    this.header(header, &place.key(name));
                }
            }
        });
    }

    pub(super) fn examples(&mut self, owner: &'d Map<String, Value>, place: &Place<'_>) {
        if owner.contains_key("example") && owner.contains_key("examples") {
            self.error(
                "example-exclusive",
                place,
                "`example` and `examples` exclude each other",
            );
        }
        let Some(examples) = self.object(owner, place, "examples") else {
            return;
        };
        let place = place.key("examples");
        for (name, example) in examples {
            self.example(example, &place.key(name));
        }
    }

    pub(super) fn example(&mut self, value: &'d Value, place: &Place<'_>) {
        let Some(example) = value.as_object() else {
            self.wrong_type(place, Kind::Object, value);
            return;
        };
        if self.reference(example, value, place) {
            return;
        }
        let values = ["value", "externalValue", "dataValue"]
            .iter()
            .filter(|field| example.contains_key(**field))
            .count();
        if values > 1 || (example.contains_key("value") && example.contains_key("serializedValue")) {
            self.error("example-exclusive", place, "an example has one value only");
        }
        if example.contains_key("externalValue") {
            let message = "the example is kept elsewhere; it is not fetched";
            self.report(
                crate::Severity::Info,
                "external-value",
                &place.key("externalValue"),
                message,
            );
        }
    }

    pub(super) fn link(&mut self, value: &'d Value, place: &Place<'_>) {
        let Some(link) = value.as_object() else {
            self.wrong_type(place, Kind::Object, value);
            return;
        };
        self.reference(link, value, place);
        if let Some(target) = link.get("operationRef").and_then(Value::as_str)
            && !target.starts_with('#')
        {
            self.warn(
                "ref-external",
                &place.key("operationRef"),
                "the link points out of the document; it is not followed",
            );
        }
    }
}
