//! Places in a manifest, for messages.

use std::path::Path;

use anyhow::anyhow;
use domain::error::DomainError;

use super::lines;
use crate::cli::file;

/// How many findings about one document are shown; the rest is counted.
const FINDINGS: usize = 5;

/// A place in a manifest: `FILE: organizations[0].apis[1]`.
#[derive(Clone, Debug)]
pub(super) struct At<'a> {
    file: &'a Path,
    path: String,
}

impl<'a> At<'a> {
    /// The manifest as a whole.
    pub(super) fn file(file: &'a Path) -> Self {
        Self {
            file,
            path: String::new(),
        }
    }

    /// A field of this place.
    pub(super) fn field(&self, name: &str) -> Self {
        let path = if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.path)
        };
        Self { file: self.file, path }
    }

    /// An entry of a list of this place.
    pub(super) fn entry(&self, list: &str, index: usize) -> Self {
        self.field(&format!("{list}[{index}]"))
    }

    /// The place with its line, which is looked up in the file: `a.yaml:7: organizations[0].slug`.
    fn with_line(&self) -> String {
        let line = file::read_text(self.file)
            .ok()
            .and_then(|text| lines::line(&text, &self.path));
        let line = line.map_or_else(String::new, |line| format!(":{line}"));
        format!("{}{line}: {}", self.file.display(), self.path)
    }

    /// An error about something that stands at two places, this one and a first one.
    pub(super) fn twice(&self, name: &str, first: &At<'_>) -> anyhow::Error {
        anyhow!(
            "{}: `{name}` is named twice, first at {}",
            self.with_line(),
            first.with_line()
        )
    }

    /// An error at this place.
    pub(super) fn error(&self, sentence: impl std::fmt::Display) -> anyhow::Error {
        let Self { file, path } = self;
        match path.as_str() {
            "" => anyhow!("{}: {sentence}", file.display()),
            path => anyhow!("{}: {path}: {sentence}", file.display()),
        }
    }

    /// A refusal of the domain at this place; errors of fields name the field.
    pub(super) fn refused(&self, error: DomainError) -> anyhow::Error {
        match error {
            DomainError::Invalid(errors) => {
                let lines: Vec<_> = errors
                    .iter()
                    .map(|e| self.field(&e.field).error(&e.message).to_string())
                    .collect();
                anyhow!(lines.join("\n"))
            }
            DomainError::SpecRejected(diagnostics) => self.rejected(&diagnostics),
            DomainError::Internal(cause) => anyhow!(cause).context(self.error("something went wrong on our side")),
            error => self.error(error),
        }
    }

    /// A document that cannot be imported.
    pub(super) fn rejected(&self, diagnostics: &[openapi::Diagnostic]) -> anyhow::Error {
        let errors = diagnostics
            .iter()
            .filter(|finding| finding.severity == openapi::Severity::Error);
        let mut lines = vec![self.error("the document cannot be imported").to_string()];
        lines.extend(errors.clone().take(FINDINGS).map(|finding| format!("  {finding}")));
        let more = errors.count().saturating_sub(FINDINGS);
        if more > 0 {
            lines.push(format!("  … and {more} more"));
        }
        anyhow!(lines.join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use domain::error::FieldError;

    use super::*;

    #[test]
    fn places_read_like_paths() {
        let at = At::file(Path::new("m.yaml")).entry("organizations", 0).entry("apis", 2);
        assert_eq!(at.error("wrong").to_string(), "m.yaml: organizations[0].apis[2]: wrong");
        let errors = vec![FieldError::new("slug", "No."), FieldError::new("name", "Not either.")];
        assert_eq!(
            at.refused(DomainError::Invalid(errors)).to_string(),
            "m.yaml: organizations[0].apis[2].slug: No.\nm.yaml: organizations[0].apis[2].name: Not either."
        );
        assert_eq!(
            At::file(Path::new("m.yaml")).error("wrong").to_string(),
            "m.yaml: wrong"
        );
    }
}
