//! Upstreams: in this process, or in one of their own.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::{Json, Router, extract::State, routing::get};
use serde_json::json;
use tokio::net::TcpListener;

/// Answers everything with 200 and counts.
fn router(count: Arc<AtomicU64>) -> Router {
    let answer = async |State(count): State<Arc<AtomicU64>>| {
        count.fetch_add(1, Ordering::Relaxed);
        Json(json!({ "ok": true }))
    };
    let asked = async |State(count): State<Arc<AtomicU64>>| count.load(Ordering::Relaxed).to_string();
    Router::new()
        .route("/calls-so-far", get(asked))
        .fallback(answer)
        .with_state(count)
}

/// An upstream in this process; ends with the test's runtime.
pub(crate) async fn start() -> (SocketAddr, Arc<AtomicU64>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let count = Arc::new(AtomicU64::new(0));
    let router = router(Arc::clone(&count));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, count)
}

/// An upstream in a process of its own: this test binary once more.
pub(crate) struct Process {
    child: Child,
    /// It ends when this is closed, whatever ends this process.
    stdin: Option<ChildStdin>,
    pub(crate) address: SocketAddr,
}

/// What the other process says when it listens.
const LISTENS: &str = "the upstream listens on ";

impl Process {
    pub(crate) fn start() -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "upstream::other_process", "--nocapture"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let stdin = child.stdin.take();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = lines
            .find_map(|line| {
                let line = line.unwrap();
                let address = &line[line.find(LISTENS)? + LISTENS.len()..];
                address.trim().parse().ok()
            })
            .expect("the other process says where it listens");
        Self { child, stdin, address }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.stdin.take());
        let _ = self.child.wait();
    }
}

/// Not a test: what [`Process`] runs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "runs as a process of another test"]
async fn other_process() {
    let (address, _) = start().await;
    println!("\n{LISTENS}{address}");
    std::io::stdout().flush().unwrap();
    let closed = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
    closed.await.unwrap().unwrap();
}
