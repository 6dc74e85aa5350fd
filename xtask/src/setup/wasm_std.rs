//! Builds the standard library for wasm32 where rustup can't bring it: cargo's `build-std`, over the sources of the very
//! same compiler version, with the result put where rustup would have put it. Takes some 20 s.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};

use super::{debian, wasm_target::Toolchain};
use crate::{
    process,
    terminal::note,
    workspace::{WASM, Workspace},
};

/// The crate that `build-std` wants to be asked for.
const CRATE: &str = "wasm-std";

pub(super) fn build(workspace: &Workspace, toolchain: &Toolchain) -> anyhow::Result<()> {
    let sources = sources(toolchain)?;
    let _placed = Placed::under(&toolchain.sysroot, &sources)?;

    let folder = workspace.target.join(CRATE);
    fs::create_dir_all(folder.join("src"))?;
    fs::write(folder.join("src/lib.rs"), "")?;
    // A workspace of its own: the target folder usually stands inside of ours.
    let manifest = format!("[package]\nname = \"{CRATE}\"\nedition = \"2024\"\n[workspace]\n");
    fs::write(folder.join("Cargo.toml"), manifest)?;

    let mut cargo = workspace.cargo();
    cargo
        .current_dir(&folder)
        .args(["build", "--release", "-Zbuild-std=std,panic_abort", "--target", WASM]);
    cargo.env("CARGO_TARGET_DIR", folder.join("target"));
    // `build-std` is not stable, but the library it builds is: same compiler, same sources.
    cargo.env("RUSTC_BOOTSTRAP", "1");
    // As rustup's: link-time optimisation of the bundle needs the bitcode.
    cargo.env("RUSTFLAGS", "-Cembed-bitcode=yes");
    process::run(&mut cargo)?;

    install(
        &folder.join("target").join(WASM).join("release/deps"),
        &toolchain.libraries(),
    )
}

/// The compiler's `library` folder, from wherever it is; installs Debian's package as the last resort.
fn sources(toolchain: &Toolchain) -> anyhow::Result<PathBuf> {
    let component = toolchain.sysroot.join("lib/rustlib/src/rust/library");
    let debian = PathBuf::from(format!("/usr/src/rustc-{}/library", toolchain.version));
    if let Some(found) = [&component, &debian]
        .into_iter()
        .find(|folder| folder.join("std").is_dir())
    {
        return Ok(found.clone());
    }
    debian::bring_version("rust-src", &toolchain.version)?;
    if !debian.join("std").is_dir() {
        bail!("Debian's rust-src is installed, but {} is not there", debian.display());
    }
    Ok(debian)
}

/// Sources placed where cargo looks for them, taken away again at the end: a later `rustup component add rust-src` would
/// stumble over them.
struct Placed(Option<PathBuf>);

impl Placed {
    fn under(sysroot: &Path, sources: &Path) -> anyhow::Result<Self> {
        let parent = sysroot.join("lib/rustlib/src/rust");
        let link = parent.join("library");
        if link == sources {
            return Ok(Self(None));
        }
        fs::create_dir_all(&parent).with_context(|| format!("can't write to {}", parent.display()))?;
        symlink(sources, &link).with_context(|| format!("can't place the sources at {}", link.display()))?;
        Ok(Self(Some(link)))
    }
}

impl Drop for Placed {
    fn drop(&mut self) {
        let Some(link) = &self.0 else { return };
        let _ = fs::remove_file(link);
        // Only as far up as they are empty.
        for folder in link.ancestors().skip(1).take(2) {
            let _ = fs::remove_dir(folder);
        }
    }
}

fn install(built: &Path, libraries: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(libraries)?;
    let ours = CRATE.replace('-', "_");
    let mut count = 0;
    for entry in fs::read_dir(built)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_library = Path::new(&name)
            .extension()
            .is_some_and(|extension| extension == "rlib" || extension == "rmeta");
        if is_library && !name.contains(&ours) {
            fs::copy(entry.path(), libraries.join(&name))?;
            count += 1;
        }
    }
    note(&format!("{count} files put into {}", libraries.display()));
    Ok(())
}
