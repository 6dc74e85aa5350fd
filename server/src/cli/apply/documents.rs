//! The documents that a manifest names: files, folders, archives, and the overlays that are applied to them.

use anyhow::Result;
use domain::catalog::{OverlayUpload, SpecUpload, reading};

use super::{at::At, check::read_file, manifest::VersionEntry, read::Source};
use crate::cli::spec::source::{SourceError, folder};

/// The document of a version as it is uploaded, with its overlays beside it. `None` where the entry names none.
///
/// # Errors
/// A file cannot be read.
pub(super) fn upload(
    source: &Source,
    at: &At<'_>,
    entry: &VersionEntry,
) -> Result<Option<(SpecUpload, Vec<OverlayUpload>)>> {
    let Some(name) = &entry.spec else { return Ok(None) };
    let path = source.neighbour(name);
    let spec_at = at.field("spec");
    let bytes = if path.is_dir() {
        // As an archive that is the same from run to run.
        let files = folder(&path).map_err(|error| match error {
            SourceError::Unreadable(error) => spec_at.error(format!("{error:#}")),
            SourceError::Rejected(rejected) => spec_at.rejected(&rejected.diagnostics),
        })?;
        files
            .to_zip()
            .map_err(|rejected| spec_at.rejected(&rejected.diagnostics))?
    } else {
        read_file(&spec_at, &path)?
    };
    let mut overlays = Vec::with_capacity(entry.overlays.len());
    for (i, overlay) in entry.overlays.iter().enumerate() {
        let path = source.neighbour(overlay);
        overlays.push(OverlayUpload {
            name: file_name(&path, overlay),
            bytes: read_file(&at.entry("overlays", i), &path)?,
        });
    }
    let spec = SpecUpload {
        bytes,
        source: file_name(&path, name),
        overlays: Some(overlays.clone()),
    };
    Ok(Some((spec, overlays)))
}

/// The document that these make. `None` where the entry names none.
///
/// # Errors
/// A file cannot be read, or the document cannot be imported.
pub(super) fn read(source: &Source, at: &At<'_>, entry: &VersionEntry) -> Result<Option<openapi::Document>> {
    let Some((spec, overlays)) = upload(source, at, entry)? else {
        return Ok(None);
    };
    let read = reading::read(&spec.bytes, &overlays, &openapi::Limits::default());
    let read = read.map_err(|rejected| at.field("spec").rejected(&rejected.diagnostics))?;
    Ok(Some(read.document))
}

fn file_name(path: &std::path::Path, named: &str) -> String {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    name.unwrap_or_else(|| named.to_owned())
}
