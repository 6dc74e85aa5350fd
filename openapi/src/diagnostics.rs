//! What the engine has to say about a document: one shape for every finding, whoever made it.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// How much a finding matters. Ordered from the worst to the mildest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The document, or the part pointed at, can't be used.
    Error,
    /// It can be used, but not as it was probably meant.
    Warning,
    /// Good to know; nothing is wrong.
    Info,
    /// A suggestion.
    Hint,
}

impl Severity {
    /// The word used in JSON and on screen: `error`, `warning`, `info` or `hint`.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
            Self::Hint => "hint",
        }
    }
}

/// One finding about a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// How much it matters.
    pub severity: Severity,
    /// Stable, kebab-case identifier of the kind of finding, for example `ref-external`. Where Spectral's `oas` ruleset
    /// has the same rule, its name is used.
    pub code: Cow<'static, str>,
    /// One sentence for a person, without the position.
    pub message: String,
    /// The file that it is about, for documents of several files (see [`crate::files`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// JSON pointer (RFC 6901) into the document, or the file, as it was uploaded; empty for all of it.
    pub pointer: String,
    /// Line in the uploaded text, from 1, where it is known.
    pub line: Option<u32>,
    /// Column in the uploaded text, from 1 and in characters, where it is known.
    pub column: Option<u32>,
    /// What to do about it, where that isn't obvious.
    pub hint: Option<String>,
}

impl Diagnostic {
    /// A finding about the whole document, without a position.
    pub fn new(severity: Severity, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            severity,
            code: Cow::Borrowed(code),
            message: message.into(),
            file: None,
            pointer: String::new(),
            line: None,
            column: None,
            hint: None,
        }
    }

    /// An error about the whole document, without a position.
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, message)
    }

    /// A warning about the whole document, without a position.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, message)
    }

    /// The same finding, pointing at a place in the document.
    #[must_use]
    pub fn at(mut self, pointer: impl Into<String>) -> Self {
        self.pointer = pointer.into();
        self
    }

    /// The same finding, about a file of several.
    #[must_use]
    pub fn in_file(mut self, file: impl Into<String>) -> Self {
        self.file = Some(file.into());
        self
    }

    /// The same finding, with a position in the text.
    #[must_use]
    pub fn on(mut self, position: Position) -> Self {
        self.line = Some(position.line);
        self.column = Some(position.column);
        self
    }

    /// The same finding, with advice.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Diagnostic {
    /// `file:3:14: error: message (code) at /info` on one line, leaving out what isn't known. Names from the document can't
    /// break the line or move the cursor of a terminal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{}:", visible(file))?;
            if self.line.is_none() {
                f.write_str(" ")?;
            }
        }
        if let (Some(line), Some(column)) = (self.line, self.column) {
            write!(f, "{line}:{column}: ")?;
        }
        write!(
            f,
            "{}: {} ({})",
            self.severity.label(),
            visible(&self.message),
            self.code
        )?;
        if !self.pointer.is_empty() {
            write!(f, " at {}", visible(&self.pointer))?;
        }
        Ok(())
    }
}

fn visible(text: &str) -> String {
    let mut visible = String::with_capacity(text.len());
    text.chars().for_each(|character| push_visible(&mut visible, character));
    visible
}

/// Appends a character; control characters, and those that turn the direction of text, as `\u{202e}`.
pub(crate) fn push_visible(text: &mut String, character: char) {
    let turns = matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if character.is_control() || turns || matches!(character, '\u{2028}' | '\u{2029}') {
        text.extend(character.escape_unicode());
    } else {
        text.push(character);
    }
}

/// A place in the uploaded text; both numbers start at 1, columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// Why a document can't be imported.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the document can't be imported: {}", self.summary())]
pub struct Rejected {
    /// Everything found until the reader had to stop; never empty, and at least one is an error.
    pub diagnostics: Vec<Diagnostic>,
}

impl Rejected {
    /// The first error, as one line.
    pub fn summary(&self) -> String {
        self.diagnostics
            .iter()
            .find(|diagnostic| diagnostic.severity == Severity::Error)
            .or(self.diagnostics.first())
            .map_or_else(|| "no reason was given".to_owned(), ToString::to_string)
    }
}

impl From<Diagnostic> for Rejected {
    fn from(diagnostic: Diagnostic) -> Self {
        Self {
            diagnostics: vec![diagnostic],
        }
    }
}
