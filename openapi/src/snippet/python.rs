//! Python, with `requests`.

use serde_json::Value;

use crate::sample::{SampleBody, SamplePart};

use super::literal;
use super::outgoing::{Outgoing, Piece, Text};

pub(super) fn write(request: &Outgoing<'_>) -> String {
    let mut arguments = Vec::new();
    let mut has_content_type = true;
    let mut of_body = Vec::new();
    match request.body {
        None => {}
        // `json=None` means no body at all.
        Some(SampleBody::Json(Value::Null)) => of_body.push("data=\"null\"".to_owned()),
        Some(SampleBody::Json(value)) => {
            has_content_type = request.content_type() != "application/json";
            of_body.push(format!("json={}", literal::indented(&data(value, 0), "    ")));
        }
        Some(SampleBody::Text(text)) if text.is_ascii() => of_body.push(format!("data={}", quoted(text))),
        Some(SampleBody::Text(text)) => of_body.push(format!("data={}.encode()", quoted(text))),
        Some(SampleBody::File(file)) => of_body.push(format!("data=open({}, \"rb\")", quoted(file))),
        Some(SampleBody::Form(fields)) => {
            has_content_type = request.content_type() != "application/x-www-form-urlencoded" || fields.is_empty();
            of_body.push(form(fields));
        }
        Some(SampleBody::Multipart(parts)) => of_body.push(multipart(parts)),
    }
    let headers: Vec<String> = request
        .headers
        .iter()
        .filter(|(name, _)| has_content_type || !name.eq_ignore_ascii_case("Content-Type"))
        .map(|(name, value)| format!("        {}: {},\n", quoted(name), text(value)))
        .collect();
    if !headers.is_empty() {
        arguments.push(format!("headers={{\n{}    }}", headers.concat()));
    }
    if let Some((user, password)) = &request.basic {
        arguments.push(format!("auth=({}, {})", text(user), text(password)));
    }
    if let Some((certificate, key)) = request.certificate {
        arguments.push(format!("cert=({}, {})", quoted(certificate), quoted(key)));
    }
    arguments.extend(of_body);
    let mut code = String::new();
    if request.has_variables() {
        code.push_str("import os\n");
        if request.has_encoded() {
            code.push_str("from urllib.parse import quote\n");
        }
        code.push('\n');
    }
    code.push_str("import requests\n\n");
    let known = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
    let (call, first) = if known.contains(&request.method) {
        (request.method.to_ascii_lowercase(), None)
    } else {
        ("request".to_owned(), Some(quoted(request.method)))
    };
    let url = text(&request.url);
    if arguments.is_empty() {
        let first = first.map(|method| method + ", ").unwrap_or_default();
        code.extend([format!("response = requests.{call}({first}{url})\n")]);
    } else {
        let lines = first.into_iter().chain([url]).chain(arguments);
        let lines: String = literal::lines("    ", lines, ",\n");
        code.extend([format!("response = requests.{call}(\n{lines})\n")]);
    }
    code.push_str("print(response.status_code, response.text)");
    code
}

fn form(fields: &[(String, String)]) -> String {
    if fields.is_empty() {
        return "data=\"\"".to_owned();
    }
    if literal::are_distinct(fields.iter().map(|(name, _)| name)) {
        let lines = fields
            .iter()
            .map(|(name, value)| format!("        {}: {},\n", quoted(name), quoted(value)));
        return format!("data={{\n{}    }}", lines.collect::<String>());
    }
    let lines = fields
        .iter()
        .map(|(name, value)| format!("        ({}, {}),\n", quoted(name), quoted(value)));
    format!("data=[\n{}    ]", lines.collect::<String>())
}

fn multipart(parts: &[SamplePart]) -> String {
    // A file name of `None` makes a plain field of it.
    let lines = parts.iter().map(|part| match part {
        SamplePart::Field {
            name,
            value,
            media_type: None,
        } => format!("        ({}, (None, {})),\n", quoted(name), quoted(value)),
        SamplePart::Field {
            name,
            value,
            media_type: Some(kind),
        } => format!(
            "        ({}, (None, {}, {})),\n",
            quoted(name),
            quoted(value),
            quoted(kind)
        ),
        SamplePart::File { name, file, media_type } => {
            let kind = media_type.as_ref().map(|kind| format!(", {}", quoted(kind)));
            format!(
                "        ({}, ({}, open({}, \"rb\"){})),\n",
                quoted(name),
                quoted(file),
                quoted(file),
                kind.unwrap_or_default()
            )
        }
    });
    format!("files=[\n{}    ]", lines.collect::<String>())
}

/// Data as a literal, over several lines.
fn data(value: &Value, depth: usize) -> String {
    let (inner, outer) = ("    ".repeat(depth + 1), "    ".repeat(depth));
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => quoted(text),
        Value::Array(items) if items.is_empty() => "[]".to_owned(),
        Value::Array(items) => {
            let lines = items.iter().map(|item| format!("{inner}{},\n", data(item, depth + 1)));
            format!("[\n{}{outer}]", lines.collect::<String>())
        }
        Value::Object(map) if map.is_empty() => "{}".to_owned(),
        Value::Object(map) => {
            let lines = map
                .iter()
                .map(|(name, value)| format!("{inner}{}: {},\n", quoted(name), data(value, depth + 1)));
            format!("{{\n{}{outer}}}", lines.collect::<String>())
        }
    }
}

fn quoted(text: &str) -> String {
    literal::quoted(text, '"', "", escape)
}

fn escape(character: char) -> String {
    match u32::from(character) {
        code @ 0..=0xff => format!("\\x{code:02x}"),
        code @ 0..=0xffff => format!("\\u{code:04x}"),
        code => format!("\\U{code:08x}"),
    }
}

/// A text with environment variables.
fn text(text: &Text<'_>) -> String {
    match &text[..] {
        [] => return quoted(""),
        [Piece::Text(text)] => return quoted(text),
        [Piece::Variable(name)] => return format!("os.environ[\"{name}\"]"),
        _ => {}
    }
    let pieces = text.iter().map(|piece| match piece {
        Piece::Text(text) => {
            let inner = quoted(text);
            inner[1..inner.len() - 1].replace('{', "{{").replace('}', "}}")
        }
        Piece::Variable(name) => format!("{{os.environ['{name}']}}"),
        Piece::Encoded(name) => format!("{{quote(os.environ['{name}'], safe='')}}"),
    });
    format!("f\"{}\"", pieces.collect::<String>())
}
