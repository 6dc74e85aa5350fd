//! What the log says of records that gateways do not use as they were meant. Their text is written by providers: it is
//! escaped, cut, and not repeated with every change of something else.

use std::{
    collections::HashSet,
    hash::{BuildHasher as _, RandomState},
};

use gateway::Warning;

/// Characters of a line at most.
const MAX_CHARACTERS: usize = 300;
/// Lines at once; a document of thousands of operations may have as many faults.
const MAX_LINES: usize = 50;
/// Warnings that are remembered: a few hundred kilobytes.
const MAX_REMEMBERED: usize = 20_000;

/// Warnings that were logged and still hold.
#[derive(Debug, Default)]
pub(super) struct Warned {
    hasher: RandomState,
    known: HashSet<u64>,
}

impl Warned {
    /// The lines for warnings that are new. After an update of the whole catalog, only what it warns of is remembered: what
    /// was right in between is news again.
    pub(super) fn news(&mut self, warnings: &[Warning], is_about_catalog: bool) -> Vec<String> {
        let hashes: Vec<u64> = warnings
            .iter()
            .map(|warning| self.hasher.hash_one((&warning.subject, &warning.reason)))
            .collect();
        let is_new = |hash: &u64| !self.known.contains(hash);
        let news = warnings.iter().zip(&hashes).filter(|(_, hash)| is_new(hash));
        let mut lines: Vec<String> = news.map(|(warning, _)| shortened(&warning.to_string())).collect();
        if lines.len() > MAX_LINES {
            let more = lines.len() - MAX_LINES;
            lines.truncate(MAX_LINES);
            lines.push(format!("and {more} more"));
        }
        if is_about_catalog || self.known.len() > MAX_REMEMBERED {
            self.known.clear();
        }
        self.known.extend(hashes.into_iter().take(MAX_REMEMBERED));
        lines
    }
}

/// One line without control characters, cut where it is too long.
fn shortened(text: &str) -> String {
    let mut line = String::new();
    for (count, c) in text.chars().enumerate() {
        if count == MAX_CHARACTERS {
            line.push('…');
            break;
        }
        // Whatever is no letter, mark, digit or sign on its own is spelled out: line feeds, escapes, changes of direction.
        if c == '\'' || c == '"' {
            line.push(c);
        } else {
            line.extend(c.escape_debug());
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warning(subject: &str) -> Warning {
        Warning {
            subject: subject.into(),
            reason: "it is odd".into(),
        }
    }

    #[test]
    fn only_news_are_told() {
        let mut warned = Warned::default();
        let (a, b, key) = (warning("version a"), warning("version b"), warning("key k"));
        assert_eq!(
            warned.news(&[a.clone(), b.clone()], true),
            ["version a: it is odd", "version b: it is odd"]
        );
        assert!(warned.news(&[a.clone(), b.clone()], true).is_empty());
        assert_eq!(warned.news(std::slice::from_ref(&key), false).len(), 1);
        assert!(warned.news(&[key, a.clone()], false).is_empty());
        // What was right once is news when it is wrong again.
        assert!(warned.news(&[b], true).is_empty());
        assert_eq!(warned.news(&[a], true).len(), 1);
    }

    #[test]
    fn lines_are_bounded_and_plain() {
        let mut warned = Warned::default();
        let many: Vec<_> = (0..1_000).map(|n| warning(&format!("version {n}"))).collect();
        let lines = warned.news(&many, true);
        assert_eq!(
            (lines.len(), lines[MAX_LINES].as_str()),
            (MAX_LINES + 1, "and 950 more")
        );
        let text = shortened("a\n\u{1b}[31m \u{202e}'é'");
        assert_eq!(text, "a\\n\\u{1b}[31m \\u{202e}'é'");
        assert_eq!(shortened(&"x".repeat(1_000)).chars().count(), MAX_CHARACTERS + 1);
    }
}
