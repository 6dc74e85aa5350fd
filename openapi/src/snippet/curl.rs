//! `curl`.

use crate::sample::{SampleBody, SamplePart, percent_encode};

use super::literal;
use super::outgoing::{Outgoing, Piece, Text, plain};
use super::shell::{quoted, word};

/// The command that sends a request.
pub(super) fn write(request: &Outgoing<'_>) -> String {
    // Without this, brackets and braces of a URL are patterns.
    let glob = if plain(&request.url).contains(['[', ']', '{', '}']) {
        "--globoff "
    } else {
        ""
    };
    let url = format!("{glob}{}", word(&request.url));
    let mut words = vec![match request.method {
        "GET" if request.body.is_none() => format!("curl {url}"),
        "HEAD" => format!("curl --head {url}"),
        method => format!("curl -X {} {url}", method_word(method)),
    }];
    if let Some((user, password)) = &request.basic {
        let mut both = user.clone();
        both.push(Piece::Text(":".into()));
        both.extend(password.iter().cloned());
        words.push(format!("-u {}", word(&both)));
    }
    if let Some((certificate, key)) = request.certificate {
        words.push(format!("--cert {} --key {}", quoted(certificate), quoted(key)));
    }
    for (name, value) in &request.headers {
        // A header without a value is dropped by curl unless it ends in a semicolon.
        if value.is_empty() {
            words.push(format!("-H {}", quoted(&format!("{name};"))));
            continue;
        }
        let mut header = vec![Piece::Text(format!("{name}: ").into())];
        header.extend(value.iter().cloned());
        words.push(format!("-H {}", word(&joined(header))));
    }
    match request.body {
        None => {}
        Some(SampleBody::Json(value)) => words.push(format!("--data-raw {}", quoted(&literal::json(value)))),
        Some(SampleBody::Text(text)) => words.push(format!("--data-raw {}", quoted(text))),
        Some(SampleBody::File(name)) => words.push(format!("--data-binary {}", quoted(&format!("@{name}")))),
        Some(SampleBody::Form(fields)) if fields.is_empty() => words.push("--data-raw ''".to_owned()),
        Some(SampleBody::Form(fields)) => words.extend(fields.iter().map(|(name, value)| {
            format!(
                "--data-urlencode {}",
                quoted(&format!("{}={value}", percent_encode(name)))
            )
        })),
        Some(SampleBody::Multipart(parts)) => words.extend(parts.iter().map(part)),
    }
    words.join(" \\\n  ")
}

/// Neighbouring texts as one.
fn joined(text: Text<'_>) -> Text<'_> {
    let mut joined: Text<'_> = Vec::new();
    for piece in text {
        match (joined.last_mut(), piece) {
            (Some(Piece::Text(last)), Piece::Text(more)) => {
                last.to_mut().push_str(&more);
            }
            (_, piece) => joined.push(piece),
        }
    }
    joined
}

/// Methods are tokens (RFC 9110 §9.1), and tokens may have characters that a shell doesn't leave alone.
fn method_word(method: &str) -> String {
    if method.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        method.to_owned()
    } else {
        quoted(method)
    }
}

fn part(part: &SamplePart) -> String {
    // The name ends at the first equals sign, and nothing can escape one.
    let name = |name: &str| name.replace('=', "%3D");
    let escaped = |text: &str| text.replace('\\', r"\\").replace('"', "\\\"");
    match part {
        SamplePart::File {
            name: own,
            file,
            media_type,
        } => {
            let kind = media_type
                .as_ref()
                .map(|kind| format!(";type={kind}"))
                .unwrap_or_default();
            format!("-F {}", quoted(&format!("{}=@{file}{kind}", name(own))))
        }
        // `-F` gives a meaning to the first character and to semicolons; `--form-string` to nothing.
        SamplePart::Field {
            name: own,
            value,
            media_type: None,
        } => format!("--form-string {}", quoted(&format!("{}={value}", name(own)))),
        SamplePart::Field {
            name: own,
            value,
            media_type: Some(media_type),
        } => {
            let value = escaped(value);
            format!("-F {}", quoted(&format!("{}=\"{value}\";type={media_type}", name(own))))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::SampleContext;

    const CONTEXT: SampleContext<'_> = SampleContext {
        base_url: "https://api.example.com/v1/",
        credential: Some("$TURNPIKE_KEY"),
    };

    fn curl(operation: serde_json::Value) -> String {
        let method = if operation.get("requestBody").is_some() {
            "post"
        } else {
            "get"
        };
        let document = json!({"openapi": "3.1.0", "info": {"title": "t", "version": "1"},
            "paths": {"/a b/{id}": {method: operation}}});
        let doc = crate::read(document.to_string().as_bytes(), &crate::Limits::default()).unwrap();
        let operation = doc.operation(&doc.operations()[0].slug).unwrap();
        crate::snippet::curl(&doc, &operation, &CONTEXT)
    }

    #[test]
    fn parameters_are_filled_in() {
        let parameter = |name: &str, place: &str, example: serde_json::Value| json!({"name": name, "in": place, "required": true, "example": example, "schema": {}});
        let mut deep = parameter("deep", "query", json!({"a": 1}));
        deep["style"] = json!("deepObject");
        let command = curl(json!({"parameters": [
            parameter("id", "path", json!("../x y")), parameter("q", "query", json!(["a&b", "c"])), deep,
            parameter("X-It", "header", json!("it's\r\nX: y")), parameter("c", "cookie", json!("v")),
            {"name": "optional", "in": "query", "schema": {}},
        ]}));
        let expected = r#"curl 'https://api.example.com/v1/a%20b/..%2Fx%20y?q=a%26b&q=c&deep%5Ba%5D=1' \
  -H "Authorization: Bearer $TURNPIKE_KEY" \
  -H 'X-It: it'\''sX: y' \
  -H 'Cookie: c=v'"#;
        assert_eq!(command, expected);
    }

    #[test]
    fn bodies() {
        let body = |name: &str, media: serde_json::Value| json!({"requestBody": {"content": {name: media}}});
        let object = json!({"type": "object", "properties": {"n": {"type": "string", "example": "@x"}, "f": {"type": "string", "format": "binary"},
            "o": {"type": "object", "properties": {"a": {"type": "string", "example": "\"q\";"}}}}});
        for (name, media, expected) in [
            (
                "application/json",
                json!({"example": {"a": "it's"}}),
                "-H 'Content-Type: application/json' \\\n  --data-raw '{\n  \"a\": \"it'\\''s\"\n}'",
            ),
            (
                "application/x-www-form-urlencoded",
                json!({"example": {"a b": "c d"}}),
                "-H 'Content-Type: application/x-www-form-urlencoded' \\\n  --data-urlencode 'a%20b=c d'",
            ),
            (
                "multipart/form-data",
                json!({"schema": object}),
                "--form-string 'n=@x' \\\n  -F 'f=@file.bin' \\\n  -F 'o=\"{\\\"a\\\":\\\"\\\\\\\"q\\\\\\\";\\\"}\";type=application/json'",
            ),
            (
                "text/plain",
                json!({"example": "@hello"}),
                "-H 'Content-Type: text/plain' \\\n  --data-raw '@hello'",
            ),
            (
                "image/png",
                json!({}),
                "-H 'Content-Type: image/png' \\\n  --data-binary '@body.png'",
            ),
        ] {
            let command = curl(body(name, media));
            assert!(
                command.starts_with("curl -X POST 'https://api.example.com/v1/a%20b/id' \\\n"),
                "{command}"
            );
            assert!(command.ends_with(expected), "{name}:\n{command}\n---\n{expected}");
        }
    }
}
