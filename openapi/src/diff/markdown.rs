//! A change log for people, in Markdown.

use std::collections::HashSet;
use std::fmt::Write;

use super::change::{Change, Level};
use super::changes::Changes;

/// Entries that are written; the rest is counted.
const MOST: usize = 2_000;

impl Changes {
    /// The changes as Markdown: by operation, what breaks first, each thing once.
    pub fn markdown(&self) -> String {
        let mut text = String::new();
        let title = plain(&self.title);
        let _ = writeln!(text, "# Changes of {title}\n");
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
        let mut left = MOST;
        for (heading, levels) in [
            ("Breaking", &[Level::Error][..]),
            ("Possibly breaking", &[Level::Warning][..]),
            ("Other changes", &[Level::Info][..]),
        ] {
            section(&mut text, heading, levels, self.list(), &mut left);
        }
        if self.list().is_empty() {
            text.push_str("Nothing changed.\n");
        }
        let omitted = self.omitted() + self.unwritten();
        if omitted > 0 {
            let _ = writeln!(text, "\nAnd {omitted} more.");
        }
        if !self.is_complete() {
            text.push_str("\nThe documents are too large to be compared completely: there may be more.\n");
        }
        text
    }

    fn unwritten(&self) -> usize {
        let distinct: HashSet<(Option<&str>, &str)> = self
            .list()
            .iter()
            .map(|change| (change.operation.as_deref(), change.message.as_str()))
            .collect();
        distinct.len().saturating_sub(MOST)
    }
}

fn section(text: &mut String, heading: &str, levels: &[Level], changes: &[Change], left: &mut usize) {
    let of_level: Vec<&Change> = changes.iter().filter(|change| levels.contains(&change.level)).collect();
    if of_level.is_empty() || *left == 0 {
        return;
    }
    let _ = writeln!(text, "## {heading}\n");
    let mut seen: HashSet<(Option<&str>, &str)> = HashSet::new();
    let mut at = 0;
    while at < of_level.len() && *left > 0 {
        let operation = of_level[at].operation.as_deref();
        let _ = match operation {
            Some(operation) => writeln!(text, "### {}\n", plain(operation)),
            None => writeln!(text, "### The whole API\n"),
        };
        while at < of_level.len() && of_level[at].operation.as_deref() == operation {
            let change = of_level[at];
            at += 1;
            if *left > 0 && seen.insert((operation, &change.message)) {
                *left -= 1;
                let _ = writeln!(text, "- {}.", capital(&escaped(&change.message)));
            }
        }
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
