//! Frames of HTTP/2, made and read by hand (RFC 9113 §4.1).

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::world::KEY;

pub const PETS: &str = "/acme/petstore/v1/pets";
/// Longer than anything here takes.
pub const SOON: Duration = Duration::from_secs(10);

pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
pub const PRIORITY: u8 = 2;
pub const RST_STREAM: u8 = 3;
pub const SETTINGS: u8 = 4;
pub const PUSH_PROMISE: u8 = 5;
pub const PING: u8 = 6;
pub const GOAWAY: u8 = 7;
pub const WINDOW_UPDATE: u8 = 8;
pub const CONTINUATION: u8 = 9;
pub const END_STREAM: u8 = 1;
pub const ACK: u8 = 1;
pub const END_HEADERS: u8 = 4;
pub const PADDED: u8 = 8;
pub const PRIORITIZED: u8 = 0x20;

pub const PROTOCOL_ERROR: u32 = 1;
pub const FLOW_CONTROL_ERROR: u32 = 3;
pub const STREAM_CLOSED: u32 = 5;
pub const FRAME_SIZE_ERROR: u32 = 6;
pub const REFUSED_STREAM: u32 = 7;
pub const COMPRESSION_ERROR: u32 = 9;
pub const ENHANCE_YOUR_CALM: u32 = 11;

pub type Field<'a> = (&'a str, &'a str);

pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = vec![length[1], length[2], length[3], kind, flags];
    frame.extend_from_slice(&stream.to_be_bytes());
    frame.extend_from_slice(payload);
    frame
}

/// A string of HPACK without Huffman coding (RFC 7541 §5.2).
pub fn string(out: &mut Vec<u8>, text: &str) {
    match u8::try_from(text.len()) {
        Ok(length @ ..127) => out.push(length),
        _ => {
            out.push(127);
            let mut rest = text.len() - 127;
            while rest >= 128 {
                out.push(u8::try_from(rest % 128).unwrap() | 128);
                rest /= 128;
            }
            out.push(u8::try_from(rest).unwrap());
        }
    }
    out.extend_from_slice(text.as_bytes());
}

/// A section of fields that are written out (RFC 7541 §6.2.2).
pub fn section(fields: &[Field<'_>]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, value) in fields {
        out.push(0);
        string(&mut out, name);
        string(&mut out, value);
    }
    out
}

/// A GET, without what a test wants to say itself.
pub fn request<'a>(without: &[&str], more: &[Field<'a>]) -> Vec<u8> {
    let usual = [
        (":method", "GET"),
        (":scheme", "http"),
        (":path", PETS),
        (":authority", "gateway.test"),
        ("x-api-key", KEY),
    ];
    let mut fields: Vec<Field<'a>> = usual.into_iter().filter(|(name, _)| !without.contains(name)).collect();
    fields.extend(more);
    section(&fields)
}

pub struct Connection {
    pub stream: TcpStream,
}

/// How a stream or a connection ended.
#[derive(Debug, PartialEq, Eq)]
pub enum End {
    /// With an answer; its first byte of HPACK says which status it is.
    Answer(Vec<u8>),
    Reset(u32),
    GoAway(u32),
    Closed,
}

impl Connection {
    pub async fn open(address: SocketAddr) -> Self {
        Self::open_with(address, &[]).await
    }

    pub async fn open_with(address: SocketAddr, settings: &[u8]) -> Self {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
        stream.write_all(&frame(SETTINGS, 0, 0, settings)).await.unwrap();
        Self { stream }
    }

    /// Whether it was taken; not after the gateway has closed.
    pub async fn send(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).await.is_ok()
    }

    pub async fn frame(&mut self) -> Option<(u8, u32, Vec<u8>)> {
        let (kind, _, stream, payload) = self.frame_with_flags().await?;
        Some((kind, stream, payload))
    }

    pub async fn frame_with_flags(&mut self) -> Option<(u8, u8, u32, Vec<u8>)> {
        let mut header = [0; 9];
        self.stream.read_exact(&mut header).await.ok()?;
        let length = u32::from_be_bytes([0, header[0], header[1], header[2]]);
        let mut payload = vec![0; length as usize];
        self.stream.read_exact(&mut payload).await.ok()?;
        let stream = u32::from_be_bytes(header[5..9].try_into().unwrap());
        Some((header[3], header[4], stream, payload))
    }

    /// How a stream ends, or the connection before it.
    pub async fn end_of(&mut self, stream: u32) -> End {
        let code = |payload: &[u8]| u32::from_be_bytes(payload.try_into().unwrap());
        let found = timeout(SOON, async {
            loop {
                match self.frame().await {
                    Some((HEADERS, id, payload)) if id == stream => return End::Answer(payload),
                    Some((RST_STREAM, id, payload)) if id == stream => return End::Reset(code(&payload)),
                    Some((GOAWAY, _, payload)) => return End::GoAway(code(&payload[4..8])),
                    Some(_) => {}
                    None => return End::Closed,
                }
            }
        });
        found.await.expect("it ends")
    }

    /// How a stream ends after its answer has begun.
    pub async fn end_after_answer(&mut self, stream: u32) -> End {
        assert!(matches!(self.end_of(stream).await, End::Answer(_)));
        self.end_of(stream).await
    }
}
