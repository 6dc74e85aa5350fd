//! Callers on plain TCP, so that every byte is the test's.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::world::KEY;

/// A connection.
pub struct Caller {
    pub stream: TcpStream,
    buffer: Vec<u8>,
}

/// An answer.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    /// Values of a field, joined by a comma; empty without one.
    pub fn header(&self, name: &str) -> String {
        let values: Vec<&str> = self
            .headers
            .iter()
            .filter(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
            .collect();
        values.join(", ")
    }

    pub fn has(&self, name: &str) -> bool {
        self.headers.iter().any(|(n, _)| n.eq_ignore_ascii_case(name))
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.text()))
    }

    /// The problem, after checking the form that all have.
    pub fn problem(&self, slug: &str) -> serde_json::Value {
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        let problem = self.json();
        assert_eq!(
            problem["type"],
            format!("http://portal.test/problems/{slug}"),
            "{problem}"
        );
        assert_eq!(problem["status"], self.status);
        assert_eq!(problem["request_id"].as_str().unwrap(), self.header("x-request-id"));
        assert_eq!(self.header("x-request-id").len(), 32);
        assert!(
            problem["title"].is_string() && problem["detail"].is_string() && problem["next_steps"][0].is_string(),
            "{problem}"
        );
        assert!(
            gateway::problem::ALL.iter().any(|p| p.slug == slug),
            "the portal has a page for it"
        );
        problem
    }
}

impl Caller {
    pub async fn connect(address: SocketAddr) -> Self {
        Self {
            stream: TcpStream::connect(address).await.unwrap(),
            buffer: Vec::new(),
        }
    }

    pub async fn send(&mut self, text: impl AsRef<[u8]>) {
        self.stream.write_all(text.as_ref()).await.unwrap();
    }

    /// Reads one answer: by its length, its chunks, or to the end of the connection.
    pub async fn reply(&mut self) -> Reply {
        let mut reply = self.head().await;
        let no_body = matches!(reply.status, 101 | 204 | 304);
        if no_body {
        } else if reply.header("transfer-encoding") == "chunked" {
            loop {
                let size = self.line().await;
                let size = usize::from_str_radix(size.split(';').next().unwrap(), 16).unwrap();
                if size == 0 {
                    loop {
                        let line = self.line().await;
                        let Some((name, value)) = line.split_once(": ") else {
                            break;
                        };
                        reply.headers.push((format!("trailer:{name}"), value.to_owned()));
                    }
                    break;
                }
                let chunk = self.exactly(size).await;
                reply.body.extend(chunk);
                assert_eq!(self.line().await, "");
            }
        } else if reply.has("content-length") {
            let length = reply.header("content-length").parse().unwrap();
            reply.body = self.exactly(length).await;
        } else {
            while self.fill().await {}
            reply.body = std::mem::take(&mut self.buffer);
        }
        reply
    }

    /// Status and body of the next answer; none if the connection ends before the answer does. Informational answers are
    /// passed over.
    pub async fn any_reply(&mut self) -> Option<(u16, Vec<u8>)> {
        loop {
            let end = loop {
                match self.buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                    Some(end) => break end + 4,
                    None if self.fill().await => {}
                    None => return None,
                }
            };
            let head = String::from_utf8_lossy(&self.buffer[..end]).to_ascii_lowercase();
            self.buffer.drain(..end);
            let status: u16 = head.split(' ').nth(1)?.parse().ok()?;
            if status < 200 {
                continue;
            }
            if head.contains("transfer-encoding: chunked") {
                let mut body = Vec::new();
                loop {
                    while !self.buffer.windows(2).any(|window| window == b"\r\n") {
                        if !self.fill().await {
                            return None;
                        }
                    }
                    let size = usize::from_str_radix(&self.line().await, 16).ok()?;
                    while self.buffer.len() < size + 2 {
                        if !self.fill().await {
                            return None;
                        }
                    }
                    let chunk = self.exactly(size + 2).await;
                    if size == 0 {
                        return Some((status, body));
                    }
                    body.extend_from_slice(&chunk[..size]);
                }
            }
            let length = head.split("content-length: ").nth(1);
            let length = length.map_or(0, |text| text.split('\r').next().unwrap().parse().unwrap());
            while self.buffer.len() < length {
                if !self.fill().await {
                    return None;
                }
            }
            return Some((status, self.buffer.drain(..length).collect()));
        }
    }

    /// Reads a status line and header section.
    pub async fn head(&mut self) -> Reply {
        let status = self.line().await;
        let mut reply = Reply {
            status: status
                .split(' ')
                .nth(1)
                .unwrap_or_else(|| panic!("{status:?}"))
                .parse()
                .unwrap(),
            headers: Vec::new(),
            body: Vec::new(),
        };
        loop {
            let line = self.line().await;
            let Some((name, value)) = line.split_once(": ") else {
                break;
            };
            reply.headers.push((name.to_owned(), value.to_owned()));
        }
        reply
    }

    pub async fn line(&mut self) -> String {
        loop {
            if let Some(end) = self.buffer.windows(2).position(|w| w == b"\r\n") {
                let line = String::from_utf8(self.buffer[..end].to_vec()).unwrap();
                self.buffer.drain(..end + 2);
                return line;
            }
            assert!(
                self.fill().await,
                "the connection ended in a line: {:?}",
                String::from_utf8_lossy(&self.buffer)
            );
        }
    }

    /// A line, or what is left of the connection.
    pub async fn line_or_rest(&mut self) -> String {
        while !self.buffer.windows(2).any(|w| w == b"\r\n") {
            if !self.fill().await {
                return String::from_utf8(std::mem::take(&mut self.buffer)).unwrap();
            }
        }
        self.line().await
    }

    pub async fn exactly(&mut self, count: usize) -> Vec<u8> {
        while self.buffer.len() < count {
            assert!(self.fill().await, "the connection ended in a body");
        }
        self.buffer.drain(..count).collect()
    }

    /// Whether the other side has closed the connection and nothing is left.
    pub async fn is_closed(&mut self) -> bool {
        self.buffer.is_empty() && !self.fill().await
    }

    async fn fill(&mut self) -> bool {
        // A reset is an end too.
        let count = self.stream.read_buf(&mut self.buffer).await.unwrap_or(0);
        count > 0
    }
}

/// A request without a body, with the key.
pub fn get(path: &str, fields: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: gateway.test\r\nX-Api-Key: {KEY}\r\n{fields}\r\n")
}

/// Sends one request on a new connection.
pub async fn call(address: SocketAddr, request: impl AsRef<[u8]>) -> Reply {
    let mut caller = Caller::connect(address).await;
    caller.send(request).await;
    caller.reply().await
}
