//! A server that records what arrives.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A request that arrived.
#[derive(Clone, Debug, Default)]
pub(crate) struct Arrived {
    pub(crate) method: String,
    pub(crate) target: String,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Arrived {
    pub(crate) fn header(&self, name: &str) -> Vec<&str> {
        let own = self
            .headers
            .iter()
            .filter(|(known, _)| known.eq_ignore_ascii_case(name));
        own.map(|(_, value)| value.as_str()).collect()
    }
}

/// Records requests by the first segment of their path, which says which sample sent them.
pub(crate) struct Recorder {
    pub(crate) base_url: String,
    pub(crate) arrived: Arc<Mutex<HashMap<String, Arrived>>>,
}

impl Recorder {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let arrived = Arc::new(Mutex::new(HashMap::new()));
        let all = Arc::clone(&arrived);
        // Ends with the process: nothing tells when the last sample has run.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let all = Arc::clone(&all);
                std::thread::spawn(move || {
                    let _ = record(stream, &all);
                });
            }
        });
        Self { base_url, arrived }
    }
}

fn record(mut stream: TcpStream, all: &Mutex<HashMap<String, Arrived>>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut arrived = Arrived::default();
    let line = |reader: &mut BufReader<TcpStream>| -> std::io::Result<String> {
        let mut bytes = Vec::new();
        reader.read_until(b'\n', &mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes)
            .trim_end_matches(['\r', '\n'])
            .to_owned())
    };
    let first = line(&mut reader)?;
    let mut words = first.split(' ');
    let mut word = || words.next().unwrap_or_default().to_owned();
    (arrived.method, arrived.target) = (word(), word());
    loop {
        let header = line(&mut reader)?;
        let Some((name, value)) = header.split_once(':') else {
            break;
        };
        arrived.headers.push((name.to_owned(), value.trim().to_owned()));
    }
    if !arrived.header("Expect").is_empty() {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    if arrived.header("Transfer-Encoding").is_empty() {
        let length = arrived
            .header("Content-Length")
            .first()
            .and_then(|text| text.parse().ok());
        arrived.body = vec![0; length.unwrap_or(0)];
        reader.read_exact(&mut arrived.body)?;
    } else {
        loop {
            let size = usize::from_str_radix(&line(&mut reader)?, 16).unwrap_or(0);
            let mut chunk = vec![0; size];
            reader.read_exact(&mut chunk)?;
            line(&mut reader)?;
            if size == 0 {
                break;
            }
            arrived.body.extend(chunk);
        }
    }
    let name = arrived
        .target
        .trim_start_matches('/')
        .split(['/', '?'])
        .next()
        .unwrap_or_default()
        .to_owned();
    all.lock().unwrap().insert(name, arrived);
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
}
