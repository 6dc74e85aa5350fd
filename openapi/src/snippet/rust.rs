//! Rust, with `reqwest`.

use crate::sample::{SampleBody, SamplePart};

use super::literal;
use super::outgoing::{Outgoing, Piece, Text};

pub(super) fn write(request: &Outgoing<'_>) -> String {
    let mut before = String::new();
    let known = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"];
    let url = text(&request.url);
    let mut calls = vec![if known.contains(&request.method) {
        format!(".{}({url})", request.method.to_ascii_lowercase())
    } else {
        format!(".request({}.parse()?, {url})", quoted(request.method))
    }];
    let is_form = matches!(request.body, Some(SampleBody::Form(_)));
    for (name, value) in &request.headers {
        let is_set_by_form = is_form && name.eq_ignore_ascii_case("Content-Type");
        let value = match &value[..] {
            [Piece::Text(prefix), Piece::Variable(variable)] if *name == "Authorization" && prefix == "Bearer " => {
                calls.push(format!(".bearer_auth({})", self::variable(variable)));
                continue;
            }
            _ => text(value),
        };
        if !is_set_by_form {
            calls.push(format!(".header({}, {value})", quoted(name)));
        }
    }
    if let Some((user, password)) = &request.basic {
        calls.push(format!(".basic_auth({}, Some({}))", text(user), text(password)));
    }
    match request.body {
        None => {}
        Some(SampleBody::Json(value)) => calls.push(format!(".body({})", block(&literal::json(value)))),
        Some(SampleBody::Text(text)) => calls.push(format!(".body({})", block(text))),
        Some(SampleBody::File(file)) => calls.push(format!(".body(std::fs::File::open({})?)", quoted(file))),
        Some(SampleBody::Form(fields)) => {
            let lines = fields
                .iter()
                .map(|(name, value)| format!("            ({}, {}),\n", quoted(name), quoted(value)));
            let lines: String = lines.collect();
            calls.push(if fields.is_empty() {
                ".form(&[(\"\", \"\"); 0])".to_owned()
            } else {
                format!(".form(&[\n{lines}        ])")
            });
        }
        Some(SampleBody::Multipart(parts)) => {
            before.push_str("    let form = reqwest::blocking::multipart::Form::new()");
            for part in parts {
                before.extend([format!("\n        {}", self::part(part))]);
            }
            before.push_str(";\n");
            calls.push(".multipart(form)".to_owned());
        }
    }
    let client = match request.certificate {
        None => "reqwest::blocking::Client::new()".to_owned(),
        Some((certificate, key)) => {
            before.extend([format!(
                "    let mut identity = std::fs::read({})?;\n    identity.extend(std::fs::read({})?);\n",
                quoted(certificate),
                quoted(key)
            )]);
            "reqwest::blocking::Client::builder()\n        .identity(reqwest::Identity::from_pem(&identity)?)\n        .build()?"
                .to_owned()
        }
    };
    let calls: String = literal::lines("        ", calls.iter(), "\n");
    format!(
        "fn main() -> Result<(), Box<dyn std::error::Error>> {{\n{before}    let client = {client};\n    let response = client\n\
         {calls}        .send()?;\n\n    println!(\"{{}} {{}}\", response.status(), response.text()?);\n    Ok(())\n}}"
    )
}

fn part(part: &SamplePart) -> String {
    match part {
        SamplePart::Field {
            name,
            value,
            media_type: None,
        } => format!(".text({}, {})", quoted(name), quoted(value)),
        SamplePart::Field {
            name,
            value,
            media_type: Some(kind),
        } => format!(
            ".part({}, reqwest::blocking::multipart::Part::text({}).mime_str({})?)",
            quoted(name),
            quoted(value),
            quoted(kind)
        ),
        SamplePart::File {
            name,
            file,
            media_type: None,
        } => format!(".file({}, {})?", quoted(name), quoted(file)),
        SamplePart::File {
            name,
            file,
            media_type: Some(kind),
        } => format!(
            ".part({}, reqwest::blocking::multipart::Part::file({})?.mime_str({})?)",
            quoted(name),
            quoted(file),
            quoted(kind)
        ),
    }
}

fn quoted(text: &str) -> String {
    literal::quoted(text, '"', "", literal::braced_escape)
}

/// A text over several lines, as it is where that is possible.
fn block(text: &str) -> String {
    let is_raw = !text
        .chars()
        .any(|character| character != '\n' && literal::is_hidden(character));
    if !is_raw || !text.contains(['"', '\n', '\\']) {
        return quoted(text);
    }
    let mut hashes = String::from("#");
    while text.contains(&format!("\"{hashes}")) {
        hashes.push('#');
    }
    format!("r{hashes}\"{text}\"{hashes}")
}

fn variable(name: &str) -> String {
    format!("std::env::var(\"{name}\")?")
}

fn text(text: &Text<'_>) -> String {
    match &text[..] {
        [] => return quoted(""),
        [Piece::Text(text)] => return quoted(text),
        [Piece::Variable(name)] => return variable(name),
        _ => {}
    }
    let mut format = String::new();
    let mut arguments = String::new();
    for piece in text {
        match piece {
            Piece::Text(text) => {
                let inner = literal::quoted(&text.replace('{', "{{").replace('}', "}}"), '"', "", |character| {
                    // Braces of an escape are not those of a place.
                    literal::braced_escape(character)
                });
                format.push_str(&inner[1..inner.len() - 1]);
            }
            // `reqwest` itself encodes what may not stand in a query.
            Piece::Variable(name) | Piece::Encoded(name) => {
                format.push_str("{}");
                arguments.extend([format!(", {}", variable(name))]);
            }
        }
    }
    format!("format!(\"{format}\"{arguments})")
}
