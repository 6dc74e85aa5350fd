use proptest::prelude::*;

use super::*;

const OK: Option<Reason> = None;
const BAD: Option<Reason> = Some(Reason::Malformed);

fn read(text: &[u8]) -> Result<RequestFound, Reason> {
    RequestReader::default().read(text, &Limits::default(), &mut RequestHead::default())
}

fn refusal(text: &str) -> Option<Reason> {
    match read(text.as_bytes()) {
        Ok(RequestFound::Head { length, .. }) => {
            assert_eq!(length, text.len(), "{text:?}");
            None
        }
        Ok(found) => panic!("{found:?}: {text:?}"),
        Err(reason) => Some(reason),
    }
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
            "absolute target",
            "GET http://y/ HTTP/1.1\r\nHost: x\r\n\r\n".into(),
            OK,
        ),
        ("no authority", "GET http:///a HTTP/1.1\r\nHost: x\r\n\r\n".into(), BAD),
        (
            "many empty lines before",
            "\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n".into(),
            BAD,
        ),
    ] {
        assert_eq!(refusal(&text), refused, "{name}");
    }
}

#[test]
fn a_head_is_read() {
    let text = b"POST /a?b=c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nX-One:  1 \r\n\r\n5\r\n";
    let (mut reader, mut head) = (RequestReader::default(), RequestHead::default());
    let found = reader.read(text, &Limits::default(), &mut head).unwrap();
    assert_eq!(
        found,
        RequestFound::Head {
            length: text.len() - 3,
            framing: Framing::Chunked
        }
    );
    assert_eq!(
        (head.method.as_str(), head.path(), head.target(), head.version),
        ("POST", "/a", "/a?b=c", Version::HTTP_11)
    );
    assert_eq!(head.fields.all_named(b"x-one").next(), Some(&b"1"[..]));
    // The next message is read from its own beginning.
    head.clear();
    let next = b"GET /d HTTP/1.0\r\nContent-Length: 2\r\n\r\n";
    let found = reader.read(next, &Limits::default(), &mut head).unwrap();
    assert_eq!(
        found,
        RequestFound::Head {
            length: next.len(),
            framing: Framing::Length(2)
        }
    );
    assert_eq!((head.path(), head.fields.len()), ("/d", 1));
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
        assert_eq!(refusal(&text), Some(reason), "{name}");
    }
}

#[test]
fn the_preface_of_http_2_comes_first_or_never() {
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04";
    assert_eq!(read(preface), Ok(RequestFound::Http2Preface));
    let (mut reader, mut head) = (RequestReader::default(), RequestHead::default());
    let limits = Limits::default();
    reader
        .read(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", &limits, &mut head)
        .unwrap();
    assert_eq!(reader.read(preface, &limits, &mut head), Err(Reason::Malformed));
}

proptest! {
    /// However the bytes arrive, the same is read.
    #[test]
    fn pieces_do_not_matter(cuts in prop::collection::vec(1_usize..40, 1..60), is_bad: bool) {
        let bad = if is_bad { "X : y\r\n" } else { "X: y\r\n" };
        let text = format!("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n{bad}\r\n");
        let whole = read(text.as_bytes());
        let (mut reader, mut head, limits) = (RequestReader::default(), RequestHead::default(), Limits::default());
        let (mut end, mut found) = (0, Ok(RequestFound::Unfinished));
        for cut in cuts.into_iter().cycle() {
            if end == text.len() || found != Ok(RequestFound::Unfinished) { break; }
            end = (end + cut).min(text.len());
            found = reader.read(&text.as_bytes()[..end], &limits, &mut head);
        }
        prop_assert_eq!(found, whole);
        prop_assert!(is_bad || head.fields.len() == 3);
    }

    #[test]
    fn nothing_panics(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = read(&bytes);
    }
}
