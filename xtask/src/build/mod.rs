//! `cargo xtask build`: the browser bundle first, because the binary carries it.

use std::path::PathBuf;

use crate::{terminal::step, workspace::Workspace};

pub(crate) mod bundle;

/// How the binary is compiled. The browser bundle is always optimised for size.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    Dev,
    Release,
}

impl Profile {
    pub(crate) fn from_release(release: bool) -> Self {
        if release { Self::Release } else { Self::Dev }
    }

    /// Cargo's folder of this profile.
    fn folder(self) -> &'static str {
        match self {
            Self::Dev => "debug",
            Self::Release => "release",
        }
    }
}

/// Builds bundle and binary; returns where the binary is.
pub(crate) fn all(workspace: &Workspace, profile: Profile) -> anyhow::Result<PathBuf> {
    step("browser bundle", || bundle::build(workspace))?;
    step("turnpike", || binary(workspace, profile))
}

/// Builds the binary with whatever browser bundle is there.
pub(crate) fn binary(workspace: &Workspace, profile: Profile) -> anyhow::Result<PathBuf> {
    let mut cargo = workspace.cargo();
    cargo.args(["build", "--package", "server", "--bin", "turnpike"]);
    if profile == Profile::Release {
        cargo.arg("--release");
    }
    crate::process::run(&mut cargo)?;
    Ok(path(workspace, profile))
}

/// Where cargo puts the binary.
pub(crate) fn path(workspace: &Workspace, profile: Profile) -> PathBuf {
    workspace.target.join(profile.folder()).join("turnpike")
}
