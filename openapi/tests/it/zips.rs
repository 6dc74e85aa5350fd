//! Zip archives, ordinary and made to harm.

use std::io::{Cursor, Write};

use openapi::Limits;
use openapi::files::{FileLimits, FileSet, is_zip, read_files};
use proptest::prelude::*;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::specs;

fn archive(entries: &[(&str, &[u8])], method: CompressionMethod) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(method);
    for (name, bytes) in entries {
        if name.ends_with('/') {
            writer.add_directory(*name, options).unwrap();
        } else {
            writer.start_file(*name, options).unwrap();
            writer.write_all(bytes).unwrap();
        }
    }
    writer.finish().unwrap().into_inner()
}

fn code(bytes: &[u8]) -> String {
    match FileSet::from_zip(bytes, FileLimits::default()) {
        Ok(files) => files.paths().collect::<Vec<_>>().join(" "),
        Err(rejected) => rejected.diagnostics[0].code.clone().into_owned(),
    }
}

#[test]
fn an_archive_is_the_same_as_its_folder() {
    for folder in ["museum", "petstore-separate-2.0"] {
        let folder = specs::own("multifile").join(folder);
        let files = specs::file_set(&folder);
        let entries: Vec<(&str, &[u8])> = files.paths().map(|path| (path, files.get(path).unwrap())).collect();
        for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
            let bytes = archive(&entries, method);
            assert!(is_zip(&bytes));
            let unpacked = FileSet::from_zip(&bytes, FileLimits::default()).unwrap();
            let limits = Limits::default();
            let bundles = [&files, &unpacked].map(|files| read_files(files, None, &limits).unwrap());
            assert_eq!(bundles[0].text, bundles[1].text);
        }
    }
}

#[test]
fn archives_that_are_refused() {
    let stored = CompressionMethod::Stored;
    let replaced = |mut bytes: Vec<u8>, from: &[u8], to: &[u8]| {
        assert_eq!(from.len(), to.len());
        for at in 0..=bytes.len() - from.len() {
            if bytes[at..].starts_with(from) {
                bytes[at..at + to.len()].copy_from_slice(to);
            }
        }
        bytes
    };
    let two = archive(&[("a.yaml", b"one"), ("b.yaml", b"two")], stored);
    assert_eq!(code(&two), "a.yaml b.yaml");
    for (name, bytes, expected) in [
        (
            "folders and litter",
            archive(
                &[
                    ("x/", b""),
                    ("x/a.yaml", b"a"),
                    ("__MACOSX/._a.yaml", b""),
                    ("x/.DS_Store", b""),
                ],
                stored,
            ),
            "x/a.yaml",
        ),
        ("parent", archive(&[("../a.yaml", b"a")], stored), "file-path"),
        (
            "parent, inside",
            archive(&[("x/../../a.yaml", b"a")], stored),
            "file-path",
        ),
        (
            "parent, as folder",
            archive(&[("../x/", b""), ("a.yaml", b"a")], stored),
            "file-path",
        ),
        ("backslashes", archive(&[("..\\a.yaml", b"a")], stored), "file-path"),
        (
            "absolute",
            replaced(archive(&[("_etc/passwd", b"a")], stored), b"_etc", b"/etc"),
            "file-path",
        ),
        ("drive", archive(&[("C:/a.yaml", b"a")], stored), "file-path"),
        (
            "same name twice",
            replaced(two.clone(), b"b.yaml", b"a.yaml"),
            "duplicate-file",
        ),
        (
            "same name in two spellings",
            replaced(
                archive(&[("aaaa.yaml", b"one"), ("xxa.yaml", b"two"), ("a.yaml", b"")], stored),
                b"xxa.yaml",
                b"./a.yaml",
            ),
            "duplicate-file",
        ),
        ("nested", archive(&[("a.zip", &two)], stored), "zip-nested"),
        (
            "nested, deflated",
            archive(&[("a.yaml", &two)], CompressionMethod::Deflated),
            "zip-nested",
        ),
        ("empty", archive(&[], stored), "empty"),
        ("cut", two[..two.len() - 5].to_vec(), "zip-damaged"),
        ("wrong checksum", replaced(two.clone(), b"one", b"oNe"), "zip-damaged"),
        ("no archive", b"PK\x03\x04".to_vec(), "zip-damaged"),
    ] {
        assert_eq!(code(&bytes), expected, "{name}");
    }
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer
        .add_symlink("a.yaml", "/etc/passwd", SimpleFileOptions::default())
        .unwrap();
    assert_eq!(code(&writer.finish().unwrap().into_inner()), "zip-link");
    let mut encrypted = two.clone();
    for (signature, flags) in [(&b"PK\x03\x04"[..], 6), (&b"PK\x01\x02"[..], 8)] {
        let at = encrypted.windows(4).position(|window| window == signature).unwrap();
        encrypted[at + flags] |= 1;
    }
    assert_eq!(code(&encrypted), "zip-encrypted");
    // Both entries of the directory lead to the same bytes.
    let mut overlapping = two;
    let places: Vec<usize> = (0..overlapping.len() - 4)
        .filter(|at| overlapping[*at..].starts_with(b"PK\x01\x02"))
        .collect();
    let offset = overlapping[places[0] + 42..places[0] + 46].to_vec();
    overlapping[places[1] + 42..places[1] + 46].copy_from_slice(&offset);
    assert!(["zip-overlap", "zip-damaged"].contains(&code(&overlapping).as_str()));
}

#[test]
fn bombs_are_not_expanded() {
    let zeros = vec![b' '; 70 * 1024 * 1024];
    let bomb = archive(&[("a.yaml", &zeros)], CompressionMethod::Deflated);
    assert!(bomb.len() < 100_000);
    assert_eq!(code(&bomb), "too-large");
    let many: Vec<(String, &[u8])> = (0..5000).map(|at| (format!("{at}/"), &b""[..])).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|(name, bytes)| (name.as_str(), *bytes)).collect();
    assert_eq!(code(&archive(&many, CompressionMethod::Stored)), "too-many-files");
    let many: Vec<(String, &[u8])> = (0..2001).map(|at| (at.to_string(), &b""[..])).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|(name, bytes)| (name.as_str(), *bytes)).collect();
    assert_eq!(code(&archive(&many, CompressionMethod::Stored)), "too-many-files");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_archives(places in proptest::collection::vec((0.0..1.0, any::<u8>()), 1..6), cut in 0.5..1.0) {
        let mut bytes = archive(&[("openapi.yaml", b"openapi: 3.1.0"), ("a/b.json", b"{}"), ("a/c.json", b"[]")], CompressionMethod::Deflated);
        for (place, byte) in places {
            let at = (place * bytes.len() as f64) as usize;
            bytes[at] = byte;
        }
        let _ = code(&bytes);
        bytes.truncate((bytes.len() as f64 * cut) as usize);
        let _ = code(&bytes);
    }
}
