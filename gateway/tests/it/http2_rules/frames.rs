//! What frames must be like (RFC 7540 §4, §5.5, §6, §7, §8.2).

use super::{
    Expect::{Connection as OfConnection, Ignored, Stream as OfStream},
    WHOLE, get, headers, judge, large, post, setting,
};
use crate::raw_http2::{
    ACK, DATA, END_HEADERS, END_STREAM, FLOW_CONTROL_ERROR, FRAME_SIZE_ERROR, GOAWAY, HEADERS, PADDED, PING, PRIORITY,
    PROTOCOL_ERROR, PUSH_PROMISE, RST_STREAM, SETTINGS, WINDOW_UPDATE, frame,
};

#[tokio::test]
async fn frames_have_a_form() {
    const SIZE: &[u32] = &[FRAME_SIZE_ERROR];
    const RULE: &[u32] = &[PROTOCOL_ERROR];
    judge(&[
        ("4.1 an unknown frame", Ignored, vec![frame(0x16, 0, 0, &[0; 8])]),
        (
            "4.1 a flag that is not defined",
            Ignored,
            vec![frame(PING, 0x16, 0, &[0; 8])],
        ),
        ("4.1 the reserved bit", Ignored, vec![frame(PING, 0, 1 << 31, &[0; 8])]),
        (
            "4.2 DATA as large as it may be",
            Ignored,
            vec![
                headers(END_HEADERS, 1, &post(&[])),
                frame(DATA, END_STREAM, 1, &[0; 16_384]),
            ],
        ),
        (
            "4.2 DATA that is too large",
            OfStream(SIZE),
            vec![headers(END_HEADERS, 1, &post(&[])), large(DATA, END_STREAM, 1)],
        ),
        (
            "4.2 HEADERS that are too large",
            OfConnection(SIZE),
            vec![large(HEADERS, WHOLE, 1)],
        ),
        (
            "5.5 an unknown frame within a section",
            OfConnection(RULE),
            vec![headers(END_STREAM, 1, &get()), frame(0x16, 0, 0, &[0; 8])],
        ),
        (
            "6.1 DATA on the connection",
            OfConnection(RULE),
            vec![frame(DATA, END_STREAM, 0, b"test")],
        ),
        (
            "6.1 more padding than DATA",
            OfConnection(RULE),
            vec![
                headers(END_HEADERS, 1, &post(&[])),
                frame(DATA, END_STREAM | PADDED, 1, &[6, b't', b'e', b's', b't']),
            ],
        ),
        (
            "6.1 padded DATA",
            Ignored,
            vec![
                headers(END_HEADERS, 1, &post(&[])),
                frame(DATA, END_STREAM | PADDED, 1, &[2, b't', b'e', 0, 0]),
            ],
        ),
        (
            "6.2 HEADERS on the connection",
            OfConnection(RULE),
            vec![headers(WHOLE, 0, &get())],
        ),
        (
            "6.2 more padding than HEADERS",
            OfConnection(RULE),
            vec![headers(WHOLE | PADDED, 1, &[8, 0x82])],
        ),
        (
            "6.3 PRIORITY on the connection",
            OfConnection(RULE),
            vec![frame(PRIORITY, 0, 0, &[0, 0, 0, 0, 255])],
        ),
        (
            "6.3 PRIORITY of another length",
            OfStream(SIZE),
            vec![
                headers(END_HEADERS, 1, &post(&[])),
                frame(PRIORITY, 0, 1, &[0x80, 0, 0, 1]),
            ],
        ),
        (
            "6.4 RST_STREAM on the connection",
            OfConnection(RULE),
            vec![frame(RST_STREAM, 0, 0, &[0, 0, 0, 8])],
        ),
        (
            "6.4 RST_STREAM on an idle stream",
            OfConnection(RULE),
            vec![frame(RST_STREAM, 0, 1, &[0, 0, 0, 8])],
        ),
        (
            "6.4 RST_STREAM of another length",
            OfStream(SIZE),
            vec![headers(END_HEADERS, 1, &post(&[])), frame(RST_STREAM, 0, 1, &[0, 0, 0])],
        ),
        (
            "6.5 an acknowledgement with settings",
            OfConnection(SIZE),
            vec![frame(SETTINGS, ACK, 0, &setting(3, 100))],
        ),
        (
            "6.5 SETTINGS on a stream",
            OfConnection(RULE),
            vec![frame(SETTINGS, 0, 1, &setting(3, 100))],
        ),
        (
            "6.5 SETTINGS of another length",
            OfConnection(SIZE),
            vec![frame(SETTINGS, 0, 0, &[0, 3, 0])],
        ),
        (
            "6.5.2 ENABLE_PUSH of 2",
            OfConnection(RULE),
            vec![frame(SETTINGS, 0, 0, &setting(2, 2))],
        ),
        (
            "6.5.2 a window beyond the largest",
            OfConnection(&[FLOW_CONTROL_ERROR]),
            vec![frame(SETTINGS, 0, 0, &setting(4, 1 << 31))],
        ),
        (
            "6.5.2 frames smaller than the smallest",
            OfConnection(RULE),
            vec![frame(SETTINGS, 0, 0, &setting(5, 16_383))],
        ),
        (
            "6.5.2 frames larger than the largest",
            OfConnection(RULE),
            vec![frame(SETTINGS, 0, 0, &setting(5, 1 << 24))],
        ),
        (
            "6.5.2 an unknown setting",
            Ignored,
            vec![frame(SETTINGS, 0, 0, &setting(0xff, 1))],
        ),
        (
            "6.7 PING of another length",
            OfConnection(SIZE),
            vec![frame(PING, 0, 0, &[0; 6])],
        ),
        (
            "6.7 PING on a stream",
            OfConnection(RULE),
            vec![frame(PING, 0, 1, &[0; 8])],
        ),
        (
            "6.7 the answer to no PING",
            Ignored,
            vec![frame(PING, ACK, 0, b"unasked!")],
        ),
        (
            "6.8 GOAWAY on a stream",
            OfConnection(RULE),
            vec![frame(GOAWAY, 0, 1, &[0; 8])],
        ),
        (
            "6.9 WINDOW_UPDATE of another length",
            OfConnection(SIZE),
            vec![frame(WINDOW_UPDATE, 0, 0, &[0, 0, 1])],
        ),
        (
            "7 RST_STREAM with an unknown code",
            Ignored,
            vec![
                headers(END_HEADERS, 1, &post(&[])),
                frame(RST_STREAM, 0, 1, &[0, 0, 0, 0xff]),
            ],
        ),
        (
            "8.2 PUSH_PROMISE",
            OfConnection(RULE),
            vec![
                headers(END_HEADERS, 1, &post(&[])),
                frame(PUSH_PROMISE, END_HEADERS, 1, &[vec![0, 0, 0, 2], get()].concat()),
            ],
        ),
    ])
    .await;
}
