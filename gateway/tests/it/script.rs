//! Upstreams that say what a test wrote, byte for byte.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// What comes after an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// The next request.
    Stay,
    /// The connection is closed.
    Close,
}

/// A server that answers every request with the next of its answers, and the last of them from then on.
pub struct Script {
    pub address: SocketAddr,
    /// Connections that were accepted.
    pub connections: Arc<AtomicUsize>,
    /// Heads of the requests that came.
    pub heads: Arc<Mutex<Vec<String>>>,
    accepting: JoinHandle<()>,
}

impl Drop for Script {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Script {
    pub async fn start<T: Into<Vec<u8>>>(answers: impl IntoIterator<Item = (T, Then)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let heads: Arc<Mutex<Vec<String>>> = Arc::default();
        let (count, seen) = (Arc::clone(&connections), Arc::clone(&heads));
        let answers: Vec<(Vec<u8>, Then)> = answers.into_iter().map(|(text, then)| (text.into(), then)).collect();
        let answers = Arc::new(answers);
        let next = Arc::new(AtomicUsize::new(0));
        let accepting = tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                count.fetch_add(1, SeqCst);
                let (answers, next, seen) = (Arc::clone(&answers), Arc::clone(&next), Arc::clone(&seen));
                tokio::spawn(async move {
                    let mut received = Vec::new();
                    while let Some(head) = request(&mut stream, &mut received).await {
                        seen.lock().unwrap().push(head);
                        let number = next.fetch_add(1, SeqCst).min(answers.len() - 1);
                        let (answer, then) = &answers[number];
                        if stream.write_all(answer).await.is_err() || *then == Then::Close {
                            break;
                        }
                    }
                });
            }
        });
        Self {
            address,
            connections,
            heads,
            accepting,
        }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn connections(&self) -> usize {
        self.connections.load(SeqCst)
    }
}

/// The head of the next request; a body with a length is taken away after it.
pub async fn request(stream: &mut TcpStream, received: &mut Vec<u8>) -> Option<String> {
    loop {
        if let Some(end) = received.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&received[..end + 2]).to_ascii_lowercase();
            let length = head.split("\r\ncontent-length: ").nth(1);
            let length = length.map_or(0, |text| text.split('\r').next().unwrap().parse::<usize>().unwrap());
            if received.len() >= end + 4 + length {
                received.drain(..end + 4 + length);
                return Some(head);
            }
        }
        if !matches!(stream.read_buf(received).await, Ok(1..)) {
            return None;
        }
    }
}
