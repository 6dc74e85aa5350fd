//! `cargo xtask conformance`: the gateway against suites of others and against vectors of our own.
//!
//! Each suite has the gateway of the real binary to itself, over a manifest, before an origin that the suite brings. What
//! it is expected to pass stands in `xtask/conformance/expected.json`; less is an error.

use std::{collections::BTreeMap, fs, path::PathBuf};

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};
use serde_json::json;

use crate::{
    build::{self, Profile},
    setup::{self, Scope},
    terminal::{note, result, step},
    workspace::Workspace,
};

mod origins;
mod product;
mod stress;
mod suites;

#[derive(Args)]
pub(crate) struct Options {
    /// Run these suites only
    #[arg(long, value_enum, value_name = "SUITE", num_args = 1..)]
    only: Vec<Suite>,
    /// Take what passes as what is expected from now on
    #[arg(long)]
    accept: bool,
    /// Run this binary in place of one of this checkout
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
    /// Name every case that does not pass
    #[arg(long)]
    list: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Suite {
    /// Requests that could be read in two ways
    Framing,
    /// Tests for HTTP caches (npm's http-cache-tests)
    Cache,
    /// Every kind of gRPC call
    Grpc,
    /// WebSocket as without a gateway
    Websocket,
    /// The upstream dies and comes back
    Interruption,
    /// Load of wrk and h2load while the upstream is killed
    Load,
    /// Callers that are slow on purpose (slowhttptest)
    Slow,
    /// The listener with TLS, as sslscan sees it
    Tls,
}

/// What a part of a suite came to.
#[derive(Debug, Default, PartialEq, Eq)]
struct Score {
    passed: usize,
    /// Names of cases that did not pass.
    failed: Vec<String>,
}

/// Scores by the name of the part.
type Scores = BTreeMap<String, Score>;

/// Expectations: the number that passes, by the name of the part.
type Expected = BTreeMap<String, usize>;

const EXPECTED: &str = "xtask/conformance/expected.json";

pub(crate) fn run(workspace: &Workspace, options: &Options) -> anyhow::Result<()> {
    setup::bring(workspace, Scope::Conformance)?;
    let suites: Vec<Suite> = Suite::value_variants()
        .iter()
        .copied()
        .filter(|suite| options.only.is_empty() || options.only.contains(suite))
        .collect();
    let binary = match &options.binary {
        Some(binary) => binary.clone(),
        None => step("turnpike", || build::binary(workspace, Profile::Dev))?,
    };
    let mut scores = Scores::new();
    for suite in suites {
        let name = suite
            .to_possible_value()
            .map_or_else(String::new, |value| value.get_name().to_owned());
        scores.extend(step(&name, || suite.run(workspace, &binary))?);
    }
    let path = workspace.root.join(EXPECTED);
    let text = fs::read_to_string(&path).with_context(|| format!("can't read {EXPECTED}"))?;
    let mut expected: Expected = serde_json::from_str(&text).with_context(|| format!("{EXPECTED} is wrong"))?;
    print_table(&scores, &expected, options.list);
    if options.accept {
        expected.extend(scores.iter().map(|(name, score)| (name.clone(), score.passed)));
        fs::write(&path, format!("{:#}\n", json!(expected)))?;
        return Ok(());
    }
    judge(&scores, &expected)
}

fn print_table(scores: &Scores, expected: &Expected, is_listed: bool) {
    result(&format!(
        "{:18}{:>7}{:>8}{:>10}  known differences",
        "suite", "cases", "passed", "expected"
    ));
    for (name, Score { passed, failed }) in scores {
        result(&format!(
            "{name:18}{:7}{passed:8}{:10}  {}",
            passed + failed.len(),
            expected.get(name).copied().unwrap_or_default(),
            failed.len()
        ));
        for case in failed.iter().filter(|_| is_listed) {
            result(&format!("    {case}"));
        }
    }
}

/// # Errors
/// Names the parts that pass less than they did.
fn judge(scores: &Scores, expected: &Expected) -> anyhow::Result<()> {
    let mut worse = Vec::new();
    for (name, score) in scores {
        let expected = expected.get(name).copied().unwrap_or_default();
        if score.passed > expected {
            note(&format!(
                "{name} passes more than expected: run with --accept and commit {EXPECTED}"
            ));
        }
        if score.passed < expected {
            worse.push(format!(
                "{name} ({} of {expected}: {})",
                score.passed,
                score.failed.join("; ")
            ));
        }
    }
    if !worse.is_empty() {
        bail!("less passes than before: {}", worse.join(", "));
    }
    Ok(())
}

/// Reads lines of a check: `ok NAME` or `FAIL NAME: why`.
fn read(report: &str) -> Score {
    let mut score = Score::default();
    for line in report.lines() {
        if line.starts_with("ok ") {
            score.passed += 1;
        } else if let Some(case) = line.strip_prefix("FAIL ") {
            score.failed.push(case.to_owned());
        }
    }
    score
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores(passed: usize, failed: &[&str]) -> Scores {
        let failed = failed.iter().map(|&case| case.to_owned()).collect();
        Scores::from([("grpc".to_owned(), Score { passed, failed })])
    }

    #[test]
    fn reads_lines() {
        let score = read("noise\nok a\nFAIL b: it did not\nok c d\n");
        assert_eq!(score, scores(2, &["b: it did not"]).remove("grpc").unwrap());
    }

    #[test]
    fn less_is_an_error_and_more_is_not() {
        let expected = Expected::from([("grpc".to_owned(), 7)]);
        assert!(judge(&scores(7, &["a"]), &expected).is_ok());
        assert!(judge(&scores(8, &[]), &expected).is_ok());
        let error = judge(&scores(6, &["a", "b: why"]), &expected).unwrap_err().to_string();
        assert!(error.contains("grpc (6 of 7: a; b: why)"), "{error}");
    }
}
