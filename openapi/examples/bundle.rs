//! Makes one document of a folder or a zip archive: `cargo run -p openapi --example bundle -- FOLDER|ARCHIVE [ENTRY]`.
//!
//! The document goes to standard output as JSON, what was found to standard error.

use std::path::Path;

use openapi::Limits;
use openapi::files::{FileLimits, FileSet, is_zip, read_files};

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "an example prints")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let Some(path) = arguments.next() else {
        return Err("usage: bundle FOLDER|ARCHIVE [ENTRY]".into());
    };
    let path = Path::new(&path);
    let files = if path.is_dir() {
        let mut files = FileSet::default();
        add(&mut files, path, path)?;
        files
    } else {
        let bytes = std::fs::read(path)?;
        if !is_zip(&bytes) {
            return Err("neither a folder nor a zip archive".into());
        }
        FileSet::from_zip(&bytes, FileLimits::default())?
    };
    let bundle = read_files(&files, arguments.next().as_deref(), &Limits::default())?;
    for found in bundle.document.diagnostics() {
        eprintln!("{found}");
    }
    eprintln!("{} files, entry {}", bundle.files.len(), bundle.entry);
    print!("{}", bundle.text);
    Ok(())
}

/// Adds what is in a folder; links are not followed.
fn add(files: &mut FileSet, top: &Path, folder: &Path) -> Result<(), Box<dyn std::error::Error>> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        let path = entry.path();
        if kind.is_dir() {
            add(files, top, &path)?;
        } else if kind.is_file() {
            let name = path.strip_prefix(top)?.to_string_lossy().into_owned();
            files.insert(&name, std::fs::read(&path)?)?;
        }
    }
    Ok(())
}
