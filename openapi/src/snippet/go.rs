//! Go, with `net/http`.

use std::collections::BTreeSet;

use crate::sample::{SampleBody, SamplePart};

use super::literal;
use super::outgoing::{Outgoing, Text, plain, sum};

const CHECK: &str = "\tif err != nil {\n\t\tpanic(err)\n\t}\n";

pub(super) fn write(request: &Outgoing<'_>) -> String {
    let mut imports = BTreeSet::from(["fmt", "io", "net/http"]);
    if request.has_variables() {
        imports.insert("os");
    }
    if request.has_encoded() {
        imports.insert("net/url");
    }
    let mut code = String::new();
    let body = request
        .body
        .map_or("nil", |body| self::body(body, &mut imports, &mut code));
    code.extend([format!(
        "\trequest, err := http.NewRequest({}, {}, {body})\n{CHECK}",
        quoted(request.method),
        text(&request.url)
    )]);
    for (name, value) in &request.headers {
        code.extend([format!("\trequest.Header.Set({}, {})\n", quoted(name), text(value))]);
    }
    if matches!(request.body, Some(SampleBody::Multipart(_))) {
        code.push_str("\trequest.Header.Set(\"Content-Type\", form.FormDataContentType())\n");
    }
    if let Some((user, password)) = &request.basic {
        code.extend([format!("\trequest.SetBasicAuth({}, {})\n", text(user), text(password))]);
    }
    code.push('\n');
    let mut client = "http.DefaultClient";
    if let Some((certificate, key)) = request.certificate {
        imports.insert("crypto/tls");
        code.extend([format!(
            "\tcertificate, err := tls.LoadX509KeyPair({}, {})\n{CHECK}\
             \tclient := &http.Client{{Transport: &http.Transport{{\n\
             \t\tTLSClientConfig: &tls.Config{{Certificates: []tls.Certificate{{certificate}}}},\n\t}}}}\n",
            quoted(certificate),
            quoted(key)
        )]);
        client = "client";
    }
    code.extend([format!(
        "\tresponse, err := {client}.Do(request)\n{CHECK}\tdefer response.Body.Close()\n\n\
         \tanswer, err := io.ReadAll(response.Body)\n{CHECK}\tfmt.Println(response.StatusCode, string(answer))\n"
    )]);
    let imports: String = literal::lines("\t\"", imports.iter(), "\"\n");
    format!("package main\n\nimport (\n{imports})\n\nfunc main() {{\n{code}}}")
}

/// What makes the body, and the name it then has.
fn body(body: &SampleBody, imports: &mut BTreeSet<&'static str>, code: &mut String) -> &'static str {
    match body {
        SampleBody::Json(value) => {
            imports.insert("strings");
            code.extend([format!(
                "\tbody := strings.NewReader({})\n",
                block(&literal::json(value))
            )]);
        }
        SampleBody::Text(text) => {
            imports.insert("strings");
            code.extend([format!("\tbody := strings.NewReader({})\n", block(text))]);
        }
        SampleBody::File(file) => {
            imports.insert("os");
            code.extend([format!(
                "\tbody, err := os.Open({})\n{CHECK}\tdefer body.Close()\n",
                quoted(file)
            )]);
        }
        SampleBody::Form(fields) => {
            imports.extend(["net/url", "strings"]);
            code.push_str("\tform := url.Values{}\n");
            for (name, value) in fields {
                code.extend([format!("\tform.Add({}, {})\n", quoted(name), quoted(value))]);
            }
            code.push_str("\tbody := strings.NewReader(form.Encode())\n");
        }
        SampleBody::Multipart(parts) => {
            imports.extend(["bytes", "mime/multipart"]);
            code.push_str("\tbody := &bytes.Buffer{}\n\tform := multipart.NewWriter(body)\n");
            for part in parts {
                part_of(part, imports, code);
            }
            code.push_str("\tform.Close()\n");
            code.push('\n');
            return "body";
        }
    }
    code.push('\n');
    "body"
}

fn part_of(part: &SamplePart, imports: &mut BTreeSet<&'static str>, code: &mut String) {
    let typed = |name: &str, file: Option<&str>, kind: &str| {
        let file = file.map(|file| format!("; filename=\"{}\"", literal::disposition(file)));
        let disposition = format!(
            "form-data; name=\"{}\"{}",
            literal::disposition(name),
            file.unwrap_or_default()
        );
        format!(
            "form.CreatePart(textproto.MIMEHeader{{\n\t\t\t\"Content-Disposition\": {{{}}},\n\t\t\t\"Content-Type\":        {{{}}},\n\t\t}})",
            quoted(&disposition),
            quoted(kind)
        )
    };
    match part {
        SamplePart::Field {
            name,
            value,
            media_type: None,
        } => code.extend([format!("\tform.WriteField({}, {})\n", quoted(name), quoted(value))]),
        SamplePart::Field {
            name,
            value,
            media_type: Some(kind),
        } => {
            imports.insert("net/textproto");
            let create = typed(name, None, kind).replace("\n\t\t", "\n\t");
            code.extend([format!(
                "\tif part, err := {create}; err == nil {{\n\t\tio.WriteString(part, {})\n\t}}\n",
                quoted(value)
            )]);
        }
        SamplePart::File { name, file, media_type } => {
            imports.insert("os");
            let create = match media_type {
                Some(kind) => {
                    imports.insert("net/textproto");
                    typed(name, Some(file), kind)
                }
                None => format!("form.CreateFormFile({}, {})", quoted(name), quoted(file)),
            };
            code.extend([format!(
                "\tif file, err := os.Open({}); err == nil {{\n\t\tpart, _ := {create}\n\t\tio.Copy(part, file)\n\t\tfile.Close()\n\t}} else {{\n\t\tpanic(err)\n\t}}\n",
                quoted(file)
            )]);
        }
    }
}

fn quoted(text: &str) -> String {
    literal::quoted(text, '"', "", |character| match u32::from(character) {
        code @ 0..=0x7f => format!("\\x{code:02x}"),
        code @ 0..=0xffff => format!("\\u{code:04x}"),
        code => format!("\\U{code:08x}"),
    })
}

/// A text over several lines, as it is where that is possible.
fn block(text: &str) -> String {
    let is_raw = !text.contains('`')
        && !text
            .chars()
            .any(|character| character != '\n' && literal::is_hidden(character));
    if is_raw && text.contains(['"', '\n']) {
        format!("`{text}`")
    } else {
        quoted(text)
    }
}

fn text(text: &Text<'_>) -> String {
    if text
        .iter()
        .all(|piece| matches!(piece, super::outgoing::Piece::Text(_)))
    {
        return quoted(&plain(text));
    }
    sum(
        text,
        "+",
        quoted,
        |name| format!("os.Getenv(\"{name}\")"),
        |name| format!("url.QueryEscape(os.Getenv(\"{name}\"))"),
    )
}
