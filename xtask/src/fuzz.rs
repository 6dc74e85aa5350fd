//! `cargo xtask fuzz`: the properties of the request path and of the OpenAPI engine under inputs that libFuzzer makes up, one
//! target after the other.
//!
//! Seeds are in `gateway/fuzz/corpus` and `openapi/fuzz/corpus`, small and written by hand; what libFuzzer finds worth keeping
//! stays below cargo's target folder, so that the next run begins where this one ended.

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
    /// Run these targets only: by name, as CRATE/NAME, or all of a crate as CRATE
    #[arg(long, value_name = "NAME", num_args = 1..)]
    target: Vec<String>,
    /// How long each
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    seconds: u32,
}

/// The crates that have targets, in their folder `fuzz`.
const CRATES: [&str; 2] = ["gateway", "openapi"];
/// Longest input, and the longest that one may take, in seconds: all targets are linear in their input.
const INPUT_BYTES: u32 = 4096;
const INPUT_SECONDS: u32 = 10;
/// Memory of the fuzzer, in mebibytes.
const MEMORY: u32 = 2048;

/// A target of a crate.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Target {
    of: &'static str,
    name: String,
}

impl Target {
    /// Whether it is meant by what was asked for.
    fn is_named(&self, asked: &str) -> bool {
        asked == self.name || asked == self.of || asked.split_once('/') == Some((self.of, &self.name))
    }

    fn label(&self) -> String {
        format!("{}/{}", self.of, self.name)
    }
}

/// What a target came to.
struct Outcome {
    name: String,
    executions: u64,
    /// The input that breaks the property, if one was found.
    finding: Option<String>,
}

pub(crate) fn run(workspace: &Workspace, options: &Options) -> anyhow::Result<()> {
    setup::bring(workspace, Scope::Fuzz)?;
    let mut all = Vec::new();
    for of in CRATES {
        all.extend(targets(of, &workspace.root.join(of).join("fuzz/fuzz_targets"))?);
    }
    let mut outcomes = Vec::new();
    for target in chosen(&all, &options.target)? {
        outcomes.push(step(&target.label(), || fuzz(workspace, target, options.seconds))?);
    }
    result(&format!("{:26}{:>14}  finding", "target", "executions"));
    for Outcome {
        name,
        executions,
        finding,
    } in &outcomes
    {
        result(&format!(
            "{name:26}{executions:14}  {}",
            finding.as_deref().unwrap_or("none")
        ));
    }
    match outcomes.iter().filter(|outcome| outcome.finding.is_some()).count() {
        0 => Ok(()),
        count => bail!("{count} targets have findings; `cargo xtask fuzz` beside the input shows each again"),
    }
}

fn targets(of: &'static str, folder: &Path) -> anyhow::Result<Vec<Target>> {
    let mut names = Vec::new();
    for file in fs::read_dir(folder).with_context(|| format!("can't read {}", folder.display()))? {
        let path = file?.path();
        names.extend(path.file_stem().map(|name| name.to_string_lossy().into_owned()));
    }
    names.sort();
    Ok(names.into_iter().map(|name| Target { of, name }).collect())
}

/// The targets that were asked for; all if none was.
fn chosen<'t>(all: &'t [Target], asked: &[String]) -> anyhow::Result<Vec<&'t Target>> {
    if let Some(unknown) = asked
        .iter()
        .find(|asked| !all.iter().any(|target| target.is_named(asked)))
    {
        let labels: Vec<String> = all.iter().map(Target::label).collect();
        bail!("there is no target {unknown}; there are {}", labels.join(", "));
    }
    let is_chosen = |target: &&Target| asked.is_empty() || asked.iter().any(|asked| target.is_named(asked));
    Ok(all.iter().filter(is_chosen).collect())
}

fn fuzz(workspace: &Workspace, Target { of, name }: &Target, seconds: u32) -> anyhow::Result<Outcome> {
    let target = workspace.target.join("fuzz");
    let folder = format!("{of}/fuzz");
    let label = format!("{of}/{name}");
    let (kept, artifacts) = (
        target.join("corpus").join(&label),
        target.join("artifacts").join(&label),
    );
    fs::create_dir_all(&kept)?;
    fs::create_dir_all(&artifacts)?;
    let mut cargo: Command = workspace.cargo();
    // The compiler's coverage of branches is not stable; this compiler's is the one that the product is built with. There
    // is no unsafe code of ours to sanitize.
    cargo.env("RUSTC_BOOTSTRAP", "1");
    cargo.args(["fuzz", "run", "--sanitizer", "none", "--fuzz-dir", &folder]);
    cargo.arg("--target-dir").arg(&target).arg(name).arg(&kept);
    cargo
        .arg(workspace.root.join(&folder).join("corpus").join(name))
        .arg("--");
    cargo.arg(format!("-artifact_prefix={}/", artifacts.display()));
    cargo.arg(format!("-max_total_time={seconds}"));
    cargo.arg(format!("-max_len={INPUT_BYTES}"));
    cargo.arg(format!("-timeout={INPUT_SECONDS}"));
    cargo.arg(format!("-rss_limit_mb={MEMORY}"));
    let output = cargo.output().context("can't start cargo")?;
    let report = String::from_utf8_lossy(&output.stderr).into_owned();
    let outcome = read(&label, &report);
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
    fn targets_are_chosen_by_name_and_crate() {
        let target = |of, name: &str| Target {
            of,
            name: name.to_owned(),
        };
        let all = [
            target("gateway", "jwt"),
            target("openapi", "read"),
            target("openapi", "zip"),
        ];
        for (asked, expected) in [
            (vec![], vec!["gateway/jwt", "openapi/read", "openapi/zip"]),
            (vec!["zip"], vec!["openapi/zip"]),
            (vec!["openapi/read", "jwt"], vec!["gateway/jwt", "openapi/read"]),
            (vec!["openapi"], vec!["openapi/read", "openapi/zip"]),
        ] {
            let asked: Vec<String> = asked.into_iter().map(str::to_owned).collect();
            let labels: Vec<String> = chosen(&all, &asked).unwrap().into_iter().map(Target::label).collect();
            assert_eq!(labels, expected);
        }
        assert!(chosen(&all, &["gateway/zip".to_owned()]).is_err());
    }

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
