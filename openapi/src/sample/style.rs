//! How parameters are written: the `style` and `explode` of OpenAPI (3.1.1 §4.8.12).

use serde_json::Value;

use super::encode;
use crate::operation::Parameter;

/// A scalar as text; lists and objects as JSON, since no style writes them at a second level.
pub(super) fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// The text that stands for `{name}` in the path.
pub(super) fn in_path(parameter: &Parameter<'_>, value: &Value) -> String {
    let name = encode::component(parameter.name);
    let pairs = pairs(value, encode::component);
    let texts = |separator: &str, explode: bool| -> String {
        let joined: Vec<String> = pairs
            .iter()
            .map(|(key, text)| match key {
                Some(key) if explode => format!("{key}={text}"),
                Some(key) => format!("{key},{text}"),
                None => text.clone(),
            })
            .collect();
        joined.join(separator)
    };
    match parameter.style {
        "label" => format!(
            ".{}",
            texts(if parameter.explode { "." } else { "," }, parameter.explode)
        ),
        "matrix" if parameter.explode => {
            let texts = pairs
                .iter()
                .map(|(key, text)| [";", key.as_ref().unwrap_or(&name), "=", text].concat());
            texts.collect()
        }
        "matrix" => format!(";{name}={}", texts(",", false)),
        _ => texts(",", parameter.explode),
    }
}

/// The value of a header: style `simple`, not percent-encoded.
pub(super) fn in_header(parameter: &Parameter<'_>, value: &Value) -> String {
    let separator = if parameter.explode { "=" } else { "," };
    let texts: Vec<String> = pairs(value, str::to_owned)
        .into_iter()
        .map(|(key, text)| key.map_or_else(|| text.clone(), |key| format!("{key}{separator}{text}")))
        .collect();
    texts.join(",")
}

/// The `name=value` pairs of a query string or cookie.
pub(super) fn in_query(parameter: &Parameter<'_>, value: &Value) -> Vec<String> {
    let how = (parameter.style, parameter.explode, parameter.allow_reserved);
    pairs_in_query(parameter.name, how, value)
}

/// The same for a name and its `style`, `explode` and `allowReserved`.
pub(super) fn pairs_in_query(
    name: &str,
    (style, explode, allow_reserved): (&str, bool, bool),
    value: &Value,
) -> Vec<String> {
    let encode = if allow_reserved {
        encode::reserved
    } else {
        encode::component
    };
    let name = encode::component(name);
    let pairs = pairs(value, encode);
    match (style, value) {
        ("deepObject", Value::Object(_)) => {
            let mut written = Vec::new();
            deep(&name, value, &encode, 0, &mut written);
            written
        }
        (_, Value::Object(_) | Value::Array(_)) if explode => pairs
            .into_iter()
            .map(|(key, text)| format!("{}={text}", key.unwrap_or_else(|| name.clone())))
            .collect(),
        (style, _) => {
            let separator = match style {
                "spaceDelimited" => "%20",
                "pipeDelimited" => "%7C",
                _ => ",",
            };
            let texts: Vec<String> = pairs
                .into_iter()
                .map(|(key, text)| key.map_or_else(|| text.clone(), |key| format!("{key}{separator}{text}")))
                .collect();
            vec![format!("{name}={}", texts.join(separator))]
        }
    }
}

/// `name[key]=value`, level by level. The specification defines one; more are what everybody reads.
fn deep(name: &str, value: &Value, encode: &impl Fn(&str) -> String, depth: usize, written: &mut Vec<String>) {
    const MOST_LEVELS: usize = 4;
    match value {
        Value::Object(map) if depth < MOST_LEVELS => {
            for (key, value) in map {
                let name = format!("{name}%5B{}%5D", self::encode::component(key));
                deep(&name, value, encode, depth + 1, written);
            }
        }
        Value::Array(items) if depth < MOST_LEVELS => {
            for item in items {
                deep(name, item, encode, MOST_LEVELS, written);
            }
        }
        value => written.push(format!("{name}={}", encode(&scalar(value)))),
    }
}

/// The entries of an object, the items of a list, or the one value.
fn pairs(value: &Value, encode: impl Fn(&str) -> String) -> Vec<(Option<String>, String)> {
    match value {
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| (Some(encode(key)), encode(&scalar(value))))
            .collect(),
        Value::Array(items) => items.iter().map(|item| (None, encode(&scalar(item)))).collect(),
        value => vec![(None, encode(&scalar(value)))],
    }
}
