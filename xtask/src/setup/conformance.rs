//! What `cargo xtask conformance` runs beside the product: Python's and npm's packages as locked in `xtask/conformance`,
//! below cargo's target folder.

use std::{fs, path::Path, process::Command};

use anyhow::ensure;

use super::packages::{Stamp, npm};
use crate::{
    process,
    terminal::step,
    workspace::{Workspace, find_program},
};

pub(super) fn bring(workspace: &Workspace) -> anyhow::Result<()> {
    let (source, target) = (
        workspace.root.join("xtask/conformance"),
        workspace.target.join("conformance"),
    );
    fs::create_dir_all(&target)?;
    python(&source, &target)?;
    npm(&source, &target, "the conformance suites")
}

/// A Python of their own, with the packages and the stubs made of `echo.proto`.
fn python(source: &Path, target: &Path) -> anyhow::Result<()> {
    let stamp = Stamp::new(
        target,
        "python",
        &[source.join("requirements.txt"), source.join("echo.proto")],
    )?;
    if stamp.is_there() {
        return Ok(());
    }
    ensure!(find_program("python3").is_some(), "Python 3.11 or newer is missing");
    step("set up: Python's packages of the conformance suites", || {
        let (folder, stubs) = (target.join("python"), target.join("stubs"));
        process::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
        let python = folder.join("bin/python");
        let mut pip = Command::new(&python);
        pip.args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--requirement",
        ]);
        process::run(pip.arg(source.join("requirements.txt")))?;
        fs::create_dir_all(&stubs)?;
        let mut protoc = Command::new(&python);
        protoc.args(["-m", "grpc_tools.protoc", "--proto_path"]).arg(source);
        protoc.arg("--python_out").arg(&stubs).arg("echo.proto");
        process::run(&mut protoc)?;
        stamp.set()
    })
}
