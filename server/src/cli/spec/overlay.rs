//! `turnpike spec overlay`.

use std::{path::Path, process::ExitCode};

use anyhow::Context as _;
use openapi::{
    Limits, Severity,
    overlay::{Overlay, read_with},
};

use super::{print_document, unusable, warn};
use crate::{cli::file, config::OverlayArgs};

/// Prints the document with the overlays applied; what did not fit goes to standard error.
pub(super) fn run(args: &OverlayArgs) -> ExitCode {
    match apply(args) {
        Ok(code) => code,
        Err(error) => unusable(&error),
    }
}

fn apply(args: &OverlayArgs) -> anyhow::Result<ExitCode> {
    let limits = Limits::default();
    let bytes = |path: &Path| file::read(path).with_context(|| format!("{} cannot be read", path.display()));
    let overlays = args.overlays.iter().map(|path| {
        let overlay = Overlay::read(&bytes(path)?, &limits);
        overlay.with_context(|| format!("{} is no overlay", path.display()))
    });
    let overlays: Vec<Overlay> = overlays.collect::<anyhow::Result<_>>()?;
    // One after the other, so that each finding can name the overlay that it is about.
    let mut text = bytes(&args.document)?;
    let mut has_errors = false;
    for (overlay, path) in overlays.iter().zip(&args.overlays) {
        let applied = read_with(&text, &[overlay], &limits);
        let applied = applied.with_context(|| format!("{} with {}", args.document.display(), path.display()))?;
        let named = applied
            .diagnostics
            .into_iter()
            .map(|found| found.in_file(path.display().to_string()));
        let named: Vec<_> = named.collect();
        warn(&named);
        has_errors |= named.iter().any(|found| found.severity == Severity::Error);
        text = applied.text.into_bytes();
    }
    print_document(&String::from_utf8(text)?, args.format)?;
    Ok(if has_errors {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}
