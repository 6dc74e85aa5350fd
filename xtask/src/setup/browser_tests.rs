//! What the browser tests import, as locked in `end2end/package-lock.json`.

use std::{fs, process::Command};

use anyhow::ensure;

use crate::{
    process,
    terminal::step,
    workspace::{Workspace, find_program},
};

/// Runs `npm ci` unless exactly this lockfile is installed already.
pub(super) fn bring(workspace: &Workspace) -> anyhow::Result<()> {
    let folder = workspace.root.join("end2end");
    let lock = fs::read(folder.join("package-lock.json"))?;
    let stamp = folder.join("node_modules/.installed-lock.json");
    if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    // Debian's own is too old for them, so this is not installed by us.
    ensure!(
        find_program("npm").is_some(),
        "Node.js 20 or newer, with npm, is missing (for browser tests)"
    );
    step("set up: packages of the browser tests", || {
        let mut npm = Command::new("npm");
        npm.args(["ci", "--no-audit", "--no-fund"]).current_dir(&folder);
        // Debian's Chromium is used; npm's packages would download another one.
        process::run(npm.env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1"))?;
        Ok(fs::write(&stamp, &lock)?)
    })
}
