//! `cargo xtask fuzz`: the request path's properties under inputs that libFuzzer makes up, one target after the other.
//!
//! Seeds are in `gateway/fuzz/corpus`, small and written by hand; what libFuzzer finds worth keeping stays below cargo's
//! target folder, so that the next run begins where this one ended.

use std::{fs, path::Path, process::Command};

use anyhow::{Context as _, bail};
use clap::Args;

use crate::{
    process,
    setup::{self, Scope},
    terminal::{note, result, step},
    workspace::Workspace,
};

#[derive(Args)]
pub(crate) struct Options {
    /// Run these targets only
    #[arg(long, value_name = "NAME", num_args = 1..)]
    target: Vec<String>,
    /// How long each
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    seconds: u32,
}

/// The folder of the targets, in the checkout.
const FOLDER: &str = "gateway/fuzz";
/// Longest input, and the longest that one may take, in seconds: all targets are linear in their input.
const INPUT_BYTES: u32 = 4096;
const INPUT_SECONDS: u32 = 10;
/// Memory of the fuzzer, in mebibytes.
const MEMORY: u32 = 2048;

/// What a target came to.
struct Outcome {
    name: String,
    executions: u64,
    /// The input that breaks the property, if one was found.
    finding: Option<String>,
}

pub(crate) fn run(workspace: &Workspace, options: &Options) -> anyhow::Result<()> {
    setup::bring(workspace, Scope::Fuzz)?;
    let all = targets(&workspace.root.join(FOLDER).join("fuzz_targets"))?;
    if let Some(unknown) = options.target.iter().find(|name| !all.contains(name)) {
        bail!("there is no target {unknown}; there are {}", all.join(", "));
    }
    let chosen = all
        .iter()
        .filter(|name| options.target.is_empty() || options.target.contains(name));
    let mut outcomes = Vec::new();
    for name in chosen {
        outcomes.push(step(name, || fuzz(workspace, name, options.seconds))?);
    }
    result(&format!("{:20}{:>14}  finding", "target", "executions"));
    for Outcome {
        name,
        executions,
        finding,
    } in &outcomes
    {
        result(&format!(
            "{name:20}{executions:14}  {}",
            finding.as_deref().unwrap_or("none")
        ));
    }
    match outcomes.iter().filter(|outcome| outcome.finding.is_some()).count() {
        0 => Ok(()),
        count => bail!("{count} targets have findings; `cargo xtask fuzz` beside the input shows each again"),
    }
}

fn targets(folder: &Path) -> anyhow::Result<Vec<String>> {
    let mut names = Vec::new();
    for file in fs::read_dir(folder).with_context(|| format!("can't read {}", folder.display()))? {
        let path = file?.path();
        names.extend(path.file_stem().map(|name| name.to_string_lossy().into_owned()));
    }
    names.sort();
    Ok(names)
}

fn fuzz(workspace: &Workspace, name: &str, seconds: u32) -> anyhow::Result<Outcome> {
    let target = workspace.target.join("fuzz");
    let (kept, artifacts) = (target.join("corpus").join(name), target.join("artifacts").join(name));
    fs::create_dir_all(&kept)?;
    fs::create_dir_all(&artifacts)?;
    let mut cargo: Command = workspace.cargo();
    // The compiler's coverage of branches is not stable; this compiler's is the one that the product is built with. There
    // is no unsafe code of ours to sanitize.
    cargo.env("RUSTC_BOOTSTRAP", "1");
    cargo.args(["fuzz", "run", "--sanitizer", "none", "--fuzz-dir", FOLDER]);
    cargo.arg("--target-dir").arg(&target).arg(name).arg(&kept);
    cargo
        .arg(workspace.root.join(FOLDER).join("corpus").join(name))
        .arg("--");
    cargo.arg(format!("-artifact_prefix={}/", artifacts.display()));
    cargo.arg(format!("-max_total_time={seconds}"));
    cargo.arg(format!("-max_len={INPUT_BYTES}"));
    cargo.arg(format!("-timeout={INPUT_SECONDS}"));
    cargo.arg(format!("-rss_limit_mb={MEMORY}"));
    let output = cargo.output().context("can't start cargo")?;
    let report = String::from_utf8_lossy(&output.stderr).into_owned();
    let outcome = read(name, &report);
    if outcome.finding.is_some() {
        let said: Vec<&str> = report
            .lines()
            .filter(|line| line.contains("panicked") || line.starts_with("=="))
            .collect();
        note(&said.join("\n"));
    } else {
        if !output.status.success() {
            note(&report);
        }
        process::check(&cargo, output.status)?;
    }
    Ok(outcome)
}

/// Reads what libFuzzer writes: `Done 1234 runs in 61 second(s)`, `#1234 …`, `Test unit written to PATH`.
fn read(name: &str, report: &str) -> Outcome {
    let done = |line: &str| line.strip_prefix("Done ")?.split_once(" runs in ")?.0.parse().ok();
    let seen = |line: &str| line.strip_prefix('#')?.split_whitespace().next()?.parse().ok();
    let last = |number: &dyn Fn(&str) -> Option<u64>| report.lines().rev().find_map(number);
    let finding = report.lines().find_map(|line| line.split_once("Test unit written to "));
    Outcome {
        name: name.to_owned(),
        executions: last(&done).or_else(|| last(&seen)).unwrap_or_default(),
        finding: finding.map(|(_, path)| path.trim().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_libfuzzer() {
        let outcome = read(
            "a",
            "INFO: seed corpus\n#1024\tpulse cov: 3\nDone 4096 runs in 61 second(s)\n",
        );
        assert_eq!((outcome.executions, outcome.finding), (4096, None));
        let outcome = read(
            "a",
            "#1024\tNEW    cov: 3\n==7== ERROR: libFuzzer: deadly signal\nartifact_prefix='x'; Test unit written to /t/crash-1\n",
        );
        assert_eq!(
            (outcome.executions, outcome.finding.as_deref()),
            (1024, Some("/t/crash-1"))
        );
    }
}
