//! The access log of a real process, in a file that is rotated.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    browser::{Browser, call},
    stopping::Process,
};

/// The lines of a log, once there are so many.
async fn lines(path: &Path, count: usize) -> Vec<Value> {
    let since = Instant::now();
    loop {
        let text = fs::read_to_string(path).unwrap_or_default();
        if text.lines().count() >= count {
            return text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        }
        assert!(since.elapsed() < Duration::from_mins(1), "{text}");
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_call_is_a_line_and_the_file_can_be_rotated() {
    let folder = server::temporary::TemporaryFolder::new("turnpike-it").unwrap();
    let (log, old) = (folder.path().join("access.log"), folder.path().join("access.log.1"));
    let mut process = Process::start(&["--access-log", "all", "--access-log-file", log.to_str().unwrap()]).await;
    let mut operator = Browser::new(process.operations);
    let text = operator.get("/metrics").await.expect(200).body;
    assert!(text.contains("\nturnpike_gateway_requests_in_flight 1\n"), "{text}");

    let secret = "tp_live_secret_text_of_a_key";
    let mut caller = Browser::new(process.gateway);
    caller
        .get(&format!("/acme/slow/v1/quick?token={secret}"))
        .await
        .expect(200);
    call(process.gateway, secret, "/acme/slow/v1/quick").await.expect(401);
    let logged = lines(&log, 2).await;
    let (passed, refused) = (&logged[0], &logged[1]);
    for (field, expected) in [
        ("path", "/acme/slow/v1/quick"),
        ("method", "GET"),
        ("protocol", "HTTP/1.1"),
        ("client_ip", "127.0.0.1"),
        ("organization", "acme"),
        ("api", "slow"),
        ("version", "v1"),
    ] {
        assert_eq!((&passed[field], &refused[field]), (&expected.into(), &expected.into()));
    }
    assert_eq!((&passed["status"], &passed["reason"]), (&200.into(), &Value::Null));
    assert_eq!(passed["bytes_out"], 5);
    let micros = |field: &str| passed[field].as_u64().unwrap();
    assert!(micros("upstream_latency_us") <= micros("latency_us") && micros("latency_us") <= micros("duration_us"));
    assert_eq!(
        (&refused["status"], &refused["reason"]),
        (&401.into(), &"unknown-key".into())
    );
    assert_eq!(refused["upstream_latency_us"], Value::Null);
    assert_eq!(refused["request_id"].as_str().map(str::len), Some(32));
    let text = fs::read_to_string(&log).unwrap();
    assert!(!text.contains(secret) && !text.contains("token"), "{text}");
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&log).unwrap().permissions());
    assert_eq!(mode & 0o027, 0, "nobody else reads it: {mode:o}");

    fs::rename(&log, &old).unwrap();
    process.signal("-HUP");
    // The signal is seen with one of the next lines.
    let since = Instant::now();
    while fs::metadata(&log).is_err() {
        caller.get("/acme/slow/v1/quick").await.expect(200);
        assert!(since.elapsed() < Duration::from_mins(1));
    }
    let before = lines(&old, 2).await.len();
    process.upstream.go.send_replace(true);
    (&mut process.held).await.unwrap().unwrap().expect(200);
    process.signal("-TERM");
    assert_eq!(process.ended().await.code(), Some(0));
    let after = lines(&log, 1).await;
    let held = after.iter().filter(|line| line["path"] == "/acme/slow/v1/held").count();
    assert_eq!(held, 1, "what ends last is logged too: {after:?}");
    assert!(before >= 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn latencies_add_up_to_the_calls() {
    let process = Process::start(&["--access-log", "sampled:2"]).await;
    for _ in 0..5 {
        let mut caller = Browser::new(process.gateway);
        caller.get("/acme/slow/v1/quick").await.expect(200);
    }
    let text = Browser::new(process.operations).get("/metrics").await.expect(200).body;
    for sample in [
        "turnpike_gateway_request_duration_seconds_count 5",
        "turnpike_gateway_request_duration_seconds_bucket{le=\"+Inf\"} 5",
        "turnpike_gateway_requests_total{class=\"2xx\"} 5",
    ] {
        assert!(text.contains(&format!("\n{sample}\n")), "{sample} is not in {text}");
    }
    // The held call was the first of the worker, and is not over; of the others every second is logged.
    assert!(text.contains("\nturnpike_access_log_lines_total 2\n"), "{text}");
    process.signal("-KILL");
}
