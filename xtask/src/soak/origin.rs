//! A target of upstreams: a process of its own, so that it can be killed. Every answer tells what it answers.

use std::{
    io::{self, BufReader, Read as _, Write as _},
    net::{Ipv4Addr, TcpListener, TcpStream},
    thread,
    time::Duration,
};

use clap::Args;

use super::{
    framing::{Head, in_chunks, pattern},
    pause,
};

#[derive(Args)]
pub(crate) struct Options {
    port: u16,
    /// What it calls itself in its answers
    name: String,
}

/// Length of a small answer.
pub(super) const SMALL: usize = 300;
/// Events of a stream, and the time between two.
pub(super) const EVENTS: usize = 10;
const EVENT_PAUSE: Duration = Duration::from_millis(20);
/// RFC 6455 §1.3 has this pair as its example.
pub(super) const SOCKET_KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const SOCKET_ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
/// The most that is echoed.
const BODY: u64 = 16 << 20;

/// Serves until it is killed.
pub(crate) fn serve(options: &Options) -> anyhow::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port))?;
    thread::scope(|scope| {
        for stream in listener.incoming().flatten() {
            // A connection that breaks is the gateway's to notice.
            scope.spawn(move || connection(stream, &options.name));
        }
    });
    Ok(())
}

/// An event of the stream at this path.
pub(super) fn event(path: &str, number: usize) -> String {
    format!("id: {number}\ndata: {path}\n\n")
}

fn connection(mut stream: TcpStream, name: &str) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::with_capacity(64 * 1024, stream.try_clone()?);
    while let Some(head) = Head::read(&mut reader)? {
        let mut words = head.first.split(' ');
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let body = head.body(&mut reader)?;
        if body.len() as u64 > BODY {
            return Ok(());
        }
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let room = path.split('/').nth(1).unwrap_or_default();
        let fields = format!(
            "X-Target: {name}\r\nX-Release-Sent: {}\r\n",
            head.field("x-release").unwrap_or("none")
        );
        let length = query.strip_prefix("bytes=").and_then(|length| length.parse().ok());
        match (method, room) {
            ("GET", "items" | "season" | "healthz") => sized(&mut stream, &fields, &pattern(path, SMALL))?,
            ("GET", "cached") => {
                let fields = format!("{fields}Cache-Control: public, max-age=1\r\n");
                sized(&mut stream, &fields, &pattern(path, SMALL))?;
            }
            ("GET", "large") => sized(&mut stream, &fields, &pattern(path, length.unwrap_or(1 << 20)))?,
            ("POST", "echo") if head.is_chunked() => in_pieces(&mut stream, &fields, &body)?,
            ("POST", "echo") => sized(&mut stream, &fields, &body)?,
            ("GET", "events") => events(&mut stream, &fields, path)?,
            ("GET", "socket") => return socket(&mut stream, &mut reader, &fields),
            _ => stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")?,
        }
    }
    Ok(())
}

fn sized(stream: &mut TcpStream, fields: &str, body: &[u8]) -> io::Result<()> {
    let mut text = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n{fields}Content-Length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    text.extend_from_slice(body);
    stream.write_all(&text)
}

fn in_pieces(stream: &mut TcpStream, fields: &str, body: &[u8]) -> io::Result<()> {
    let mut text = chunked_head("text/plain", fields);
    // Chunks that no buffer's size is a multiple of.
    text.extend(in_chunks(body, 4099));
    stream.write_all(&text)
}

fn events(stream: &mut TcpStream, fields: &str, path: &str) -> io::Result<()> {
    stream.write_all(&chunked_head("text/event-stream", fields))?;
    for number in 0..EVENTS {
        let event = event(path, number);
        stream.write_all(format!("{:x}\r\n{event}\r\n", event.len()).as_bytes())?;
        pause(EVENT_PAUSE);
    }
    stream.write_all(b"0\r\n\r\n")
}

fn chunked_head(content_type: &str, fields: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\n{fields}Transfer-Encoding: chunked\r\n\r\n")
        .into_bytes()
}

/// Echoes the bytes of frames, unmasked; ends with the connection.
fn socket(stream: &mut TcpStream, reader: &mut BufReader<TcpStream>, fields: &str) -> io::Result<()> {
    let head = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {SOCKET_ACCEPT}\r\n{fields}\r\n"
    );
    stream.write_all(head.as_bytes())?;
    loop {
        // A frame of the caller: up to 64 KiB, masked (RFC 6455 §5.2).
        let mut start = [0; 2];
        if reader.read_exact(&mut start).is_err() {
            return Ok(());
        }
        let mut length = usize::from(start[1] & 0x7f);
        if length == 126 {
            let mut more = [0; 2];
            reader.read_exact(&mut more)?;
            length = usize::from(u16::from_be_bytes(more));
        }
        let mut mask = [0; 4];
        reader.read_exact(&mut mask)?;
        let mut payload = vec![0; length];
        reader.read_exact(&mut payload)?;
        for (byte, mask) in payload.iter_mut().zip(mask.iter().cycle()) {
            *byte ^= mask;
        }
        stream.write_all(&frame(start[0], &payload))?;
    }
}

/// A frame without mask.
pub(super) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut text = vec![first];
    match u8::try_from(payload.len()) {
        Ok(length @ ..126) => text.push(length),
        _ => {
            text.push(126);
            text.extend_from_slice(&(payload.len() as u16).to_be_bytes());
        }
    }
    text.extend_from_slice(payload);
    text
}
