//! Java, with `java.net.http`.

use std::collections::BTreeSet;

use crate::sample::{SampleBody, SamplePart};

use super::literal;
use super::outgoing::{Outgoing, Text, sum};

/// What ends the parts of a multipart body; no value of a sample has it.
const BOUNDARY: &str = "----sample-boundary-5f0c1d2e";

pub(super) fn write(request: &Outgoing<'_>) -> String {
    let mut imports = BTreeSet::from([
        "java.net.URI",
        "java.net.http.HttpClient",
        "java.net.http.HttpRequest",
        "java.net.http.HttpResponse",
    ]);
    if request.has_encoded() {
        imports.extend(["java.net.URLEncoder", "java.nio.charset.StandardCharsets"]);
    }
    let mut calls: Vec<String> = Vec::new();
    if let Some((user, password)) = &request.basic {
        imports.extend(["java.util.Base64"]);
        let both = format!("({} + \":\" + {})", text(user), text(password));
        calls.push(format!(
            ".header(\"Authorization\", \"Basic \" + Base64.getEncoder().encodeToString({both}.getBytes()))"
        ));
    }
    for (name, value) in &request.headers {
        calls.push(format!(".header({}, {})", quoted(name), text(value)));
    }
    if matches!(request.body, Some(SampleBody::Multipart(_))) {
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        calls.push(format!(".header(\"Content-Type\", {})", quoted(&kind)));
    }
    let body = request.body.map(|body| self::body(body, &mut imports));
    match (request.method, &body) {
        ("GET", None) => {}
        (method, None) => calls.push(format!(
            ".method({}, HttpRequest.BodyPublishers.noBody())",
            quoted(method)
        )),
        (method, Some(body)) => calls.push(format!(".method({}, {body})", quoted(method))),
    }
    let mut before = String::new();
    let client = match request.certificate {
        None => "HttpClient.newHttpClient()".to_owned(),
        Some(_) => {
            imports.extend([
                "java.io.FileInputStream",
                "java.security.KeyStore",
                "javax.net.ssl.KeyManagerFactory",
                "javax.net.ssl.SSLContext",
            ]);
            before.push_str(CERTIFICATE);
            "HttpClient.newBuilder().sslContext(context).build()".to_owned()
        }
    };
    let imports: String = literal::lines("import ", imports.iter(), ";\n");
    let calls: String = literal::lines("                ", calls.iter(), "\n");
    format!(
        "{imports}\npublic class Main {{\n    public static void main(String[] args) throws Exception {{\n{before}\
         \x20       HttpRequest request = HttpRequest.newBuilder(URI.create({}))\n{calls}                .build();\n\
         \x20       HttpResponse<String> response = {client}\n                .send(request, HttpResponse.BodyHandlers.ofString());\n\
         \x20       System.out.println(response.statusCode() + \" \" + response.body());\n    }}\n}}",
        text(&request.url)
    )
}

/// Java reads certificate and key from one PKCS #12 file, which `openssl pkcs12 -export` makes of the two.
const CERTIFICATE: &str = "        char[] password = System.getenv(\"CLIENT_P12_PASSWORD\").toCharArray();
        KeyStore store = KeyStore.getInstance(\"PKCS12\");
        store.load(new FileInputStream(\"client.p12\"), password);
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, password);
        SSLContext context = SSLContext.getInstance(\"TLS\");
        context.init(keys.getKeyManagers(), null, null);

";

fn body(body: &SampleBody, imports: &mut BTreeSet<&'static str>) -> String {
    let of_text = |text: String| format!("HttpRequest.BodyPublishers.ofString({text})");
    match body {
        SampleBody::Json(value) => of_text(block(&literal::json(value))),
        SampleBody::Text(text) => of_text(quoted(text)),
        SampleBody::Form(fields) => of_text(quoted(&literal::form(fields))),
        SampleBody::File(file) => {
            imports.insert("java.nio.file.Path");
            format!("HttpRequest.BodyPublishers.ofFile(Path.of({}))", quoted(file))
        }
        SampleBody::Multipart(parts) => {
            let mut publishers: Vec<String> = Vec::new();
            let mut pending = String::new();
            for part in parts {
                let (name, file, kind) = match part {
                    SamplePart::Field { name, media_type, .. } => (name, None, media_type),
                    SamplePart::File { name, file, media_type } => (name, Some(file), media_type),
                };
                let named = file.map(|file| format!("; filename=\"{}\"", literal::disposition(file)));
                let kind = kind.as_ref().map(|kind| format!("Content-Type: {kind}\r\n"));
                pending.extend([format!(
                    "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{}\"{}\r\n{}\r\n",
                    literal::disposition(name),
                    named.unwrap_or_default(),
                    kind.unwrap_or_default()
                )]);
                match part {
                    SamplePart::Field { value, .. } => pending.push_str(value),
                    SamplePart::File { file, .. } => {
                        imports.insert("java.nio.file.Path");
                        publishers.push(of_text(quoted(&std::mem::take(&mut pending))));
                        publishers.push(format!("HttpRequest.BodyPublishers.ofFile(Path.of({}))", quoted(file)));
                    }
                }
                pending.push_str("\r\n");
            }
            pending.extend([format!("--{BOUNDARY}--\r\n")]);
            publishers.push(of_text(quoted(&pending)));
            let lines = publishers.join(",\n                        ");
            format!("HttpRequest.BodyPublishers.concat(\n                        {lines})")
        }
    }
}

fn quoted(text: &str) -> String {
    // `\u` is read before anything else, so that it can't stand for a line end or quote.
    literal::quoted(text, '"', "", |character| match character {
        '\u{0}'..='\u{7f}' => format!("\\{:03o}", u32::from(character)),
        other => literal::utf16_escape(other),
    })
}

/// A text over several lines.
fn block(text: &str) -> String {
    if !text.contains('\n') {
        return quoted(text);
    }
    let escaped = text.replace('\\', "\\\\").replace("\"\"\"", "\\\"\"\"");
    let spaces = " ".repeat(24);
    format!("\"\"\"\n{spaces}{}\"\"\"", literal::indented(&escaped, &spaces))
}

fn text(text: &Text<'_>) -> String {
    sum(
        text,
        " + ",
        quoted,
        |name| format!("System.getenv(\"{name}\")"),
        |name| format!("URLEncoder.encode(System.getenv(\"{name}\"), StandardCharsets.UTF_8)"),
    )
}
