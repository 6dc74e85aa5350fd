//! Documents that commands are given: a file, a folder or a zip archive.

use std::{fs, io, path::Path};

use anyhow::Context as _;
use openapi::{
    Document, Limits, Rejected,
    files::{Bundle, FileLimits, FileSet, is_zip, read_files},
};

use crate::cli::file;

/// Folders inside folders that are looked into.
const DEEPEST: usize = 32;

/// Why there is no document.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum SourceError {
    /// What was named cannot be read.
    #[error(transparent)]
    Unreadable(anyhow::Error),
    /// It is no OpenAPI document.
    #[error(transparent)]
    Rejected(#[from] Rejected),
}

/// A document with the text that it was read from.
pub(super) struct Source {
    pub(super) document: Document,
    /// As it was written; of several files, the one document that was made of them.
    pub(super) text: Vec<u8>,
    /// Whether it was made of several files.
    pub(super) is_bundle: bool,
}

/// Reads a file, folder or archive.
pub(super) fn read(path: &Path, entry: Option<&str>) -> Result<Source, SourceError> {
    match read_parts(path)? {
        Parts::One(text) => Ok(Source {
            document: openapi::read(&text, &Limits::default())?,
            text,
            is_bundle: false,
        }),
        Parts::Several(files) => {
            let bundle = read_files(&files, entry, &Limits::default())?;
            Ok(Source {
                document: bundle.document,
                text: bundle.text.into_bytes(),
                is_bundle: true,
            })
        }
    }
}

/// Reads a folder or archive; a single file is refused.
pub(super) fn bundle(path: &Path, entry: Option<&str>) -> Result<Bundle, SourceError> {
    match read_parts(path)? {
        Parts::One(_) => Err(SourceError::Unreadable(anyhow::anyhow!(
            "{} is neither a folder nor a zip archive",
            path.display()
        ))),
        Parts::Several(files) => Ok(read_files(&files, entry, &Limits::default())?),
    }
}

enum Parts {
    One(Vec<u8>),
    Several(FileSet),
}

fn read_parts(path: &Path) -> Result<Parts, SourceError> {
    let limits = FileLimits::default();
    let unreadable = |error: io::Error| {
        let error = anyhow::Error::new(error).context(format!("{} cannot be read", path.display()));
        SourceError::Unreadable(error)
    };
    if fs::metadata(path).map_err(unreadable)?.is_dir() {
        return Ok(Parts::Several(folder(path)?));
    }
    let bytes = file::read_up_to(path, limits.bytes as u64).map_err(unreadable)?;
    if is_zip(&bytes) {
        return Ok(Parts::Several(FileSet::from_zip(&bytes, limits)?));
    }
    Ok(Parts::One(bytes))
}

/// The files of a folder.
///
/// # Errors
/// One cannot be read, or they cross the bounds.
pub(in crate::cli) fn folder(path: &Path) -> Result<FileSet, SourceError> {
    let mut files = FileSet::new(FileLimits::default());
    add(&mut files, path, path, DEEPEST)?;
    Ok(files)
}

/// Adds what is in a folder. Links are not followed: they could lead anywhere; hidden files and the packages of tools are
/// no part of a document.
fn add(files: &mut FileSet, top: &Path, folder: &Path, deepest: usize) -> Result<(), SourceError> {
    let entries = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let entries = entries
        .with_context(|| format!("{} cannot be read", folder.display()))
        .map_err(SourceError::Unreadable)?;
    for entry in entries {
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_string_lossy();
        if name.starts_with('.') || name == "node_modules" {
            continue;
        }
        let unreadable = |error: io::Error| {
            let error = anyhow::Error::new(error).context(format!("{} cannot be read", path.display()));
            SourceError::Unreadable(error)
        };
        let kind = entry.file_type().map_err(unreadable)?;
        if kind.is_dir() {
            let deeper = deepest.checked_sub(1).ok_or_else(|| {
                SourceError::Unreadable(anyhow::anyhow!(
                    "{} is more than {DEEPEST} folders deep; move what belongs to the document further up, or the rest out of \
                     {}",
                    path.display(),
                    top.display()
                ))
            })?;
            add(files, top, &path, deeper)?;
        } else if kind.is_file() {
            let bytes = file::read(&path).map_err(unreadable)?;
            let relative = path.strip_prefix(top).unwrap_or(&path).to_string_lossy().into_owned();
            files.insert(&relative, bytes)?;
        }
    }
    Ok(())
}
