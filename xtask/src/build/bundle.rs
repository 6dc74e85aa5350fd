//! The browser bundle: islands compiled to wasm32, bound to JavaScript, shrunk, and put into `public/pkg`.
//!
//! Cargo knows best which of `app`'s files matter to the browser (most stand behind the feature `ssr`), so it is always
//! asked; the slow rest is skipped when its output has not changed.

use std::{
    fs,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, bail};
use flate2::{Compression, write::GzEncoder};
use wasm_bindgen_cli_support::Bindgen;

use crate::{
    process,
    terminal::note,
    workspace::{WASM, Workspace, find_program},
};

/// What a page with islands may load at most: loader, JavaScript and wasm, gzipped.
const BUDGET_BYTES: usize = 200_000;

/// The loader is ours; the other two are what wasm-bindgen makes under this name.
const FILES: [&str; 3] = ["islands.js", "turnpike.js", "turnpike_bg.wasm"];

/// With the features that rustc uses by default.
const WASM_OPT: [&str; 7] = [
    "-Oz",
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-reference-types",
    "--enable-multivalue",
];

/// The oldest version tried with success. Version 108, Debian 12's, mixes up tables: its output stops at
/// `WebAssembly.Table.set` in the browser.
const WASM_OPT_SINCE: u32 = 132;

/// Builds the bundle where it changed. Fails when it is over its budget.
pub(crate) fn build(workspace: &Workspace) -> anyhow::Result<()> {
    let mut cargo = workspace.cargo();
    cargo.args([
        "build",
        "--package",
        "app-hydrate",
        "--target",
        WASM,
        "--profile",
        "wasm-release",
    ]);
    process::run(&mut cargo)?;

    let wasm = workspace.target.join(WASM).join("wasm-release/app_hydrate.wasm");
    let loader = workspace.root.join("app/hydrate/islands.js");
    let pkg = workspace.root.join("public/pkg");
    let scratch = workspace.target.join("bundle");
    let wasm_opt = find_program("wasm-opt")
        .filter(|program| process::output(Command::new(program).arg("--version")).is_ok_and(|text| is_recent(&text)));
    let stamp = stamp(&wasm, &loader, wasm_opt.as_deref())?;
    // Beside its files: checkouts may share a target folder. Hidden files are not served.
    let stamp_file = pkg.join(".stamp");
    let complete = FILES.iter().all(|name| pkg.join(name).is_file());
    if complete && fs::read_to_string(&stamp_file).is_ok_and(|text| text == stamp) {
        note("unchanged");
        return Ok(());
    }

    fs::create_dir_all(&scratch)?;
    bind(&wasm, &scratch)?;
    fs::copy(&loader, scratch.join(FILES[0]))?;
    if let Some(wasm_opt) = &wasm_opt {
        shrink(wasm_opt, &scratch.join(FILES[2]))?;
    }
    let total = report(&scratch)?;
    if total > BUDGET_BYTES {
        bail!(
            "the browser bundle is {} kB gzipped, over its budget of {} kB",
            kb(total),
            kb(BUDGET_BYTES)
        );
    }
    fs::create_dir_all(&pkg)?;
    for name in FILES {
        fs::copy(scratch.join(name), pkg.join(name))
            .with_context(|| format!("can't write {name} to {}", pkg.display()))?;
    }
    fs::write(stamp_file, stamp)?;
    Ok(())
}

/// Changes when anything does that decides about the bundle.
fn stamp(wasm: &Path, loader: &Path, wasm_opt: Option<&Path>) -> anyhow::Result<String> {
    let mut hasher = DefaultHasher::new();
    for path in [wasm, loader] {
        fs::read(path)
            .with_context(|| format!("can't read {}", path.display()))?
            .hash(&mut hasher);
    }
    wasm_opt.hash(&mut hasher);
    WASM_OPT.hash(&mut hasher);
    Ok(format!("{:016x}", hasher.finish()))
}

fn bind(wasm: &Path, out: &Path) -> anyhow::Result<()> {
    let mut bindgen = Bindgen::new();
    bindgen.input_path(wasm).out_name("turnpike").typescript(false);
    bindgen.remove_name_section(true).remove_producers_section(true);
    bindgen.web(true)?.generate(out).context("wasm-bindgen failed")
}

/// Reads `wasm-opt version 132 (version_132)`.
fn is_recent(version: &str) -> bool {
    version
        .split_whitespace()
        .find_map(|word| word.parse::<u32>().ok())
        .is_some_and(|number| number >= WASM_OPT_SINCE)
}

/// Shrinks the file in place: by a seventh for the engine to compile, by nothing on the wire. So wasm-opt is welcome where
/// it is found, and no reason to fail.
fn shrink(wasm_opt: &Path, wasm: &Path) -> anyhow::Result<()> {
    let smaller = PathBuf::from(wasm).with_extension("opt");
    let output = Command::new(wasm_opt)
        .args(WASM_OPT)
        .arg(wasm)
        .arg("-o")
        .arg(&smaller)
        .output()?;
    if output.status.success() {
        fs::rename(smaller, wasm)?;
    } else {
        let reason = String::from_utf8_lossy(&output.stderr);
        note(&format!(
            "wasm-opt failed, the bundle stays as it is: {}",
            reason.lines().next().unwrap_or_default()
        ));
    }
    Ok(())
}

/// Prints the size of each file as it travels; returns their sum in bytes.
fn report(folder: &Path) -> anyhow::Result<usize> {
    let mut total = 0;
    for name in FILES {
        let bytes = fs::read(folder.join(name))?;
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&bytes)?;
        let packed = encoder.finish()?.len();
        note(&format!(
            "{name:18} {:>7} kB, gzip {:>6} kB",
            kb(bytes.len()),
            kb(packed)
        ));
        total += packed;
    }
    note(&format!(
        "{:18} {:>7}     gzip {:>6} kB of {} kB",
        "together",
        "",
        kb(total),
        kb(BUDGET_BYTES)
    ));
    Ok(total)
}

fn kb(bytes: usize) -> String {
    format!("{:.1}", bytes as f64 / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_wasm_opt_is_read() {
        for (text, expected) in [
            ("wasm-opt version 132 (version_132)\n", true),
            ("wasm-opt version 108\n", false),
            ("wasm-opt\n", false),
        ] {
            assert_eq!(is_recent(text), expected, "{text}");
        }
    }
}
