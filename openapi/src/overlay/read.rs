//! Reads and checks an overlay.

use serde_json::{Map, Value};

use super::{Action, Change, Overlay};
use crate::Limits;
use crate::diagnostics::{Diagnostic, Position, Rejected, Severity};
use crate::json_path::JsonPath;
use crate::load::Source;
use crate::number::NumberTexts;

/// Actions of one overlay.
const MOST_ACTIONS: usize = 10_000;

impl Overlay {
    /// Reads an overlay (JSON or YAML).
    ///
    /// # Errors
    /// [`Rejected`] if it can't be parsed, is no overlay of version 1.0 or 1.1, or has an action that isn't right: an overlay
    /// is applied as a whole or not at all.
    pub fn read(bytes: &[u8], limits: &Limits) -> Result<Self, Rejected> {
        Self::read_source(bytes, limits).map_err(crate::advice::completed)
    }

    fn read_source(bytes: &[u8], limits: &Limits) -> Result<Self, Rejected> {
        let Source { text, parsed } = Source::read(bytes, limits, NumberTexts::default())?;
        let mut reader = Reader {
            found: parsed.diagnostics,
            most: limits.diagnostics,
            needs_11: false,
        };
        let overlay = reader.overlay(parsed.value);
        let is_right = reader.found.iter().all(|found| found.severity != Severity::Error);
        if let (Some(mut overlay), true) = (overlay, is_right) {
            let places = (0..overlay.actions.len()).map(|at| Diagnostic::error("", "").at(format!("/actions/{at}")));
            let mut places: Vec<Diagnostic> = places.collect();
            text.fill(&mut places);
            for (action, place) in overlay.actions.iter_mut().zip(places) {
                action.position = place
                    .line
                    .zip(place.column)
                    .map(|(line, column)| Position { line, column });
            }
            overlay.numbers = parsed.numbers;
            overlay.needs_11 = reader.needs_11;
            return Ok(overlay);
        }
        text.fill(&mut reader.found);
        reader
            .found
            .sort_by_key(|found| (found.severity, found.line, found.column));
        Err(Rejected {
            diagnostics: reader.found,
        })
    }
}

struct Reader {
    found: Vec<Diagnostic>,
    most: usize,
    needs_11: bool,
}

impl Reader {
    fn error(&mut self, code: &'static str, pointer: impl Into<String>, message: impl Into<String>, hint: &str) {
        if self.found.len() < self.most.max(1) {
            self.found.push(Diagnostic::error(code, message).at(pointer).hint(hint));
        }
    }

    fn overlay(&mut self, root: Value) -> Option<Overlay> {
        let Value::Object(mut root) = root else {
            let message = "an overlay is an object with `overlay`, `info` and `actions`";
            self.error("overlay-shape", "", message, "Start with `overlay: 1.0.0`.");
            return None;
        };
        self.version(root.get("overlay"));
        let mut overlay = Overlay::new("", "");
        match root.get_mut("info") {
            Some(Value::Object(info)) => {
                overlay.title = self.text(info, "title", "/info");
                overlay.version = self.text(info, "version", "/info");
                overlay.description = optional_text(info, "description");
            }
            _ => self.error(
                "overlay-shape",
                "/info",
                "the overlay has no `info` with title and version",
                "Add `info` with `title` and `version`.",
            ),
        }
        overlay.extends = optional_text(&root, "extends");
        match root.get_mut("actions").map(Value::take) {
            Some(Value::Array(actions)) if !actions.is_empty() => {
                if actions.len() > MOST_ACTIONS {
                    let message = format!("the overlay has more than {MOST_ACTIONS} actions");
                    self.error("overlay-shape", "/actions", message, "Split it into several overlays.");
                    return None;
                }
                for (at, action) in actions.into_iter().enumerate() {
                    overlay.actions.extend(self.action(action, at));
                }
            }
            _ => self.error(
                "overlay-shape",
                "/actions",
                "`actions` must be a list with at least one action",
                "Add an action with `target` and `update` or `remove`.",
            ),
        }
        Some(overlay)
    }

    fn version(&mut self, version: Option<&Value>) {
        let hint = "Supported are `overlay: 1.0.0` and `overlay: 1.1.0`.";
        let series = version.and_then(Value::as_str).map(|text| {
            let mut parts = text.split('.');
            (parts.next(), parts.next(), parts.next().is_some())
        });
        match series {
            Some((Some("1"), Some("0"), true)) => {}
            Some((Some("1"), Some("1"), true)) => self.needs_11 = true,
            Some(_) => self.error(
                "overlay-version",
                "/overlay",
                "this version of `overlay` is not supported",
                hint,
            ),
            None if version.is_some() => self.error(
                "overlay-version",
                "/overlay",
                "`overlay` must be a text such as \"1.0.0\"",
                hint,
            ),
            None => self.error(
                "overlay-version",
                "",
                "this is not an overlay: it has no `overlay` with a version",
                hint,
            ),
        }
    }

    /// A text that must be there; a number or flag stands for one.
    fn text(&mut self, map: &Map<String, Value>, field: &str, pointer: &str) -> String {
        match map.get(field) {
            Some(Value::String(text)) => text.clone(),
            Some(other @ (Value::Number(_) | Value::Bool(_))) => other.to_string(),
            _ => {
                let message = format!("`{field}` is missing or not a text");
                self.error(
                    "overlay-shape",
                    format!("{pointer}/{field}"),
                    message,
                    "Write it as a text in quotes.",
                );
                String::new()
            }
        }
    }

    fn action(&mut self, action: Value, at: usize) -> Option<Action> {
        let pointer = format!("/actions/{at}");
        let Value::Object(mut action) = action else {
            let message = "an action is an object with `target` and `update`, `copy` or `remove`";
            self.error("overlay-shape", pointer, message, "Write it as an object.");
            return None;
        };
        let target = self.path(&action, "target", &pointer)?;
        let is_removal = match action.get("remove") {
            None | Some(Value::Null) => false,
            Some(Value::Bool(flag)) => *flag,
            Some(_) => {
                let pointer = format!("{pointer}/remove");
                self.error(
                    "overlay-shape",
                    pointer,
                    "`remove` must be true or false",
                    "Write `remove: true`.",
                );
                return None;
            }
        };
        let change = if is_removal {
            Change::Remove
        } else if action.contains_key("copy") && !self.needs_11 {
            let message = "`copy` exists from version 1.1 of overlays on";
            self.error(
                "overlay-shape",
                format!("{pointer}/copy"),
                message,
                "Write `overlay: 1.1.0`.",
            );
            return None;
        } else if action.contains_key("copy") && action.contains_key("update") {
            let message = "an action has either `update` or `copy`";
            self.error("overlay-shape", pointer, message, "Make two actions of it.");
            return None;
        } else if action.contains_key("copy") {
            Change::Copy(self.path(&action, "copy", &pointer)?)
        } else {
            action
                .get_mut("update")
                .map_or(Change::Nothing, |value| Change::Update(value.take()))
        };
        let description = optional_text(&action, "description");
        Some(Action {
            description,
            ..Action::new(target, change)
        })
    }

    fn path(&mut self, action: &Map<String, Value>, field: &str, pointer: &str) -> Option<JsonPath> {
        let hint = "Write a JSONPath (RFC 9535) such as $.paths['/pets'].get.";
        let Some(text) = action.get(field).and_then(Value::as_str) else {
            let message = format!("`{field}` is missing or not a text");
            self.error("overlay-target", pointer, message, hint);
            return None;
        };
        match text.parse() {
            Ok(path) => Some(path),
            Err(error) => {
                self.error("overlay-target", format!("{pointer}/{field}"), error.to_string(), hint);
                None
            }
        }
    }
}

fn optional_text(map: &Map<String, Value>, field: &str) -> Option<String> {
    map.get(field).and_then(Value::as_str).map(str::to_owned)
}
