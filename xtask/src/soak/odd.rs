//! Callers that take their time, keep a connection for long, or leave.

use std::{
    io::{self, Read as _},
    time::{Duration, Instant},
};

use super::{
    callers::{Caller, Kind, answered, steady},
    client::{Answer, Broken, Connection, Request},
    framing::pattern,
    judge::{Promise, same},
    origin::{EVENTS, SOCKET_KEY, event, frame},
    pause,
};

const SHORT: Duration = Duration::from_millis(5);
const LONG: Duration = Duration::from_millis(50);

pub(super) const KINDS: &[Kind] = &[
    Kind {
        name: "event streams",
        callers: 2,
        pause: SHORT,
        call: events,
        seen: (&[200], &[]),
    },
    Kind {
        name: "WebSocket",
        callers: 2,
        pause: SHORT,
        call: socket,
        seen: (&[101], &["echoes"]),
    },
    Kind {
        name: "slow to send",
        callers: 1,
        pause: SHORT,
        call: slow_to_send,
        seen: (&[200], &[]),
    },
    Kind {
        name: "slow to read",
        callers: 1,
        pause: SHORT,
        call: slow_to_read,
        seen: (&[200], &[]),
    },
    Kind {
        name: "leaving early",
        callers: 1,
        pause: LONG,
        call: leaving,
        seen: (&[], &["left"]),
    },
    Kind {
        name: "never finishing a head",
        callers: 1,
        pause: SHORT,
        call: stalling,
        seen: (&[408], &[]),
    },
];

fn events(caller: &mut Caller<'_>) {
    let path = caller.path("events");
    caller.try_call(&steady(&path), &answered("steady"), |answer| {
        let expected: String = (0..EVENTS).map(|number| event(&path, number)).collect();
        same(&answer.body, expected.as_bytes())
    });
}

/// Fifty messages to and fro, small and large, over one WebSocket.
fn socket(caller: &mut Caller<'_>) {
    let path = caller.path("socket");
    let fields = format!(
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {SOCKET_KEY}\r\n"
    );
    let request = Request {
        fields: &fields,
        ..steady(&path)
    };
    let promise = Promise {
        version: "steady",
        statuses: &[101],
        grace: None,
    };
    let started = Instant::now();
    let mut opened = match Connection::open(caller.world.gateway) {
        Ok(opened) => opened,
        Err(error) => return caller.wrong(&error.to_string()),
    };
    let outcome = match opened.send(&request.bytes()).and_then(|()| opened.head()) {
        Ok((status, head)) => Ok(Answer {
            status,
            head,
            body: Vec::new(),
        }),
        Err(error) => Err(Broken::Head(error)),
    };
    let is_open = outcome.as_ref().is_ok_and(|answer| answer.status == 101);
    caller.judge(&promise, started, outcome, |_| Ok(()));
    for message in 0..if is_open { 50 } else { 0 } {
        let payload = pattern(&path, 1 + message * message * 13 % 60_000);
        match echo(&mut opened, &payload) {
            Ok(found) => match same(&found, &frame(0x82, &payload)) {
                Ok(()) => caller.tally.mark("echoes"),
                Err(wrong) => return caller.wrong(&wrong),
            },
            Err(error) => return caller.wrong(&format!("message {message}: {error}")),
        }
        pause(SHORT);
    }
}

/// Sends a masked message and reads as many bytes as its echo has.
fn echo(connection: &mut Connection, payload: &[u8]) -> io::Result<Vec<u8>> {
    const MASK: [u8; 4] = [0x12, 0x34, 0x56, 0x78];
    let echo = frame(0x82, payload);
    let mut sent = echo[..echo.len() - payload.len()].to_vec();
    sent[1] |= 0x80;
    sent.extend_from_slice(&MASK);
    sent.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    connection.send(&sent)?;
    let mut found = vec![0; echo.len()];
    connection.reader.read_exact(&mut found)?;
    Ok(found)
}

/// A head in many small pieces, well within the time that it may take.
fn slow_to_send(caller: &mut Caller<'_>) {
    let path = caller.path("items");
    let started = Instant::now();
    let mut opened = match caller.connection() {
        Ok(opened) => opened,
        Err(error) => return caller.wrong(&error.to_string()),
    };
    for piece in steady(&path).bytes().chunks(7) {
        let _ = opened.send(piece);
        pause(LONG);
    }
    let outcome = opened.answer();
    if let Ok(answer) = &outcome {
        caller.keep(opened, answer);
    }
    caller.judge(&answered("steady"), started, outcome, |answer| {
        same(&answer.body, &pattern(&path, answer.body.len().max(1)))
    });
}

/// A large answer in small pieces: the gateway waits for the caller, and the upstream for the gateway.
fn slow_to_read(caller: &mut Caller<'_>) {
    const LENGTH: usize = 8 << 20;
    let path = caller.path("large");
    let target = format!("{path}?bytes={LENGTH}");
    let started = Instant::now();
    let outcome = caller.connection().map_err(Broken::Head).and_then(|mut opened| {
        let sent = opened.send(&steady(&target).bytes()).and_then(|()| opened.head());
        let (status, head) = sent.map_err(Broken::Head)?;
        let mut body = Vec::new();
        while body.len() < LENGTH && status == 200 {
            let piece = (&mut opened.reader).take(256 << 10).read_to_end(&mut body);
            match piece {
                Ok(1..) => pause(LONG),
                Ok(0) => {
                    let error = io::ErrorKind::UnexpectedEof.into();
                    return Err(Broken::Body { status, error });
                }
                Err(error) => return Err(Broken::Body { status, error }),
            }
        }
        Ok(Answer { status, head, body })
    });
    caller.judge(&answered("steady"), started, outcome, |answer| {
        same(&answer.body, &pattern(&path, LENGTH))
    });
}

/// Sends a request and goes: at once, or within the answer. Others must not notice.
fn leaving(caller: &mut Caller<'_>) {
    let path = caller.path(if caller.calls().is_multiple_of(2) {
        "events"
    } else {
        "large"
    });
    let request = Request {
        version: "odd",
        ..steady(&path)
    };
    let sent = Connection::open(caller.world.gateway).and_then(|mut opened| {
        opened.send(&request.bytes())?;
        if caller.calls().is_multiple_of(3) {
            opened.head()?;
        }
        Ok(())
    });
    match sent {
        Ok(()) => {
            caller.tally.mark("left");
            *caller.tally.left.entry("odd").or_default() += 1;
        }
        Err(error) => caller.wrong(&error.to_string()),
    }
}

/// A head that never ends is answered when its time is over.
fn stalling(caller: &mut Caller<'_>) {
    let started = Instant::now();
    let outcome = Connection::open(caller.world.gateway).and_then(|mut opened| {
        opened.send(b"GET /soak/api/steady/items/1 HTTP/1.1\r\nHost: gateway.example\r\nX-Never: ")?;
        Ok(opened)
    });
    let outcome = outcome.map_err(Broken::Head).and_then(|mut opened| opened.answer());
    let promise = Promise {
        version: "none",
        statuses: &[408],
        grace: None,
    };
    caller.judge(&promise, started, outcome, |_| Ok(()));
}
