//! What the suites consist of beside their own code, where `cargo xtask setup --for conformance` puts it.

use std::{path::PathBuf, process::Command};

use crate::workspace::Workspace;

/// Folder with scripts and expectations.
fn scripts(workspace: &Workspace) -> PathBuf {
    workspace.root.join("xtask/conformance")
}

/// A check of ours, in the Python that has what it imports.
pub(super) fn python(workspace: &Workspace, script: &str) -> Command {
    let folder = workspace.target.join("conformance");
    let mut command = Command::new(folder.join("python/bin/python"));
    command
        .arg(scripts(workspace).join(script))
        .env("STUBS", folder.join("stubs"));
    // Nothing is written beside the scripts.
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

/// Where http-cache-tests is.
pub(super) fn cache_tests(workspace: &Workspace) -> PathBuf {
    workspace.target.join("conformance/npm/node_modules/http-cache-tests")
}

/// Judges what http-cache-tests has written.
pub(super) fn cache_score(workspace: &Workspace) -> Command {
    let mut command = Command::new("node");
    command
        .arg(scripts(workspace).join("cache_score.mjs"))
        .arg(cache_tests(workspace));
    command
}
