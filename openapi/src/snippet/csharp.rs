//! C#, with `HttpClient`.

use crate::sample::{SampleBody, SamplePart};

use super::literal;
use super::outgoing::{Outgoing, Text, sum};

pub(super) fn write(request: &Outgoing<'_>) -> String {
    let mut usings = vec!["using System.Net.Http;"];
    let mut code = String::new();
    match request.certificate {
        None => code.push_str("using var client = new HttpClient();\n"),
        Some((certificate, key)) => {
            usings.push("using System.Security.Cryptography.X509Certificates;");
            code.extend([format!(
                "var handler = new HttpClientHandler();\n\
                 handler.ClientCertificates.Add(X509Certificate2.CreateFromPemFile({}, {}));\n\
                 using var client = new HttpClient(handler);\n",
                quoted(certificate),
                quoted(key)
            )]);
        }
    }
    let known = ["Get", "Post", "Put", "Patch", "Delete", "Head", "Options"];
    let method = known.iter().find(|known| known.eq_ignore_ascii_case(request.method));
    let method = method.map_or_else(
        || format!("new HttpMethod({})", quoted(request.method)),
        |known| format!("HttpMethod.{known}"),
    );
    code.extend([format!(
        "using var request = new HttpRequestMessage({method}, {});\n",
        text(&request.url)
    )]);
    if let Some((user, password)) = &request.basic {
        usings.push("using System.Text;");
        code.extend([format!(
            "request.Headers.Add(\"Authorization\", \"Basic \" + Convert.ToBase64String(\n    Encoding.UTF8.GetBytes({} + \":\" + {})));\n",
            text(user),
            text(password)
        )]);
    }
    let has_body = request.body.is_some();
    for (name, value) in request.other_headers() {
        // Checked, a value that its header doesn't expect would not be sent.
        code.extend([format!(
            "request.Headers.TryAddWithoutValidation({}, {});\n",
            quoted(name),
            text(value)
        )]);
    }
    if let Some(body) = request.body {
        self::body(body, &request.content_type(), &mut code, &mut usings);
    }
    code.push_str(if has_body { "\n" } else { "" });
    code.push_str(
        "using var response = await client.SendAsync(request);\n\
         Console.WriteLine($\"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}\");",
    );
    usings.sort_unstable();
    usings.dedup();
    format!("{}\n\n{code}", usings.join("\n"))
}

fn body(body: &SampleBody, content_type: &str, code: &mut String, usings: &mut Vec<&'static str>) {
    match body {
        SampleBody::Json(_) | SampleBody::Text(_) => {
            let text = match body {
                SampleBody::Json(value) => block(&literal::json(value)),
                SampleBody::Text(text) => quoted(text),
                _ => String::new(),
            };
            code.extend([format!("request.Content = new StringContent({text});\n")]);
        }
        SampleBody::File(file) => code.extend([format!(
            "request.Content = new ByteArrayContent(await File.ReadAllBytesAsync({}));\n",
            quoted(file)
        )]),
        SampleBody::Form(fields) => {
            let lines = fields
                .iter()
                .map(|(name, value)| format!("    new({}, {}),\n", quoted(name), quoted(value)));
            code.extend([format!(
                "request.Content = new FormUrlEncodedContent(new List<KeyValuePair<string, string>>\n{{\n{}}});\n",
                lines.collect::<String>()
            )]);
        }
        SampleBody::Multipart(parts) => {
            code.push_str("var form = new MultipartFormDataContent();\n");
            for part in parts {
                self::part(part, code, usings);
            }
            code.push_str("request.Content = form;\n");
            return;
        }
    }
    if content_type.is_empty() {
        return;
    }
    usings.push("using System.Net.Http.Headers;");
    code.extend([format!(
        "request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse({});\n",
        quoted(content_type)
    )]);
}

fn part(part: &SamplePart, code: &mut String, usings: &mut Vec<&'static str>) {
    match part {
        SamplePart::Field {
            name,
            value,
            media_type: None,
        } => code.extend([format!(
            "form.Add(new StringContent({}), {});\n",
            quoted(value),
            quoted(name)
        )]),
        SamplePart::Field {
            name,
            value,
            media_type: Some(kind),
        } => {
            usings.push("using System.Net.Http.Headers;");
            code.extend([format!(
                "form.Add(new StringContent({}, MediaTypeHeaderValue.Parse({})), {});\n",
                quoted(value),
                quoted(kind),
                quoted(name)
            )]);
        }
        SamplePart::File { name, file, media_type } => {
            let content = format!("new ByteArrayContent(await File.ReadAllBytesAsync({}))", quoted(file));
            let content = match media_type {
                None => content,
                Some(kind) => {
                    usings.push("using System.Net.Http.Headers;");
                    format!(
                        "{content} {{ Headers = {{ ContentType = MediaTypeHeaderValue.Parse({}) }} }}",
                        quoted(kind)
                    )
                }
            };
            code.extend([format!("form.Add({content}, {}, {});\n", quoted(name), quoted(file))]);
        }
    }
}

fn quoted(text: &str) -> String {
    literal::quoted(text, '"', "", literal::utf16_escape)
}

/// A text over several lines, between more quotes than it has in a row.
fn block(text: &str) -> String {
    if !text.contains('\n') {
        return quoted(text);
    }
    let mut quotes = String::from("\"\"\"");
    while text.contains(&quotes) {
        quotes.push('"');
    }
    format!("{quotes}\n    {}\n    {quotes}", literal::indented(text, "    "))
}

fn text(text: &Text<'_>) -> String {
    sum(
        text,
        " + ",
        quoted,
        |name| format!("Environment.GetEnvironmentVariable(\"{name}\")"),
        |name| format!("Uri.EscapeDataString(Environment.GetEnvironmentVariable(\"{name}\") ?? \"\")"),
    )
}
