//! Parameters of Swagger 2.0: bodies and form fields become request bodies, the others get a `schema`.

use std::cell::Cell;

use serde_json::{Map, Value, json};

use super::{take, take_object};
use crate::model::weight;
use crate::reference::unescape;

/// What the parts of a 2.0 document share: its parameters by name and its media types.
pub(super) struct Shared {
    named: Map<String, Value>,
    pub(super) consumes: Vec<String>,
    pub(super) produces: Vec<String>,
    /// Bytes that copies may still take: 2.0 has one schema for all media types, 3.x one for each.
    copies_left: Cell<usize>,
}

const COPIES: usize = 16 * 1024 * 1024;
/// Media types an operation may have; real ones have at most a handful.
const MOST_MEDIA_TYPES: usize = 32;

impl Shared {
    pub(super) fn take(map: &mut Map<String, Value>) -> Self {
        let default = || vec!["application/json".to_owned()];
        Self {
            named: take_object(map, "parameters").unwrap_or_default(),
            consumes: media_types(map.get("consumes")).unwrap_or_else(default),
            produces: media_types(map.get("produces")).unwrap_or_else(default),
            copies_left: Cell::new(COPIES),
        }
    }

    /// A copy, as long as they stay cheap. Beyond that the place stays without a schema.
    pub(super) fn copy(&self, value: &Value) -> Option<Value> {
        let left = self.copies_left.get().checked_sub(weight(value))?;
        self.copies_left.set(left);
        Some(value.clone())
    }

    fn place(&self, token: &str) -> Option<&str> {
        self.named.get(&*unescape(token))?.get("in")?.as_str()
    }

    pub(super) fn is_body(&self, token: &str) -> bool {
        self.place(token) == Some("body")
    }

    pub(super) fn parameters(&self) -> Map<String, Value> {
        let is_own = |value: &&Value| !matches!(value.get("in").and_then(Value::as_str), Some("body" | "formData"));
        let named = self.named.iter().filter(|(_, value)| is_own(value));
        named
            .map(|(name, value)| {
                let mut value = value.clone();
                lift(&mut value);
                (name.clone(), value)
            })
            .collect()
    }

    pub(super) fn request_bodies(&self) -> Map<String, Value> {
        let bodies = self
            .named
            .iter()
            .filter(|(_, value)| value.get("in").is_some_and(|place| place == "body"));
        bodies
            .map(|(name, value)| (name.clone(), body(value.clone(), &self.consumes, self)))
            .collect()
    }
}

/// The media types of `consumes` or `produces`; `None` if there are none.
pub(super) fn media_types(list: Option<&Value>) -> Option<Vec<String>> {
    let mut types: Vec<String> = Vec::new();
    for name in list?.as_array()?.iter().filter_map(Value::as_str) {
        if !types.iter().any(|known| known == name) && types.len() < MOST_MEDIA_TYPES {
            types.push(name.to_owned());
        }
    }
    (!types.is_empty()).then_some(types)
}

/// The parameters that make up the body.
#[derive(Default)]
pub(super) struct Bodies {
    body: Option<Value>,
    form: Vec<Value>,
}

/// Takes body and form parameters out of `parameters`, and lifts the others.
pub(super) fn split(owner: &mut Map<String, Value>, shared: &Shared) -> Bodies {
    let mut bodies = Bodies::default();
    let Some(Value::Array(list)) = owner.get_mut("parameters") else {
        return bodies;
    };
    let mut kept = Vec::with_capacity(list.len());
    for mut parameter in std::mem::take(list) {
        let token = parameter
            .get("$ref")
            .and_then(Value::as_str)
            .and_then(|text| text.strip_prefix("#/parameters/"));
        let place = match token {
            Some(token) => shared.place(token),
            None => parameter.get("in").and_then(Value::as_str),
        };
        match place {
            Some("body") => bodies.body = bodies.body.or(Some(parameter)),
            Some("formData") => {
                let named = token.and_then(|token| shared.named.get(&*unescape(token)));
                bodies.form.extend(match named {
                    Some(named) => shared.copy(named),
                    None => Some(parameter),
                });
            }
            _ => {
                lift(&mut parameter);
                kept.push(parameter);
            }
        }
    }
    *list = kept;
    if list.is_empty() {
        take(owner, "parameters");
    }
    bodies
}

impl Bodies {
    /// Those of the operation, or else those of the path item.
    pub(super) fn or(self, common: &Self) -> Self {
        let is_empty = self.body.is_none() && self.form.is_empty();
        if is_empty {
            Self {
                body: common.body.clone(),
                form: common.form.clone(),
            }
        } else {
            self
        }
    }

    /// The request body they make; a body parameter wins over form fields.
    pub(super) fn request_body(self, consumes: &[String], shared: &Shared) -> Option<Value> {
        match self.body {
            Some(parameter) if parameter.get("$ref").is_some() => Some(parameter),
            Some(parameter) => Some(body(parameter, consumes, shared)),
            None if self.form.is_empty() => None,
            None => Some(form(self.form, consumes)),
        }
    }
}

fn body(mut parameter: Value, consumes: &[String], shared: &Shared) -> Value {
    let Value::Object(fields) = &mut parameter else {
        return parameter;
    };
    let schema = take(fields, "schema").unwrap_or_else(|| json!({}));
    let mut content = Map::new();
    for name in consumes {
        let mut media = Map::new();
        if let Some(schema) = shared.copy(&schema) {
            media.insert("schema".to_owned(), schema);
        }
        content.insert(name.clone(), Value::Object(media));
    }
    take(fields, "in");
    take(fields, "name");
    fields.insert("content".to_owned(), Value::Object(content));
    parameter
}

fn form(parameters: Vec<Value>, consumes: &[String]) -> Value {
    let (mut properties, mut required, mut encoding) = (Map::new(), Vec::new(), Map::new());
    let mut has_file = false;
    for mut parameter in parameters {
        let Value::Object(fields) = &mut parameter else {
            continue;
        };
        has_file |= fields.get("type").is_some_and(|kind| kind == "file");
        let Some(Value::String(name)) = take(fields, "name") else {
            continue;
        };
        if fields.get("required").is_some_and(|flag| flag == true) {
            required.push(Value::String(name.clone()));
        }
        if fields.get("type").is_some_and(|kind| kind == "array") {
            let is_multi = fields.get("collectionFormat").is_some_and(|format| format == "multi");
            encoding.insert(name.clone(), json!({"style": "form", "explode": is_multi}));
        }
        for field in ["in", "required", "collectionFormat"] {
            take(fields, field);
        }
        properties.insert(name, parameter);
    }
    let is_form = |name: &&String| {
        matches!(
            name.as_str(),
            "multipart/form-data" | "application/x-www-form-urlencoded"
        )
    };
    let name = match consumes.iter().find(is_form) {
        Some(name) if !has_file => name.as_str(),
        _ if has_file => "multipart/form-data",
        _ => "application/x-www-form-urlencoded",
    };
    let is_required = !required.is_empty();
    let mut schema = json!({"type": "object", "properties": properties});
    if is_required {
        schema["required"] = Value::Array(required);
    }
    let mut media = json!({"schema": schema});
    if !encoding.is_empty() {
        media["encoding"] = Value::Object(encoding);
    }
    json!({"required": is_required, "content": {name: media}})
}

/// What 2.0 writes beside the schema keywords of a parameter or header.
const OWN_FIELDS: [&str; 8] = [
    "name",
    "in",
    "description",
    "required",
    "deprecated",
    "allowEmptyValue",
    "collectionFormat",
    "schema",
];

/// Lifts a parameter that is neither body nor form field.
fn lift(parameter: &mut Value) {
    let Value::Object(fields) = parameter else { return };
    if fields.contains_key("$ref") {
        return;
    }
    move_schema(fields);
}

/// Moves schema keywords into `schema`, and turns `collectionFormat` into `style` and `explode`.
pub(super) fn move_schema(fields: &mut Map<String, Value>) {
    let is_array = fields.get("type").is_some_and(|kind| kind == "array");
    let format = take(fields, "collectionFormat");
    let mut schema = take_object(fields, "schema").unwrap_or_default();
    for (field, value) in std::mem::take(fields) {
        if OWN_FIELDS.contains(&field.as_str()) || (field.starts_with("x-") && field != "x-nullable") {
            fields.insert(field, value);
        } else {
            schema.insert(field, value);
        }
    }
    if let Some(example) = take(fields, "x-example") {
        fields.insert("example".to_owned(), example);
    }
    fields.insert("schema".to_owned(), Value::Object(schema));
    if !is_array {
        return;
    }
    let in_query = fields.get("in").is_some_and(|place| place == "query");
    let (style, explode) = match (in_query, format.as_ref().and_then(Value::as_str)) {
        (true, Some("ssv")) => ("spaceDelimited", false),
        (true, Some("pipes")) => ("pipeDelimited", false),
        (true, Some("multi")) => ("form", true),
        (true, _) => ("form", false),
        (false, _) => ("simple", false),
    };
    fields.insert("style".to_owned(), style.into());
    fields.insert("explode".to_owned(), explode.into());
}
