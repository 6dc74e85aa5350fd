//! A caller's connection to the gateway.

use std::{
    io::{self, BufReader, Write as _},
    net::TcpStream,
    time::Duration,
};

use super::framing::{Head, in_chunks};
use crate::server;

/// Longer than any answer may take; what takes longer hangs.
const PATIENCE: Duration = Duration::from_mins(1);

/// A request to one of the versions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request<'a> {
    pub(super) method: &'a str,
    pub(super) version: &'static str,
    /// Within the version, with the query.
    pub(super) path: &'a str,
    pub(super) key: &'a str,
    /// Further fields, each with its line end.
    pub(super) fields: &'a str,
    pub(super) body: Body<'a>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Body<'a> {
    None,
    Sized(&'a [u8]),
    Chunked(&'a [u8]),
}

impl Request<'_> {
    pub(super) fn bytes(&self) -> Vec<u8> {
        let Self {
            method,
            version,
            path,
            key,
            fields,
            body,
        } = self;
        let framing = match body {
            Body::None => String::new(),
            Body::Sized(body) => format!("Content-Length: {}\r\n", body.len()),
            Body::Chunked(_) => "Transfer-Encoding: chunked\r\n".to_owned(),
        };
        let head = format!(
            "{method} {}/{version}{path} HTTP/1.1\r\nHost: gateway.example\r\nX-Api-Key: {key}\r\n{fields}{framing}\r\n",
            super::world::PREFIX
        );
        let mut bytes = head.into_bytes();
        match body {
            Body::None => {}
            Body::Sized(body) => bytes.extend_from_slice(body),
            Body::Chunked(body) => bytes.extend(in_chunks(body, 10_007)),
        }
        bytes
    }
}

/// An answer that came whole.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) head: Head,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn field(&self, name: &str) -> &str {
        self.head.field(name).unwrap_or_default()
    }

    /// The last segment of the problem's type, for answers of the gateway itself.
    pub(super) fn problem(&self) -> Option<String> {
        if self.field("content-type") != "application/problem+json" {
            return None;
        }
        let document: serde_json::Value = serde_json::from_slice(&self.body).ok()?;
        let kind = document["type"].as_str()?.rsplit('/').next()?;
        (document["status"] == self.status).then(|| kind.to_owned())
    }
}

/// Why there is no whole answer.
#[derive(Debug)]
pub(super) enum Broken {
    /// Not even its head.
    Head(io::Error),
    /// It broke off within its body.
    Body { status: u16, error: io::Error },
}

pub(super) struct Connection {
    pub(super) reader: BufReader<TcpStream>,
}

impl Connection {
    pub(super) fn open(port: u16) -> io::Result<Self> {
        let stream = server::connect(port)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(Self {
            reader: BufReader::with_capacity(64 * 1024, stream),
        })
    }

    pub(super) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.reader.get_mut().write_all(bytes)
    }

    /// The head of the next answer that is not informational.
    pub(super) fn head(&mut self) -> io::Result<(u16, Head)> {
        loop {
            let head = Head::read(&mut self.reader)?.ok_or(io::ErrorKind::UnexpectedEof)?;
            let status = head.first.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3));
            let status = status.and_then(|status| status.parse().ok());
            match status {
                Some(101 | 200..) => return Ok((status.unwrap_or_default(), head)),
                Some(_) => {}
                None => return Err(super::framing::malformed(&head.first)),
            }
        }
    }

    pub(super) fn answer(&mut self) -> Result<Answer, Broken> {
        let (status, head) = self.head().map_err(Broken::Head)?;
        match head.body(&mut self.reader) {
            Ok(body) => Ok(Answer { status, head, body }),
            Err(error) => Err(Broken::Body { status, error }),
        }
    }
}

/// The body of a page of the product's own.
pub(super) fn get(port: u16, path: &str) -> anyhow::Result<String> {
    let mut connection = Connection::open(port)?;
    connection.send(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").as_bytes())?;
    match connection.answer() {
        Ok(Answer { status: 200, body, .. }) => Ok(String::from_utf8(body)?),
        other => anyhow::bail!("{path} is answered with {other:?}"),
    }
}
