//! `cargo xtask setup`: brings what is missing; instant when nothing is.

use clap::ValueEnum;

use crate::{terminal::step, workspace::Workspace};

mod browser_tests;
mod debian;
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
        is_there: || debian::any_program(&["chromium", "chromium-browser", "google-chrome"]),
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
        is_there: || debian::any_program(&["nginx"]),
        package: "nginx-light",
    },
    Need {
        name: "HAProxy",
        purpose: "the gateway benchmark",
        is_there: || debian::any_program(&["haproxy"]),
        package: "haproxy",
    },
    Need {
        name: "wrk",
        purpose: "the gateway benchmark",
        is_there: || debian::any_program(&["wrk"]),
        package: "wrk",
    },
];

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
    }
}
