//! How a process stops: not ready first, then deaf, then gone when what was under way is over.

use std::{
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    process::{Child, Command, ExitStatus, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{Router, extract::State, routing::get};
use server::temporary::TemporaryFolder;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{mpsc, watch},
    task::JoinHandle,
};

use crate::{
    browser::{Answer, Browser},
    command_line::{run, stderr, turnpike},
};

const MANIFEST: &str = r#"turnpike: 1
organizations:
  - slug: acme
    name: Acme
    members: [{ email: owner@acme.example, role: owner, password: "correct horse battery" }]
    apis:
      - slug: slow
        name: Slow
        versions:
          - name: v1
            state: published
            access: anonymous
            spec: ./slow.yaml
            upstream: { targets: [{ url: "http://{upstream}" }] }
"#;

const SPEC: &str = r#"openapi: 3.1.0
info: { title: Slow, version: "1" }
paths:
  /quick: { get: { responses: { "200": { description: At once. } } } }
  /held: { get: { responses: { "200": { description: When the test says so. } } } }
"#;

/// A call that has arrived, and the word on which it is answered.
pub(crate) struct Upstream {
    address: SocketAddr,
    arrived: mpsc::Receiver<()>,
    pub(crate) go: watch::Sender<bool>,
}

async fn upstream() -> Upstream {
    let (arrive, arrived) = mpsc::channel(8);
    let (go, may_go) = watch::channel(false);
    let held = async |State((arrive, mut may_go)): State<(mpsc::Sender<()>, watch::Receiver<bool>)>| {
        arrive.send(()).await.unwrap();
        may_go.wait_for(|go| *go).await.unwrap();
        "held"
    };
    let router = Router::new()
        .route("/held", get(held))
        .route("/quick", get(async || "quick"))
        .with_state((arrive, may_go));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    Upstream { address, arrived, go }
}

/// A running process with a call under way.
pub(crate) struct Process {
    child: Child,
    pub(crate) gateway: SocketAddr,
    pub(crate) operations: SocketAddr,
    pub(crate) upstream: Upstream,
    pub(crate) held: JoinHandle<Option<Answer>>,
    folder: Arc<TemporaryFolder>,
}

impl Process {
    pub(crate) async fn start(flags: &[&str]) -> Self {
        let mut upstream = upstream().await;
        let folder = TemporaryFolder::new("turnpike-it").unwrap();
        let file = folder.path().join("manifest.yaml");
        std::fs::write(folder.path().join("slow.yaml"), SPEC).unwrap();
        std::fs::write(&file, MANIFEST.replace("{upstream}", &upstream.address.to_string())).unwrap();
        let data = folder.path().join("data").to_str().unwrap().to_owned();
        let applied = run(&["apply", file.to_str().unwrap(), "--data", &data]);
        assert!(applied.status.success(), "{}", stderr(&applied));
        let mut child = turnpike()
            .args([
                "serve",
                "--data",
                &data,
                "--allow-private-upstreams",
                "--gateway-threads",
                "1",
            ])
            .args([
                "--portal",
                "127.0.0.1:0",
                "--gateway",
                "127.0.0.1:0",
                "--operations",
                "127.0.0.1:0",
            ])
            .args(flags)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut at = |name: &str| -> SocketAddr {
            let line = said.find_map(|line| Some(line.unwrap().strip_prefix(name)?.trim().to_owned()));
            let line = line.expect("it says where it listens");
            let address = line.trim_start_matches("http://").trim_end_matches("/metrics");
            address.parse().unwrap()
        };
        let (gateway, operations) = (at("Gateway"), at("Metrics"));
        // Nothing more is said, and nobody must be told that nobody listens.
        std::thread::spawn(move || said.for_each(drop));
        let held = tokio::spawn(async move { try_call(gateway).await });
        upstream.arrived.recv().await.unwrap();
        Self {
            child,
            gateway,
            operations,
            upstream,
            held,
            folder: Arc::new(folder),
        }
    }

    fn terminate(&self) {
        self.signal("-TERM");
    }

    pub(crate) fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
    }

    /// Folder of the test: manifest and data folder are in it.
    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Waits for the end of the process.
    pub(crate) async fn ended(mut self) -> ExitStatus {
        let _folder = Arc::clone(&self.folder);
        let since = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(since.elapsed() < Duration::from_mins(1), "the process does not end");
            tokio::task::yield_now().await;
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The held call; `None` if it is cut.
async fn try_call(gateway: SocketAddr) -> Option<Answer> {
    let called = tokio::spawn(async move { Browser::new(gateway).get("/acme/slow/v1/held").await });
    called.await.ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_is_not_ready_before_it_is_deaf_and_finishes_what_runs() {
    let mut process = Process::start(&["--drain-delay", "3", "--drain-timeout", "60"]).await;
    let mut operator = Browser::new(process.operations);
    operator.get("/health/ready").await.expect(200);
    let metrics = operator.get("/metrics").await.expect(200);
    metrics.says("\nturnpike_ready 1\n");
    process.terminate();
    while operator.get("/health/ready").await.status == 200 {
        tokio::task::yield_now().await;
    }
    operator.get("/health/ready").await.expect(503).says("stopping");
    operator.get("/health/live").await.expect(200);
    // Whoever has not noticed yet is still served.
    let mut caller = Browser::new(process.gateway);
    caller.get("/acme/slow/v1/quick").await.expect(200).says("quick");
    while TcpStream::connect(process.gateway).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert!(!process.held.is_finished());
    process.upstream.go.send_replace(true);
    let answer = (&mut process.held).await.unwrap().expect("what was under way finishes");
    answer.expect(200).says("held");
    assert_eq!(process.ended().await.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_signal_and_the_limit_cut_what_runs() {
    let mut process = Process::start(&["--drain-delay", "0", "--drain-timeout", "600"]).await;
    process.terminate();
    while TcpStream::connect(process.gateway).await.is_ok() {
        tokio::task::yield_now().await;
    }
    process.terminate();
    assert!((&mut process.held).await.unwrap().is_none(), "the call is cut");
    assert_eq!(process.ended().await.code(), Some(1));

    let mut process = Process::start(&["--drain-timeout", "0"]).await;
    process.terminate();
    assert!((&mut process.held).await.unwrap().is_none(), "the call is cut");
    assert_eq!(process.ended().await.code(), Some(0));
}
