//! Setup, build, demo, test, bench and conformance of this repository: `cargo xtask help`.
//!
//! Everything that CI checks runs here, so that `cargo xtask test` on a desk means what it means there. Steps run other
//! programs; nothing but cargo's registry, npm's and the system's package manager is ever downloaded from.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod bench;
mod build;
mod conformance;
mod demo;
mod fuzz;
mod process;
mod server;
mod setup;
mod soak;
mod terminal;
mod test;
mod workspace;

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    about = "Setup, build, demo, test, bench and conformance of this repository"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Bring what build and tests need and the machine lacks; instant when nothing is missing
    Setup {
        /// What it shall be enough for
        #[arg(long = "for", value_enum, default_value_t = setup::Scope::Test)]
        scope: setup::Scope,
    },
    /// Build the browser bundle and the `turnpike` binary
    Build {
        /// With optimisation; to `target/release/turnpike`
        #[arg(long)]
        release: bool,
    },
    /// Set up, build, and start a sample world
    Demo {
        /// Passed on to `turnpike demo`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Check everything that CI checks
    Test(test::Options),
    /// Measure against other programs doing the same work in the same run
    #[command(subcommand)]
    Bench(bench::Subject),
    /// Run the gateway against conformance suites; fails when less passes than before
    Conformance(conformance::Options),
    /// Run the product under mixed traffic while configurations change and a target dies; fails on any unexpected answer
    Soak(soak::Options),
    /// Try the request path's properties with inputs that a fuzzer makes up
    Fuzz(fuzz::Options),
    /// A target of the soak's
    #[command(hide = true)]
    SoakOrigin(soak::origin::Options),
}

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            terminal::error(&error);
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<()> {
    let workspace = workspace::Workspace::find()?;
    match command {
        Command::Setup { scope } => setup::bring(&workspace, scope),
        Command::Build { release } => build::all(&workspace, build::Profile::from_release(release)).map(drop),
        Command::Demo { args } => demo::start(&workspace, &args),
        Command::Test(options) => test::run(&workspace, &options),
        Command::Bench(subject) => bench::run(&workspace, &subject),
        Command::Conformance(options) => conformance::run(&workspace, &options),
        Command::Soak(options) => soak::run(&workspace, &options),
        Command::Fuzz(options) => fuzz::run(&workspace, &options),
        Command::SoakOrigin(options) => soak::origin::serve(&options),
    }
}
