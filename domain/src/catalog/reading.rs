//! From an upload to a document: files are put together, overlays applied.

use openapi::{
    Diagnostic, Document, Limits, Rejected, Severity,
    files::{FileLimits, FileSet, is_zip, read_files},
    overlay::{self, Overlay},
    strict,
};

use super::OverlayUpload;

/// Overlays of one document.
pub const MOST_OVERLAYS: usize = 20;

/// A document that was read.
#[derive(Debug)]
pub struct Reading {
    /// The document.
    pub document: Document,
    /// Its text, where that is not the upload: made of several files, or with overlays.
    pub text: Option<String>,
    /// What was found in the document and in the overlays.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads an upload: a document, or a zip archive of files that refer to each other; with the overlays applied in order.
///
/// # Errors
/// [`Rejected`] with file and line, where it cannot be read or an overlay does not fit.
pub fn read(bytes: &[u8], overlays: &[OverlayUpload], limits: &Limits) -> Result<Reading, Rejected> {
    let mut reading = if is_zip(bytes) {
        let files = FileSet::from_zip(bytes, FileLimits::default())?;
        let bundle = read_files(&files, None, limits)?;
        Reading {
            diagnostics: bundle.document.diagnostics().to_vec(),
            document: bundle.document,
            text: Some(bundle.text),
        }
    } else {
        let document = openapi::read(bytes, limits)?;
        let strict = strict::check(bytes, limits);
        Reading {
            diagnostics: [document.diagnostics(), &strict].concat(),
            document,
            text: None,
        }
    };
    if overlays.len() > MOST_OVERLAYS {
        let message = format!("there are more than {MOST_OVERLAYS} overlays");
        return Err(Diagnostic::error("too-many-overlays", message)
            .hint("Put their actions into fewer files.")
            .into());
    }
    for upload in overlays {
        let text = reading.text.as_ref().map_or(bytes, |text| text.as_bytes());
        let (document, text, found) = apply(text, upload, limits)?;
        reading.document = document;
        reading.text = Some(text);
        reading.diagnostics.extend(found);
    }
    Ok(reading)
}

/// The document with an overlay, its text, and what did not fit without being wrong.
fn apply(
    text: &[u8],
    upload: &OverlayUpload,
    limits: &Limits,
) -> Result<(Document, String, Vec<Diagnostic>), Rejected> {
    let named = |found: Diagnostic| match &found.file {
        Some(_) => found,
        None => found.in_file(upload.name.clone()),
    };
    let overlay = Overlay::read(&upload.bytes, limits).map_err(|rejected| Rejected {
        diagnostics: rejected.diagnostics.into_iter().map(named).collect(),
    })?;
    let applied = overlay::read_with(text, &[&overlay], limits)?;
    let found = applied.diagnostics.into_iter();
    let found: Vec<Diagnostic> = found.map(|found| named(with_target(found, &overlay))).collect();
    if found.iter().any(|found| found.severity == Severity::Error) {
        return Err(Rejected { diagnostics: found });
    }
    Ok((applied.document, applied.text, found))
}

/// The finding with the target of its action in its words.
fn with_target(mut found: Diagnostic, overlay: &Overlay) -> Diagnostic {
    let number = found.pointer.strip_prefix("/actions/").unwrap_or_default();
    let number = number.split('/').next().unwrap_or_default();
    let action = number.parse().ok().and_then(|at: usize| overlay.actions.get(at));
    if let Some(action) = action {
        let target: String = action.target.as_str().chars().take(200).collect();
        if !found.message.contains(&target) {
            found.message = format!("at the target {target}: {}", found.message);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str =
        "openapi: 3.1.0\ninfo: { title: Pets, version: '1' }\npaths:\n  /pets: { get: {}, delete: {} }\n";

    fn overlay(actions: &str) -> OverlayUpload {
        let text = format!("overlay: 1.0.0\ninfo: {{ title: More, version: '1' }}\nactions:\n{actions}");
        OverlayUpload {
            name: "public.yaml".into(),
            bytes: text.into_bytes(),
        }
    }

    fn read(overlays: &[OverlayUpload]) -> Result<Reading, Rejected> {
        super::read(DOCUMENT.as_bytes(), overlays, &Limits::default())
    }

    #[test]
    fn overlays_are_applied_one_after_the_other() {
        assert!(read(&[]).unwrap().text.is_none(), "the upload is the document");
        let first = overlay("  - { target: \"$.paths.*.delete\", remove: true }\n");
        let second = overlay("  - { target: $.info, update: { title: Animals } }\n");
        let reading = read(&[first, second]).unwrap();
        assert_eq!(
            (reading.document.title(), reading.document.operations().len()),
            ("Animals", 1)
        );
        let again = openapi::read(reading.text.unwrap().as_bytes(), &Limits::default()).unwrap();
        assert_eq!(again.title(), "Animals");
    }

    #[test]
    fn what_does_not_fit_is_named_with_file_line_and_target() {
        let wrong = overlay("  - { target: $.info.title, update: { en: Pets } }\n");
        let rejected = read(&[wrong]).unwrap_err();
        let found = &rejected.diagnostics[0];
        assert_eq!((found.file.as_deref(), found.line), (Some("public.yaml"), Some(4)));
        assert!(found.message.contains("$.info.title"), "{found}");
        let nothing = overlay("  - { target: \"$.paths['/cats']\", remove: true }\n");
        let reading = read(&[nothing]).unwrap();
        let found = reading
            .diagnostics
            .iter()
            .find(|found| found.code == "overlay-no-match")
            .unwrap();
        assert_eq!(
            (found.file.as_deref(), found.severity),
            (Some("public.yaml"), Severity::Warning)
        );
        let broken = OverlayUpload {
            name: "broken.yaml".into(),
            bytes: b"overlay: 7".to_vec(),
        };
        assert_eq!(
            read(&[broken]).unwrap_err().diagnostics[0].file.as_deref(),
            Some("broken.yaml")
        );
        let many = vec![overlay(""); MOST_OVERLAYS + 1];
        assert!(read(&many).is_err());
    }

    #[test]
    fn an_archive_becomes_one_document() {
        let mut files = FileSet::default();
        let entry = "openapi: 3.1.0\ninfo: { title: Pets, version: '1' }\npaths:\n  /pets: { get: { responses: { '200': { description: A pet, content: { application/json: { schema: { $ref: Pet.yaml } } } } } } }\n";
        files.insert("openapi.yaml", entry.into()).unwrap();
        files.insert("Pet.yaml", b"type: object\n".to_vec()).unwrap();
        let zip = files.to_zip().unwrap();
        assert_eq!(zip, files.to_zip().unwrap(), "the same bytes");
        let reading = super::read(&zip, &[], &Limits::default()).unwrap();
        assert!(reading.document.schema("Pet").is_some() && reading.text.is_some());
        let rejected = super::read(b"PK\x03\x04 nothing", &[], &Limits::default()).unwrap_err();
        assert_eq!(rejected.diagnostics[0].code, "zip-damaged");
    }
}
