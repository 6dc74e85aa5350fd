//! npm's packages of a folder of this checkout, installed below cargo's target folder.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::ensure;

use crate::{process, terminal::step, workspace::find_program};

/// Installs what `package-lock.json` in `source` names into `target`'s folder `npm`, unless it is there.
pub(super) fn npm(source: &Path, target: &Path, purpose: &str) -> anyhow::Result<()> {
    let stamp = Stamp::new(target, "npm", &[source.join("package-lock.json")])?;
    if stamp.is_there() {
        return Ok(());
    }
    ensure!(
        find_program("npm").is_some(),
        "Node.js 20 or newer, with npm, is missing"
    );
    step(&format!("set up: npm's packages of {purpose}"), || {
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
pub(super) struct Stamp {
    path: PathBuf,
    text: Vec<u8>,
}

impl Stamp {
    pub(super) fn new(target: &Path, name: &str, files: &[PathBuf]) -> anyhow::Result<Self> {
        let mut text = Vec::new();
        for file in files {
            text.extend(fs::read(file)?);
        }
        fs::create_dir_all(target)?;
        let path = target.join(format!(".installed-{name}"));
        Ok(Self { path, text })
    }

    pub(super) fn is_there(&self) -> bool {
        fs::read(&self.path).is_ok_and(|installed| installed == self.text)
    }

    pub(super) fn set(&self) -> anyhow::Result<()> {
        Ok(fs::write(&self.path, &self.text)?)
    }
}
