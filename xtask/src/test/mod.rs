//! `cargo xtask test`: everything that CI checks, cheapest first, one pass of each kind.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use clap::{Args, ValueEnum};

use crate::{
    build::{self, DEVELOPMENT, Profile, bundle},
    process,
    setup::{self, Scope},
    terminal::{result, seconds, step},
    workspace::{WASM, Workspace},
};

mod cases;
mod edges;
mod licences;
mod sources;

use cases::Cases;

/// This program.
const XTASK: [&str; 2] = ["--package", "xtask"];

/// Members that also build for the browser.
const BROWSER: [&str; 6] = ["--package", "app-hydrate", "--package", "app", "--package", "domain"];

#[derive(Args)]
pub(crate) struct Options {
    /// Run these steps only
    #[arg(long, value_enum, value_name = "STEP", num_args = 1..)]
    only: Vec<Step>,
    /// Leave these steps out
    #[arg(long, value_enum, value_name = "STEP", num_args = 1..)]
    skip: Vec<Step>,
}

/// In the order in which they run.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Step {
    /// Bring what the machine lacks
    Setup,
    /// rustfmt has nothing to change
    Format,
    /// Names, sizes and contents of source files
    Sources,
    /// Who may import whom
    Edges,
    /// Licences and banned crates among all dependencies
    Licences,
    /// clippy has nothing to say, here and for the browser
    Clippy,
    /// Documentation builds without a warning
    Docs,
    /// The browser bundle builds and keeps its budget
    Bundle,
    /// Unit, integration and documentation tests
    Rust,
    /// Playwright's tests in Chromium
    Browser,
}

/// Runs the chosen steps, stops at the first that fails.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> anyhow::Result<()> {
    let start = Instant::now();
    let mut rows = Vec::new();
    let mut total = Cases::default();
    for step in Step::value_variants() {
        if options.skip.contains(step) || !(options.only.is_empty() || options.only.contains(step)) {
            continue;
        }
        let started = Instant::now();
        let cases = step.run(workspace)?;
        rows.push((step.name(), started.elapsed(), cases));
        total += cases;
    }
    print_summary(&rows, start.elapsed());
    result(&format!("{} passed, {} failed", total.passed, total.failed));
    Ok(())
}

fn print_summary(rows: &[(String, Duration, Cases)], elapsed: Duration) {
    result(&format!(
        "\n{:10} {:>14} {:>7} {:>8}",
        "step", "time", "passed", "skipped"
    ));
    for (name, time, cases) in rows {
        let (passed, skipped) = (cases.passed.to_string(), cases.skipped.to_string());
        let shown = |count: String| if count == "0" { String::new() } else { count };
        result(&format!(
            "{name:10} {:>14} {:>7} {:>8}",
            seconds(*time),
            shown(passed),
            shown(skipped)
        ));
    }
    result(&format!("{:10} {:>14}\n", "together", seconds(elapsed)));
}

impl Step {
    fn name(self) -> String {
        self.to_possible_value()
            .map(|value| value.get_name().to_owned())
            .unwrap_or_default()
    }

    /// Runs the step; an error says what is wrong.
    fn run(self, workspace: &Workspace) -> anyhow::Result<Cases> {
        let name = self.name();
        let work = || match self {
            Self::Setup => setup::bring(workspace, Scope::Test).map(|()| Cases::default()),
            Self::Format => cargo(workspace, &["fmt", "--all", "--check"], &[], &[]),
            Self::Sources => sources::check(workspace).map(|()| Cases::default()),
            Self::Edges => edges::check(workspace).map(|()| Cases::default()),
            Self::Licences => licences::check(workspace).map(|()| Cases::default()),
            Self::Clippy => clippy(workspace),
            Self::Docs => docs(workspace),
            Self::Bundle => bundle::build(workspace).map(|()| Cases::default()),
            Self::Rust => rust_tests(workspace),
            Self::Browser => browser_tests(workspace),
        };
        // Setup is silent when there is nothing to do, and has headings of its own otherwise.
        let outcome = if self == Self::Setup { work() } else { step(&name, work) };
        outcome.with_context(|| format!("step `{name}` failed"))
    }
}

/// `cargo WORDS… MEMBERS… -- TAIL…`
fn cargo(workspace: &Workspace, words: &[&str], members: &[&str], tail: &[&str]) -> anyhow::Result<Cases> {
    let mut command = cargo_command(workspace, words, members);
    if !tail.is_empty() {
        command.arg("--").args(tail);
    }
    process::run(&mut command)?;
    Ok(Cases::default())
}

fn cargo_command(workspace: &Workspace, words: &[&str], members: &[&str]) -> Command {
    let mut command = workspace.cargo();
    command.args(words).args(members);
    command
}

fn clippy(workspace: &Workspace) -> anyhow::Result<Cases> {
    let strict = ["-D", "warnings"];
    cargo(
        workspace,
        &["clippy", "--locked", "--all-targets"],
        &DEVELOPMENT,
        &strict,
    )?;
    cargo(workspace, &["clippy", "--locked", "--all-targets"], &XTASK, &strict)?;
    cargo(workspace, &["clippy", "--locked", "--target", WASM], &BROWSER, &strict)
}

fn docs(workspace: &Workspace) -> anyhow::Result<Cases> {
    let mut command = cargo_command(workspace, &["doc", "--locked", "--no-deps"], &DEVELOPMENT);
    process::run(command.env("RUSTDOCFLAGS", "-D warnings"))?;
    Ok(Cases::default())
}

fn rust_tests(workspace: &Workspace) -> anyhow::Result<Cases> {
    let mut cases = Cases::default();
    for members in [&XTASK[..], &DEVELOPMENT] {
        let mut command = cargo_command(workspace, &["test", "--locked"], members);
        let (status, output) = process::tee(&mut command)?;
        cases += cases::of_cargo(&output);
        process::check(&command, status).with_context(|| cases.to_string())?;
    }
    Ok(cases)
}

/// Against a development build, which the step before has compiled all parts of.
fn browser_tests(workspace: &Workspace) -> anyhow::Result<Cases> {
    let binary = build::binary(workspace, Profile::Dev)?;
    let folder = workspace.root.join("end2end");
    process::run(
        Command::new("npm")
            .args(["run", "--silent", "check"])
            .current_dir(&folder),
    )?;
    let mut command = Command::new("npx");
    command
        .args(["playwright", "test"])
        .current_dir(&folder)
        .env("TURNPIKE_BIN", binary);
    if let Some(chromium) = setup::chromium() {
        command.env("CHROMIUM_PATH", chromium);
    }
    let (status, output) = process::tee(&mut command)?;
    let cases = cases::of_playwright(&output);
    process::check(&command, status).with_context(|| cases.to_string())?;
    Ok(cases)
}
