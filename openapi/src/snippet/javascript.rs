//! JavaScript and TypeScript, with `fetch`.

use serde_json::Value;

use crate::sample::{SampleBody, SamplePart};

use super::literal;
use super::outgoing::{Outgoing, Piece, Text};

/// The largest integer that a number of JavaScript holds exactly.
const MOST_INTEGER: u64 = (1 << 53) - 1;

pub(super) fn write(request: &Outgoing<'_>, is_typed: bool) -> String {
    let mut imports = Vec::new();
    let mut before = String::new();
    let mut options = Vec::new();
    if request.method != "GET" {
        options.push(format!("method: {}", quoted(request.method)));
    }
    let mut headers: Vec<(&str, String)> = Vec::new();
    if let Some((user, password)) = &request.basic {
        let mut both = user.clone();
        both.push(Piece::Text(":".into()));
        both.extend(password.iter().cloned());
        headers.push(("Authorization", format!("'Basic ' + btoa({})", template(&both))));
    }
    headers.extend(request.headers.iter().map(|(name, value)| (*name, template(value))));
    if !headers.is_empty() {
        let entries = headers.iter().map(|(name, value)| format!("{}: {value}", key(name)));
        options.push(format!("headers: {{\n{}  }}", literal::lines("    ", entries, ",\n")));
    }
    let mut note = "";
    match request.body {
        None => {}
        Some(_) if request.method == "GET" => note = "// fetch sends no body with GET; this request needs one.\n",
        Some(body) => options.push(format!("body: {}", self::body(body, &mut imports, &mut before))),
    }
    if let Some((certificate, key)) = request.certificate {
        imports.push("import { readFile } from 'node:fs/promises';");
        imports.push("import { Agent } from 'undici';");
        before.extend([format!(
            "const dispatcher = new Agent({{\n  connect: {{ cert: await readFile({}), key: await readFile({}) }},\n}});\n\n",
            quoted(certificate),
            quoted(key)
        )]);
        options.push("dispatcher".to_owned());
    }
    imports.sort_unstable();
    imports.dedup();
    let mut code = imports.join("\n");
    if !code.is_empty() {
        code.push_str("\n\n");
    }
    code.push_str(note);
    code.push_str(&before);
    let kind = if is_typed { ": Response" } else { "" };
    code.extend([format!("const response{kind} = await fetch({}", template(&request.url))]);
    if !options.is_empty() {
        let lines: String = literal::lines("  ", options.iter(), ",\n");
        code.extend([format!(", {{\n{lines}}}")]);
    }
    code.push_str(");\n\nconsole.log(response.status, await response.text());");
    code
}

fn body(body: &SampleBody, imports: &mut Vec<&'static str>, before: &mut String) -> String {
    match body {
        SampleBody::Json(value) if is_exact(value) => {
            format!("JSON.stringify({})", literal::indented(&data(value, 0), "  "))
        }
        SampleBody::Json(value) => quoted(&value.to_string()),
        SampleBody::Text(text) => quoted(text),
        SampleBody::File(file) => {
            imports.push("import { readFile } from 'node:fs/promises';");
            format!("await readFile({})", quoted(file))
        }
        SampleBody::Form(fields) => {
            let pairs = fields
                .iter()
                .map(|(name, value)| format!("    [{}, {}],\n", quoted(name), quoted(value)));
            format!("new URLSearchParams([\n{}  ])", pairs.collect::<String>())
        }
        SampleBody::Multipart(parts) => {
            before.push_str("const form = new FormData();\n");
            for part in parts {
                let line = match part {
                    SamplePart::Field {
                        name,
                        value,
                        media_type: None,
                    } => format!("form.append({}, {});\n", quoted(name), quoted(value)),
                    SamplePart::Field {
                        name,
                        value,
                        media_type: Some(kind),
                    } => format!(
                        "form.append({}, new Blob([{}], {{ type: {} }}));\n",
                        quoted(name),
                        quoted(value),
                        quoted(kind)
                    ),
                    SamplePart::File { name, file, media_type } => {
                        imports.push("import { readFile } from 'node:fs/promises';");
                        let kind = media_type
                            .as_ref()
                            .map(|kind| format!(", {{ type: {} }}", quoted(kind)));
                        format!(
                            "form.append({}, new Blob([await readFile({})]{}), {});\n",
                            quoted(name),
                            quoted(file),
                            kind.unwrap_or_default(),
                            quoted(file)
                        )
                    }
                };
                before.push_str(&line);
            }
            before.push('\n');
            "form".to_owned()
        }
    }
}

/// Whether numbers stay what they are.
fn is_exact(value: &Value) -> bool {
    match value {
        Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => number <= MOST_INTEGER,
            (None, Some(number)) => number.unsigned_abs() <= MOST_INTEGER,
            (None, None) => true,
        },
        Value::Array(items) => items.iter().all(is_exact),
        Value::Object(map) => map.values().all(is_exact),
        _ => true,
    }
}

/// Data as a literal, over several lines.
fn data(value: &Value, depth: usize) -> String {
    let (inner, outer) = ("  ".repeat(depth + 1), "  ".repeat(depth));
    match value {
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
                .map(|(name, value)| format!("{inner}{}: {},\n", key(name), data(value, depth + 1)));
            format!("{{\n{}{outer}}}", lines.collect::<String>())
        }
        other => other.to_string(),
    }
}

/// The name of a property.
fn key(name: &str) -> String {
    let is_identifier = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_' || first == '$')
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$');
    match name {
        // Written plainly, it would set the prototype and no property.
        "__proto__" => "['__proto__']".to_owned(),
        name if is_identifier => name.to_owned(),
        name => quoted(name),
    }
}

fn quoted(text: &str) -> String {
    literal::quoted(text, '\'', "", literal::utf16_escape)
}

/// A text with environment variables.
fn template(text: &Text<'_>) -> String {
    match &text[..] {
        [] => return quoted(""),
        [Piece::Text(text)] => return quoted(text),
        _ => {}
    }
    let pieces = text.iter().map(|piece| match piece {
        Piece::Text(text) => {
            let inner = literal::quoted(text, '`', "$", literal::utf16_escape);
            inner[1..inner.len() - 1].to_owned()
        }
        Piece::Variable(name) => format!("${{process.env.{name}}}"),
        Piece::Encoded(name) => format!("${{encodeURIComponent(process.env.{name} ?? '')}}"),
    });
    format!("`{}`", pieces.collect::<String>())
}
