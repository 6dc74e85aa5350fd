//! Where the documents are.

use std::path::{Path, PathBuf};

/// The folder of the documents that belong to the project.
pub(crate) fn own(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/specs").join(folder)
}

/// A larger collection, where there is one: in the folder `TURNPIKE_SHARED`, or in `shared` beside the checkout.
pub(crate) fn shared() -> Option<PathBuf> {
    #[expect(
        clippy::disallowed_methods,
        reason = "a test has no configuration that could pass it the value"
    )]
    let named = std::env::var("TURNPIKE_SHARED").ok().map(PathBuf::from);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let folder = named.unwrap_or(beside).join("specs");
    folder.is_dir().then_some(folder)
}

/// Every file below a folder, in order.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// A folder as a set of files.
pub(crate) fn file_set(folder: &Path) -> openapi::files::FileSet {
    let mut set = openapi::files::FileSet::default();
    for path in files(folder) {
        let name = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
        set.insert(&name, std::fs::read(&path).unwrap()).unwrap();
    }
    set
}
