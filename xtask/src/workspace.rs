//! Where things are: the checkout, cargo's target folder, programs on the path.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context as _;

use crate::process;

/// The target that islands are compiled for.
pub(crate) const WASM: &str = "wasm32-unknown-unknown";

/// Administrators' programs (nginx, haproxy) stand here on Debian, outside of most accounts' path.
const EXTRA_PATH: [&str; 2] = ["/usr/sbin", "/sbin"];

/// The checkout that this program belongs to.
pub(crate) struct Workspace {
    /// Top folder of the checkout.
    pub(crate) root: PathBuf,
    /// Cargo's target folder, wherever configuration or environment put it.
    pub(crate) target: PathBuf,
}

impl Workspace {
    pub(crate) fn find() -> anyhow::Result<Self> {
        let manifest = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let root = Path::new(&manifest)
            .parent()
            .context("xtask stands in no workspace")?
            .to_owned();
        let mut metadata = cargo_in(&root);
        let text = process::output(metadata.args(["metadata", "--no-deps", "--format-version", "1"]))?;
        let metadata: serde_json::Value = serde_json::from_str(&text).context("cargo metadata is not JSON")?;
        let target = metadata["target_directory"]
            .as_str()
            .context("cargo metadata names no target folder")?
            .into();
        Ok(Self { root, target })
    }

    /// Cargo in the checkout, as if called by hand.
    pub(crate) fn cargo(&self) -> Command {
        cargo_in(&self.root)
    }

    /// Cargo's metadata with all dependencies for `platform`, exactly as locked.
    pub(crate) fn metadata(&self, platform: &str) -> anyhow::Result<serde_json::Value> {
        let mut cargo = self.cargo();
        // Without a platform cargo would download the dependencies of every operating system there is.
        cargo.args([
            "metadata",
            "--locked",
            "--format-version",
            "1",
            "--filter-platform",
            platform,
        ]);
        let text = process::output(&mut cargo)?;
        serde_json::from_str(&text).context("cargo metadata is not JSON")
    }
}

/// The platform that members are compiled for, e.g. `x86_64-unknown-linux-gnu`.
pub(crate) fn host() -> anyhow::Result<String> {
    let version = process::output(Command::new("rustc").arg("-vV"))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc does not tell its host")?.to_owned())
}

fn cargo_in(folder: &Path) -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(folder);
    // `cargo run` describes xtask to us in these. Build scripts that watch them (ring's does) would run again each time
    // that `cargo xtask` follows a plain `cargo`.
    for (name, _) in env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") || name.starts_with("CARGO_BIN_") {
            cargo.env_remove(name.as_ref());
        }
    }
    if env::var_os("CI").is_some_and(|value| value == "true") {
        // A machine that compiles once gains nothing from it.
        cargo.env("CARGO_INCREMENTAL", "0");
    }
    cargo
}

/// Where a program stands; also looks where Debian keeps administrators' programs.
pub(crate) fn find_program(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(EXTRA_PATH.iter().map(PathBuf::from))
        .map(|folder| folder.join(name))
        .find(|candidate| candidate.is_file())
}
