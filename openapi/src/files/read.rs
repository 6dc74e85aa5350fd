//! From a set of files to one document.

use std::collections::HashMap;

use serde_json::Value;

use super::bundle::Bundler;
use super::target::{Problem, Sources};
use super::{FileSet, entry, path};
use crate::advice;
use crate::check::{self, Findings};
use crate::diagnostics::{Diagnostic, Rejected, Severity};
use crate::model::Document;
use crate::{Limits, export, lift};

/// A document that was made of several files.
#[derive(Debug)]
pub struct Bundle {
    /// The document. Its diagnostics name the files.
    pub document: Document,
    /// The one document as JSON, in the version of the entry: [`crate::read`] reads it to the same document.
    pub text: String,
    /// The file that it starts in.
    pub entry: String,
    /// The files that it is made of, the entry first, then in the order in which they are referred to.
    pub files: Vec<String>,
}

/// Reads a document of several files. `entry` is the path of the file that it starts in; without it, the only file with
/// `openapi` or `swagger` at its top is taken, or the one with a usual name (`openapi.yaml`) nearest to the top.
///
/// # Errors
/// [`Rejected`] if there is no such entry or more than one, if a file that is needed can't be parsed, or for the reasons of
/// [`crate::read`].
pub fn read_files(files: &FileSet, entry: Option<&str>, limits: &Limits) -> Result<Bundle, Rejected> {
    read_set(files, entry, limits).map_err(advice::completed)
}

fn read_set(files: &FileSet, entry: Option<&str>, limits: &Limits) -> Result<Bundle, Rejected> {
    let entry = entry::find(files, entry, limits)?;
    let mut sources = Sources::new(files, limits);
    if sources.load(&entry).is_err() {
        return Err(rejected(sources.diagnostics));
    }
    let mut found = Findings::new(limits.diagnostics, Vec::new());
    let Some(format) = check::format(&sources.loaded[0].value, &mut found) else {
        let mut diagnostics = found.into_diagnostics().0;
        sources.loaded[0].text.fill(&mut diagnostics);
        let named = diagnostics.into_iter().map(|found| found.in_file(entry.clone()));
        return Err(rejected(named.collect()));
    };
    let mut bundler = Bundler::new(sources, format, limits);
    let root = bundler.bundle()?;
    if bundler.sources.is_broken {
        return Err(rejected(bundler.sources.diagnostics));
    }
    finish(bundler, root, files, entry, limits)
}

fn rejected(mut diagnostics: Vec<Diagnostic>) -> Rejected {
    diagnostics.sort_by_key(|found| found.severity);
    Rejected { diagnostics }
}

fn finish(
    mut bundler: Bundler<'_>,
    mut root: Value,
    files: &FileSet,
    entry: String,
    limits: &Limits,
) -> Result<Bundle, Rejected> {
    let parsed = std::mem::take(&mut bundler.sources.diagnostics);
    let mut findings = Findings::new(limits.diagnostics, parsed);
    let checked = check::document(&root, &mut findings);
    let (mut diagnostics, closing) = findings.into_diagnostics();
    let is_id = |base: &str| {
        checked
            .as_ref()
            .is_some_and(|checked| checked.anchors.by_id.contains_key(base))
    };
    explain(&bundler, &mut diagnostics, is_id);
    locate(&bundler, &mut diagnostics);
    diagnostics.extend(unused(&bundler, files, limits.diagnostics));
    let order: HashMap<&str, usize> = bundler
        .sources
        .loaded
        .iter()
        .enumerate()
        .map(|(at, file)| (file.path, at))
        .collect();
    diagnostics.sort_by_key(|found| {
        let file = found.file.as_deref().and_then(|file| order.get(file).copied());
        (found.severity, file.unwrap_or(usize::MAX), found.line, found.column)
    });
    diagnostics.extend(closing);
    advice::complete(&mut diagnostics);
    let Some(checked) = checked else {
        return Err(Rejected { diagnostics });
    };
    let used = bundler.sources.loaded.iter().map(|file| file.path.to_owned()).collect();
    let numbers = std::mem::take(&mut bundler.sources.numbers);
    let text = export::json(&root, &numbers);
    drop(bundler);
    lift::lift(&mut root, checked.format);
    Ok(Bundle {
        document: Document::index(root, checked, numbers, diagnostics),
        text,
        entry,
        files: used,
    })
}

/// Says of references what is known of the files, in place of what the check of the one document can say.
fn explain(bundler: &Bundler<'_>, diagnostics: &mut Vec<Diagnostic>, is_id: impl Fn(&str) -> bool) {
    let mut known: HashMap<&str, (&str, &Problem)> = bundler
        .problems
        .iter()
        .map(|(pointer, reference, problem)| (pointer.as_str(), (reference.as_str(), problem)))
        .collect();
    for found in diagnostics.iter_mut().filter(|found| found.file.is_none()) {
        if !found.code.starts_with("ref-") {
            continue;
        }
        if let Some((reference, problem)) = known.remove(found.pointer.as_str())
            && let Some(better) = explanation(reference, problem)
        {
            *found = better.at(std::mem::take(&mut found.pointer));
        }
    }
    // The check of the one document doesn't look everywhere where files may be put together.
    for (pointer, reference, problem) in &bundler.problems {
        let base = reference.split('#').next().unwrap_or_default();
        if known.contains_key(pointer.as_str()) && !is_id(base) {
            diagnostics.extend(explanation(reference, problem).map(|found| found.at(pointer.clone())));
        }
    }
}

fn explanation(reference: &str, problem: &Problem) -> Option<Diagnostic> {
    let reference = check::shortened(reference);
    let found = match problem {
        // It was reported where the file can't be read.
        Problem::Broken => return None,
        Problem::Remote => Diagnostic::error(
            "ref-external",
            format!("{reference:?} points out of the document; it is not followed"),
        )
        .hint("Put what it refers to into one of the uploaded files, and refer to that."),
        Problem::Leaves => Diagnostic::error(
            "ref-external",
            format!("{reference:?} leads out of the uploaded files; it is not followed"),
        )
        .hint("Upload the folder above, or move the file into the folder of the document."),
        Problem::Missing { similar } => {
            let hint = match similar {
                Some(similar) => format!("There is {}; capitals matter.", check::shortened(similar)),
                None => {
                    "Upload the file too, or correct the path: it is relative to the file it is written in.".to_owned()
                }
            };
            Diagnostic::error(
                "ref-file",
                format!("the file of {reference:?} is not among the uploaded ones"),
            )
            .hint(hint)
        }
        Problem::Dangling => Diagnostic::error("ref-dangling", format!("{reference:?} points to nothing"))
            .hint("Correct what follows the #, or add the part it names to that file."),
        Problem::Cycle => Diagnostic::error("ref-cycle", format!("{reference:?} leads back to itself"))
            .hint("Let one of these references lead to a real part."),
    };
    Some(found)
}

/// Says in which file and where in it a finding about the one document is.
fn locate(bundler: &Bundler<'_>, diagnostics: &mut [Diagnostic]) {
    let mut by_file: HashMap<usize, Vec<usize>> = HashMap::new();
    for (at, found) in diagnostics
        .iter_mut()
        .enumerate()
        .filter(|(_, found)| found.file.is_none())
    {
        let place = bundler.origin(&found.pointer);
        let file = &bundler.sources.loaded[place.file];
        found.file = Some(file.path.to_owned());
        found.pointer = place.pointer;
        by_file.entry(place.file).or_default().push(at);
    }
    for (file, places) in by_file {
        let mut own: Vec<Diagnostic> = places.iter().map(|at| diagnostics[*at].clone()).collect();
        bundler.sources.loaded[file].text.fill(&mut own);
        for (at, found) in places.into_iter().zip(own) {
            diagnostics[at] = found;
        }
    }
}

/// Files that could be parts but that nothing refers to.
fn unused(bundler: &Bundler<'_>, files: &FileSet, most: usize) -> Vec<Diagnostic> {
    let is_used = |path: &str| bundler.sources.loaded.iter().any(|file| file.path == path);
    let unused = files.paths().filter(|path| path::is_text(path) && !is_used(path));
    unused
        .take(most.min(20))
        .map(|path| {
            Diagnostic::new(
                Severity::Info,
                "file-unused",
                "nothing in the document refers to this file",
            )
            .in_file(path)
            .hint("Leave it out, or refer to it by $ref.")
        })
        .collect()
}
