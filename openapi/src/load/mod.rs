//! From uploaded bytes to a [`Document`]: decode, parse, check what was written, lift it to the one 3.1 shape, index it.
//!
//! Everything is bounded by [`Limits`]; nothing here opens a file or a connection.

mod decode;
mod json;
mod limits;
mod locate;
mod scalar;
mod source;
mod yaml;

use std::borrow::Cow;

use serde_json::Value;

pub(crate) use decode::too_large;
pub use limits::Limits;
pub(crate) use source::{Extent, Spent, item_step_bytes, key_step_bytes};

use crate::advice;
use crate::check::{self, Findings};
use crate::diagnostics::{Diagnostic, Position, Rejected};
use crate::lift;
use crate::model::Document;
use crate::number::NumberTexts;

/// Reads an OpenAPI document (2.0, 3.0, 3.1 or 3.2; JSON or YAML; possibly gzipped).
///
/// Parts that are wrong in themselves are reported in [`Document::diagnostics`] and skipped; references to other files or
/// hosts are reported and never followed.
///
/// # Errors
/// [`Rejected`] if the text can't be parsed, crosses a limit, or is no OpenAPI document of a known version with the fields
/// that every such document must have.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Document, Rejected> {
    read_source(bytes, limits).map_err(advice::completed)
}

fn read_source(bytes: &[u8], limits: &Limits) -> Result<Document, Rejected> {
    let source = Source::read(bytes, limits, NumberTexts::default())?;
    let Parsed {
        value: mut root,
        numbers,
        diagnostics,
        ..
    } = source.parsed;
    let mut findings = Findings::new(limits.diagnostics, diagnostics);
    let checked = check::document(&root, &mut findings);
    let (mut diagnostics, closing) = findings.into_diagnostics();
    source.text.fill(&mut diagnostics);
    diagnostics.sort_by_key(|found| (found.severity, found.line, found.column));
    diagnostics.extend(closing);
    advice::complete(&mut diagnostics);
    let Some(checked) = checked else {
        return Err(Rejected { diagnostics });
    };
    lift::lift(&mut root, checked.format);
    Ok(Document::index(root, checked, numbers, diagnostics))
}

/// The value of an upload as it was written, before it is checked or lifted.
pub(crate) fn source_value(bytes: &[u8], limits: &Limits) -> Result<Value, Rejected> {
    Source::read(bytes, limits, NumberTexts::default()).map(|source| source.parsed.value)
}

/// An upload that was decoded and parsed.
pub(crate) struct Source<'b> {
    pub(crate) text: SourceText<'b>,
    pub(crate) parsed: Parsed,
}

impl<'b> Source<'b> {
    /// Decodes and parses; the digits of numbers are added to those that are known already.
    pub(crate) fn read(bytes: &'b [u8], limits: &Limits, numbers: NumberTexts) -> Result<Self, Rejected> {
        let text = decode::text(bytes, limits)?;
        let syntax = Syntax::of(&text)?;
        let parsed = match syntax {
            Syntax::Json => json::parse(&text, limits, numbers)?,
            Syntax::Yaml => yaml::parse(&text, limits, numbers)?,
        };
        Ok(Self {
            text: SourceText { text, syntax },
            parsed,
        })
    }
}

/// A decoded text that is known to be valid JSON or YAML.
pub(crate) struct SourceText<'b> {
    text: Cow<'b, str>,
    syntax: Syntax,
}

impl SourceText<'_> {
    /// Bytes of it.
    pub(crate) fn len(&self) -> usize {
        self.text.len()
    }

    /// Fills in the lines and columns of those diagnostics that have only a pointer.
    pub(crate) fn fill(&self, diagnostics: &mut [Diagnostic]) {
        locate::fill(&self.text, self.syntax, diagnostics);
    }
}

/// The positions of JSON pointers in an uploaded text; that of the closest place around it for what isn't there.
pub(crate) fn positions(
    bytes: &[u8],
    pointers: impl Iterator<Item = String>,
    limits: &Limits,
) -> Result<Vec<Option<Position>>, Rejected> {
    let text = decode::text(bytes, limits)?;
    let syntax = Syntax::of(&text)?;
    let mut found: Vec<Diagnostic> = pointers.map(|pointer| Diagnostic::error("", "").at(pointer)).collect();
    locate::fill(&text, syntax, &mut found);
    let position = |found: Diagnostic| {
        let (line, column) = found.line.zip(found.column)?;
        Some(Position { line, column })
    };
    Ok(found.into_iter().map(position).collect())
}

/// How a text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Syntax {
    Json,
    Yaml,
}

impl Syntax {
    fn of(text: &str) -> Result<Self, Rejected> {
        let start = text.trim_start();
        match start.as_bytes() {
            [] => Err(Diagnostic::error("empty", "the document is empty").into()),
            [b'<', ..] => Err(
                Diagnostic::error("not-openapi", "this is HTML or XML, not an OpenAPI document")
                    .on(Position { line: 1, column: 1 })
                    .hint("Perhaps the address answered with a sign-in page: download the JSON or YAML file itself.")
                    .into(),
            ),
            [b'[', ..] => Ok(Self::Json),
            // `{openapi: 3.1.0}` is a YAML flow mapping; anything else that starts with a brace is meant as JSON, and gets
            // the messages of the JSON reader.
            [b'{', rest @ ..] => match rest.trim_ascii_start().first() {
                Some(first) if first.is_ascii_alphanumeric() || *first == b'\'' => Ok(Self::Yaml),
                _ => Ok(Self::Json),
            },
            _ => Ok(Self::Yaml),
        }
    }
}

/// A parsed text.
#[derive(Default)]
pub(crate) struct Parsed {
    pub(crate) value: Value,
    pub(crate) numbers: NumberTexts,
    pub(crate) diagnostics: Vec<Diagnostic>,
    pub(crate) spent: Spent,
}

impl Parsed {
    /// Findings of a parser are few, but an attacker may try.
    const MOST: usize = 1000;

    /// Ends a reading.
    fn finish(self, value: Value, spent: Spent) -> Self {
        Self { value, spent, ..self }
    }

    /// Whether another finding is kept: making one costs more than a value.
    fn has_room(&self) -> bool {
        self.diagnostics.len() < Self::MOST
    }

    fn found(&mut self, diagnostic: Diagnostic) {
        if self.has_room() {
            self.diagnostics.push(diagnostic);
        }
    }
}

fn duplicate_key() -> Diagnostic {
    let message = "this key appears twice in the same object; the last one is used";
    Diagnostic::error("duplicate-key", message).hint("Rename or remove one of them.")
}
