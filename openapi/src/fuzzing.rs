//! Properties that hold for any bytes, for `openapi/fuzz`. Each function panics where its property does not hold. The seeds in
//! `openapi/fuzz/corpus` are also tried by `cargo test`.

use crate::files::{FileLimits, FileSet, read_files};
use crate::json_path::{Budget, Dialect, JsonPath};
use crate::overlay::{Overlay, read_with};
use crate::{Document, Limits};

/// Panics where its property does not hold for the bytes.
pub type Target = fn(&[u8]);

/// Every target, by name.
pub const TARGETS: [(&str, Target); 5] = [
    ("file_set", file_set),
    ("json_path", json_path),
    ("overlay", overlay),
    ("read", read),
    ("zip", zip),
];

/// A document is read or refused with a reason; one that is read can be written and read again, and is the same.
pub fn read(bytes: &[u8]) {
    match crate::read(bytes, &Limits::default()) {
        Ok(document) => {
            same(&document, &document.to_json());
            same(&document, &document.to_yaml());
            let _ = crate::inspect::markdown(&Ok(document));
        }
        Err(rejected) => assert!(!rejected.diagnostics.is_empty()),
    }
}

fn same(document: &Document, text: &str) {
    let limits = Limits {
        bytes: usize::MAX,
        ..Limits::default()
    };
    let again = crate::read(text.as_bytes(), &limits).expect("what was written can be read");
    assert!(again.root() == document.root(), "it is another document");
}

/// Files parted by lines of `=== PATH` are bundled, and the text of the bundle is the same document.
pub fn file_set(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut files = FileSet::default();
    for part in text.split("=== ").skip(1).take(20) {
        let (path, text) = part.split_once('\n').unwrap_or((part, ""));
        let _ = files.insert(path, text.as_bytes().to_vec());
    }
    let entry = files.paths().next().map(str::to_owned);
    for entry in [None, entry.as_deref()] {
        if let Ok(bundle) = read_files(&files, entry, &Limits::default()) {
            same(&bundle.document, &bundle.text);
        }
    }
}

/// An archive is read or refused; what is read stays within its bounds and inside of its folder.
pub fn zip(bytes: &[u8]) {
    let limits = FileLimits {
        files: 50,
        bytes: 1_000_000,
    };
    let Ok(files) = FileSet::from_zip(bytes, limits) else {
        return;
    };
    let sizes = files.paths().map(|path| files.get(path).map_or(0, <[u8]>::len));
    assert!(files.len() <= 50 && sizes.sum::<usize>() <= 1_000_000);
    for path in files.paths() {
        assert!(!path.starts_with('/') && path.split('/').all(|name| !["", ".", ".."].contains(&name)));
    }
    let _ = read_files(&files, None, &Limits::default());
}

/// An overlay is read or refused; one that is read is written and read again, and does the same.
pub fn overlay(bytes: &[u8]) {
    const DOCUMENT: &[u8] = br#"{"openapi":"3.1.0","info":{"title":"t","version":"1"},"tags":[{"name":"a"},{"name":"b"}],"paths":{"/a":{"get":{"responses":{"200":{"description":"d"}}}}}}"#;
    let limits = Limits {
        nodes: 20_000,
        ..Limits::default()
    };
    let Ok(overlay) = Overlay::read(bytes, &limits) else {
        return;
    };
    let again = Overlay::read(overlay.to_yaml().as_bytes(), &Limits::default()).expect("what was written can be read");
    match (
        read_with(DOCUMENT, &[&overlay], &limits),
        read_with(DOCUMENT, &[&again], &limits),
    ) {
        (Ok(first), Ok(second)) => assert!(
            first.document.root() == second.document.root(),
            "it does something else"
        ),
        (Err(_), Err(_)) => {}
        _ => panic!("one of the two is refused"),
    }
}

/// An expression is read or refused; a place that it finds is found again by its normalized path.
pub fn json_path(bytes: &[u8]) {
    let document = serde_json::json!({"a": [1, {"b": "c", "d": [null, true]}, "x"], "it's": {"": {"a": 2.5}}});
    let text = String::from_utf8_lossy(bytes);
    let budget = Budget {
        steps: 100_000,
        nodes: 10_000,
    };
    for dialect in [Dialect::Rfc9535, Dialect::Spectral] {
        let Ok(path) = JsonPath::parse(&text, dialect) else {
            continue;
        };
        let Ok(found) = path.find_within(&document, &budget) else {
            continue;
        };
        for node in found.iter().take(20) {
            let again: JsonPath = node.normalized().parse().expect("a normalized path is an expression");
            let again = again.find_within(&document, &budget).expect("it is short");
            assert!(again.len() == 1 && again[0].value == node.value && again[0].path == node.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    #[test]
    fn seeds_hold() {
        for (name, target) in super::TARGETS {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
            let mut tried = 0;
            for file in fs::read_dir(folder).unwrap() {
                let bytes = fs::read(file.unwrap().path()).unwrap();
                target(&bytes);
                for length in 0..bytes.len().min(200) {
                    target(&bytes[..length]);
                }
                tried += 1;
            }
            assert!(tried > 1, "{name} has no seeds");
        }
    }
}
