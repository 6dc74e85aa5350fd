//! What may come on a stream, and how much (RFC 7540 §5, §6.9).

use tokio::time::timeout;

use super::{
    Came,
    Expect::{Connection as OfConnection, Ignored, Stream as OfStream},
    WHOLE, came, closes, get, headers, judge, post, setting,
};
use crate::{
    raw_http2::{
        CONTINUATION, Connection, DATA, END_HEADERS, END_STREAM, FLOW_CONTROL_ERROR, GOAWAY, HEADERS, PRIORITIZED,
        PRIORITY, PROTOCOL_ERROR, REFUSED_STREAM, RST_STREAM, SETTINGS, SOON, STREAM_CLOSED, WINDOW_UPDATE, frame,
    },
    upstream::Upstream,
    world::{Setup, World},
};

#[tokio::test]
async fn streams_have_states() {
    const RULE: &[u32] = &[PROTOCOL_ERROR];
    const CLOSED: &[u32] = &[STREAM_CLOSED];
    const NO_HEADERS: &[u32] = &[STREAM_CLOSED, PROTOCOL_ERROR];
    let data = || frame(DATA, END_STREAM, 1, b"test");
    let reset = || frame(RST_STREAM, 0, 1, &[0, 0, 0, 8]);
    let continuation = || frame(CONTINUATION, END_HEADERS, 1, &get());
    let ended = || headers(WHOLE, 1, &get());
    let open = || headers(END_HEADERS, 1, &post(&[]));
    judge(&[
        ("5.1 DATA on an idle stream", OfConnection(RULE), vec![data()]),
        (
            "5.1 WINDOW_UPDATE on an idle stream",
            OfConnection(RULE),
            vec![frame(WINDOW_UPDATE, 0, 1, &[0, 0, 0, 100])],
        ),
        (
            "5.1 CONTINUATION on an idle stream",
            OfConnection(RULE),
            vec![continuation()],
        ),
        ("5.1 DATA after the end", OfStream(CLOSED), vec![ended(), data()]),
        ("5.1 HEADERS after the end", OfStream(CLOSED), vec![ended(), ended()]),
        (
            "5.1 CONTINUATION after the end",
            OfConnection(NO_HEADERS),
            vec![ended(), continuation()],
        ),
        (
            "5.1 DATA after a reset",
            OfStream(CLOSED),
            vec![open(), reset(), data()],
        ),
        (
            "5.1 HEADERS after a reset",
            OfStream(CLOSED),
            vec![open(), reset(), ended()],
        ),
        (
            "5.1 CONTINUATION after a reset",
            OfConnection(NO_HEADERS),
            vec![open(), reset(), continuation()],
        ),
        (
            "5.1.1 an even number",
            OfConnection(RULE),
            vec![headers(WHOLE, 2, &get())],
        ),
        (
            "5.1.1 a smaller number",
            OfConnection(RULE),
            vec![headers(WHOLE, 5, &get()), headers(WHOLE, 3, &get())],
        ),
        ("5.1.2 too many at once", OfStream(&[PROTOCOL_ERROR, REFUSED_STREAM]), {
            (0..1_000)
                .map(|at| headers(END_HEADERS, 2 * at + 1, &post(&[])))
                .collect()
        }),
        (
            "5.3.1 HEADERS that depend on themselves",
            OfStream(RULE),
            vec![headers(
                WHOLE | PRIORITIZED,
                1,
                &[vec![0, 0, 0, 1, 255], get()].concat(),
            )],
        ),
        (
            "5.3.1 PRIORITY that depends on itself",
            OfStream(RULE),
            vec![frame(PRIORITY, 0, 3, &[0, 0, 0, 3, 255])],
        ),
        (
            "5.1 PRIORITY on an idle stream",
            Ignored,
            vec![frame(PRIORITY, 0, 1, &[0, 0, 0, 0, 255]), ended()],
        ),
        (
            "5.1 PRIORITY after the end",
            Ignored,
            vec![ended(), frame(PRIORITY, 0, 1, &[0, 0, 0, 0, 255])],
        ),
        (
            "5.1 WINDOW_UPDATE after the end",
            Ignored,
            vec![ended(), frame(WINDOW_UPDATE, 0, 1, &[0, 0, 0, 1])],
        ),
        ("5.1 RST_STREAM after the end", Ignored, vec![ended(), reset()]),
        (
            "6.9 a window that grows by 0",
            OfConnection(RULE),
            vec![frame(WINDOW_UPDATE, 0, 0, &[0; 4])],
        ),
        (
            "6.9 a stream's window that grows by 0",
            OfStream(RULE),
            vec![open(), frame(WINDOW_UPDATE, 0, 1, &[0; 4])],
        ),
        (
            "6.9.1 a window beyond the largest",
            OfConnection(&[FLOW_CONTROL_ERROR]),
            vec![
                frame(WINDOW_UPDATE, 0, 0, &i32::MAX.to_be_bytes()),
                frame(WINDOW_UPDATE, 0, 0, &i32::MAX.to_be_bytes()),
            ],
        ),
        (
            "6.9.1 a stream's window beyond the largest",
            OfStream(&[FLOW_CONTROL_ERROR]),
            vec![
                open(),
                frame(WINDOW_UPDATE, 0, 1, &i32::MAX.to_be_bytes()),
                frame(WINDOW_UPDATE, 0, 1, &i32::MAX.to_be_bytes()),
            ],
        ),
    ])
    .await;
}

#[tokio::test]
async fn a_closed_stream_stays_closed() {
    let upstream = Upstream::mirror().await;
    let world = World::start(&Setup::new(Some(&upstream.url())));
    for (what, late) in [
        ("DATA", frame(DATA, END_STREAM, 1, b"test")),
        ("HEADERS", headers(WHOLE, 1, &get())),
        ("CONTINUATION", frame(CONTINUATION, END_HEADERS, 1, &get())),
    ] {
        let mut connection = Connection::open(world.address()).await;
        connection.send(&headers(WHOLE, 1, &get())).await;
        let answered = async {
            loop {
                let (kind, flags, stream, _) = connection.frame_with_flags().await.expect("an answer");
                if stream == 1 && matches!(kind, DATA | HEADERS) && flags & END_STREAM != 0 {
                    return;
                }
            }
        };
        timeout(SOON, answered).await.expect("the answer ends");
        connection.send(&late).await;
        let found = came(&mut connection, [0; 8]).await;
        let is_right = match found {
            Came::Reset(code) => code == STREAM_CLOSED,
            Came::GoAway(code) => [STREAM_CLOSED, PROTOCOL_ERROR].contains(&code) && closes(&mut connection).await,
            Came::Closed | Came::Pong => false,
        };
        assert!(is_right, "{what}: {found:?}");
    }
}

#[tokio::test]
async fn windows_hold_the_answer_back() {
    let upstream = Upstream::mirror().await;
    let world = World::start(&Setup::new(Some(&upstream.url())));
    let length = async |connection: &mut Connection| {
        let found = timeout(SOON, async {
            loop {
                match connection.frame().await.expect("the connection goes on") {
                    (DATA, 1, payload) => return payload.len(),
                    (RST_STREAM | GOAWAY, _, payload) => panic!("{payload:?}"),
                    _ => {}
                }
            }
        });
        found.await.expect("DATA comes")
    };
    // 6.9.1, and 6.5.3: of two values the last one holds.
    for settings in [setting(4, 1), [setting(4, 100), setting(4, 1)].concat()] {
        let mut connection = Connection::open_with(world.address(), &settings).await;
        connection.send(&headers(WHOLE, 1, &get())).await;
        assert_eq!(length(&mut connection).await, 1);
    }
    // 6.9.2: a window that grows with the settings, and one that they made negative.
    let mut connection = Connection::open_with(world.address(), &setting(4, 0)).await;
    connection.send(&headers(WHOLE, 1, &get())).await;
    connection.send(&frame(SETTINGS, 0, 0, &setting(4, 1))).await;
    assert_eq!(length(&mut connection).await, 1);
    let mut connection = Connection::open_with(world.address(), &setting(4, 3)).await;
    connection.send(&headers(WHOLE, 1, &get())).await;
    assert_eq!(length(&mut connection).await, 3);
    connection.send(&frame(SETTINGS, 0, 0, &setting(4, 2))).await;
    connection.send(&frame(WINDOW_UPDATE, 0, 1, &[0, 0, 0, 2])).await;
    assert_eq!(length(&mut connection).await, 1);
}
