//! What an upstream's settings do to calls: which target they go to, what is tried again, and when they end.

use std::{
    collections::{HashMap, HashSet},
    convert::Infallible,
    net::SocketAddr,
    num::NonZeroU32,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU16, AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use gateway::AccessLog;
use http::Response;
use http_body::{Body, Frame};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::{
    net::TcpListener,
    sync::{Notify, mpsc},
    task::JoinHandle,
    time::timeout,
};

use crate::{
    caller::{Caller, Reply, call, get},
    upstream::{Upstream, full},
    world::{KEY, Setup, World},
};

const PETS: &str = "/acme/petstore/v1/pets";
/// Longer than anything here takes.
const SOON: Duration = Duration::from_secs(20);

/// Answers with its name and a status that the test may change.
async fn named(name: &'static str, status: u16) -> (Upstream, Arc<AtomicU16>) {
    let status = Arc::new(AtomicU16::new(status));
    let now = Arc::clone(&status);
    let upstream = Upstream::start(move |_| {
        let status = now.load(SeqCst);
        async move { Response::builder().status(status).body(full(name)).unwrap() }
    });
    (upstream.await, status)
}

/// Never answers.
async fn silent() -> Upstream {
    Upstream::start(|_| std::future::pending()).await
}

/// Closes each connection as soon as something comes.
struct Breaking {
    address: SocketAddr,
    calls: Arc<AtomicUsize>,
    accepting: JoinHandle<()>,
}

impl Breaking {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let calls = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&calls);
        let accepting = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                stream.readable().await.unwrap();
                count.fetch_add(1, SeqCst);
            }
        });
        Self {
            address,
            calls,
            accepting,
        }
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Breaking {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// A body of so many pieces, which then stands still.
struct Pieces {
    left: usize,
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.left == 0 {
            return Poll::Pending;
        }
        self.left -= 1;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b'a'; 4_096])))))
    }
}

/// A gateway whose upstream has these targets, each with a weight, and settings.
fn world(targets: &[(&str, u16)], settings: Value) -> World {
    World::start(&setup(targets, settings))
}

fn setup(targets: &[(&str, u16)], mut settings: Value) -> Setup {
    let targets: Vec<_> = targets
        .iter()
        .map(|(url, weight)| json!({"url": url, "weight": weight}))
        .collect();
    settings["targets"] = targets.into();
    let upstream: domain::upstream::Upstream = serde_json::from_value(settings).unwrap();
    assert_eq!(upstream.check(), Ok(()), "it can be saved");
    let mut setup = Setup::new(None);
    setup.version.upstream = Some(upstream);
    setup
}

async fn pets(world: &World, fields: &str) -> Reply {
    timeout(SOON, call(world.address(), get(PETS, fields))).await.unwrap()
}

async fn add_pet(world: &World) -> Reply {
    let request =
        format!("POST {PETS} HTTP/1.1\r\nHost: gateway.test\r\nX-Api-Key: {KEY}\r\nContent-Length: 2\r\n\r\n{{}}");
    timeout(SOON, call(world.address(), request)).await.unwrap()
}

/// Who answers how many of so many calls.
async fn answers(world: &World, count: usize) -> HashMap<String, usize> {
    let mut by = HashMap::new();
    for _ in 0..count {
        *by.entry(pets(world, "").await.text()).or_default() += 1;
    }
    by
}

#[tokio::test]
async fn targets_take_turns_by_their_weights() {
    let ((a, _), (b, _)) = (named("a", 200).await, named("b", 200).await);
    let world = world(&[(&a.url(), 2), (&b.url(), 1)], json!({}));
    let by = answers(&world, 9).await;
    assert_eq!((by["a"], by["b"]), (6, 3));
}

#[tokio::test]
async fn the_target_with_fewer_calls_on_their_way_gets_the_next() {
    let go_on = Arc::new(Notify::new());
    let (busy, busier) = mpsc::channel(1);
    let mut busier = busier;
    let start = |name: &'static str| {
        let (go_on, busy) = (Arc::clone(&go_on), busy.clone());
        Upstream::start(move |request| {
            let (go_on, busy) = (Arc::clone(&go_on), busy.clone());
            async move {
                if request.uri().path() == "/pets/held" {
                    busy.send(name).await.unwrap();
                    go_on.notified().await;
                }
                Response::new(full(name))
            }
        })
    };
    let (a, b) = (start("a").await, start("b").await);
    // One worker: with two the next call may come before the last is over for its worker.
    let world = World::start_with(|options| options.threads = 1);
    let setup = setup(&[(&a.url(), 1), (&b.url(), 1)], json!({"balance": "least_requests"}));
    world.snapshot.apply(setup.config());
    let mut held = Caller::connect(world.address()).await;
    held.send(get(&format!("{PETS}/held"), "")).await;
    let holder = busier.recv().await.unwrap();
    let by = answers(&world, 8).await;
    assert_eq!(by.keys().collect::<Vec<_>>(), [if holder == "a" { "b" } else { "a" }]);
    go_on.notify_one();
    assert_eq!(held.reply().await.text(), holder);
}

#[tokio::test]
async fn the_same_caller_gets_the_same_target() {
    let ((a, _), (b, _)) = (named("a", 200).await, named("b", 200).await);
    let world = world(
        &[(&a.url(), 1), (&b.url(), 1)],
        json!({"balance": {"hash": "header X-User"}}),
    );
    let mut all = HashSet::new();
    for user in 0..24 {
        let fields = format!("X-User: {user}\r\n");
        let first = pets(&world, &fields).await.text();
        assert_eq!(pets(&world, &fields).await.text(), first, "{user}");
        assert_eq!(pets(&world, &fields).await.text(), first, "{user}");
        all.insert(first);
    }
    assert_eq!(all.len(), 2, "each target has its callers");
}

#[tokio::test]
async fn canaries_get_who_asks_for_them_and_their_part() {
    let ((a, _), (b, _)) = (named("a", 200).await, named("b", 200).await);
    let canary = |more: Value| {
        let mut canary = json!({"targets": [{"url": b.url()}]});
        canary
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        json!({ "canary": canary })
    };
    let mut setup = setup(&[(&a.url(), 1)], canary(json!({"header": "X-Canary: yes"})));
    let world = World::start(&setup);
    assert_eq!(pets(&world, "").await.text(), "a");
    assert_eq!(pets(&world, "X-Canary: no\r\n").await.text(), "a");
    assert_eq!(pets(&world, "X-Canary: yes\r\n").await.text(), "b");
    setup.revision += 1;
    let all = self::setup(&[(&a.url(), 1)], canary(json!({"percent": 100})));
    setup.version.upstream = all.version.upstream;
    world.snapshot.apply(setup.config());
    assert_eq!(pets(&world, "").await.text(), "b");
}

#[tokio::test]
async fn a_target_that_fails_again_and_again_gets_no_calls() {
    let ((a, _), (b, status)) = (named("a", 200).await, named("b", 503).await);
    let passive = json!({"consecutive_failures": 2, "ejection_time": "1h", "max_ejected_percent": 50});
    let world = world(
        &[(&a.url(), 1), (&b.url(), 1)],
        json!({"health": {"passive": passive}, "slow_start": "30s"}),
    );
    let mut failed = 0;
    for _ in 0..20 {
        failed += usize::from(pets(&world, "").await.status == 503);
    }
    assert_eq!((failed, b.calls()), (2, 2));
    // What is ejected stays away though it is well again.
    status.store(200, SeqCst);
    assert_eq!(answers(&world, 5).await.len(), 1);
}

#[tokio::test]
async fn active_checks_find_who_is_ill_and_who_is_well_again() {
    let ((a, _), (b, status)) = (named("a", 200).await, named("b", 500).await);
    let active = json!({"path": "/up", "interval": "1s", "timeout": "500ms", "healthy_after": 1, "unhealthy_after": 1});
    let world = world(&[(&a.url(), 1), (&b.url(), 1)], json!({"health": {"active": active}}));
    let only_a = async { while answers(&world, 4).await.len() > 1 {} };
    timeout(SOON, only_a).await.unwrap();
    status.store(204, SeqCst);
    let both = async { while answers(&world, 4).await.len() < 2 {} };
    timeout(SOON, both).await.unwrap();
}

#[tokio::test]
async fn the_breaker_spares_an_upstream_that_fails() {
    let (a, status) = named("a", 503).await;
    let breaker = json!({"failure_percent": 50, "window": "5m", "min_requests": 4, "open_time": "1h"});
    let world = world(&[(&a.url(), 1)], json!({ "breaker": breaker }));
    for _ in 0..4 {
        assert_eq!(pets(&world, "").await.text(), "a");
    }
    status.store(200, SeqCst);
    let reply = pets(&world, "").await;
    assert_eq!(reply.status, 503);
    reply.problem("upstream-paused");
    let seconds: u32 = reply.header("retry-after").parse().unwrap();
    assert!((3_500..=3_600).contains(&seconds), "{seconds}");
    assert_eq!(a.calls(), 4, "it was not asked");
    assert!(
        world
            .stop()
            .await
            .iter()
            .any(|(key, sums)| key.is_refused && sums.units == 0)
    );
}

#[tokio::test]
async fn answers_of_trouble_are_tried_again_where_that_does_no_harm() {
    let ((a, _), (b, _)) = (named("a", 200).await, named("b", 503).await);
    let world = world(
        &[(&a.url(), 1), (&b.url(), 1)],
        json!({"retry": {"attempts": 1, "on": ["503"], "budget_percent": 100}}),
    );
    for _ in 0..8 {
        assert_eq!(pets(&world, "").await.text(), "a");
    }
    assert_eq!(b.calls(), 4);
    let mut statuses = Vec::new();
    for _ in 0..2 {
        statuses.push(add_pet(&world).await.status);
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 503], "what may have an effect is sent once");
    let usage = world.stop().await;
    let units: u64 = usage.iter().map(|(_, sums)| sums.units).sum();
    assert_eq!(units, 10, "a call counts once");
}

#[tokio::test]
async fn broken_connections_are_tried_again_where_that_does_no_harm() {
    let ((a, _), b) = (named("a", 200).await, Breaking::start().await);
    let retry = json!({"attempts": 1, "on": ["connect", "reset"], "budget_percent": 100});
    let world = world(&[(&a.url(), 1), (&b.url(), 1)], json!({ "retry": retry }));
    for _ in 0..6 {
        assert_eq!(pets(&world, "").await.text(), "a");
    }
    assert_eq!(b.calls.load(SeqCst), 3);
    let (first, second) = (add_pet(&world).await, add_pet(&world).await);
    let broken = if first.status == 502 { first } else { second };
    broken.problem("upstream-broken");
    assert_eq!(b.calls.load(SeqCst), 4);
}

#[tokio::test]
async fn the_log_and_the_metrics_say_what_was_tried_and_why() {
    let ((a, _), (b, _)) = (named("a", 503).await, named("b", 200).await);
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let retry = json!({"retry": {"attempts": 1, "on": ["connect", "503"], "budget_percent": 100}});
    for (target, failure, counted) in [
        (a.url(), "status-503", "status"),
        (nobody, "upstream-unreachable", "upstream-unreachable"),
    ] {
        let (log, mut lines) = AccessLog::channel(NonZeroU32::MIN, 1_000);
        let world = World::start_with(|options| {
            options.threads = 1;
            options.access_log = Some(log);
        });
        let setup = setup(&[(&target, 1), (&b.url(), 1)], retry.clone());
        assert!(world.snapshot.apply(setup.config()).is_taken);
        for _ in 0..2 {
            assert_eq!(pets(&world, "").await.text(), "b");
        }
        assert_eq!(pets(&world, "X-Api-Key: no\r\n").await.status, 400);
        assert_eq!(world.gateway.counters().read().retries, [(counted, 1)]);
        world.stop().await;
        let mut logged = Vec::new();
        while let Some(more) = lines.recv().await {
            for line in String::from_utf8(more).unwrap().lines() {
                let line: Value = serde_json::from_str(line).unwrap();
                logged.push((line["tries"].as_u64().unwrap(), line["first_failure"].clone()));
            }
        }
        // Targets take turns: one of two calls begins with each.
        logged[..2].sort_by_key(|(tries, _)| *tries);
        assert_eq!(logged, [(1, Value::Null), (2, json!(failure)), (0, Value::Null)]);
    }
}

#[tokio::test]
async fn the_budget_bounds_tries() {
    let (a, _) = named("a", 503).await;
    let retry = json!({"attempts": 5, "on": ["503"], "budget_percent": 20});
    let world = world(&[(&a.url(), 1)], json!({ "retry": retry }));
    for _ in 0..30 {
        assert_eq!(pets(&world, "").await.text(), "a", "the last answer is the caller's");
    }
    assert!((40..=46).contains(&a.calls()), "{} tries of 30 calls", a.calls());
}

#[tokio::test]
async fn a_try_that_takes_too_long_is_given_up_for_another() {
    let ((a, _), b) = (named("a", 200).await, silent().await);
    let retry = json!({"attempts": 1, "per_try_timeout": "50ms", "budget_percent": 100});
    let world = world(&[(&a.url(), 1), (&b.url(), 1)], json!({ "retry": retry }));
    for _ in 0..4 {
        assert_eq!(pets(&world, "").await.text(), "a");
    }
    assert_eq!(b.calls(), 2);
}

#[tokio::test]
async fn nothing_is_tried_again_after_the_caller_was_told_something() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let answering = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.readable().await.unwrap();
        let early = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
        tokio::io::AsyncWriteExt::write_all(&mut stream, early).await.unwrap();
        // Everything of the request is read, so that the connection ends and is not reset.
        let mut request = vec![0; 64 * 1024];
        let _ = tokio::io::AsyncReadExt::read(&mut stream, &mut request).await.unwrap();
        drop(stream);
        listener
    });
    let (a, _) = named("a", 200).await;
    let retry = json!({"attempts": 1, "on": ["reset"], "budget_percent": 100});
    let world = world(&[(&url, 1), (&a.url(), 1)], json!({ "retry": retry }));
    let mut caller = Caller::connect(world.address()).await;
    caller.send(get(PETS, "")).await;
    assert_eq!(caller.head().await.status, 103);
    assert_eq!(caller.reply().await.status, 502);
    assert_eq!(a.calls(), 0);
    answering.await.unwrap();
}

#[tokio::test]
async fn a_call_may_not_take_longer_than_the_total() {
    let (a, b) = (silent().await, silent().await);
    let settings = json!({"timeouts": {"total": "120ms"}, "retry": {"attempts": 5, "per_try_timeout": "50ms"}});
    let silent = world(&[(&a.url(), 1), (&b.url(), 1)], settings);
    let reply = pets(&silent, "").await;
    assert_eq!(reply.status, 504);
    let problem = reply.problem("upstream-timeout");
    assert!(
        problem["detail"].as_str().unwrap().contains("120 ms in all"),
        "{problem}"
    );

    // An answer that never stands still, and never ends.
    let endless = Upstream::start(|_| async { Response::new(Pieces { left: usize::MAX }.boxed()) }).await;
    let world = world(&[(&endless.url(), 1)], json!({"timeouts": {"total": "120ms"}}));
    assert_breaks_off(&world).await;
}

#[tokio::test]
async fn an_answer_that_stands_still_is_broken_off() {
    let stalling = Upstream::start(|_| async { Response::new(Pieces { left: 1 }.boxed()) }).await;
    let world = world(&[(&stalling.url(), 1)], json!({"timeouts": {"idle": "50ms"}}));
    assert_breaks_off(&world).await;
}

/// The answer begins well, and the connection ends before the answer does.
async fn assert_breaks_off(world: &World) {
    let mut caller = Caller::connect(world.address()).await;
    caller.send(get(PETS, "")).await;
    assert_eq!(caller.head().await.status, 200);
    let reading = async {
        while !caller.is_closed().await {
            assert_ne!(caller.line_or_rest().await, "0", "the last chunk");
        }
    };
    timeout(SOON, reading).await.unwrap();
}
