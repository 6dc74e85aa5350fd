//! Messages: whatever comes in which pieces, there is one way to read it; and what is written is read as it was meant.

use std::collections::BTreeMap;

use domain::policy::{
    Policy as _,
    headers::{HeaderChanges, Headers},
};
use http::{HeaderValue, Method};

use super::{cut, pieces};
use crate::{
    Limits,
    http1::{AnswerReader, BodyReader, Framing, RequestFound, RequestLine, RequestReader, write_request},
    message::{AnswerHead, Fields, Known, RequestHead, strip_hop_by_hop},
    problem::Reason,
    rules::HeaderRule,
};

/// What a reader makes of a head: what was found, and the head as text.
type Heard<T, E> = Result<(T, String), E>;

fn request(parts: &mut dyn Iterator<Item = &[u8]>) -> (Heard<RequestFound, Reason>, RequestHead) {
    let (mut reader, mut head, mut bytes) = (RequestReader::default(), RequestHead::default(), Vec::new());
    let mut found = Ok(RequestFound::Unfinished);
    for part in parts {
        bytes.extend_from_slice(part);
        found = reader.read(&bytes, &Limits::default(), &mut head);
        if found != Ok(RequestFound::Unfinished) {
            break;
        }
    }
    let text = format!("{head:?}");
    let text = if found == Ok(RequestFound::Unfinished) {
        String::new()
    } else {
        text
    };
    (found.map(|found| (found, text)), head)
}

/// A request's head is read the same in any pieces, and has nothing in it that another reader would take for another line.
pub fn request_head(bytes: &[u8]) {
    let (how, text) = cut(bytes);
    // Which limit is met first depends on pieces; what is below all of them does not.
    if text.len() > 4096 {
        return;
    }
    let (whole, head) = request(&mut std::iter::once(text));
    let (in_pieces, _) = request(&mut pieces(how, text));
    assert_eq!(whole, in_pieces, "in pieces");
    let Ok((RequestFound::Head { length, framing }, _)) = whole else {
        return;
    };
    assert!(
        text[..length].ends_with(b"\r\n\r\n"),
        "the head ends with an empty line"
    );
    let lines = text[..length - 4].split(|byte| *byte == b'\n');
    assert!(
        lines.clone().rev().skip(1).all(|line| line.ends_with(b"\r")),
        "every line ends with both"
    );
    is_clean(&head.fields);
    assert!(head.target().bytes().all(|byte| byte.is_ascii_graphic()));
    let lengths = head.fields.all(Known::ContentLength).count();
    let codings = head.fields.all(Known::TransferEncoding).count();
    match framing {
        Framing::Chunked => assert_eq!((lengths, codings), (0, 1)),
        Framing::Length(0) => assert!(lengths <= 1 && codings == 0),
        Framing::Length(_) => assert_eq!((lengths, codings), (1, 0)),
        Framing::UntilClose => panic!("a request ends before its connection"),
    }
    assert!(head.fields.all(Known::Host).count() <= 1);
}

fn is_clean(fields: &Fields) {
    for (name, value) in fields.iter() {
        assert!(!name.is_empty() && name.iter().all(|byte| byte.is_ascii_graphic() && *byte != b':'));
        assert!(!value.iter().any(|byte| matches!(byte, 0..=8 | 10..=31 | 127)));
        assert_eq!(value.trim_ascii(), value);
    }
}

/// An answer's head is read the same in any pieces.
pub fn answer_head(bytes: &[u8]) {
    let (how, text) = cut(bytes);
    let method = if how.is_multiple_of(2) {
        Method::GET
    } else {
        Method::HEAD
    };
    let read = |parts: &mut dyn Iterator<Item = &[u8]>| {
        let (mut reader, mut head, mut bytes) = (AnswerReader::default(), AnswerHead::default(), Vec::new());
        for part in parts {
            bytes.extend_from_slice(part);
            match reader.read(&bytes, &method, &mut head) {
                Ok(None) => {}
                Ok(Some(found)) => {
                    is_clean(&head.fields);
                    return Some(Ok((found, format!("{head:?}"))));
                }
                Err(error) => return Some(Err(error)),
            }
        }
        None
    };
    assert_eq!(
        read(&mut std::iter::once(text)),
        read(&mut pieces(how, text)),
        "in pieces"
    );
}

/// A body in chunks that was read: its bytes, its trailers, and how many bytes it took.
type Body = (Vec<u8>, String, usize);

fn body(parts: &mut dyn Iterator<Item = &[u8]>) -> Option<Body> {
    let mut reader = BodyReader::new(Framing::Chunked);
    let (mut waiting, mut data, mut taken) = (Vec::new(), Vec::new(), 0);
    for part in parts {
        waiting.extend_from_slice(part);
        loop {
            let step = reader.step(&waiting).ok()?;
            assert!(step.skipped + step.data <= waiting.len());
            data.extend_from_slice(&waiting[step.skipped..step.skipped + step.data]);
            waiting.drain(..step.skipped + step.data);
            taken += step.skipped + step.data;
            reader.took(step.data);
            if reader.is_over() {
                let trailers = reader.trailers().map(|trailers| format!("{trailers:?}"));
                return Some((data, trailers.unwrap_or_default(), taken));
            }
            if step.data == 0 {
                break;
            }
        }
    }
    None
}

/// A chunked body (RFC 9112 §7.1) is read the same in any pieces, and as a simple reader does it.
pub fn chunked_body(bytes: &[u8]) {
    let (how, text) = cut(bytes);
    let whole = body(&mut std::iter::once(text));
    assert_eq!(whole, body(&mut pieces(how, text)), "in pieces");
    if let Some((data, _, taken)) = whole {
        let (simple, end) = dechunk(text).unwrap_or_else(|| panic!("not chunked: {text:?}"));
        assert!(data == simple && taken == end, "read in another way");
    }
}

/// Data and length of a chunked body that is known to be one.
fn dechunk(text: &[u8]) -> Option<(Vec<u8>, usize)> {
    let (mut at, mut data) = (0, Vec::new());
    let line = |at: usize| {
        let end = text.get(at..)?.windows(2).position(|pair| pair == b"\r\n")?;
        Some((&text[at..at + end], at + end + 2))
    };
    loop {
        let (size, after) = line(at)?;
        let digits = size.split(|byte| matches!(byte, b';' | b' ' | b'\t')).next()?;
        let size = usize::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
        at = after;
        if size == 0 {
            break;
        }
        data.extend_from_slice(text.get(at..at + size)?);
        at += size;
        at = text.get(at..)?.starts_with(b"\r\n").then_some(at + 2)?;
    }
    loop {
        let (trailer, after) = line(at)?;
        at = after;
        if trailer.is_empty() {
            return Some((data, at));
        }
    }
}

/// Requests are `head`, then lines of changes: `-name`, `=name: value`, `+name: value`. What goes to the upstream is read
/// again as it was meant: the same fields, the same end.
pub fn header_rewriting(bytes: &[u8]) {
    let (found, mut head) = request(&mut std::iter::once(bytes));
    let Ok((RequestFound::Head { length, framing }, _)) = found else {
        return;
    };
    let Ok(changes) = std::str::from_utf8(&bytes[length..]) else {
        return;
    };
    let fields = &mut head.fields;
    strip_hop_by_hop(fields);
    for name in ["connection", "te", "transfer-encoding", "upgrade", "keep-alive"] {
        assert_eq!(
            fields.all_named(name.as_bytes()).count(),
            0,
            "{name} is for one connection"
        );
    }
    fields.remove(Known::Host);
    let policy = Headers {
        request: changes_of(changes),
        response: HeaderChanges::default(),
    };
    if policy.validate().is_empty() {
        let rule = HeaderRule::compile(&policy).expect("what is valid compiles");
        rule.request.apply(fields);
        for name in policy.request.set.keys() {
            assert!(fields.all_named(name.as_bytes()).next().is_some(), "{name} is set");
        }
    }
    let mut sent = Vec::new();
    let line = RequestLine {
        method: &head.method,
        target: ["", "/", ""],
        host: &HeaderValue::from_static("upstream.example"),
    };
    write_request(&mut sent, &line, fields, framing);
    let limits = Limits {
        header_bytes: 1 << 20,
        header_count: 1000,
        ..Limits::default()
    };
    let mut again = RequestHead::default();
    let read = RequestReader::default().read(&sent, &limits, &mut again);
    let expected = RequestFound::Head {
        length: sent.len(),
        framing,
    };
    assert_eq!(read, Ok(expected), "{:?}", String::from_utf8_lossy(&sent));
    let kept: Vec<_> = fields.iter().collect();
    let (mut lines, mut framed) = (Vec::new(), 0);
    for (name, value) in again.fields.iter() {
        let is_ours = name == b"host" || (name == b"transfer-encoding" && framing == Framing::Chunked);
        framed += usize::from(is_ours);
        if !is_ours {
            lines.push((name, value));
        }
    }
    let added = usize::from(framing == Framing::Chunked) + 1;
    assert_eq!((lines, framed), (kept, added), "fields of the caller, and ours");
}

fn changes_of(text: &str) -> HeaderChanges {
    let mut changes = HeaderChanges::default();
    let pair = |text: &str| {
        let (name, value) = text.split_once(": ")?;
        Some((name.to_owned(), value.to_owned()))
    };
    let add = |map: &mut BTreeMap<String, String>, text: &str| map.extend(pair(text));
    for line in text.lines() {
        match line.split_at_checked(1) {
            Some(("-", name)) => changes.remove.push(name.to_owned()),
            Some(("=", rest)) => add(&mut changes.set, rest),
            Some(("+", rest)) => add(&mut changes.add, rest),
            _ => {}
        }
    }
    changes
}
