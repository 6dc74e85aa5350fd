//! Zip archives: read in memory, never extracted to a disk.

use std::io::{Cursor, Read, Write};

use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::{FileLimits, FileSet, path, too_large};
use crate::diagnostics::{Diagnostic, Rejected};

/// Whether bytes begin like a zip archive.
pub fn is_zip(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06")
}

impl FileSet {
    /// The files of a zip archive. Folders, and what operating systems add, are left out.
    ///
    /// # Errors
    /// [`Rejected`] if the archive is damaged, encrypted, packed by another method than deflate, holds links, other archives,
    /// overlapping or equal names or names that lead out of it, or crosses the bounds. Bytes beyond the bounds are never
    /// expanded.
    pub fn from_zip(bytes: &[u8], limits: FileLimits) -> Result<Self, Rejected> {
        if bytes.len() > limits.bytes {
            return Err(too_large(&limits).into());
        }
        let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| damaged(&error))?;
        // Entries without content count too: going through them is work.
        if archive.len() > 2 * limits.files {
            let message = format!("the archive has more than {} entries", 2 * limits.files);
            return Err(Diagnostic::error("too-many-files", message)
                .hint("Pack only the files that belong to the document.")
                .into());
        }
        if archive.has_duplicate_names() {
            let message = "the archive has two entries with the same name";
            return Err(Diagnostic::error("duplicate-file", message)
                .hint("Pack the folder again.")
                .into());
        }
        if archive.has_overlapping_files().map_err(|error| damaged(&error))? {
            let message = "entries of the archive share the same bytes, as in archives made to exhaust memory";
            return Err(Diagnostic::error("zip-overlap", message)
                .hint("Pack the folder again.")
                .into());
        }
        let mut files = Self::new(limits);
        for at in 0..archive.len() {
            files.unpack(&mut archive, at)?;
        }
        if files.is_empty() {
            let message = "the archive has no files";
            return Err(Diagnostic::error("empty", message)
                .hint("Pack the folder of the document.")
                .into());
        }
        Ok(files)
    }

    /// The files as a zip archive: the same files always give the same bytes.
    ///
    /// # Errors
    /// [`Rejected`] if they can't be packed.
    pub fn to_zip(&self) -> Result<Vec<u8>, Rejected> {
        let pack = || -> Result<Vec<u8>, ZipError> {
            let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
            // Without a time of their own.
            let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
            for (path, bytes) in &self.files {
                archive.start_file(path.as_str(), options)?;
                archive.write_all(bytes)?;
            }
            Ok(archive.finish()?.into_inner())
        };
        pack().map_err(|error| {
            Diagnostic::error("zip-failed", format!("the files can't be packed: {error}"))
                .hint("Upload them as one document.")
                .into()
        })
    }

    fn unpack(&mut self, archive: &mut ZipArchive<Cursor<&[u8]>>, at: usize) -> Result<(), Rejected> {
        let entry = archive.by_index_raw(at).map_err(|error| damaged(&error))?;
        let name = entry.name().map_err(|error| damaged(&error))?.into_owned();
        if path::is_litter(&name) {
            return Ok(());
        }
        // A folder's name is checked too: an archive with a bad one was made by hand.
        let checked = path::of_upload(name.trim_end_matches('/'))?;
        let refused = |code, message: &str, hint: &str| -> Rejected {
            Diagnostic::error(code, message)
                .in_file(checked.clone())
                .hint(hint)
                .into()
        };
        let kind = entry.unix_mode().unwrap_or_default() & 0o170_000;
        let is_plain = matches!(kind, 0 | 0o100_000 | 0o040_000);
        if entry.is_symlink() || !is_plain {
            return Err(refused(
                "zip-link",
                "the archive holds a link or device in the place of a file",
                "Pack the file itself.",
            ));
        }
        if entry.is_dir() {
            return Ok(());
        }
        if entry.encrypted() {
            return Err(refused(
                "zip-encrypted",
                "the archive is encrypted",
                "Pack it without a password.",
            ));
        }
        drop(entry);
        let left = self.limits.bytes.saturating_sub(self.bytes);
        let entry = archive.by_index(at).map_err(|error| match error {
            ZipError::UnsupportedArchive(_) => refused(
                "zip-method",
                "the file is packed by a method other than deflate",
                "Pack it with the ordinary method of zip.",
            ),
            error => damaged(&error),
        })?;
        let mut bytes = Vec::new();
        // One byte more than allowed is enough to know; what the archive says of its sizes is not believed.
        entry.take(left as u64 + 1).read_to_end(&mut bytes).map_err(|error| {
            refused(
                "zip-damaged",
                &format!("the file can't be expanded: {error}"),
                "Pack the folder again.",
            )
        })?;
        if is_zip(&bytes) {
            return Err(refused(
                "zip-nested",
                "the archive holds another archive",
                "Unpack the inner one first.",
            ));
        }
        self.insert(&name, bytes)
    }
}

fn damaged(error: &ZipError) -> Rejected {
    Diagnostic::error("zip-damaged", format!("the zip archive can't be read: {error}"))
        .hint("Pack the folder again.")
        .into()
}
