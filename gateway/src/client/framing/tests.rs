use proptest::prelude::*;

use super::*;

const OK: Option<Reason> = None;
const BAD: Option<Reason> = Some(Reason::Malformed);

fn scan(text: &str) -> (usize, Option<Reason>) {
    let Scan { approved, refused } = Framing::new(Limits::default()).scan(text.as_bytes());
    (approved, refused)
}

#[test]
fn what_can_be_read_in_two_ways_is_refused() {
    let get = |fields: &str| format!("GET / HTTP/1.1\r\nHost: x\r\n{fields}\r\n");
    for (name, text, refused) in [
        ("plain", get(""), OK),
        ("length", get("Content-Length: 0\r\n"), OK),
        (
            "length and coding",
            get("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"),
            BAD,
        ),
        (
            "coding and length",
            get("Transfer-Encoding: chunked\r\nContent-Length: 1\r\n"),
            BAD,
        ),
        ("two lengths", get("Content-Length: 0\r\nContent-Length: 0\r\n"), BAD),
        ("list of lengths", get("Content-Length: 0, 0\r\n"), BAD),
        ("signed length", get("Content-Length: +1\r\n"), BAD),
        ("hexadecimal length", get("Content-Length: 0x1\r\n"), BAD),
        ("other coding", get("Transfer-Encoding: xchunked\r\n"), BAD),
        ("two codings", get("Transfer-Encoding: gzip, chunked\r\n"), BAD),
        (
            "coding twice",
            get("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
            BAD,
        ),
        ("space before the colon", get("Content-Length : 1\r\n"), BAD),
        ("no name", get(": x\r\n"), BAD),
        ("no colon", get("Foo\r\n"), BAD),
        ("folded", get("A: b\r\n c\r\n"), BAD),
        ("bare line feed", get("A: b\nContent-Length: 5\r\n"), BAD),
        ("bare carriage return", get("A: b\rC: d\r\n"), BAD),
        ("null", get("A: b\0\r\n"), BAD),
        ("two hosts", get("Host: y\r\n"), BAD),
        ("no host", "GET / HTTP/1.1\r\n\r\n".into(), BAD),
        ("no host in 1.0", "GET / HTTP/1.0\r\n\r\n".into(), OK),
        (
            "coding in 1.0",
            "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n".into(),
            BAD,
        ),
        ("two spaces", "GET  / HTTP/1.1\r\nHost: x\r\n\r\n".into(), BAD),
        ("0.9", "GET /\r\n\r\n".into(), BAD),
        ("3.0", "GET / HTTP/3.0\r\nHost: x\r\n\r\n".into(), BAD),
        ("control character", "GET /\x01 HTTP/1.1\r\nHost: x\r\n\r\n".into(), BAD),
        ("line feeds alone", "GET / HTTP/1.1\nHost: x\n\n".into(), BAD),
        ("empty line before", "\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n".into(), OK),
        (
            "many empty lines before",
            "\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n".into(),
            BAD,
        ),
    ] {
        let (approved, seen) = scan(&text);
        assert_eq!(seen, refused, "{name}");
        assert_eq!(approved, if refused.is_none() { text.len() } else { 0 }, "{name}");
    }
}

#[test]
fn messages_follow_each_other() {
    for (name, body) in [
        ("length", "Content-Length: 5\r\n\r\nhello"),
        (
            "chunks",
            "Transfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\nA\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n",
        ),
        ("no trailers", "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ] {
        let message = format!("POST /x HTTP/1.1\r\nHost: x\r\n{body}");
        let text = format!("{message}GET / HTTP/1.1\r\nHost: x\r\nA : b\r\n\r\n");
        assert_eq!(scan(&text), (message.len(), BAD), "{name}");
    }
}

#[test]
fn sizes_have_bounds() {
    let long = "a".repeat(9_000);
    let many = "a: b\r\n".repeat(200);
    for (name, text, reason) in [
        (
            "target",
            format!("GET /{long} HTTP/1.1\r\nHost: x\r\n\r\n"),
            Reason::TargetTooLong,
        ),
        ("target without end", format!("GET /{long}"), Reason::TargetTooLong),
        (
            "fields",
            format!("GET / HTTP/1.1\r\nHost: x\r\nA: {}\r\n\r\n", long.repeat(4)),
            Reason::HeadersTooLarge,
        ),
        (
            "field without end",
            format!("GET / HTTP/1.1\r\nHost: x\r\nA: {}", long.repeat(4)),
            Reason::HeadersTooLarge,
        ),
        (
            "number of fields",
            format!("GET / HTTP/1.1\r\nHost: x\r\n{many}\r\n"),
            Reason::HeadersTooLarge,
        ),
    ] {
        assert_eq!(scan(&text).1, Some(reason), "{name}");
    }
}

#[test]
fn http_2_is_not_looked_into() {
    let mut framing = Framing::new(Limits::default());
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04";
    assert_eq!(
        framing.scan(preface),
        Scan {
            approved: preface.len(),
            refused: None
        }
    );
    assert!(framing.is_raw());
    assert_eq!(
        scan("GET / HTTP/1.1\r\nHost: x\r\n\r\nPRI * HTTP/2.0\r\n\r\n").1,
        BAD,
        "only at the beginning"
    );
}

proptest! {
    /// However the bytes arrive, the same is approved.
    #[test]
    fn pieces_do_not_matter(cuts in prop::collection::vec(1_usize..40, 1..60), is_bad: bool) {
        let tail = if is_bad { "GET / HTTP/1.1\r\nHost : x\r\n\r\n" } else { "GET /end HTTP/1.1\r\nHost: x\r\n\r\n" };
        let text = format!(
            "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nT: x\r\n\r\n\
             PUT /b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc{tail}"
        );
        let whole = Framing::new(Limits::default()).scan(text.as_bytes());
        let mut framing = Framing::new(Limits::default());
        let (mut carry, mut approved, mut rest, mut refused) = (Vec::new(), 0, text.as_bytes(), None);
        for cut in cuts.into_iter().cycle() {
            if rest.is_empty() || refused.is_some() { break; }
            let (now, later) = rest.split_at(cut.min(rest.len()));
            carry.extend_from_slice(now);
            rest = later;
            let scan = framing.scan(&carry);
            carry.drain(..scan.approved);
            approved += scan.approved;
            refused = scan.refused;
        }
        prop_assert_eq!((approved, refused), (whole.approved, whole.refused));
    }

    #[test]
    fn nothing_panics(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = Framing::new(Limits::default()).scan(&bytes);
    }
}
