//! The one place that prints.

use std::{
    borrow::Cow,
    fmt::Display,
    io::{self, Write as _},
};

/// A line of what a command was asked for, on standard output. Nobody reading any more is not an error of ours.
///
/// Like everything here but [`exact`] it may tell what others wrote: what could steer a terminal is written out.
pub(crate) fn line(line: impl Display) {
    text(&format!("{line}\n"));
}

/// A text of several lines, with the end of the last one, on standard output.
pub(crate) fn text(text: &str) {
    exact(&harmless(text));
}

/// A text as it is, on standard output: a document, which somebody may go on with.
pub(crate) fn exact(text: &str) {
    let _ = io::stdout().lock().write_all(text.as_bytes());
}

/// JSON, on standard output. What could steer a terminal is escaped, so that it means the same.
pub(crate) fn json(json: &str) {
    let escaped = |letter: char| match letter {
        '\n' => None,
        letter => steers(letter).then(|| format!("\\u{:04x}", u32::from(letter))),
    };
    exact(&replaced(json, escaped));
    exact("\n");
}

/// A line beside what a command was asked for, on standard error.
pub(crate) fn remark(text: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{}", harmless(&text.to_string()));
}

/// Why a command failed, on standard error.
pub(crate) fn complaint(error: &anyhow::Error) {
    let _ = writeln!(io::stderr().lock(), "turnpike: {}", harmless(&sentence(error)));
}

/// Whether a character tells a terminal something instead of being shown: it moves the cursor, changes colours or the title of
/// the window, or shows what follows in another order than it is written in (Unicode Bidirectional Algorithm, explicit formatting).
fn steers(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A text whose characters that steer are written out, `\u{1b}`; its lines and tabs stay.
fn harmless(text: &str) -> Cow<'_, str> {
    replaced(text, |letter| {
        (steers(letter) && !matches!(letter, '\n' | '\t')).then(|| letter.escape_unicode().to_string())
    })
}

fn replaced(text: &str, by: impl Fn(char) -> Option<String>) -> Cow<'_, str> {
    if text.chars().all(|letter| by(letter).is_none()) {
        return text.into();
    }
    let mut written = String::with_capacity(text.len());
    for letter in text.chars() {
        match by(letter) {
            Some(other) => written.push_str(&other),
            None => written.push(letter),
        }
    }
    written.into()
}

/// The chain of causes in one line, without repeating a cause that the error before it has told already.
fn sentence(error: &anyhow::Error) -> String {
    let mut told = String::new();
    for cause in error.chain() {
        let cause = cause.to_string();
        if told.is_empty() {
            told = cause;
        } else if !told.contains(&cause) {
            told.push_str(": ");
            told.push_str(&cause);
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use anyhow::{Context as _, anyhow};

    use super::*;

    #[test]
    fn what_others_wrote_steers_no_terminal() {
        for (text, shown) in [
            ("Pets\n\tv1", "Pets\n\tv1"),
            ("\x1b]0;owned\x07\x1b[2J", "\\u{1b}]0;owned\\u{7}\\u{1b}[2J"),
            ("a\rb\u{9b}31m\u{202e}c", "a\\u{d}b\\u{9b}31m\\u{202e}c"),
            ("Ärger", "Ärger"),
        ] {
            assert_eq!(harmless(text), shown);
        }
    }

    #[test]
    fn causes_are_told_once() {
        let error = anyhow!("address in use");
        let error = error
            .context("cannot listen: address in use")
            .context("the portal did not start");
        assert_eq!(
            sentence(&error),
            "the portal did not start: cannot listen: address in use"
        );
        let plain: anyhow::Result<()> = Err(anyhow!("b")).context("a");
        assert_eq!(sentence(&plain.unwrap_err()), "a: b");
    }
}
