//! Drives one server with wrk and reads what it cost.

use std::path::Path;

use anyhow::Context as _;

use crate::{
    process,
    server::{Server, program},
};

/// What one server did in one round.
pub(super) struct Sample {
    pub(super) per_second: f64,
    /// CPU time of the server per request, in microseconds.
    pub(super) cpu_us: f64,
    pub(super) p50_ms: f64,
    pub(super) p99_ms: f64,
    /// Answers other than 2xx and 3xx.
    pub(super) not_2xx: f64,
}

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub(super) enum Calls<'a> {
    /// Always the same, with this key.
    One(&'a str),
    /// What a script for wrk makes.
    Scripted(&'a Path),
}

/// Drives `server` at `url` for some seconds.
pub(super) fn drive(
    server: &Server,
    url: &str,
    calls: Calls<'_>,
    seconds: u32,
    connections: u32,
) -> anyhow::Result<Sample> {
    let before = server.cpu_seconds()?;
    let mut wrk = program("wrk")?;
    wrk.args(["-t1", "--latency"]);
    match calls {
        Calls::One(key) => wrk.args(["-H", &format!("x-api-key: {key}")]),
        Calls::Scripted(script) => wrk.arg("-s").arg(script),
    };
    wrk.args([&format!("-c{connections}"), &format!("-d{seconds}s"), url]);
    let report = process::output(&mut wrk)?;
    let used = server.cpu_seconds()? - before;
    read(&report, used).with_context(|| format!("can't read wrk's report:\n{report}"))
}

/// Reads wrk's report; `used` is the CPU time of the server in seconds.
fn read(report: &str, used: f64) -> Option<Sample> {
    let after = |label: &str| {
        let line = report.lines().map(str::trim).find(|line| line.starts_with(label))?;
        line[label.len()..].split_whitespace().next()
    };
    let requests: f64 = report
        .lines()
        .find_map(|line| line.split_once(" requests in "))?
        .0
        .trim()
        .parse()
        .ok()
        .filter(|count| *count > 0.0)?;
    Some(Sample {
        per_second: after("Requests/sec:")?.parse().ok()?,
        cpu_us: used / requests * 1e6,
        p50_ms: millis(after("50%")?)?,
        p99_ms: millis(after("99%")?)?,
        not_2xx: after("Non-2xx or 3xx responses:").map_or(Some(0.0), |count| count.parse().ok())?,
    })
}

/// `812.00us`, `1.25ms`, `2.01s` → milliseconds
fn millis(text: &str) -> Option<f64> {
    let (number, factor) = if let Some(number) = text.strip_suffix("us") {
        (number, 0.001)
    } else if let Some(number) = text.strip_suffix("ms") {
        (number, 1.0)
    } else {
        (text.strip_suffix('s')?, 1000.0)
    };
    Some(number.parse::<f64>().ok()? * factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_wrk() {
        let report = "Running 4s test @ http://127.0.0.1:1/\n  1 threads and 64 connections\n  Thread Stats   Avg      Stdev\n  \
            Latency Distribution\n     50%  812.00us\n     75%    1.20ms\n     90%    1.40ms\n     99%    2.50ms\n  \
            200000 requests in 4.00s, 50.00MB read\n  Non-2xx or 3xx responses: 12\nRequests/sec:  50000.10\nTransfer/sec: 12MB\n";
        let sample = read(report, 2.0).unwrap();
        let near = |left: f64, right: f64| (left - right).abs() < 1e-9;
        assert!(near(sample.cpu_us, 10.0) && near(sample.p50_ms, 0.812) && near(sample.p99_ms, 2.5));
        assert!(near(sample.per_second, 50000.10) && near(sample.not_2xx, 12.0));
        assert!(read("0 requests in 4.00s", 1.0).is_none());
    }
}
