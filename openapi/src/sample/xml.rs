//! Values as XML, as the `xml` of their schemas says (3.1.1 §4.8.26).

use serde_json::Value;

use crate::model::Document;
use crate::schema::Merged;

/// Levels of elements.
const MOST_DEPTH: usize = 20;

/// A document of one element.
pub(super) fn document(doc: &Document, schema: &Value, value: &Value) -> String {
    let schema = Merged::of(doc, &[schema]);
    let own = field(&schema, "name").map(str::to_owned);
    let name = own.or_else(|| schema.name.clone()).unwrap_or_else(|| "root".to_owned());
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    // A list at the top has no other element to be in, wrapped or not.
    if let Value::Array(items) = value {
        let item = schema.get("items").map(|items| Merged::of(doc, &[items]));
        let item_name = item
            .as_ref()
            .and_then(|item| field(item, "name").map(str::to_owned).or_else(|| item.name.clone()));
        let item_name = item_name.unwrap_or_else(|| "item".to_owned());
        text.extend([format!("<{0}>", named(&schema, &name))]);
        for value in items {
            text.push('\n');
            element(&mut text, item.as_ref(), &item_name, value, 1);
        }
        text.extend([format!("\n</{0}>", prefixed(&schema, &name))]);
        return text;
    }
    element(&mut text, Some(&schema), &name, value, 0);
    text
}

fn element(text: &mut String, schema: Option<&Merged<'_>>, name: &str, value: &Value, depth: usize) {
    let indent = "  ".repeat(depth);
    let opening = schema.map_or_else(|| clean(name), |schema| named(schema, name));
    let closing = schema.map_or_else(|| clean(name), |schema| prefixed(schema, name));
    match value {
        Value::Object(map) if depth < MOST_DEPTH => {
            let properties = schema.map(Merged::properties).unwrap_or_default();
            let mut attributes = String::new();
            let mut children = String::new();
            for (key, value) in map {
                let own = properties.iter().find(|(known, _)| known == key);
                let own = own.and_then(|(_, schemas)| Some(Merged::of(schema?.doc, schemas)));
                let own_name = own.as_ref().and_then(|own| field(own, "name")).unwrap_or(key);
                if own.as_ref().is_some_and(|own| is_set(own, "attribute")) {
                    let prefix = own.as_ref().map(|own| prefixed(own, own_name));
                    attributes.extend([format!(
                        " {}=\"{}\"",
                        prefix.unwrap_or_default(),
                        escaped(&plain(value))
                    )]);
                } else {
                    property(&mut children, own.as_ref(), own_name, value, depth + 1);
                }
            }
            if children.is_empty() {
                text.extend([format!("{indent}<{opening}{attributes}/>")]);
            } else {
                text.extend([format!(
                    "{indent}<{opening}{attributes}>{children}\n{indent}</{closing}>"
                )]);
            }
        }
        value => text.extend([format!("{indent}<{opening}>{}</{closing}>", escaped(&plain(value)))]),
    }
}

/// One property: an element, or one for each item of a list, which may be wrapped in one more.
fn property(text: &mut String, schema: Option<&Merged<'_>>, name: &str, value: &Value, depth: usize) {
    let Value::Array(items) = value else {
        text.push('\n');
        element(text, schema, name, value, depth);
        return;
    };
    let item = schema.and_then(|schema| Some(Merged::of(schema.doc, &[schema.get("items")?])));
    let item_name = item.as_ref().and_then(|item| field(item, "name")).unwrap_or(name);
    let is_wrapped = schema.is_some_and(|schema| is_set(schema, "wrapped"));
    let indent = "  ".repeat(depth);
    if is_wrapped {
        let opening = schema.map_or_else(|| clean(name), |schema| named(schema, name));
        text.extend([format!("\n{indent}<{opening}>")]);
    }
    for value in items {
        text.push('\n');
        element(text, item.as_ref(), item_name, value, depth + usize::from(is_wrapped));
    }
    if is_wrapped {
        let closing = schema.map_or_else(|| clean(name), |schema| prefixed(schema, name));
        text.extend([format!("\n{indent}</{closing}>")]);
    }
}

fn field<'d>(schema: &Merged<'d>, field: &str) -> Option<&'d str> {
    schema.get("xml")?.get(field)?.as_str().filter(|text| !text.is_empty())
}

fn is_set(schema: &Merged<'_>, field: &str) -> bool {
    schema
        .get("xml")
        .and_then(|xml| xml.get(field))
        .is_some_and(|flag| flag == true)
}

/// The name with its prefix.
fn prefixed(schema: &Merged<'_>, name: &str) -> String {
    match field(schema, "prefix") {
        Some(prefix) => format!("{}:{}", clean(prefix), clean(name)),
        None => clean(name),
    }
}

/// The name with its prefix, and the declaration of its namespace.
fn named(schema: &Merged<'_>, name: &str) -> String {
    let name = prefixed(schema, name);
    match (field(schema, "namespace"), field(schema, "prefix")) {
        (Some(namespace), Some(prefix)) => format!("{name} xmlns:{}=\"{}\"", clean(prefix), escaped(namespace)),
        (Some(namespace), None) => format!("{name} xmlns=\"{}\"", escaped(namespace)),
        (None, _) => name,
    }
}

/// A name that XML allows, as near as may be.
fn clean(name: &str) -> String {
    let is_first = |character: char| character.is_alphabetic() || character == '_';
    let is_further = |character: char| is_first(character) || character.is_ascii_digit() || "-.".contains(character);
    let cleaned: String = name
        .chars()
        .map(|character| if is_further(character) { character } else { '_' })
        .collect();
    if cleaned.starts_with(is_first) {
        cleaned
    } else {
        format!("_{cleaned}")
    }
}

fn plain(value: &Value) -> String {
    super::style::scalar(value)
}

/// Text of an element or attribute; characters that XML 1.0 can't hold are left out.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\t' | '\n' | '\r' => escaped.extend([format!("&#{};", u32::from(character))]),
            character if character < ' ' || matches!(character, '\u{fffe}' | '\u{ffff}') => {}
            other => escaped.push(other),
        }
    }
    escaped
}
