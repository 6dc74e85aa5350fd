//! Documents of several files that refer to each other: a folder or a zip archive becomes one document.
//!
//! The engine opens no file: the caller puts what it has into a [`FileSet`] and keeps the bytes. [`read_files`] finds the entry,
//! follows references from file to file within the set and makes one document of what is used. Parts of other files become
//! components with readable names, references between parts become references inside the document, recursion stays recursion.
//! What refers to anything outside the set is reported and never followed.
//!
//! [`Bundle::text`] is that one document as JSON, in the version of the entry. It is what should be stored as the document:
//! reading it again needs no files. Diagnostics name file, line and column of the files as they were uploaded.
//!
//! ```
//! use openapi::files::{FileSet, read_files};
//!
//! let mut files = FileSet::default();
//! files.insert("api/openapi.yaml", br#"
//! openapi: 3.1.0
//! info: { title: Pets, version: "1" }
//! paths:
//!   /pets:
//!     get:
//!       responses:
//!         "200":
//!           description: A pet
//!           content: { application/json: { schema: { $ref: "../schemas/Pet.json" } } }
//! "#.to_vec())?;
//! files.insert("schemas/Pet.json", br#"{"type": "object", "properties": {"mother": {"$ref": "Pet.json"}}}"#.to_vec())?;
//!
//! let bundle = read_files(&files, None, &openapi::Limits::default())?;
//! assert_eq!(bundle.entry, "api/openapi.yaml");
//! let pet = bundle.document.schema("Pet").expect("the file is a component now");
//! assert_eq!(pet["properties"]["mother"]["$ref"], "#/components/schemas/Pet");
//! # Ok::<(), openapi::Rejected>(())
//! ```

mod archive;
mod bundle;
mod components;
mod entry;
mod kind;
mod name;
mod path;
mod read;
mod target;

use std::collections::BTreeMap;

pub use archive::is_zip;
pub use read::{Bundle, read_files};

use crate::diagnostics::{Diagnostic, Rejected};

/// Bounds on a set of files. What one document may cost is bounded by [`crate::Limits`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileLimits {
    /// Files. Default 2,000.
    pub files: usize,
    /// Bytes of all files together, expanded. Default 64 MiB: documents are read from the text files among them, which stay
    /// below [`crate::Limits::bytes`] together.
    pub bytes: usize,
}

impl Default for FileLimits {
    fn default() -> Self {
        Self {
            files: 2_000,
            bytes: 64 * 1024 * 1024,
        }
    }
}

/// Files by their paths relative to one folder.
#[derive(Clone, Debug, Default)]
pub struct FileSet {
    files: BTreeMap<String, Vec<u8>>,
    bytes: usize,
    limits: FileLimits,
}

impl FileSet {
    /// An empty set with bounds of its own.
    pub fn new(limits: FileLimits) -> Self {
        Self {
            limits,
            ..Self::default()
        }
    }

    /// Adds a file. `./` at the start of its path is dropped, `\` is read as `/`.
    ///
    /// # Errors
    /// [`Rejected`] if the path is absolute, climbs out of the folder, isn't fit for a file name or is taken, or if the set
    /// crosses its bounds.
    pub fn insert(&mut self, path: &str, bytes: Vec<u8>) -> Result<(), Rejected> {
        let path = path::of_upload(path)?;
        if self.files.len() >= self.limits.files {
            let message = format!("there are more than {} files", self.limits.files);
            return Err(Diagnostic::error("too-many-files", message)
                .hint("Upload only the files that belong to the document.")
                .into());
        }
        self.bytes += bytes.len();
        if self.bytes > self.limits.bytes {
            return Err(too_large(&self.limits).into());
        }
        if self.files.contains_key(&path) {
            return Err(
                Diagnostic::error("duplicate-file", "there are two files with this name")
                    .in_file(path)
                    .hint("Rename or remove one of them.")
                    .into(),
            );
        }
        self.files.insert(path, bytes);
        Ok(())
    }

    /// The bytes of a file as they were added.
    pub fn get(&self, path: &str) -> Option<&[u8]> {
        self.files.get(path).map(Vec::as_slice)
    }

    /// Every path, sorted.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// Number of files.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The path as the set has it, and the bytes.
    fn entry(&self, path: &str) -> Option<(&str, &[u8])> {
        let (path, bytes) = self.files.get_key_value(path)?;
        Some((path, bytes))
    }
}

fn too_large(limits: &FileLimits) -> Diagnostic {
    let mib = limits.bytes as f64 / (1024.0 * 1024.0);
    Diagnostic::error(
        "too-large",
        format!("the files are larger than {mib:.0} MiB together (expanded)"),
    )
    .hint("Upload only the files that belong to the document.")
}
