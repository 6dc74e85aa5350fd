//! What messages must be like (RFC 7540 §8.1).

use super::{
    Expect::{Ignored, Stream as OfStream},
    WHOLE, get_with, headers, judge, post, whole,
};
use crate::raw_http2::{DATA, END_HEADERS, END_STREAM, Field, PROTOCOL_ERROR, frame, section};

#[tokio::test]
async fn messages_are_well_formed() {
    const RULE: &[u32] = &[PROTOCOL_ERROR];
    let trailers = |flags, fields: &[Field<'_>]| {
        vec![
            headers(END_HEADERS, 1, &post(&[])),
            frame(DATA, 0, 1, b"test"),
            headers(flags, 1, &section(fields)),
        ]
    };
    let body = |length: &str, pieces: &[&[u8]]| {
        let mut frames = vec![headers(END_HEADERS, 1, &post(&[("content-length", length)]))];
        let last = pieces.len() - 1;
        frames.extend(pieces.iter().enumerate().map(|(at, piece)| {
            let flags = if at == last { END_STREAM } else { 0 };
            frame(DATA, flags, 1, piece)
        }));
        frames
    };
    judge(&[
        (
            "8.1 trailers that do not end the stream",
            OfStream(RULE),
            trailers(END_HEADERS, &[("x-test", "ok")]),
        ),
        ("8.1 trailers", Ignored, trailers(WHOLE, &[("x-test", "ok")])),
        (
            "8.1.2 an upper-case name",
            OfStream(RULE),
            whole(&get_with(&[], &[("X-TEST", "ok")])),
        ),
        (
            "8.1.2.1 an unknown pseudo-field",
            OfStream(RULE),
            whole(&get_with(&["x-api-key"], &[(":test", "ok")])),
        ),
        (
            "8.1.2.1 a pseudo-field of answers",
            OfStream(RULE),
            whole(&get_with(&["x-api-key"], &[(":status", "200")])),
        ),
        (
            "8.1.2.1 a method in trailers",
            OfStream(RULE),
            trailers(WHOLE, &[(":method", "GET")]),
        ),
        (
            "8.1.2.1 a path in trailers",
            OfStream(RULE),
            trailers(WHOLE, &[(":path", "/")]),
        ),
        (
            "8.1.2.1 a status in trailers",
            OfStream(RULE),
            trailers(WHOLE, &[(":status", "200")]),
        ),
        (
            "8.1.2.1 a protocol in trailers",
            OfStream(RULE),
            trailers(WHOLE, &[(":protocol", "x")]),
        ),
        (
            "8.1.2.1 an unknown pseudo-field in trailers",
            OfStream(RULE),
            trailers(WHOLE, &[(":test", "x")]),
        ),
        (
            "8.1.2.1 a pseudo-field after others",
            OfStream(RULE),
            whole(&get_with(&[":method"], &[(":method", "GET")])),
        ),
        (
            "8.1.2.2 a field of a connection",
            OfStream(RULE),
            whole(&get_with(&[], &[("connection", "keep-alive")])),
        ),
        (
            "8.1.2.2 te with more than trailers",
            OfStream(RULE),
            whole(&get_with(&[], &[("trailers", "test"), ("te", "trailers, deflate")])),
        ),
        (
            "8.1.2.2 te with trailers",
            Ignored,
            whole(&get_with(&[], &[("te", "trailers")])),
        ),
        (
            "8.1.2.3 an empty path",
            OfStream(RULE),
            whole(&get_with(&[":path", "x-api-key"], &[(":path", "")])),
        ),
        ("8.1.2.3 no method", OfStream(RULE), whole(&get_with(&[":method"], &[]))),
        ("8.1.2.3 no scheme", OfStream(RULE), whole(&get_with(&[":scheme"], &[]))),
        ("8.1.2.3 no path", OfStream(RULE), whole(&get_with(&[":path"], &[]))),
        (
            "8.1.2.3 two methods",
            OfStream(RULE),
            whole(&get_with(&["x-api-key"], &[(":method", "GET")])),
        ),
        (
            "8.1.2.3 two schemes",
            OfStream(RULE),
            whole(&get_with(&["x-api-key"], &[(":scheme", "http")])),
        ),
        (
            "8.1.2.3 two paths",
            OfStream(RULE),
            whole(&get_with(&["x-api-key"], &[(":path", "/")])),
        ),
        (
            "8.1.2.3 a host without authority",
            Ignored,
            whole(&get_with(&[":authority"], &[("host", "gateway.test")])),
        ),
        (
            "8.1.2.6 one piece, another length",
            OfStream(RULE),
            body("1", &[b"test"]),
        ),
        (
            "8.1.2.6 several pieces, another length",
            OfStream(RULE),
            body("1", &[b"test", b"test"]),
        ),
        ("8.1.2.6 the right length", Ignored, body("8", &[b"test", b"test"])),
    ])
    .await;
}
