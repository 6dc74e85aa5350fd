//! The standard library for wasm32, which islands are compiled with.

use std::{path::PathBuf, process::Command};

use anyhow::{Context as _, bail};

use super::wasm_std;
use crate::{
    process,
    terminal::note,
    workspace::{WASM, Workspace, find_program},
};

/// The compiler that cargo uses here.
pub(super) struct Toolchain {
    pub(super) sysroot: PathBuf,
    /// `1.95.0`
    pub(super) version: String,
}

impl Toolchain {
    fn of(workspace: &Workspace) -> anyhow::Result<Self> {
        // In the checkout, where rustup would find an override.
        let rustc = |args: &[&str]| process::output(Command::new("rustc").args(args).current_dir(&workspace.root));
        let sysroot = PathBuf::from(rustc(&["--print", "sysroot"])?.trim());
        let version = rustc(&["--version"])?
            .split_whitespace()
            .nth(1)
            .context("rustc tells no version")?
            .to_owned();
        Ok(Self { sysroot, version })
    }

    /// Where the target's libraries stand.
    pub(super) fn libraries(&self) -> PathBuf {
        self.sysroot.join("lib/rustlib").join(WASM).join("lib")
    }

    fn has_wasm(&self) -> bool {
        let files = self.libraries().read_dir().into_iter().flatten().flatten();
        files.map(|file| file.file_name()).any(|name| {
            let name = name.to_string_lossy();
            name.starts_with("libstd-") && name.ends_with(".rlib")
        })
    }
}

pub(super) fn is_there(workspace: &Workspace) -> anyhow::Result<bool> {
    Ok(Toolchain::of(workspace)?.has_wasm())
}

/// By rustup, or built from the compiler's own sources.
pub(super) fn bring(workspace: &Workspace) -> anyhow::Result<()> {
    let toolchain = Toolchain::of(workspace)?;
    if find_program("rustup").is_some() {
        let mut rustup = Command::new("rustup");
        rustup.args(["target", "add", WASM]).current_dir(&workspace.root);
        if let Err(error) = process::run(&mut rustup) {
            note(&format!("{error:#}"));
        }
    }
    if !toolchain.has_wasm() {
        note("building the standard library for wasm32 from source instead");
        wasm_std::build(workspace, &toolchain).with_context(|| {
            format!(
                "the standard library for {WASM} is missing; run `rustup target add {WASM}`, or install the sources of \
                 rustc {version} (Debian's rust-src, or `rustup component add rust-src`), then try again",
                version = toolchain.version
            )
        })?;
    }
    if !toolchain.has_wasm() {
        bail!("no standard library for {WASM} in {}", toolchain.libraries().display());
    }
    Ok(())
}
