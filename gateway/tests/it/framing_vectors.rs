//! Every vector of `framing/vectors.txt` against an origin that keeps the bytes it gets, which are then read strictly.

use std::{sync::Arc, time::Duration};

use domain::{catalog::version::Access, gateway_config::OperationRecord};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinSet,
};

use crate::{
    framing_judge::judge,
    world::{Setup, World},
};

const VECTORS: &str = include_str!("framing/vectors.txt");
/// Worlds at the same time.
const AT_ONCE: usize = 16;

/// What is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Accept,
    Refuse,
    RefuseInBody,
    Either,
}

#[derive(Debug)]
struct Vector {
    name: &'static str,
    verdict: Verdict,
    bytes: Vec<u8>,
}

fn vectors() -> Vec<Vector> {
    let lines = VECTORS.lines().filter(|line| !line.starts_with('#'));
    let vectors = lines.map(|line| {
        let mut parts = line.splitn(3, " | ");
        let mut part = || parts.next().unwrap();
        Vector {
            name: part(),
            verdict: match part() {
                "accept" => Verdict::Accept,
                "refuse" => Verdict::Refuse,
                "refuse-in-body" => Verdict::RefuseInBody,
                "either" => Verdict::Either,
                other => panic!("no verdict: {other}"),
            },
            bytes: unescaped(part()),
        }
    });
    vectors.collect()
}

fn unescaped(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        bytes.extend(before.bytes());
        let mut used = 1;
        match after.as_bytes()[0] {
            b'r' => bytes.push(b'\r'),
            b'n' => bytes.push(b'\n'),
            b't' => bytes.push(b'\t'),
            b'\\' => bytes.push(b'\\'),
            b'x' => {
                bytes.push(u8::from_str_radix(&after[1..3], 16).unwrap());
                used = 3;
            }
            b'{' => {
                let (count, byte) = after[1..].split_once('}').unwrap().0.split_once('*').unwrap();
                bytes.extend(byte.repeat(count.parse().unwrap()).bytes());
                used = count.len() + 4;
            }
            other => panic!("no escape: {other}"),
        }
        rest = &after[used..];
    }
    bytes.extend(rest.bytes());
    bytes
}

/// An origin that answers with `ok` what it takes for a request, and hands over all that each connection brought.
async fn record(listener: TcpListener, mut is_over: tokio::sync::oneshot::Receiver<()>) -> Vec<Vec<u8>> {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => { connections.spawn(keep(accepted.unwrap().0)); }
            _ = &mut is_over => break,
        }
    }
    connections.join_all().await
}

async fn keep(mut stream: TcpStream) -> Vec<u8> {
    let (mut all, mut from) = (Vec::new(), 0);
    while let Ok(1..) = stream.read_buf(&mut all).await {
        while let Some((length, wants_word)) = request_length(&all[from..]) {
            let Some(length) = length else {
                if wants_word {
                    let _ = stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await;
                }
                break;
            };
            from += length;
            let _ = stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                .await;
        }
    }
    all
}

/// Length of the first request, as far as its head is there, and whether its sender waits for a word.
fn request_length(bytes: &[u8]) -> Option<(Option<usize>, bool)> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
    let body = &bytes[end..];
    let wants_word = head.contains("\r\nexpect: 100");
    let length = if head.contains("\r\ntransfer-encoding:") {
        body.windows(5)
            .position(|window| window == b"0\r\n\r\n")
            .map(|at| at + 5)
            .or_else(|| {
                // With trailers.
                let last = body.windows(5).position(|window| window == b"\r\n0\r\n")? + 5;
                let end = body[last..].windows(4).position(|window| window == b"\r\n\r\n")?;
                Some(last + end + 4)
            })
    } else {
        let length = head.split("\r\ncontent-length: ").nth(1);
        let length = length.map_or(0, |text| text.lines().next().unwrap().trim().parse().unwrap());
        (body.len() >= length).then_some(length)
    };
    Some((length.map(|length| end + length), wants_word))
}

/// What became of a vector.
#[derive(Debug)]
struct Outcome {
    statuses: Vec<u16>,
    forwarded: usize,
    faults: Vec<String>,
}

/// How long the gateway waits for the next request: what a vector leaves open ends after it.
const PATIENCE: Duration = Duration::from_millis(300);
/// The same for a good request that came to nothing: on a busy machine a caller may be late for its first byte.
const MORE_PATIENCE: Duration = Duration::from_secs(10);

async fn run(bytes: &[u8], is_slow: bool, patience: Duration) -> Outcome {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut setup = Setup::new(Some(&format!("http://{}", listener.local_addr().unwrap())));
    setup.version.access = Access::Anonymous;
    setup.version.operations = [
        ("GET", "/x"),
        ("POST", "/x"),
        ("GET", "/y"),
        ("GET", "/smuggled"),
        ("TRACE", "/x"),
    ]
    .into_iter()
    .enumerate()
    .map(|(number, (method, path))| OperationRecord {
        slug: format!("operation-{number}"),
        method: method.into(),
        path: path.into(),
        ..setup.version.operations[0].clone()
    })
    .collect();
    // The gateway hangs up on those that wait for more.
    setup.version.upstream.as_mut().unwrap().response_timeout_ms = 2_000;
    let world = World::start_with(|options| {
        options.threads = 1;
        options.limits.idle_timeout = patience;
        options.limits.header_timeout = Duration::from_secs(2);
    });
    world.snapshot.apply(setup.config());
    let (end, is_over) = tokio::sync::oneshot::channel();
    let recording = tokio::spawn(record(listener, is_over));
    let mut caller = TcpStream::connect(world.address()).await.unwrap();
    caller.set_nodelay(true).unwrap();
    let pieces = bytes.chunks(if is_slow { 1 } else { bytes.len() });
    for piece in pieces {
        // Refused before the end.
        if caller.write_all(piece).await.is_err() {
            break;
        }
    }
    let mut answers = Vec::new();
    while let Ok(1..) = caller.read_buf(&mut answers).await {}
    drop(caller);
    world.stop().await;
    let _ = end.send(());
    let mut outcome = Outcome {
        statuses: statuses(&answers),
        forwarded: 0,
        faults: Vec::new(),
    };
    for received in recording.await.unwrap() {
        let (count, faults) = judge(&received);
        outcome.forwarded += count;
        outcome.faults.extend(faults.into_iter().map(str::to_owned));
    }
    outcome
}

fn statuses(answers: &[u8]) -> Vec<u16> {
    let text = String::from_utf8_lossy(answers);
    let found = text.match_indices("HTTP/1.1 ");
    let statuses = found.filter_map(|(at, _)| text.get(at + 9..at + 12)?.parse().ok());
    statuses.filter(|status| *status >= 200 && *status != 408).collect()
}

impl Vector {
    fn is_right(&self, outcome: &Outcome) -> bool {
        let Outcome {
            statuses,
            forwarded,
            faults,
        } = outcome;
        let is_refused = statuses.first().is_none_or(|status| *status >= 400);
        let is_clean = faults.is_empty();
        match self.verdict {
            Verdict::Accept => {
                let requests = if self.name.starts_with("pipeline") { 2 } else { 1 };
                !statuses.is_empty()
                    && statuses.iter().all(|status| *status < 400)
                    && is_clean
                    && *forwarded == requests
            }
            Verdict::Refuse => is_refused && *forwarded == 0,
            Verdict::RefuseInBody => is_refused && faults.iter().all(|fault| fault == "the body breaks off"),
            // An announced length of 4 GB is fine, and then it doesn't come.
            Verdict::Either if self.name == "cl-overflow32" => is_refused && *forwarded <= 1,
            Verdict::Either => (is_refused && *forwarded == 0) || is_clean,
        }
    }
}

#[tokio::test]
async fn every_request_is_read_in_one_way() {
    let at_once = Arc::new(Semaphore::new(AT_ONCE));
    let mut running = JoinSet::new();
    let mut cases = 0;
    for is_slow in [false, true] {
        for vector in vectors() {
            if is_slow && vector.bytes.len() > 400 {
                continue;
            }
            cases += 1;
            let at_once = Arc::clone(&at_once);
            running.spawn(async move {
                let _turn = at_once.acquire().await.unwrap();
                let mut outcome = run(&vector.bytes, is_slow, PATIENCE).await;
                if matches!(vector.verdict, Verdict::Accept) && !vector.is_right(&outcome) {
                    outcome = run(&vector.bytes, is_slow, MORE_PATIENCE).await;
                }
                let wrong = format!(
                    "{} ({:?}, byte by byte: {is_slow}): {outcome:?}",
                    vector.name, vector.verdict
                );
                (!vector.is_right(&outcome)).then_some(wrong)
            });
        }
    }
    let wrong: Vec<String> = running.join_all().await.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{} of {cases}:\n{}", wrong.len(), wrong.join("\n"));
}
