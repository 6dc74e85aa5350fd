//! `cargo xtask build`: the browser bundle first, because the binary carries it.

use std::path::PathBuf;

use crate::{process, terminal::step, workspace::Workspace};

pub(crate) mod bundle;

/// The members that make the product, with the features that their tests need. Every development build and every check
/// says exactly this: with another selection cargo would compile most dependencies once more.
///
/// `xtask` has dependencies of its own kind. Leptos' `ssr` and `hydrate` exclude each other, hence neither `app-hydrate`
/// nor `--all-features`.
pub(crate) const DEVELOPMENT: [&str; 7] = [
    "--workspace",
    "--exclude",
    "app-hydrate",
    "--exclude",
    "xtask",
    "--features",
    "domain/fixture",
];

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
    match profile {
        Profile::Dev => cargo.arg("build").args(DEVELOPMENT),
        Profile::Release => cargo.args(["build", "--release", "--package", "server"]),
    };
    process::run(cargo.args(["--bin", "turnpike"]))?;
    Ok(path(workspace, profile))
}

/// Where cargo puts the binary.
fn path(workspace: &Workspace, profile: Profile) -> PathBuf {
    workspace.target.join(profile.folder()).join("turnpike")
}
