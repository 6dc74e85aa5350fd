//! `cargo xtask demo`: from a fresh checkout to a running sample world.

use std::{os::unix::process::CommandExt as _, process::Command};

use anyhow::Context as _;

use crate::{
    build,
    setup::{self, Scope},
    workspace::Workspace,
};

/// Replaces this process by `turnpike demo`, so that signals and the exit code are its own. Returns only on failure.
pub(crate) fn start(workspace: &Workspace, args: &[String]) -> anyhow::Result<()> {
    setup::bring(workspace, Scope::Build)?;
    let binary = build::all(workspace, build::Profile::Dev)?;
    let error = Command::new(&binary).arg("demo").args(args).exec();
    Err(error).with_context(|| format!("can't start {}", binary.display()))
}
