//! Bodies that say of themselves what would have them read otherwise, or not at all, by whoever gets them next.

use openapi::validate::{RequestView, ResponseView, Settings};
use serde_json::json;

use crate::validate::{NOTHING, document, refused, validator};

const FORM: &str = "application/x-www-form-urlencoded";
const PARTS: &str = "multipart/form-data; boundary=b";

/// An operation whose bodies hold a small number `n`, a short text `t` and a file `f`.
fn operation() -> serde_json::Value {
    let schema = json!({"type": "object", "required": ["n"], "properties": {"n": {"type": "integer", "maximum": 9},
        "t": {"type": "string", "maxLength": 3}, "p": {"pattern": "^a"}, "o": {"type": "object", "properties": {"x": {"type": "integer"}}},
        "xml": {"type": "object"}, "l": {"type": "array", "items": {"type": "string", "maxLength": 3}}, "f": {"type": "string", "format": "binary"}}});
    let content = json!({
        "application/json": {"schema": schema},
        FORM: {"schema": schema},
        "multipart/form-data": {"schema": schema, "encoding": {"xml": {"contentType": "application/xml"}}},
        "text/plain": {"schema": {"type": "string", "maxLength": 5}},
        "application/x-ndjson": {"itemSchema": schema},
        "text/csv": {"schema": {"type": "string"}},
    });
    json!({"requestBody": {"content": content}, "responses": {"200": {"description": "Good", "content": content}}})
}

fn parts(parts: &[(&str, &str)]) -> String {
    let parts = parts
        .iter()
        .map(|(headers, body)| format!("--b\r\nContent-Disposition: form-data; {headers}\r\n\r\n{body}\r\n"));
    parts.collect::<String>() + "--b--\r\n"
}

/// What is wrong with bodies, after their status.
fn judged(bodies: &[(&str, &[u8], &[&str])]) {
    let document = document("3.1.0", &operation(), &json!({}));
    let validator = validator(&document, &Settings::default());
    for (content_type, body, expected) in bodies {
        let request = RequestView {
            content_type: Some(content_type.as_bytes()),
            body: Some(body),
            ..NOTHING
        };
        let text = String::from_utf8_lossy(body);
        assert_eq!(refused(&validator, &request), *expected, "{content_type}: {text}");
    }
}

#[test]
fn a_text_in_another_charset_is_refused_where_it_would_be_judged() {
    let refused: &[&str] = &["415", "body: must be in UTF-8"];
    judged(&[
        ("text/plain; charset=utf-16", b"hello!", refused),
        ("text/plain; charset=UTF-8", b"hello", &[]),
        (&format!("{FORM}; charset=utf-7"), b"n=1", refused),
        (&format!("{FORM}; charset=US-ASCII"), b"n=1", &[]),
        (
            &format!("{PARTS}; charset=utf-16"),
            parts(&[("name=n", "1")]).as_bytes(),
            refused,
        ),
        ("application/x-ndjson; charset=utf-16", b"{\"n\":1}", refused),
        // What is not read is not judged, in whatever letters.
        ("text/csv; charset=latin1", b"\xe9", &[]),
    ]);
}

#[test]
fn an_answer_in_another_charset_is_not_judged() {
    let document = document("3.1.0", &operation(), &json!({}));
    let settings = Settings {
        checks_responses: true,
        ..Settings::default()
    };
    let validator = validator(&document, &settings);
    let found = validator.check_response(&ResponseView {
        status: 200,
        headers: &|_, _| {},
        content_type: Some(b"text/plain; charset=latin1"),
        body: Some(b"caf\xe9 au lait"),
    });
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn a_content_type_that_can_be_read_in_two_ways_is_none() {
    let refused: &[&str] = &["415", "body: must have a valid content type"];
    let good = parts(&[("name=n", "1")]);
    for content_type in [
        "multipart/form-data; boundary=x; boundary=b",
        "multipart/form-data; boundary=b; Boundary=x",
        "multipart/form-data; boundary=b; boundary=b",
        "multipart/form-data; boundary=\"b",
        "multipart/form-data; boundary=\"b\"x",
        "multipart/form-data; boundary=b,x",
        "multipart/form-data; boundary=b\"",
        "multipart/form-data; boundary*=utf-8''x; boundary=b",
        "multipart/form-data; boundary*0=x; boundary=b",
        "multipart/form-data; x; boundary=b",
        "multipart/form-data; boundary =x; boundary=b",
    ] {
        judged(&[(content_type, good.as_bytes(), refused)]);
    }
    for content_type in [
        "application/json; charset=utf-8; charset=utf-16",
        "application/json; x; charset=utf-16",
        "application/json, text/plain",
    ] {
        judged(&[(content_type, b"{\"n\":1}", refused)]);
    }
    judged(&[
        (
            "multipart/form-data;boundary=\"b\" ; charset=utf-8;",
            good.as_bytes(),
            &[],
        ),
        (
            "multipart/form-data; boundary=----=_b",
            &good.replace("--b", "------=_b").into_bytes(),
            &[],
        ),
    ]);
}

#[test]
fn a_part_is_judged_whatever_it_says_it_is() {
    const BYTES: &str = "\r\nContent-Type: application/octet-stream";
    let too_large: &[&str] = &["422", "body /n: must be at most 9"];
    for headers in [
        format!("name=n{BYTES}"),
        format!("name=n; filename=\"\"{BYTES}"),
        format!("name=n; filename=\"a\"{BYTES}"),
        format!("name=n; filename*=utf-8''a{BYTES}"),
        "name=n; filename=\"\"".to_owned(),
        "name=n; filename=a".to_owned(),
        "name=n\r\nContent-Type: text/csv".to_owned(),
    ] {
        judged(&[
            (PARTS, parts(&[(&headers, "10")]).as_bytes(), too_large),
            (PARTS, parts(&[(&headers, "9")]).as_bytes(), &[]),
        ]);
    }
    let of = |headers: &str, body: &[u8]| {
        let before = parts(&[("name=n", "1"), (headers, "BODY")]);
        let at = before.find("BODY").unwrap();
        [&before.as_bytes()[..at], body, &before.as_bytes()[at + 4..]].concat()
    };
    let long: &[&str] = &["422", "body /t: must have at most 3 characters"];
    let no_text: &[&str] = &["400", "body: has a text part that is not UTF-8"];
    judged(&[
        (PARTS, &of(&format!("name=t{BYTES}"), b"long"), long),
        (PARTS, &of("name=t; filename=a.txt", b"long"), long),
        (PARTS, &of(&format!("name=t{BYTES}"), b"\xff\xfe\xff\xfe"), no_text),
        // A file is one, also if the document says no more than that it is a string.
        (PARTS, &of("name=t; filename=a.bin", b"\xff\xfe\xff\xfe"), &[]),
        (
            PARTS,
            &of(&format!("name=p{BYTES}"), b"b"),
            &["422", "body /p: must match the pattern ^a"],
        ),
        (
            PARTS,
            &of(&format!("name=o{BYTES}"), b"{\"x\":\"y\"}"),
            &["422", "body /o/x: must be an integer, not a string"],
        ),
        (
            PARTS,
            &of(
                "name=l; filename=a\r\n\r\n\u{1}\r\n--b\r\nContent-Disposition: form-data; name=l",
                b"long",
            ),
            &["422", "body /l/1: must have at most 3 characters"],
        ),
        (
            PARTS,
            &of("name=t\r\nContent-Type: application/json", br#""abc""#),
            long,
        ),
        (
            PARTS,
            &of("name=l\r\nContent-Type: application/json", br#"["abc"]"#),
            &[],
        ),
        (PARTS, &of(&format!("name=f{BYTES}"), b"\xff"), &[]),
        (PARTS, &of("name=f; filename=a", b"\xff"), &[]),
        // The document says that it is XML, and nobody says anything about the other.
        (PARTS, &of("name=xml\r\nContent-Type: application/xml", b"<a/>"), &[]),
        (PARTS, &of(&format!("name=other; filename=a{BYTES}"), b"\xff"), &[]),
        (
            PARTS,
            &of("name=t\r\nContent-Type: text/plain; charset=utf-16", b"a"),
            &["400", "body: has a part that is not in UTF-8"],
        ),
        (
            PARTS,
            &of("name=_charset_", b"utf-7"),
            &["400", "body: has a part that is not in UTF-8"],
        ),
        (PARTS, &of("name=_charset_", b"UTF-8"), &[]),
    ]);
}

#[test]
fn a_file_hides_no_value_of_its_name() {
    let mut body = parts(&[("name=n", "1"), ("name=l; filename=a", "BODY"), ("name=l", "long")]).into_bytes();
    let at = body.windows(4).position(|four| four == b"BODY").unwrap();
    body[at] = 0xff;
    judged(&[(
        PARTS,
        &body,
        &["400", "body: must not have files and values of the same name"],
    )]);
}

#[test]
fn parts_that_can_be_read_in_two_ways_are_refused() {
    let number = "--b\r\nContent-Disposition: form-data; name=n\r\n\r\n1\r\n";
    for part in [
        "Content-Disposition: form-data; name=x; name=n\r\n\r\n10",
        "Content-Disposition: form-data; name=x\r\nContent-Disposition: form-data; name=n\r\n\r\n10",
        "Content-Disposition: form-data; name=x; name*=utf-8''n\r\n\r\n10",
        "Content-Disposition: form-data; name=\"x\r\n\r\n10",
        "Content-Disposition: form-data; name=x\r\nContent-Type: text/plain\r\nContent-Type: image/png\r\n\r\n10",
        "Content-Disposition: form-data; name=x\r\nContent-Type: none\r\n\r\n10",
        "Content-Disposition: form-data; name=x\r\nContent-Transfer-Encoding: base64\r\n\r\nMTA=",
        "Content-Disposition: form-data; name=x\r\n ; name=n\r\n\r\n10",
        "Content-Disposition: form-data; name=x\nContent-Type: a/b\r\n\r\n10",
        "Content-Disposition : form-data; name=n\r\nContent-Disposition: form-data; name=x\r\n\r\n10",
        // Some take a line feed for a line end.
        "Content-Disposition: form-data; name=x\r\n\r\n1\n--b\r\nContent-Disposition: form-data; name=n\r\n\r\n10",
    ] {
        let body = format!("{number}--b\r\n{part}\r\n--b--\r\n");
        let document = document("3.1.0", &operation(), &json!({}));
        let validator = validator(&document, &Settings::default());
        let request = RequestView {
            content_type: Some(PARTS.as_bytes()),
            body: Some(body.as_bytes()),
            ..NOTHING
        };
        let found = refused(&validator, &request);
        assert!(
            found.len() == 2 && found[0] == "400" && found[1].starts_with("body: must be multipart: "),
            "{part}: {found:?}"
        );
    }
    let unclear = |body: String| {
        judged(&[(
            PARTS,
            body.as_bytes(),
            &[
                "400",
                "body: must be multipart: its boundary stands where no part begins",
            ],
        )]);
    };
    unclear(format!(
        "x\n--b\r\nContent-Disposition: form-data; name=n\r\n\r\n10\r\n{number}--b--"
    ));
    unclear(format!(
        "{number}--b--\r\n--b\r\nContent-Disposition: form-data; name=n\r\n\r\n10\r\n--b--"
    ));
    judged(&[(
        PARTS,
        format!("a preamble\r\n{number}--b\r\nContent-Disposition: form-data; name=t\r\nContent-Transfer-Encoding: 8bit\r\n\r\na\r\n--b--\r\nan end").as_bytes(),
        &[],
    )]);
}
