//! Callers that break the rules of HTTP/2, or use them against the gateway: every frame is made by hand (RFC 9113 §4.1).

use std::time::Duration;

use http::Response;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};

use crate::{
    caller::{call, get},
    raw_http2::{
        CONTINUATION, Connection, DATA, END_HEADERS, END_STREAM, ENHANCE_YOUR_CALM, End, GOAWAY, HEADERS, PETS, PING,
        PROTOCOL_ERROR, REFUSED_STREAM, RST_STREAM, SETTINGS, SOON, WINDOW_UPDATE, frame, request, section, string,
    },
    upstream::{Upstream, full},
    world::{Setup, World},
};

/// Statuses of the static table (RFC 7541 appendix A).
const OK: u8 = 0x88;
const BAD_REQUEST: u8 = 0x8c;

fn is(end: &End, status: u8) -> bool {
    matches!(end, End::Answer(payload) if payload[0] == status)
}

fn world(upstream: &Upstream) -> World {
    World::start(&Setup::new(Some(&upstream.url())))
}

#[tokio::test]
async fn malformed_requests_end_their_stream_and_nothing_else() {
    let upstream = Upstream::mirror().await;
    let world = world(&upstream);
    let end_of = async |section: &[u8]| {
        let mut connection = Connection::open(world.address()).await;
        let request = frame(HEADERS, END_HEADERS | END_STREAM, 1, section);
        assert!(connection.send(&request).await);
        (connection.end_of(1).await, connection)
    };
    assert!(is(&end_of(&request(&[], &[])).await.0, OK));
    for (what, section) in [
        ("an upper-case name", request(&[], &[("X-Own", "1")])),
        ("a colon in a name", request(&[], &[("x:own", "1")])),
        ("a line feed in a value", request(&[], &[("x-own", "1\r\nx-evil: 1")])),
        ("a null in a value", request(&[], &[("x-own", "1\0")])),
        ("a field of a connection", request(&[], &[("connection", "close")])),
        ("keep-alive", request(&[], &[("keep-alive", "1")])),
        ("proxy-connection", request(&[], &[("proxy-connection", "close")])),
        ("a transfer coding", request(&[], &[("transfer-encoding", "chunked")])),
        ("an upgrade", request(&[], &[("upgrade", "websocket")])),
        ("te with more than trailers", request(&[], &[("te", "trailers, gzip")])),
        ("no method", request(&[":method"], &[])),
        ("no scheme", request(&[":scheme"], &[])),
        ("no path", request(&[":path"], &[])),
        ("an empty path", request(&[":path", "x-api-key"], &[(":path", "")])),
        ("a method twice", request(&["x-api-key"], &[(":method", "GET")])),
        ("a path twice", request(&["x-api-key"], &[(":path", PETS)])),
        ("a scheme twice", request(&["x-api-key"], &[(":scheme", "http")])),
        ("an unknown pseudo-field", request(&["x-api-key"], &[(":own", "1")])),
        ("a status", request(&["x-api-key"], &[(":status", "200")])),
        ("a pseudo-field after others", request(&[":path"], &[(":path", PETS)])),
        ("a length without a body", request(&[], &[("content-length", "5")])),
        ("a length that is none", request(&[], &[("content-length", "+0")])),
        (
            "two lengths",
            request(&[], &[("content-length", "0"), ("content-length", "5")]),
        ),
    ] {
        let (end, _) = end_of(&section).await;
        // Names and values that can't be read end the connection too.
        assert!(
            matches!(end, End::Reset(PROTOCOL_ERROR) | End::GoAway(PROTOCOL_ERROR)),
            "{what}: {end:?}"
        );
    }
    for (what, section) in [
        ("another host", request(&[], &[("host", "other.test")])),
        (
            "two hosts",
            request(&[":authority"], &[("host", "a.test"), ("host", "b.test")]),
        ),
        (
            "a user",
            request(&[":authority", "x-api-key"], &[(":authority", "user@gateway.test")]),
        ),
        ("neither authority nor host", request(&[":authority"], &[])),
        ("a space before a value", request(&[], &[("x-own", " 1")])),
        ("a tabulator after a value", request(&[], &[("x-own", "1\t")])),
        (
            "a length twice",
            request(&[], &[("content-length", "0"), ("content-length", "0")]),
        ),
    ] {
        let (end, mut connection) = end_of(&section).await;
        assert!(is(&end, BAD_REQUEST), "{what}: {end:?}");
        let good = frame(HEADERS, END_HEADERS | END_STREAM, 3, &request(&[], &[]));
        assert!(connection.send(&good).await);
        let end = connection.end_of(3).await;
        assert!(
            matches!(end, End::Answer(_)),
            "the connection goes on after {what}: {end:?}"
        );
    }
}

#[tokio::test]
async fn bodies_and_trailers_keep_what_was_said() {
    let upstream = Upstream::mirror().await;
    let world = world(&upstream);
    let post = |length: &str| {
        let mut fields = section(&[(":method", "POST")]);
        fields.extend(request(&[":method"], &[("content-length", length)]));
        fields
    };
    for (what, frames) in [
        ("too long", vec![frame(DATA, END_STREAM, 1, b"hello!")]),
        ("too short", vec![frame(DATA, END_STREAM, 1, b"hell")]),
        (
            "trailers that do not end the stream",
            vec![
                frame(DATA, 0, 1, b"hello"),
                frame(HEADERS, END_HEADERS, 1, &section(&[("x-sum", "5")])),
            ],
        ),
    ] {
        let mut connection = Connection::open(world.address()).await;
        connection.send(&frame(HEADERS, END_HEADERS, 1, &post("5"))).await;
        connection.send(&frames.concat()).await;
        let end = connection.end_of(1).await;
        assert!(
            end == End::Reset(PROTOCOL_ERROR) || is(&end, BAD_REQUEST) || end == End::GoAway(PROTOCOL_ERROR),
            "{what}: {end:?}"
        );
    }
}

#[tokio::test]
async fn floods_end_their_connection() {
    let upstream = Upstream::mirror().await;
    let world = world(&upstream);
    let open = frame(HEADERS, END_HEADERS, 1, &request(&[], &[]));
    let repeated = |count: usize, frame: Vec<u8>| frame.repeat(count);
    let resets = (0..2_000_u32)
        .flat_map(|at| {
            let id = 2 * at + 1;
            let head = frame(HEADERS, END_HEADERS | END_STREAM, id, &request(&[], &[]));
            [head, frame(RST_STREAM, 0, id, &[0, 0, 0, 8])].concat()
        })
        .collect();
    // 4 KB into the table, and then it again and again in one byte each.
    let mut bomb = request(&[], &[]);
    bomb.push(0x40);
    string(&mut bomb, "x-bomb");
    string(&mut bomb, &"b".repeat(3_900));
    bomb.extend([0xbe; 8_000]);
    for (what, bytes) in [
        ("PING", repeated(20_000, frame(PING, 0, 0, &[0; 8]))),
        ("SETTINGS", repeated(20_000, frame(SETTINGS, 0, 0, &[]))),
        (
            "empty DATA",
            [open.clone(), repeated(20_000, frame(DATA, 0, 1, &[]))].concat(),
        ),
        ("PRIORITY", repeated(20_000, frame(2, 0, 3, &[0, 0, 0, 0, 1]))),
        (
            "WINDOW_UPDATE",
            repeated(20_000, frame(WINDOW_UPDATE, 0, 0, &[0, 0, 0, 1])),
        ),
        ("unknown frames", repeated(20_000, frame(200, 0, 0, &[]))),
        ("resets", resets),
        (
            "CONTINUATION",
            [
                frame(HEADERS, 0, 1, &request(&[], &[])),
                repeated(20_000, frame(CONTINUATION, 0, 1, &section(&[("x-own", "1")]))),
            ]
            .concat(),
        ),
        ("HPACK", frame(HEADERS, END_HEADERS | END_STREAM, 1, &bomb)),
    ] {
        let mut connection = Connection::open(world.address()).await;
        let (mut receive, mut send) = connection.stream.split();
        let (_, received) = tokio::join!(send.write_all(&bytes), async {
            let mut received = Vec::new();
            // A reset is an end too.
            let _ = timeout(SOON, receive.read_to_end(&mut received)).await.expect(what);
            received
        });
        let goaways: Vec<u32> = frames(&received)
            .filter(|(kind, _)| *kind == GOAWAY)
            .map(|(_, payload)| u32::from_be_bytes(payload[4..8].try_into().unwrap()))
            .collect();
        assert!(
            goaways
                .iter()
                .all(|code| [ENHANCE_YOUR_CALM, PROTOCOL_ERROR].contains(code)),
            "{what}: {goaways:?}"
        );
        assert_eq!(call(world.address(), get(PETS, "")).await.status, 200, "after {what}");
    }
}

#[tokio::test]
async fn a_download_in_small_frames_is_no_flood() {
    const BODY: usize = 300_000;
    let upstream = Upstream::start(|_| async { Response::new(full(vec![b'x'; BODY])) }).await;
    let world = world(&upstream);
    // SETTINGS_INITIAL_WINDOW_SIZE of 100: no frame is larger, and each has to be made up for.
    let mut connection = Connection::open_with(world.address(), &[0, 4, 0, 0, 0, 100]).await;
    connection
        .send(&frame(HEADERS, END_HEADERS | END_STREAM, 1, &request(&[], &[])))
        .await;
    let mut received = 0;
    let download = timeout(6 * SOON, async {
        while received < BODY {
            let Some((kind, _, payload)) = connection.frame().await else {
                return;
            };
            assert!(!matches!(kind, GOAWAY | RST_STREAM), "{kind}: {payload:?}");
            if kind == DATA && !payload.is_empty() {
                received += payload.len();
                let more = u32::try_from(payload.len()).unwrap().to_be_bytes();
                let updates = [0, 1].map(|stream| frame(WINDOW_UPDATE, 0, stream, &more));
                connection.send(&updates.concat()).await;
            }
        }
    });
    download.await.unwrap();
    assert_eq!(received, BODY);
}

/// Whole frames, without their stream.
fn frames(mut bytes: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    std::iter::from_fn(move || {
        let (header, rest) = bytes.split_at_checked(9)?;
        let length = u32::from_be_bytes([0, header[0], header[1], header[2]]) as usize;
        let (payload, rest) = rest.split_at_checked(length)?;
        bytes = rest;
        Some((header[3], payload))
    })
}

#[tokio::test]
async fn a_stream_whose_window_stays_closed_is_given_up() {
    let upstream = Upstream::mirror().await;
    let world = World::start_with(|options| options.limits.stall_timeout = Duration::from_millis(200));
    assert!(
        world
            .snapshot
            .apply(Setup::new(Some(&upstream.url())).config())
            .is_taken
    );
    // SETTINGS_INITIAL_WINDOW_SIZE of 0.
    let mut connection = Connection::open_with(world.address(), &[0, 4, 0, 0, 0, 0]).await;
    connection
        .send(&frame(HEADERS, END_HEADERS | END_STREAM, 1, &request(&[], &[])))
        .await;
    assert!(matches!(connection.end_after_answer(1).await, End::Reset(_)));
}

#[tokio::test]
async fn streams_beyond_the_limit_are_refused() {
    let upstream = Upstream::mirror().await;
    let world = World::start_with(|options| options.limits.streams = 4);
    assert!(
        world
            .snapshot
            .apply(Setup::new(Some(&upstream.url())).config())
            .is_taken
    );
    let mut connection = Connection::open(world.address()).await;
    let section = request(&[], &[]);
    for id in [1, 3, 5, 7] {
        connection.send(&frame(HEADERS, END_HEADERS, id, &section)).await;
    }
    connection
        .send(&frame(HEADERS, END_HEADERS | END_STREAM, 9, &section))
        .await;
    assert_eq!(connection.end_of(9).await, End::Reset(REFUSED_STREAM));
}
