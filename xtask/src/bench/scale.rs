//! `cargo xtask bench scale`: many keys, and many routes, against few.
//!
//! Three installations run side by side and are driven in turn, each by ten keys and ten operations that lie spread over
//! all there are. The figure to quote is the CPU time per call as a ratio to the smallest one's in the same round.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use clap::Args;
use serde_json::json;

use super::{
    Binary, key,
    load::{self, Calls, Sample},
    median, peers,
    product::{self, Contents, Installation, Running},
};
use crate::{
    process,
    server::{Scratch, pause, program, status},
    setup::{self, Scope},
    terminal::{note, result, seconds, step},
    workspace::Workspace,
};

#[derive(Args)]
pub(crate) struct Options {
    #[command(flatten)]
    binary: Binary,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    /// How many keys are many
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(10..=10_000_000))]
    keys: u32,
    /// How many operations are many
    #[arg(long, default_value_t = 5_000, value_parser = clap::value_parser!(u32).range(10..=20_000))]
    operations: u32,
    /// How long each is driven per round
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=600))]
    seconds: u32,
    /// How often each gets its turn
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
}

/// Keys and operations of the smallest installation, and how many of each are driven.
const FEW: usize = 10;
/// Open connections.
const CONNECTIONS: u32 = 64;
/// What every key begins with, and how much follows.
const KEY_PREFIX: &str = "tp_live_";
const KEY_LENGTH: usize = 38;
/// How long a new key may take until the measurement is given up.
const PATIENCE: Duration = Duration::from_secs(30);

/// An installation under load.
struct Subject {
    name: &'static str,
    running: Running,
    script: PathBuf,
    resident_bytes: u64,
    rounds: Vec<Sample>,
}

/// What is only measured with many keys.
struct ManyKeys {
    /// Until the first answer, reading the database.
    first_start: Duration,
    /// Until the first answer, with the configuration of the last run on disk.
    next_start: Duration,
    /// From the answer that shows a new key to the first call that passes with it.
    new_key: Duration,
    bytes_per_key: f64,
}

pub(super) fn run(workspace: &Workspace, options: &Options) -> anyhow::Result<()> {
    setup::bring(workspace, Scope::Bench)?;
    let binary = options.binary.find(workspace)?;
    let scratch = Scratch::new("bench")?;
    let (_upstream, upstream) = peers::upstream(&scratch)?;
    let start = |name, keys, operations| {
        step(&format!("{name}: {keys} keys, {operations} operations"), || {
            start(
                name,
                &binary,
                &scratch,
                &Contents {
                    keys,
                    operations,
                    upstream,
                },
            )
        })
    };
    let (few, _) = start("few", FEW, FEW)?;
    let (routes, _) = start("routes", FEW, options.operations as usize)?;
    let (keys, first_start) = start("keys", options.keys as usize, FEW)?;
    let next_start = keys.running.started_in;
    let new_key = step("a new key", || new_key(&keys.running, &scratch))?;
    let mut subjects = [few, routes, keys];
    step("measure", || {
        for round in 1..=options.rounds {
            note(&format!("round {round} of {}", options.rounds));
            for subject in &mut subjects {
                let url = format!("http://127.0.0.1:{}", subject.running.gateway);
                let calls = Calls::Scripted(&subject.script);
                let sample = load::drive(&subject.running.server, &url, calls, options.seconds, CONNECTIONS)
                    .with_context(|| format!("driving {} failed", subject.name))?;
                subject.rounds.push(sample);
            }
        }
        // What it holds in the long run, and not while the configuration is still being written to the disk.
        for subject in &mut subjects {
            subject.resident_bytes = subject.running.server.resident_bytes()?;
        }
        Ok(())
    })?;
    let [few, _, keys] = &subjects;
    let many = ManyKeys {
        first_start,
        next_start,
        bytes_per_key: (keys.resident_bytes as f64 - few.resident_bytes as f64) / f64::from(options.keys),
        new_key,
    };
    if options.json {
        result(&serde_json::to_string(&as_json(&subjects, &many))?);
    } else {
        print(&subjects, &many);
    }
    Ok(())
}

/// Starts an installation twice; returns the second run, and how long the first took to answer.
fn start(
    name: &'static str,
    binary: &Path,
    scratch: &Scratch,
    contents: &Contents,
) -> anyhow::Result<(Subject, Duration)> {
    let last = key(contents.keys - 1);
    let installation = Installation::make(name, binary, scratch, contents)?;
    let first_start = installation.serve(&last)?.started_in;
    let running = installation.serve(&last)?;
    let script = scratch.write(&format!("{name}.lua"), &script(contents))?;
    let subject = Subject {
        name,
        running,
        script,
        resident_bytes: 0,
        rounds: Vec::new(),
    };
    Ok((subject, first_start))
}

/// Ten operations with ten keys, in turn.
fn script(contents: &Contents) -> String {
    let mut text = "local requests = {}\nlocal turn = 0\nfunction init()\n".to_owned();
    for step in 0..FEW {
        let path = product::path(step * (contents.operations - 1) / (FEW - 1));
        let key = key(step * (contents.keys - 1) / (FEW - 1));
        let _ = writeln!(
            text,
            "  requests[{}] = wrk.format('GET', '{path}', {{ ['X-Api-Key'] = '{key}' }})",
            step + 1
        );
    }
    text.push_str("end\nfunction request()\n  turn = turn % #requests + 1\n  return requests[turn]\nend\n");
    text
}

/// How long it takes until a key that a consumer makes in the portal works at the gateway.
fn new_key(running: &Running, scratch: &Scratch) -> anyhow::Result<Duration> {
    let portal = format!("http://127.0.0.1:{}", running.portal);
    let cookies = scratch.path().join("cookies");
    let ask = |path: &str, form: &[(&str, &str)]| {
        let mut curl = program("curl")?;
        curl.args(["--silent", "--show-error", "--location", "--cookie"])
            .arg(&cookies);
        curl.arg("--cookie-jar").arg(&cookies);
        curl.args(["--header", &format!("Origin: {portal}")]);
        for (name, value) in form {
            curl.args(["--data-urlencode", &format!("{name}={value}")]);
        }
        process::output(curl.arg(format!("{portal}{path}")))
    };
    ask(
        "/signin",
        &[("email", product::NEWCOMER_EMAIL), ("password", product::PASSWORD)],
    )?;
    let dashboard = ask("/dashboard", &[])?;
    let application = words_after(&dashboard, "/dashboard/applications/app_").next();
    let application = application.context("there is no application")?;
    let path = format!("/dashboard/applications/app_{application}/keys");
    let page = ask(&path, &[("name", "new")])?;
    let shown = Instant::now();
    let key = shown_key(&page).context("the answer shows no key")?;
    let fields = format!("X-Api-Key: {key}\r\n");
    while status(running.gateway, product::PATH, &fields)? != 200 {
        if shown.elapsed() > PATIENCE {
            bail!("a new key does not work after {}", seconds(PATIENCE));
        }
        pause();
    }
    Ok(shown.elapsed())
}

/// The key that a page shows whole; it also shows it shortened.
fn shown_key(page: &str) -> Option<String> {
    let whole = words_after(page, KEY_PREFIX).find(|word| word.len() >= KEY_LENGTH)?;
    Some(format!("{KEY_PREFIX}{whole}"))
}

/// The word behind each place where `start` stands in a page.
fn words_after<'a>(page: &'a str, start: &'a str) -> impl Iterator<Item = &'a str> {
    page.split(start).skip(1).map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric());
        end.map_or(rest, |end| &rest[..end])
    })
}

impl Subject {
    /// Median over the rounds of the CPU time per call to the other's in the same round.
    fn ratio(&self, base: &Self) -> f64 {
        let pairs = self.rounds.iter().zip(&base.rounds);
        median(pairs.map(|(own, base)| own.cpu_us / base.cpu_us).collect())
    }

    fn median(&self, value: impl Fn(&Sample) -> f64) -> f64 {
        median(self.rounds.iter().map(value).collect())
    }
}

fn print(subjects: &[Subject], many: &ManyKeys) {
    result(&format!(
        "{:10}{:>9}{:>9}{:>9}{:>9}{:>10}{:>12}",
        "", "req/s", "CPU µs", "p99 ms", "not 2xx", "CPU/few", "resident MB"
    ));
    for subject in subjects {
        result(&format!(
            "{:10}{:9.0}{:9.1}{:9.2}{:9.0}{:10.2}{:12.0}",
            subject.name,
            subject.median(|sample| sample.per_second),
            subject.median(|sample| sample.cpu_us),
            subject.median(|sample| sample.p99_ms),
            subject.median(|sample| sample.not_2xx),
            subject.ratio(&subjects[0]),
            subject.resident_bytes as f64 / 1e6,
        ));
    }
    result(&format!(
        "with many keys: first start {}, next start {}, a new key works after {} ms, {:.0} bytes per key",
        seconds(many.first_start),
        seconds(many.next_start),
        many.new_key.as_millis(),
        many.bytes_per_key,
    ));
}

fn as_json(subjects: &[Subject], many: &ManyKeys) -> serde_json::Value {
    let rows: serde_json::Map<String, serde_json::Value> = subjects
        .iter()
        .map(|subject| {
            let measured = json!({
                "rps": subject.median(|sample| sample.per_second),
                "cpu_us": subject.median(|sample| sample.cpu_us),
                "p99_ms": subject.median(|sample| sample.p99_ms),
                "not_2xx": subject.median(|sample| sample.not_2xx),
                "cpu_ratio_to_few": subject.ratio(&subjects[0]),
                "resident_bytes": subject.resident_bytes,
            });
            (subject.name.to_owned(), measured)
        })
        .collect();
    json!({
        "installations": rows,
        "first_start_ms": many.first_start.as_millis(),
        "next_start_ms": many.next_start.as_millis(),
        "new_key_ms": many.new_key.as_millis(),
        "bytes_per_key": many.bytes_per_key,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_spread_over_everything() {
        let script = script(&Contents {
            keys: 1_000,
            operations: 100,
            upstream: 1,
        });
        assert!(script.contains(&product::path(0)) && script.contains(&product::path(99)));
        assert!(script.contains(&key(0)) && script.contains(&key(999)));
    }

    #[test]
    fn the_key_is_the_one_that_is_shown_whole() {
        let whole = "a".repeat(KEY_LENGTH);
        let page = format!("<code>tp_live_aaaa••••aaaa</code><pre>tp_live_{whole}</pre>");
        assert_eq!(shown_key(&page), Some(format!("tp_live_{whole}")));
        assert_eq!(shown_key("nothing"), None);
    }
}
