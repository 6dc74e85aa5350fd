//! What a sample says, against what arrived.

use openapi::sample::{SampleBody, SampleCredential, SamplePart, SampleRequest};
use openapi::snippet::Language;
use serde_json::Value;

use crate::recorder::Arrived;

/// What stands in every environment variable, and in every file.
pub(crate) const SECRET: &str = "se-cr.et_1";
pub(crate) const CONTENT: &[u8] = b"content \x00\xff of a file";

/// A sample and the name it goes by.
pub(crate) struct Sample {
    pub(crate) name: String,
    pub(crate) operation: String,
    pub(crate) request: SampleRequest,
}

fn decoded(text: &str, is_form: bool) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = after
            .get(..2)
            .and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        match (first, hex) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &after[2..];
                continue;
            }
            (b'+', _) if is_form => bytes.push(b' '),
            (byte, _) => bytes.push(*byte),
        }
        rest = after;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn pairs(text: &str, is_form: bool) -> Vec<(String, String)> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name, is_form), decoded(value, is_form))
        })
        .collect()
}

/// Path and query, taken apart before they are decoded.
fn target(target: &str) -> (Vec<String>, Vec<(String, String)>) {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    (
        path.split('/').map(|part| decoded(part, false)).collect(),
        pairs(query, false),
    )
}

/// What should have arrived, against what did. The order of form fields of different names is the language's own.
pub(crate) fn compare(sample: &Sample, arrived: &Arrived, language: Language) -> Result<(), String> {
    let request = &sample.request;
    let differ = |what: &str, expected: String, found: String| {
        if expected == found {
            Ok(())
        } else {
            Err(format!("{what}: {expected} became {found}"))
        }
    };
    differ("method", request.method.clone(), arrived.method.clone())?;
    let (_, expected) = request.url.split_once("://").unwrap();
    let mut expected = target(&expected[expected.find('/').unwrap()..]);
    let mut cookies = Vec::new();
    for credential in &request.credentials {
        match credential {
            SampleCredential::Header { name, prefix, .. } => {
                differ(
                    name,
                    format!("{:?}", [format!("{prefix}{SECRET}")]),
                    format!("{:?}", arrived.header(name)),
                )?;
            }
            SampleCredential::Query { name, .. } => expected.1.push((name.clone(), SECRET.to_owned())),
            SampleCredential::Cookie { name, .. } => cookies.push(format!("{name}={SECRET}")),
            // `se-cr.et_1:se-cr.et_1` in Base64.
            SampleCredential::Basic { .. } => differ(
                "basic",
                format!("{:?}", ["Basic c2UtY3IuZXRfMTpzZS1jci5ldF8x"]),
                format!("{:?}", arrived.header("Authorization")),
            )?,
            SampleCredential::Certificate { .. } => {}
        }
    }
    differ(
        "target",
        format!("{expected:?}"),
        format!("{:?}", target(&arrived.target)),
    )?;
    for (name, value) in &request.headers {
        let mut value = value.clone();
        if name == "Cookie" && !cookies.is_empty() {
            value = format!("{}; {value}", cookies.join("; "));
        }
        let found = arrived.header(name).join(", ");
        // Forms are sent with the charset of the language.
        let found = if name == "Content-Type" && matches!(request.body, Some(SampleBody::Form(_))) {
            found.split(';').next().unwrap_or_default().to_owned()
        } else {
            found
        };
        differ(name, value, found)?;
    }
    body(request, arrived, language)
}

fn body(request: &SampleRequest, arrived: &Arrived, language: Language) -> Result<(), String> {
    let text = String::from_utf8_lossy(&arrived.body);
    let (expected, found) = match &request.body {
        None => (String::new(), text.into_owned()),
        Some(SampleBody::Json(value)) => {
            let found: Value = serde_json::from_slice(&arrived.body).map_err(|error| format!("{error}: {text}"))?;
            (value.to_string(), sorted_like(value, found).to_string())
        }
        Some(SampleBody::Text(own)) => (own.clone(), text.into_owned()),
        Some(SampleBody::File(_)) => (format!("{CONTENT:?}"), format!("{:?}", arrived.body)),
        Some(SampleBody::Form(fields)) => {
            let (mut expected, mut found) = (fields.clone(), pairs(&text, true));
            expected.sort();
            found.sort();
            (format!("{expected:?}"), format!("{found:?}"))
        }
        Some(SampleBody::Multipart(parts)) => {
            let expected: Vec<Part> = parts.iter().map(|part| Part::of(part, language)).collect();
            (format!("{expected:?}"), format!("{:?}", multipart(arrived)))
        }
    };
    if expected == found {
        Ok(())
    } else {
        Err(format!("body:\n{expected}\nbecame\n{found}"))
    }
}

/// JavaScript puts properties with numbers for names first.
fn sorted_like(model: &Value, value: Value) -> Value {
    match (model, value) {
        (Value::Object(model), Value::Object(mut value)) if model.len() == value.len() => {
            let entries = model
                .iter()
                .filter_map(|(name, own)| Some((name.clone(), sorted_like(own, value.remove(name)?))));
            Value::Object(entries.collect())
        }
        (_, value) => value,
    }
}

#[derive(Debug, PartialEq)]
struct Part {
    name: String,
    file: Option<String>,
    kind: Option<String>,
    content: Vec<u8>,
}

impl Part {
    fn of(part: &SamplePart, language: Language) -> Self {
        // What curl has no way to write.
        let named = |name: &str| {
            if language == Language::Curl {
                name.replace('=', "%3D")
            } else {
                name.to_owned()
            }
        };
        match part {
            SamplePart::Field {
                name,
                value,
                media_type,
            } => Self {
                name: named(name),
                file: None,
                kind: media_type.clone(),
                content: value.replace("\r\n", "\n").into_bytes(),
            },
            SamplePart::File { name, file, media_type } => Self {
                name: named(name),
                file: Some(file.clone()),
                kind: media_type.clone(),
                content: CONTENT.to_vec(),
            },
        }
    }
}

/// The parts of a body. Types that a language adds on its own, and the file name that JavaScript gives to a part with a type, are
/// left out.
fn multipart(arrived: &Arrived) -> Vec<Part> {
    let kind = arrived.header("Content-Type").join("");
    let boundary = kind
        .split("boundary=")
        .nth(1)
        .unwrap_or_default()
        .trim_matches('"')
        .to_owned();
    let delimiter = format!("\r\n--{boundary}").into_bytes();
    let mut body = b"\r\n".to_vec();
    body.extend(&arrived.body);
    let mut parts = Vec::new();
    let mut at = 0;
    let find = |from: usize| {
        body[from..]
            .windows(delimiter.len())
            .position(|window| window == delimiter)
            .map(|found| from + found)
    };
    while let Some(start) = find(at) {
        let from = start + delimiter.len();
        let Some(end) = find(from) else { break };
        let part = &body[from..end];
        let head_end = part.windows(4).position(|window| window == b"\r\n\r\n").unwrap_or(0);
        let head = String::from_utf8_lossy(&part[..head_end]).into_owned();
        let content = part.get(head_end + 4..).unwrap_or_default().to_vec();
        let field = |name: &str| {
            let begin = head.find(&format!("{name}=\""))? + name.len() + 2;
            let rest = head[begin..].replace("\\\"", "%22");
            let text = rest.split('"').next()?;
            Some(text.replace("%22", "\"").replace("%0D%0A", "\n").replace("\\\\", "\\"))
        };
        let kind = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("Content-Type")
                .then(|| value.trim().to_owned())
        });
        let file = field("filename").filter(|file| file != "blob");
        let is_own = |kind: &String| {
            !["application/octet-stream", "text/plain", "text/plain; charset=utf-8"].contains(&kind.as_str())
        };
        let content = match file {
            Some(_) => content,
            None => String::from_utf8_lossy(&content).replace("\r\n", "\n").into_bytes(),
        };
        parts.push(Part {
            name: field(" name").unwrap_or_default(),
            file,
            kind: kind.filter(is_own),
            content,
        });
        at = end;
    }
    parts
}
