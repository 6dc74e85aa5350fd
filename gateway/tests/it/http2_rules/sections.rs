//! Sections of fields and their compression (RFC 7540 §4.3, §6.10, RFC 7541).

use super::{
    Expect::{Connection as OfConnection, Ignored},
    WHOLE, get, get_then, headers, judge, post, whole,
};
use crate::raw_http2::{
    COMPRESSION_ERROR, CONTINUATION, DATA, END_HEADERS, END_STREAM, PRIORITY, PROTOCOL_ERROR, STREAM_CLOSED, frame,
    section, string,
};

#[tokio::test]
async fn sections_are_whole() {
    const RULE: &[u32] = &[PROTOCOL_ERROR];
    let begun = || headers(END_STREAM, 1, &get());
    let more = |flags| frame(CONTINUATION, flags, 1, &section(&[("x-more", "1")]));
    judge(&[
        (
            "4.3 PRIORITY within a section",
            OfConnection(RULE),
            vec![begun(), frame(PRIORITY, 0, 1, &[0, 0, 0, 0, 255])],
        ),
        (
            "4.3 another stream within a section",
            OfConnection(RULE),
            vec![begun(), headers(WHOLE, 3, &get())],
        ),
        (
            "6.10 many CONTINUATION",
            Ignored,
            vec![begun(), more(0), more(END_HEADERS)],
        ),
        (
            "6.10 something else after CONTINUATION",
            OfConnection(RULE),
            vec![begun(), more(0), frame(DATA, END_STREAM, 1, b"")],
        ),
        (
            "6.10 CONTINUATION on the connection",
            OfConnection(RULE),
            vec![begun(), frame(CONTINUATION, END_HEADERS, 0, &get())],
        ),
        (
            "6.10 CONTINUATION after HEADERS that ended",
            OfConnection(&[PROTOCOL_ERROR, STREAM_CLOSED]),
            vec![headers(END_HEADERS, 1, &post(&[])), more(END_HEADERS)],
        ),
        (
            "6.10 CONTINUATION after one that ended",
            OfConnection(RULE),
            vec![headers(0, 1, &post(&[])), more(END_HEADERS), more(END_HEADERS)],
        ),
        (
            "6.10 CONTINUATION after DATA",
            OfConnection(RULE),
            vec![
                headers(END_HEADERS, 1, &post(&[])),
                frame(DATA, 0, 1, b"test"),
                more(END_HEADERS),
            ],
        ),
        (
            "HPACK 2.3.3 an index beyond the tables",
            OfConnection(&[COMPRESSION_ERROR]),
            whole(&get_then(&[0xc6])),
        ),
        (
            "HPACK 2.3.3 a name beyond the tables",
            OfConnection(&[COMPRESSION_ERROR]),
            whole(&get_then(&[0x7f, 0x80, 0x01, 1, b'x'])),
        ),
        (
            "HPACK 4.2 a new table size at the end",
            OfConnection(&[COMPRESSION_ERROR]),
            whole(&get_then(&[0x21])),
        ),
        (
            "HPACK 5.2 padding of more than 7 bits",
            OfConnection(&[COMPRESSION_ERROR]),
            whole(&get_then(&huffman(&[0x82, 0x9f, 0x79, 0xff, 0xff]))),
        ),
        (
            "HPACK 5.2 padding of zeros",
            OfConnection(&[COMPRESSION_ERROR]),
            whole(&get_then(&huffman(&[0xf0]))),
        ),
        (
            "HPACK 5.2 the end of strings",
            OfConnection(&[COMPRESSION_ERROR]),
            whole(&get_then(&huffman(&[0x3f, 0xff, 0xff, 0xff, 0xff, 0xff]))),
        ),
        (
            "HPACK 6.1 index 0",
            OfConnection(&[COMPRESSION_ERROR]),
            whole(&get_then(&[0x80])),
        ),
        (
            "HPACK 6.3 a table larger than allowed",
            OfConnection(&[COMPRESSION_ERROR]),
            whole(&[vec![0x3f, 0xe2, 0x1f], get()].concat()),
        ),
        (
            "HPACK 4.2 a new table size at the beginning",
            Ignored,
            whole(&[vec![0x3f, 0x61], get()].concat()),
        ),
    ])
    .await;
}

/// A field with a value in the code of HPACK (RFC 7541 §5.2).
fn huffman(value: &[u8]) -> Vec<u8> {
    let mut out = vec![0];
    string(&mut out, "x-test");
    out.push(0x80 | u8::try_from(value.len()).unwrap());
    out.extend_from_slice(value);
    out
}
