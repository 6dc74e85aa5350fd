//! Java, with `java.net.http`.

use std::collections::BTreeSet;

use crate::sample::SampleBody;

use super::literal;
use super::multipart;
use super::outgoing::{Outgoing, Text, sum};

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
    if let Some(SampleBody::Multipart(parts)) = request.body {
        let media_type = quoted(&multipart::media_type(parts));
        calls.push(format!(".header(\"Content-Type\", {media_type})"));
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
        SampleBody::File(file) => of_file(file, imports),
        SampleBody::Multipart(parts) => {
            let pieces = multipart::pieces(parts);
            let publishers: Vec<String> = pieces
                .iter()
                .map(|piece| match piece {
                    multipart::Piece::Text(text) => of_text(quoted(text)),
                    multipart::Piece::File(file) => of_file(file, imports),
                })
                .collect();
            let lines = publishers.join(",\n                        ");
            format!("HttpRequest.BodyPublishers.concat(\n                        {lines})")
        }
    }
}

fn of_file(file: &str, imports: &mut BTreeSet<&'static str>) -> String {
    imports.insert("java.nio.file.Path");
    format!("HttpRequest.BodyPublishers.ofFile(Path.of({}))", quoted(file))
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
