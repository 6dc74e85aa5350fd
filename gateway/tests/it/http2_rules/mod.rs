//! What callers may not do in HTTP/2, section by section, with the error that each rule names: of the connection (GOAWAY) or
//! of the stream (RST_STREAM, or as much for the connection). What must be ignored is followed by a PING that is answered.
//! The cases are those that conformance tools send; sections are those of RFC 7540, which they are named by.
//!
//! The library often says PROTOCOL_ERROR where a rule has a code of its own. As conformance tools do, that is accepted where
//! the connection is then closed: nothing was taken for something else.

mod frames;
mod messages;
mod sections;
mod streams;

use tokio::time::timeout;

use crate::{
    raw_http2::{
        Connection, END_HEADERS, END_STREAM, Field, GOAWAY, HEADERS, PING, PROTOCOL_ERROR, RST_STREAM, SOON, frame,
        request, section,
    },
    upstream::Upstream,
    world::{Setup, World},
};

/// What must follow.
#[derive(Clone, Copy, Debug)]
pub enum Expect {
    /// The connection ends with one of these codes.
    Connection(&'static [u32]),
    /// The stream ends with one of these codes, or the connection does.
    Stream(&'static [u32]),
    /// Nothing: the connection goes on.
    Ignored,
}

/// What came.
#[derive(Debug, PartialEq, Eq)]
pub enum Came {
    Reset(u32),
    GoAway(u32),
    Closed,
    Pong,
}

pub const WHOLE: u8 = END_HEADERS | END_STREAM;

pub fn get() -> Vec<u8> {
    request(&[], &[])
}

pub fn get_with(without: &[&str], more: &[Field<'_>]) -> Vec<u8> {
    request(without, more)
}

/// A POST to the version, to be followed by a body.
pub fn post(more: &[Field<'_>]) -> Vec<u8> {
    let mut fields = section(&[(":method", "POST")]);
    fields.extend(request(&[":method"], more));
    fields
}

/// A GET whose section ends with these bytes.
pub fn get_then(bytes: &[u8]) -> Vec<u8> {
    [get(), bytes.to_vec()].concat()
}

pub fn setting(id: u16, value: u32) -> Vec<u8> {
    [id.to_be_bytes().to_vec(), value.to_be_bytes().to_vec()].concat()
}

/// Waits for what a case leads to, or for the answer to a PING. Answers to requests are passed over.
pub async fn came(connection: &mut Connection, ping: [u8; 8]) -> Came {
    let code = |payload: &[u8]| u32::from_be_bytes(payload.try_into().unwrap());
    let found = timeout(SOON, async {
        loop {
            match connection.frame().await {
                Some((GOAWAY, _, payload)) => return Came::GoAway(code(&payload[4..8])),
                Some((RST_STREAM, _, payload)) if code(&payload) != 0 => return Came::Reset(code(&payload)),
                Some((PING, _, payload)) if payload == ping => return Came::Pong,
                Some(_) => {}
                None => return Came::Closed,
            }
        }
    });
    found.await.expect("something follows")
}

/// Sends the frames of each case on a connection of its own, and a PING after them.
pub async fn judge(cases: &[(&str, Expect, Vec<Vec<u8>>)]) {
    let upstream = Upstream::mirror().await;
    let world = World::start(&Setup::new(Some(&upstream.url())));
    let mut wrong = Vec::new();
    for (what, expect, frames) in cases {
        let mut connection = Connection::open(world.address()).await;
        connection.send(&frames.concat()).await;
        let mut found = Came::Pong;
        // A stream's error may come after the answer to the first PING.
        for ping in [*b"one more", *b"two more"] {
            if found == Came::Pong {
                connection.send(&frame(PING, 0, 0, &ping)).await;
                found = came(&mut connection, ping).await;
            }
        }
        let is_right = match (expect, &found) {
            (Expect::Connection(codes) | Expect::Stream(codes), Came::GoAway(code)) => {
                codes.contains(code) || *code == PROTOCOL_ERROR && closes(&mut connection).await
            }
            (Expect::Stream(codes), Came::Reset(code)) => codes.contains(code),
            (Expect::Ignored, Came::Pong) => true,
            _ => false,
        };
        if !is_right {
            wrong.push(format!("{what}: {found:?} instead of {expect:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Whether the gateway closes the connection.
pub async fn closes(connection: &mut Connection) -> bool {
    let closing = async { while connection.frame().await.is_some() {} };
    timeout(SOON, closing).await.is_ok()
}

pub fn headers(flags: u8, stream: u32, section: &[u8]) -> Vec<u8> {
    frame(HEADERS, flags, stream, section)
}

pub fn whole(section: &[u8]) -> Vec<Vec<u8>> {
    vec![headers(WHOLE, 1, section)]
}

/// A frame whose length says more than usual is allowed.
pub fn large(kind: u8, flags: u8, stream: u32) -> Vec<u8> {
    frame(kind, flags, stream, &vec![0; 16_385])
}
