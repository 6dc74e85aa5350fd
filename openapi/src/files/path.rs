//! Paths of files: those that an upload may have, and those that references mean.

use crate::diagnostics::{Diagnostic, Rejected};

/// Bytes of a path, and folders in it.
const MOST_BYTES: usize = 1000;
const MOST_FOLDERS: usize = 32;

/// The path of an uploaded file, relative to the folder of the upload.
pub(super) fn of_upload(path: &str) -> Result<String, Rejected> {
    let refused = |message: &str| -> Rejected {
        Diagnostic::error("file-path", message)
            .in_file(path.chars().take(200).collect::<String>())
            .hint("Pack the folder of the document again, with names relative to it.")
            .into()
    };
    if path.len() > MOST_BYTES {
        return Err(refused("the path of the file is too long"));
    }
    let slashed = path.replace('\\', "/");
    if slashed.starts_with('/') || slashed.split('/').next().is_some_and(|first| first.ends_with(':')) {
        return Err(refused("the path of the file is absolute"));
    }
    if slashed.contains(char::is_control) {
        return Err(refused("the path of the file has control characters"));
    }
    let mut segments = Vec::new();
    for segment in slashed.split('/') {
        match segment {
            "." => {}
            "" => return Err(refused("the path of the file has an empty name in it")),
            ".." => return Err(refused("the path of the file leads out of its folder")),
            name => segments.push(name),
        }
    }
    if segments.is_empty() || segments.len() > MOST_FOLDERS {
        return Err(refused("the path of the file has no name or too many folders"));
    }
    Ok(segments.join("/"))
}

/// What operating systems put beside the files of a folder.
pub(super) fn is_litter(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    path.starts_with("__MACOSX/") || name.starts_with("._") || matches!(name, ".DS_Store" | "Thumbs.db" | "desktop.ini")
}

/// Whether a file can be a document, or a part of one.
pub(super) fn is_text(path: &str) -> bool {
    let extension = path
        .rsplit_once('.')
        .map(|(_, extension)| extension.to_ascii_lowercase());
    extension.is_some_and(|extension| ["json", "yaml", "yml"].contains(&extension.as_str()))
}

/// Whether a reference names a host or a place of the machine, not a file beside the one it is in.
pub(super) fn is_remote(base: &str) -> bool {
    let scheme = base.split_once(':').map(|(scheme, _)| scheme);
    let is_scheme = |scheme: &str| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    };
    base.starts_with(['/', '\\']) || scheme.is_some_and(is_scheme)
}

/// The path that a relative one means, seen from a file; `None` if it leads out of the folder of the upload.
pub(super) fn join(file: &str, relative: &str) -> Option<String> {
    let mut segments: Vec<&str> = file.split('/').collect();
    segments.pop();
    for segment in relative.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop()?;
            }
            name => segments.push(name),
        }
    }
    Some(segments.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_uploads() {
        for (path, expected) in [
            ("a.yaml", Some("a.yaml")),
            ("./a/./b.json", Some("a/b.json")),
            ("a\\b.json", Some("a/b.json")),
            ("", None),
            (".", None),
            ("/etc/passwd", None),
            ("\\\\host\\x", None),
            ("C:\\x", None),
            ("c:/x", None),
            ("a/../../b", None),
            ("..\\b", None),
            ("a//b", None),
            ("a\0b", None),
            ("a\nb", None),
        ] {
            assert_eq!(of_upload(path).ok().as_deref(), expected, "{path:?}");
        }
    }

    #[test]
    fn relative_paths() {
        for (file, relative, expected) in [
            ("a/b.yaml", "c.yaml", Some("a/c.yaml")),
            ("a/b.yaml", "../c.yaml", Some("c.yaml")),
            ("a/b.yaml", "./d/../c.yaml", Some("a/c.yaml")),
            ("b.yaml", "../c.yaml", None),
            ("a/b.yaml", "../../c.yaml", None),
        ] {
            assert_eq!(join(file, relative).as_deref(), expected, "{file} {relative}");
        }
        for (base, expected) in [
            ("https://x/y", true),
            ("file:///x", true),
            ("//x/y", true),
            ("/x", true),
            ("C:/x", true),
            ("x.yaml", false),
            ("./a:b.yaml", false),
            ("../x", false),
        ] {
            assert_eq!(is_remote(base), expected, "{base}");
        }
    }
}
