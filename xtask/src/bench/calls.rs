//! `cargo xtask bench gateway`: the gateway, nginx and HAProxy doing the same work, one after the other, in one run.
//!
//! Each has one worker, 10,000 keys, limits that never refuse, and kept-alive connections to the same upstream. The figure
//! to quote is the ratio of CPU time per request to nginx's in the same round: it holds on a noisy machine, where
//! requests per second do not. The gateway runs inside the whole product, whose idle rest counts against it.

use std::path::Path;

use anyhow::Context as _;
use clap::Args;
use serde_json::json;

use crate::{
    server::{Scratch, Server},
    setup::{self, Scope},
    terminal::{note, result, step},
    workspace::Workspace,
};

use super::{
    Binary, KEYS, key,
    load::{self, Calls, Sample},
    median, peers,
    product::{self, Contents, Installation},
};

#[derive(Args)]
pub(crate) struct Options {
    #[command(flatten)]
    binary: Binary,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    /// How long each is driven per round
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=600))]
    seconds: u32,
    /// How often each gets its turn
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
    /// Open connections
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=1000))]
    connections: u32,
}

/// One program under load.
struct Target {
    name: &'static str,
    url: String,
    server: Server,
}

/// What one program did over all rounds.
struct Row {
    name: &'static str,
    rounds: Vec<Sample>,
}

pub(super) fn run(workspace: &Workspace, options: &Options) -> anyhow::Result<()> {
    setup::bring(workspace, Scope::Bench)?;
    let binary = options.binary.find(workspace)?;
    let scratch = Scratch::new("bench")?;
    let targets = step("start", || start(&binary, &scratch))?;
    let rows = step("measure", || measure(&targets, options))?;
    drop(targets);
    if options.json {
        result(&serde_json::to_string(&as_json(&rows, options)?)?);
    } else {
        print_table(&rows)?;
    }
    Ok(())
}

fn start(binary: &Path, scratch: &Scratch) -> anyhow::Result<Vec<Target>> {
    let (upstream, upstream_port) = peers::upstream(scratch)?;
    let (nginx, nginx_port) = peers::nginx(scratch, upstream_port)?;
    let (haproxy, haproxy_port) = peers::haproxy(scratch, upstream_port)?;
    let contents = Contents {
        keys: KEYS,
        operations: 1,
        upstream: upstream_port,
    };
    let turnpike = Installation::make("turnpike", binary, scratch, &contents)?.serve(&key(77))?;
    let target = |name, port, path, server| Target {
        name,
        url: format!("http://127.0.0.1:{port}{path}"),
        server,
    };
    Ok(vec![
        target("upstream, no proxy", upstream_port, peers::PATH, upstream),
        target("nginx", nginx_port, peers::PATH, nginx),
        target("haproxy", haproxy_port, peers::PATH, haproxy),
        target("turnpike", turnpike.gateway, product::PATH, turnpike.server),
    ])
}

fn measure(targets: &[Target], options: &Options) -> anyhow::Result<Vec<Row>> {
    let mut rows: Vec<Row> = targets
        .iter()
        .map(|target| Row {
            name: target.name,
            rounds: Vec::new(),
        })
        .collect();
    for round in 1..=options.rounds {
        note(&format!("round {round} of {}", options.rounds));
        for (target, row) in targets.iter().zip(&mut rows) {
            let sample = load::drive(
                &target.server,
                &target.url,
                Calls::One(&key(77)),
                options.seconds,
                options.connections,
            )
            .with_context(|| format!("driving {} failed", target.name))?;
            row.rounds.push(sample);
        }
    }
    Ok(rows)
}

impl Row {
    fn median(&self, value: impl Fn(&Sample) -> f64) -> f64 {
        median(self.rounds.iter().map(value).collect())
    }

    /// Median over the rounds of this program's value to the other's in the same round.
    fn ratio(&self, base: &Self, value: impl Fn(&Sample) -> f64) -> f64 {
        median(
            self.rounds
                .iter()
                .zip(&base.rounds)
                .map(|(own, base)| value(own) / value(base))
                .collect(),
        )
    }
}

fn nginx_of(rows: &[Row]) -> anyhow::Result<&Row> {
    rows.iter()
        .find(|row| row.name == "nginx")
        .context("nginx was not measured")
}

fn print_table(rows: &[Row]) -> anyhow::Result<()> {
    let base = nginx_of(rows)?;
    result(&format!(
        "{:20}{:>9}{:>9}{:>9}{:>9}{:>9}{:>11}{:>11}",
        "", "req/s", "CPU µs", "p50 ms", "p99 ms", "not 2xx", "CPU/nginx", "rps/nginx"
    ));
    for row in rows {
        result(&format!(
            "{:20}{:9.0}{:9.1}{:9.2}{:9.2}{:9.0}{:11.2}{:11.2}",
            row.name,
            row.median(|sample| sample.per_second),
            row.median(|sample| sample.cpu_us),
            row.median(|sample| sample.p50_ms),
            row.median(|sample| sample.p99_ms),
            row.median(|sample| sample.not_2xx),
            row.ratio(base, |sample| sample.cpu_us),
            row.ratio(base, |sample| sample.per_second),
        ));
    }
    Ok(())
}

fn as_json(rows: &[Row], options: &Options) -> anyhow::Result<serde_json::Value> {
    let base = nginx_of(rows)?;
    let targets: serde_json::Map<String, serde_json::Value> = rows
        .iter()
        .map(|row| {
            let measured = json!({
                "rps": row.median(|sample| sample.per_second),
                "cpu_us": row.median(|sample| sample.cpu_us),
                "p50_ms": row.median(|sample| sample.p50_ms),
                "p99_ms": row.median(|sample| sample.p99_ms),
                "not_2xx": row.median(|sample| sample.not_2xx),
                "cpu_ratio_to_nginx": row.ratio(base, |sample| sample.cpu_us),
                "rps_ratio_to_nginx": row.ratio(base, |sample| sample.per_second),
            });
            (row.name.to_owned(), measured)
        })
        .collect();
    let (seconds, rounds, connections) = (options.seconds, options.rounds, options.connections);
    Ok(json!({ "seconds": seconds, "rounds": rounds, "connections": connections, "keys": KEYS, "targets": targets }))
}
