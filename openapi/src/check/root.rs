//! The root of a document: info, servers, tags, components.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use serde_json::{Map, Value};

use super::place::shortened;
use super::{Checker, Kind, Place};
use crate::model::Format;

impl<'d> Checker<'d, '_> {
    pub(super) fn root(&mut self, map: &'d Map<String, Value>) {
        let root = Place::ROOT;
        self.info(map);
        self.containers(map);
        self.servers(map, &root);
        self.tags(map);
        self.external_docs(map, &root);
        self.security_schemes(map);
        self.security(map, &root);
        if self.is_20() {
            self.definitions(map);
        } else {
            self.components(map);
        }
        self.paths(map);
        self.path_items(map, "webhooks");
    }

    fn info(&mut self, map: &'d Map<String, Value>) {
        let root = Place::ROOT;
        let Some(value) = map.get("info") else {
            self.fatal(
                "info-missing",
                &root.key("info"),
                "the document has no `info` with title and version",
            );
            return;
        };
        let place = root.key("info");
        let Some(info) = value.as_object() else {
            self.fatal(
                "wrong-type",
                &place,
                format!("`info` must be an object, not {}", super::kind(value)),
            );
            return;
        };
        for field in ["title", "version"] {
            match info.get(field) {
                None => self.error("missing-field", &place, format!("`info` has no `{field}`")),
                Some(Value::Object(_) | Value::Array(_)) => {
                    self.fatal("wrong-type", &place.key(field), format!("`{field}` must be a text"));
                }
                Some(_) => {}
            }
        }
        let is_reported = |field: &&str| matches!(info.get(*field), Some(Value::Object(_) | Value::Array(_)));
        let required = ["title", "version"].into_iter().filter(|field| !is_reported(field));
        let texts = required
            .chain(["description", "summary", "termsOfService"])
            .map(|field| (field, Kind::Text));
        self.types(info, &place, &texts.collect::<Vec<_>>());
        self.url(info, &place, "termsOfService");
        for part in ["contact", "license"] {
            if let Some(part_map) = self.object(info, &place, part) {
                self.url(part_map, &place.key(part), "url");
            }
        }
    }

    /// What a document is about must be there, in a usable shape.
    fn containers(&mut self, map: &'d Map<String, Value>) {
        let root = Place::ROOT;
        if !map.contains_key("paths") {
            let others = ["components", "webhooks"];
            if self.format <= Format::OpenApi30 {
                self.fatal("paths-missing", &root.key("paths"), "the document has no `paths`");
            } else if !others.iter().any(|field| map.contains_key(*field)) {
                let message = "the document has neither `paths` nor `webhooks` nor `components`";
                self.fatal("paths-missing", &root.key("paths"), message);
            }
        }
        for field in ["paths", "webhooks"] {
            if let Some(value) = map.get(field).filter(|value| !value.is_object()) {
                let message = format!("`{field}` must be an object, not {}", super::kind(value));
                // An empty `paths:` in YAML is a start, not a mistake in the structure.
                if value.is_null() {
                    self.warn("wrong-type", &root.key(field), message);
                } else {
                    self.fatal("wrong-type", &root.key(field), message);
                }
            }
        }
    }

    pub(super) fn servers(&mut self, map: &'d Map<String, Value>, place: &Place<'_>) {
        if self.is_20() {
            self.host(map, place);
            return;
        }
        let Some(servers) = self.list(map, place, "servers") else {
            return;
        };
        let place = place.key("servers");
        for (at, server) in servers.iter().enumerate() {
            let place = place.index(at);
            let Some(server) = server.as_object() else {
                self.wrong_type(&place, Kind::Object, server);
                continue;
            };
            self.required(server, &place, "url");
            self.types(
                server,
                &place,
                &[("url", Kind::Text), ("description", Kind::Text), ("name", Kind::Text)],
            );
            self.url(server, &place, "url");
            self.each_object(server, &place, "variables", |this, _, variable, place| {
                this.required(variable, place, "default");
                this.types(variable, place, &[("enum", Kind::List), ("default", Kind::Text)]);
                if variable
                    .get("enum")
                    .and_then(Value::as_array)
                    .is_some_and(Vec::is_empty)
                {
                    this.error("server-variable", &place.key("enum"), "the list of values is empty");
                }
            });
            if let Some(url) = server.get("url").and_then(Value::as_str) {
                let names: Vec<&str> = super::templates::names(url).unwrap_or_default();
                let defined = |name: &str| server.get("variables").and_then(|all| all.get(name)).is_some();
                for name in names.into_iter().filter(|name| !defined(name)).take(5) {
                    let message = format!("the URL uses {{{}}}, which `variables` doesn't define", shortened(name));
                    self.error("server-variable", &place.key("url"), message);
                }
            }
        }
    }

    /// `host`, `basePath` and `schemes` of 2.0.
    fn host(&mut self, map: &'d Map<String, Value>, place: &Place<'_>) {
        let fields = [
            ("host", Kind::Text),
            ("basePath", Kind::Text),
            ("schemes", Kind::List),
            ("consumes", Kind::List),
            ("produces", Kind::List),
        ];
        self.types(map, place, &fields);
        let text = |field: &str| map.get(field).and_then(Value::as_str);
        if text("host").is_some_and(|host| host.contains(|c: char| c.is_whitespace() || "/@?#\\".contains(c))) {
            self.error(
                "oas2-host",
                &place.key("host"),
                "`host` must be a host name and perhaps a port, nothing else",
            );
        }
        if text("basePath").is_some_and(|base| !base.starts_with('/') || base.contains("..")) {
            self.error(
                "oas2-base-path",
                &place.key("basePath"),
                "`basePath` must start with / and not climb out",
            );
        }
        for (at, scheme) in map
            .get("schemes")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .enumerate()
        {
            if !scheme
                .as_str()
                .is_some_and(|scheme| ["http", "https", "ws", "wss"].contains(&scheme))
            {
                let message = "a scheme is one of http, https, ws and wss";
                self.error("oas2-schemes", &place.key("schemes").index(at), message);
            }
        }
    }

    /// A URL that a browser would run instead of visit.
    pub(super) fn url(&mut self, map: &Map<String, Value>, place: &Place<'_>, field: &str) {
        let Some(url) = map.get(field).and_then(Value::as_str) else {
            return;
        };
        let scheme = url
            .split_once(':')
            .map(|(scheme, _)| scheme.trim().to_ascii_lowercase());
        if scheme.is_some_and(|scheme| ["javascript", "data", "vbscript", "file"].contains(&scheme.as_str())) {
            self.warn(
                "unsafe-url",
                &place.key(field),
                format!("`{field}` is not a web address; it is shown as text"),
            );
        }
    }

    pub(super) fn external_docs(&mut self, map: &'d Map<String, Value>, place: &Place<'_>) {
        if let Some(docs) = self.object(map, place, "externalDocs") {
            self.url(docs, &place.key("externalDocs"), "url");
        }
    }

    fn tags(&mut self, map: &'d Map<String, Value>) {
        let root = Place::ROOT;
        let Some(tags) = self.list(map, &root, "tags") else {
            return;
        };
        let place = root.key("tags");
        let mut by_name: HashMap<&str, usize> = HashMap::new();
        for (at, tag) in tags.iter().enumerate() {
            let place = place.index(at);
            let Some(tag) = tag.as_object() else {
                self.wrong_type(&place, Kind::Object, tag);
                continue;
            };
            self.types(
                tag,
                &place,
                &[
                    ("description", Kind::Text),
                    ("summary", Kind::Text),
                    ("parent", Kind::Text),
                ],
            );
            self.external_docs(tag, &place);
            let Some(name) = tag.get("name").and_then(Value::as_str) else {
                self.error("missing-field", &place, "a tag needs a name");
                continue;
            };
            match by_name.entry(name) {
                Entry::Vacant(free) => {
                    free.insert(at);
                }
                Entry::Occupied(_) => {
                    let message = format!("the tag `{}` is declared twice", shortened(name));
                    self.warn("openapi-tags-uniqueness", &place, message);
                }
            }
        }
        self.tag_parents(tags, &by_name, &place);
    }

    fn tag_parents(&mut self, tags: &[Value], by_name: &HashMap<&str, usize>, place: &Place<'_>) {
        let parent_of = |tag: &Value| tag.get("parent").and_then(Value::as_str).map(str::to_owned);
        let mut parents = vec![None; tags.len()];
        for (at, parent) in tags
            .iter()
            .enumerate()
            .filter_map(|(at, tag)| Some((at, parent_of(tag)?)))
        {
            parents[at] = by_name.get(parent.as_str()).copied();
            if parents[at].is_none() {
                let message = format!("the parent `{}` is not a declared tag", shortened(&parent));
                self.error("tag-parent", &place.index(at).key("parent"), message);
            }
        }
        for at in crate::model::cycles(&parents).into_iter().flatten() {
            self.error(
                "tag-parent",
                &place.index(at).key("parent"),
                "the tag is its own ancestor",
            );
        }
    }

    fn components(&mut self, map: &'d Map<String, Value>) {
        let root = Place::ROOT;
        let Some(components) = self.object(map, &root, "components") else {
            return;
        };
        let place = root.key("components");
        for (section, value) in components {
            let Some(named) = value.as_object() else {
                if !section.starts_with("x-") {
                    self.wrong_type(&place.key(section), Kind::Object, value);
                }
                continue;
            };
            let is_name = |name: &str| {
                name.bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
            };
            let place = place.key(section);
            for (name, value) in named {
                let place = place.key(name);
                if !is_name(name) && !section.starts_with("x-") {
                    self.warn(
                        "component-name",
                        &place,
                        "a name may have letters, digits, dots, - and _ only",
                    );
                }
                self.component(section, value, &place);
            }
        }
    }

    fn component(&mut self, section: &str, value: &'d Value, place: &Place<'_>) {
        match section {
            "schemas" => self.schema(value, place),
            "parameters" => self.parameter(value, place),
            "headers" => self.header(value, place),
            "requestBodies" => self.request_body(value, place),
            "responses" => self.response(value, place),
            "pathItems" => self.path_item(value, place, None),
            "callbacks" => self.callback(value, place),
            "examples" => self.example(value, place),
            "links" => self.link(value, place),
            "mediaTypes" => self.media_type(value, place),
            _ => {}
        }
    }

    /// `definitions`, `parameters` and `responses` of 2.0.
    fn definitions(&mut self, map: &'d Map<String, Value>) {
        let root = Place::ROOT;
        for section in ["definitions", "parameters", "responses"] {
            let Some(named) = self.object(map, &root, section) else {
                continue;
            };
            let place = root.key(section);
            for (name, value) in named {
                let place = place.key(name);
                match section {
                    "definitions" => self.schema(value, &place),
                    "parameters" => self.parameter(value, &place),
                    _ => self.response(value, &place),
                }
            }
        }
    }
}
