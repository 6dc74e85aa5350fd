//! What `cargo xtask conformance` runs beside the product: Python's and npm's packages as locked in `xtask/conformance`,
//! below cargo's target folder.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::ensure;

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
    npm(&source, &target)
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

fn npm(source: &Path, target: &Path) -> anyhow::Result<()> {
    let stamp = Stamp::new(target, "npm", &[source.join("package-lock.json")])?;
    if stamp.is_there() {
        return Ok(());
    }
    ensure!(
        find_program("npm").is_some(),
        "Node.js 20 or newer, with npm, is missing"
    );
    step("set up: npm's packages of the conformance suites", || {
        let folder = target.join("npm");
        fs::create_dir_all(&folder)?;
        for file in ["package.json", "package-lock.json"] {
            fs::copy(source.join(file), folder.join(file))?;
        }
        let mut npm = Command::new("npm");
        npm.args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"]);
        process::run(npm.current_dir(&folder))?;
        stamp.set()
    })
}

/// A copy of the files that say what is installed, made when it is.
struct Stamp {
    path: PathBuf,
    text: Vec<u8>,
}

impl Stamp {
    fn new(target: &Path, name: &str, files: &[PathBuf]) -> anyhow::Result<Self> {
        let mut text = Vec::new();
        for file in files {
            text.extend(fs::read(file)?);
        }
        let path = target.join(format!(".installed-{name}"));
        Ok(Self { path, text })
    }

    fn is_there(&self) -> bool {
        fs::read(&self.path).is_ok_and(|installed| installed == self.text)
    }

    fn set(&self) -> anyhow::Result<()> {
        Ok(fs::write(&self.path, &self.text)?)
    }
}
