//! PHP, with its extension `curl`.

use crate::sample::{SampleBody, SamplePart};

use super::literal;
use super::multipart;
use super::outgoing::{Outgoing, Piece, Text, sum};

pub(super) fn write(request: &Outgoing<'_>) -> String {
    let mut options = Vec::new();
    match (request.method, request.body) {
        ("GET", None) => {}
        ("HEAD", _) => options.push("CURLOPT_NOBODY => true".to_owned()),
        (method, _) => options.push(format!("CURLOPT_CUSTOMREQUEST => {}", quoted(method))),
    }
    let mut headers: Vec<String> = Vec::new();
    for (name, value) in &request.headers {
        // A header without a value is dropped unless it ends in a semicolon.
        let mut line: Text<'_> = vec![Piece::Text(if value.is_empty() {
            format!("{name};").into()
        } else {
            format!("{name}: ").into()
        })];
        match &value[..] {
            [Piece::Text(text)] => line = vec![Piece::Text(format!("{name}: {text}").into())],
            [Piece::Text(first), rest @ ..] => {
                line = vec![Piece::Text(format!("{name}: {first}").into())];
                line.extend(rest.iter().cloned());
            }
            pieces => line.extend(pieces.iter().cloned()),
        }
        headers.push(text(&line));
    }
    let body = request.body.map(|body| self::body(body, &mut headers));
    if !headers.is_empty() {
        let lines: String = literal::lines("        ", headers.iter(), ",\n");
        options.push(format!("CURLOPT_HTTPHEADER => [\n{lines}    ]"));
    }
    if let Some((user, password)) = &request.basic {
        options.push(format!("CURLOPT_USERPWD => {} . ':' . {}", text(user), text(password)));
    }
    if let Some((certificate, key)) = request.certificate {
        options.push(format!("CURLOPT_SSLCERT => {}", quoted(certificate)));
        options.push(format!("CURLOPT_SSLKEY => {}", quoted(key)));
    }
    options.extend(body.map(|body| format!("CURLOPT_POSTFIELDS => {body}")));
    options.push("CURLOPT_RETURNTRANSFER => true".to_owned());
    let lines: String = literal::lines("    ", options.iter(), ",\n");
    format!(
        "<?php\n\n$curl = curl_init({});\ncurl_setopt_array($curl, [\n{lines}]);\n$answer = curl_exec($curl);\n\
         echo curl_getinfo($curl, CURLINFO_RESPONSE_CODE), ' ', $answer, PHP_EOL;",
        text(&request.url)
    )
}

fn body(body: &SampleBody, headers: &mut Vec<String>) -> String {
    match body {
        SampleBody::Json(value) => block(&literal::json(value)),
        SampleBody::Text(text) => quoted(text),
        SampleBody::File(file) => format!("file_get_contents({})", quoted(file)),
        SampleBody::Form(fields)
            if !fields.is_empty() && literal::are_distinct(fields.iter().map(|(name, _)| name)) =>
        {
            let lines = fields
                .iter()
                .map(|(name, value)| format!("        {} => {},\n", quoted(name), quoted(value)));
            format!("http_build_query([\n{}    ])", lines.collect::<String>())
        }
        SampleBody::Form(fields) => quoted(&literal::form(fields)),
        SampleBody::Multipart(parts) => of_parts(parts, headers),
    }
}

/// An array of fields, which can have each name once and no types; or else the body by hand.
fn of_parts(parts: &[SamplePart], headers: &mut Vec<String>) -> String {
    let names = parts.iter().map(|part| match part {
        SamplePart::Field { name, .. } | SamplePart::File { name, .. } => name,
    });
    let is_typed = |part: &SamplePart| {
        matches!(
            part,
            SamplePart::Field {
                media_type: Some(_),
                ..
            }
        )
    };
    if literal::are_distinct(names) && !parts.iter().any(is_typed) && !parts.is_empty() {
        let lines = parts.iter().map(|part| match part {
            SamplePart::Field { name, value, .. } => format!("        {} => {},\n", quoted(name), quoted(value)),
            SamplePart::File { name, file, media_type } => {
                let kind = media_type.as_ref().map(|kind| format!(", {}", quoted(kind)));
                format!(
                    "        {} => new CURLFile({}{}),\n",
                    quoted(name),
                    quoted(file),
                    kind.unwrap_or_default()
                )
            }
        });
        return format!("[\n{}    ]", lines.collect::<String>());
    }
    headers.push(quoted(&format!("Content-Type: {}", multipart::media_type(parts))));
    let pieces = multipart::pieces(parts);
    let terms: Vec<String> = pieces
        .iter()
        .map(|piece| match piece {
            multipart::Piece::Text(text) => quoted(text),
            multipart::Piece::File(file) => format!("file_get_contents({})", quoted(file)),
        })
        .collect();
    terms.join("\n        . ")
}

/// Single quotes, in which nothing but the quote and the backslash means anything; double quotes for what is hidden.
fn quoted(text: &str) -> String {
    if text.chars().any(literal::is_hidden) {
        return literal::quoted(text, '"', "$", literal::braced_escape);
    }
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// JSON over several lines; none of them can begin with the word that ends it.
fn block(json: &str) -> String {
    if !json.contains('\n') {
        return quoted(json);
    }
    format!("<<<'JSON'\n    {}\n    JSON", literal::indented(json, "    "))
}

fn text(text: &Text<'_>) -> String {
    sum(
        text,
        " . ",
        quoted,
        |name| format!("getenv('{name}')"),
        |name| format!("rawurlencode(getenv('{name}'))"),
    )
}
