//! The result of a comparison.

use super::change::{Change, Level, Side};
use super::report::Report;
use crate::diagnostics::Rejected;
use crate::load::{self, Limits};
use crate::model::{Document, Format};

/// All changes between two documents: the worst first, then in the order of the older document.
#[derive(Clone, Debug, PartialEq)]
pub struct Changes {
    list: Vec<Change>,
    omitted: usize,
    is_complete: bool,
    pub(super) old_version: String,
    pub(super) new_version: String,
    pub(super) title: String,
}

impl Changes {
    pub(super) fn new(report: Report, old: &Document, new: &Document) -> Self {
        let mut found = report.changes;
        found.sort_by_key(|(operation, change)| (change.level, operation.map_or(0, |at| at + 1)));
        let list = found
            .into_iter()
            .map(|(_, mut change)| {
                let format = match change.document {
                    Side::Old => old.format(),
                    Side::New => new.format(),
                };
                if format == Format::OpenApi20 {
                    as_uploaded(&mut change.path);
                }
                change
            })
            .collect();
        Self {
            list,
            omitted: report.omitted,
            is_complete: report.is_complete,
            old_version: old.version().to_owned(),
            new_version: new.version().to_owned(),
            title: new.title().to_owned(),
        }
    }

    /// The changes.
    pub fn list(&self) -> &[Change] {
        &self.list
    }

    /// How many changes there are beyond [`super::Limits::changes`].
    pub fn omitted(&self) -> usize {
        self.omitted
    }

    /// Whether everything was looked at; if not, there may be more changes than listed and omitted.
    pub fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// How many changes of a level are listed.
    pub fn count(&self, level: Level) -> usize {
        self.list.iter().filter(|change| change.level == level).count()
    }

    /// Whether anything breaks callers, or may do so.
    pub fn is_breaking(&self) -> bool {
        self.list.iter().any(Change::is_breaking)
    }

    /// Fills in line and column of every change, from the texts as they were uploaded.
    ///
    /// # Errors
    /// [`Rejected`] if a text is none that could have been read within the limits.
    pub fn locate(&mut self, old: &[u8], new: &[u8], limits: &Limits) -> Result<(), Rejected> {
        for (side, text) in [(Side::Old, old), (Side::New, new)] {
            let mut changes: Vec<&mut Change> = self.list.iter_mut().filter(|change| change.document == side).collect();
            let pointers = changes.iter().map(|change| change.pointer());
            let positions = load::positions(text, pointers, limits)?;
            for (change, position) in changes.iter_mut().zip(positions) {
                change.line = position.map(|position| position.line);
                change.column = position.map(|position| position.column);
            }
        }
        Ok(())
    }
}

/// Turns a path in the shape of 3.1 back to that of Swagger 2.0, as far as it has a place there.
fn as_uploaded(path: &mut Vec<String>) {
    if path.first().is_some_and(|key| key == "components") && path.len() > 1 {
        path.remove(0);
        let kind = match path[0].as_str() {
            "schemas" => "definitions",
            "securitySchemes" => "securityDefinitions",
            other => other,
        }
        .to_owned();
        path[0] = kind;
    }
    // The schema of a response or parameter has no media type, and a parameter no schema of its own, around it.
    let mut at = 0;
    while at < path.len() {
        let is_content = path[at] == "content" && path.get(at + 2).is_some_and(|key| key == "schema");
        let is_parameter = at > 0 && path[at] == "schema" && at > 1 && path[at - 2] == "parameters";
        if is_content {
            path.drain(at..at + 2);
        } else if is_parameter {
            path.remove(at);
        } else {
            at += 1;
        }
        if is_content || is_parameter {
            break;
        }
    }
    if let Some(at) = path.iter().position(|key| key == "requestBody") {
        // Which of the parameters it was isn't known.
        path.truncate(at);
        path.push("parameters".to_owned());
    }
}
