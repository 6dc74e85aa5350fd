//! Which of the files the document starts in.

use memchr::memmem;

use super::{FileSet, path};
use crate::Limits;
use crate::diagnostics::{Diagnostic, Rejected};

/// Candidates that are listed in a message.
const MOST_LISTED: usize = 10;

/// The file the document starts in: the one that was named, or the only one that claims a version of OpenAPI.
pub(super) fn find(files: &FileSet, named: Option<&str>, limits: &Limits) -> Result<String, Rejected> {
    if let Some(named) = named {
        let path = path::of_upload(named)?;
        return if files.get(&path).is_some() {
            Ok(path)
        } else {
            let message = "there is no such file among the uploaded ones";
            Err(Diagnostic::error("entry-missing", message)
                .in_file(path)
                .hint(list("The files are", files.paths()))
                .into())
        };
    }
    let mut candidates: Vec<&str> = files
        .paths()
        .filter(|path| path::is_text(path))
        .filter(|path| files.get(path).is_some_and(may_be_document))
        .collect();
    if candidates.len() > 1 {
        candidates = certain(files, &candidates, limits);
    }
    if candidates.len() > 1 {
        let by_name = preferred(&candidates);
        candidates = by_name.map_or(candidates, |path| vec![path]);
    }
    match candidates.as_slice() {
        [path] => Ok((*path).to_owned()),
        [] => {
            let message = "none of the files is an OpenAPI document: none has `openapi` or `swagger` at its top";
            let hint = list("The files are", files.paths());
            Err(Diagnostic::error("entry-missing", message).hint(hint).into())
        }
        several => {
            let message = format!(
                "{} of the files are OpenAPI documents; say which one to read",
                several.len()
            );
            let hint = list("They are", several.iter().copied());
            Err(Diagnostic::error("entry-ambiguous", message).hint(hint).into())
        }
    }
}

/// Whether one of the two words is in it at all, followed by a colon.
fn may_be_document(bytes: &[u8]) -> bool {
    // In UTF-16, and gzipped, the words look different; whether it is a document is seen when it is read.
    if bytes.starts_with(&[0x1f, 0x8b]) || bytes.iter().take(4).any(|byte| *byte == 0 || *byte >= 0xfe) {
        return true;
    }
    ["openapi", "swagger"].iter().any(|word| {
        memmem::find_iter(bytes, word.as_bytes()).any(|at| {
            let behind = bytes.get(at + word.len()..).unwrap_or_default();
            let behind = match behind {
                [b'"' | b'\'', rest @ ..] => rest,
                other => other,
            };
            behind.trim_ascii_start().starts_with(b":")
        })
    })
}

/// Those that have the field at their top when they are read.
fn certain<'f>(files: &FileSet, candidates: &[&'f str], limits: &Limits) -> Vec<&'f str> {
    let started = std::time::Instant::now();
    let mut limits = limits.clone();
    let time = limits.time;
    let is_document = |path: &&&str| {
        let Some(bytes) = files.get(path) else { return false };
        limits.time = time.saturating_sub(started.elapsed());
        match crate::load::source_value(bytes, &limits) {
            Ok(value) => {
                limits.bytes = limits.bytes.saturating_sub(bytes.len());
                value.get("openapi").is_some() || value.get("swagger").is_some()
            }
            // If it is the only one, its mistakes are worth showing.
            Err(_) => candidates.len() == 1,
        }
    };
    let mut is_document = is_document;
    candidates.iter().filter(|path| is_document(path)).copied().collect()
}

/// The only one nearest to the top that has a usual name.
fn preferred<'f>(candidates: &[&'f str]) -> Option<&'f str> {
    let has_usual_name = |path: &&&str| {
        let name = path.rsplit('/').next().unwrap_or(path);
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        ["openapi", "swagger"].contains(&stem.to_ascii_lowercase().as_str())
    };
    let usual: Vec<&str> = candidates.iter().filter(has_usual_name).copied().collect();
    let depth = |path: &str| path.matches('/').count();
    let top = usual.iter().map(|path| depth(path)).min()?;
    let mut nearest = usual.iter().filter(|path| depth(path) == top);
    match (nearest.next(), nearest.next()) {
        (Some(only), None) => Some(only),
        _ => None,
    }
}

fn list<'p>(start: &str, paths: impl Iterator<Item = &'p str>) -> String {
    let mut text = start.to_owned();
    for (at, path) in paths.enumerate() {
        if at == MOST_LISTED {
            text.push_str(", …");
            break;
        }
        text.push_str(if at == 0 { " " } else { ", " });
        path.chars()
            .take(100)
            .for_each(|character| crate::diagnostics::push_visible(&mut text, character));
    }
    text.push('.');
    text
}
