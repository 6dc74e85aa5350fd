//! `cargo xtask setup`: brings what is missing; instant when nothing is.

use std::{path::PathBuf, process::Command};

use clap::ValueEnum;

use crate::{
    process,
    terminal::step,
    workspace::{Workspace, find_program},
};

mod browser_tests;
mod conformance;
mod debian;
mod packages;
mod wasm_std;
mod wasm_target;

/// What the machine shall be able to do afterwards.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scope {
    /// Build and run the product
    Build,
    /// Also everything that `cargo xtask test` checks
    Test,
    /// Also the programs that `cargo xtask bench` compares with
    Bench,
    /// Also the programs that `cargo xtask bench spec` compares with
    BenchSpec,
    /// Also the suites that `cargo xtask conformance` runs
    Conformance,
    /// Also the programs that `cargo xtask soak` calls with and reads the ledger with
    Soak,
    /// Also cargo-fuzz, for `cargo xtask fuzz`
    Fuzz,
}

/// A program that the operating system provides.
pub(crate) struct Need {
    /// As a person calls it.
    name: &'static str,
    /// What it is needed for.
    purpose: &'static str,
    is_there: fn() -> bool,
    /// The Debian package that brings it.
    package: &'static str,
}

const TEST_NEEDS: [Need; 2] = [
    Need {
        name: "Chromium",
        purpose: "browser tests",
        is_there: || chromium().is_some(),
        package: "chromium",
    },
    Need {
        name: "PostgreSQL's server",
        purpose: "storage tests, which start their own throw-away cluster",
        is_there: debian::postgres_is_there,
        package: "postgresql",
    },
];

const BENCH_NEEDS: [Need; 3] = [
    Need {
        name: "nginx",
        purpose: "the gateway benchmark",
        is_there: || find_program("nginx").is_some(),
        package: "nginx-light",
    },
    Need {
        name: "HAProxy",
        purpose: "the gateway benchmark",
        is_there: || find_program("haproxy").is_some(),
        package: "haproxy",
    },
    Need {
        name: "wrk",
        purpose: "the gateway benchmark",
        is_there: || find_program("wrk").is_some(),
        package: "wrk",
    },
];

const CONFORMANCE_NEEDS: [Need; 6] = [
    Need {
        name: "h2load",
        purpose: "conformance over HTTP/2",
        is_there: || find_program("h2load").is_some(),
        package: "nghttp2-client",
    },
    Need {
        name: "Python's venv",
        purpose: "the conformance suites in Python",
        is_there: || process::succeeds(Command::new("python3").args(["-c", "import ensurepip, venv"])),
        package: "python3-venv",
    },
    Need {
        name: "wrk",
        purpose: "load while the upstream is killed",
        is_there: || find_program("wrk").is_some(),
        package: "wrk",
    },
    Need {
        name: "slowhttptest",
        purpose: "callers that are slow on purpose",
        is_there: || find_program("slowhttptest").is_some(),
        package: "slowhttptest",
    },
    Need {
        name: "sslscan",
        purpose: "a look at the gateway's TLS from outside",
        is_there: || find_program("sslscan").is_some(),
        package: "sslscan",
    },
    Need {
        name: "openssl",
        purpose: "certificates of the conformance suites",
        is_there: || find_program("openssl").is_some(),
        package: "openssl",
    },
];

const SOAK_NEEDS: [Need; 2] = [
    Need {
        name: "h2load",
        purpose: "the soak's callers over HTTP/2",
        is_there: || find_program("h2load").is_some(),
        package: "nghttp2-client",
    },
    Need {
        name: "sqlite3",
        purpose: "reading the ledger after a soak",
        is_there: || find_program("sqlite3").is_some(),
        package: "sqlite3",
    },
];

const FUZZ_NEEDS: [Need; 1] = [Need {
    name: "a C++ compiler",
    purpose: "libFuzzer",
    is_there: || find_program("c++").is_some(),
    package: "g++",
}];

/// Where Chromium, or a browser made of it, stands.
pub(crate) fn chromium() -> Option<PathBuf> {
    ["chromium", "chromium-browser", "google-chrome"]
        .into_iter()
        .find_map(find_program)
}

/// Brings what `scope` needs and the machine lacks.
///
/// # Errors
/// Names everything that is still missing and what to do about it.
pub(crate) fn bring(workspace: &Workspace, scope: Scope) -> anyhow::Result<()> {
    if !wasm_target::is_there(workspace)? {
        step("set up: browser target of the compiler", || {
            wasm_target::bring(workspace)
        })?;
    }
    match scope {
        Scope::Build => Ok(()),
        Scope::Test => {
            debian::bring(&TEST_NEEDS)?;
            browser_tests::bring(workspace)
        }
        Scope::Bench => debian::bring(&BENCH_NEEDS),
        Scope::BenchSpec => packages::npm(
            &workspace.root.join("xtask/bench"),
            &workspace.target.join("bench"),
            "the OpenAPI benchmark",
        ),
        Scope::Conformance => {
            debian::bring(&CONFORMANCE_NEEDS)?;
            conformance::bring(workspace)
        }
        Scope::Soak => debian::bring(&SOAK_NEEDS),
        Scope::Fuzz => {
            debian::bring(&FUZZ_NEEDS)?;
            cargo_fuzz(workspace)
        }
    }
}

/// Cargo's subcommand that builds and runs fuzz targets; for this account, as cargo installs its programs.
fn cargo_fuzz(workspace: &Workspace) -> anyhow::Result<()> {
    if process::succeeds(workspace.cargo().args(["fuzz", "--version"])) {
        return Ok(());
    }
    step("set up: cargo-fuzz", || {
        process::run(workspace.cargo().args(["install", "cargo-fuzz", "--locked"]))
    })
}
