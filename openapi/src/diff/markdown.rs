//! A change log for people, in Markdown.

use std::collections::HashMap;
use std::fmt::Write;

use super::change::{Change, Level, Side};
use super::changes::Changes;

/// Entries that are written; the rest is counted.
const MOST: usize = 2_000;

/// What makes one entry of a change log: the operation, the rule, and the place in a document.
type Key<'c> = (Option<&'c str>, &'c str, Side, &'c [String]);

/// One thing that changed for one operation, and in how many places of it.
struct Entry<'c> {
    change: &'c Change,
    places: usize,
}

impl Changes {
    /// The changes as Markdown: by operation, what breaks first, each thing once.
    pub fn markdown(&self) -> String {
        let mut text = String::new();
        let _ = writeln!(text, "# Changes of {}\n", plain(&self.title));
        if !self.old_version.is_empty() || !self.new_version.is_empty() {
            let shown = |version: &str| {
                if version.is_empty() {
                    "none".to_owned()
                } else {
                    plain(version)
                }
            };
            let _ = writeln!(
                text,
                "From version {} to {}.\n",
                shown(&self.old_version),
                shown(&self.new_version)
            );
        }
        let entries = entries(self.list());
        for (heading, level) in [
            ("Breaking", Level::Error),
            ("Possibly breaking", Level::Warning),
            ("Other changes", Level::Info),
        ] {
            section(&mut text, heading, level, &entries);
        }
        if entries.is_empty() {
            text.push_str("Nothing changed.\n");
        }
        let unwritten = entries.len().saturating_sub(MOST) + self.omitted();
        if unwritten > 0 {
            let _ = writeln!(text, "And {unwritten} more.");
        }
        if !self.is_complete() {
            text.push_str("\nThe documents are too large to be compared completely: there may be more.\n");
        }
        text
    }
}

/// Changes of the same thing in one operation become one entry: several media types, statuses or ways to a schema.
fn entries(changes: &[Change]) -> Vec<Entry<'_>> {
    let mut entries: Vec<Entry<'_>> = Vec::new();
    let mut known: HashMap<Key<'_>, usize> = HashMap::new();
    for change in changes {
        let key = (
            change.operation.as_deref(),
            change.rule.name,
            change.document,
            change.path.as_slice(),
        );
        // What has no place of its own differs by what is said.
        let is_same = |at: &usize| {
            let first = entries[*at].change;
            first.message == change.message || first.path.iter().any(|key| key == "schemas" || key == "schema")
        };
        match known.get(&key).copied().filter(is_same) {
            Some(at) => entries[at].places += 1,
            None => {
                known.insert(key, entries.len());
                entries.push(Entry { change, places: 1 });
            }
        }
    }
    entries
}

fn section(text: &mut String, heading: &str, level: Level, entries: &[Entry<'_>]) {
    let mut last: Option<Option<&str>> = None;
    for entry in entries.iter().take(MOST).filter(|entry| entry.change.level == level) {
        let operation = entry.change.operation.as_deref();
        if last != Some(operation) {
            let _ = match last {
                None => writeln!(text, "## {heading}\n"),
                Some(_) => writeln!(text),
            };
            let title = operation.map_or_else(|| "The whole API".to_owned(), plain);
            let _ = writeln!(text, "### {title}\n");
            last = Some(operation);
        }
        let message = capital(&escaped(&entry.change.message));
        let _ = match entry.places {
            1 => writeln!(text, "- {message}."),
            2 => writeln!(text, "- {message}; the same in one other place."),
            places => writeln!(text, "- {message}; the same in {} other places.", places - 1),
        };
    }
    if last.is_some() {
        text.push('\n');
    }
}

/// A name from a document as plain text: nothing in it is Markdown.
fn plain(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for character in name.chars().take(200) {
        if character.is_ascii_punctuation() && !matches!(character, '/' | '.' | ',' | '-' | ':') {
            text.push('\\');
        }
        crate::diagnostics::push_visible(&mut text, character);
    }
    text
}

/// A message: what is between its backticks is code, the rest has nothing that Markdown would read.
fn escaped(message: &str) -> String {
    let mut text = String::with_capacity(message.len());
    let mut is_code = false;
    for character in message.chars() {
        match character {
            '`' => is_code = !is_code,
            '<' | '>' | '*' | '_' | '[' | ']' | '#' | '|' | '\\' if !is_code => text.push('\\'),
            _ => {}
        }
        text.push(character);
    }
    text
}

fn capital(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => String::new(),
    }
}
