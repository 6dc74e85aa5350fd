//! Writes CommonMark: our own words are markup, strangers' words stay words.

use std::fmt::Write as _;

use crate::ui::text::{visible_lines, visible_text};

/// Longest text of a stranger that is taken over as Markdown, in bytes.
const LONGEST_SOURCE: usize = 64 * 1024;

/// Longest text, in bytes: more than any page of ours says, and soon sent.
const LONGEST_TEXT: usize = 1024 * 1024;
/// The end of a text whose rest is left out.
const LEFT_OUT: &str = "*The rest is left out here, as this text would grow too long.*";

/// A Markdown text that grows block by block, up to a bound: what comes after the bound is left out, and the text says so.
#[derive(Debug)]
pub struct Markdown {
    text: String,
    longest: usize,
    is_full: bool,
}

impl Default for Markdown {
    fn default() -> Self {
        Self::at_most(LONGEST_TEXT)
    }
}

impl Markdown {
    /// An empty text that grows to one megabyte.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty text that grows to so many bytes.
    pub const fn at_most(longest: usize) -> Self {
        Self {
            text: String::new(),
            longest,
            is_full: false,
        }
    }

    /// Whether something was left out, and everything that is still added will be.
    pub const fn is_full(&self) -> bool {
        self.is_full
    }

    /// A heading of level 1 to 6 with plain words.
    #[must_use]
    pub fn heading(self, level: usize, words: &str) -> Self {
        let marks = "#".repeat(level.clamp(1, 6));
        self.grown(&format!("{marks} {}", escape(words)))
    }

    /// A paragraph of plain words; nothing where there are none.
    #[must_use]
    pub fn paragraph(self, words: &str) -> Self {
        let words = escape(words);
        self.block(&words)
    }

    /// A block that is Markdown already, our own; nothing where it is empty.
    #[must_use]
    pub fn block(self, markdown: &str) -> Self {
        let markdown = markdown.trim_end();
        if markdown.is_empty() {
            self
        } else {
            self.grown(markdown)
        }
    }

    /// A list of items that are Markdown already, each on a line; as many as there is room for.
    #[must_use]
    pub fn list(mut self, items: impl IntoIterator<Item = String>) -> Self {
        let mut lines = String::new();
        let mut has_room = true;
        for item in items {
            has_room = self.has_room(lines.len() + item.len());
            if !has_room {
                break;
            }
            let _ = writeln!(lines, "- {item}");
        }
        self = self.block(&lines);
        self.is_full |= !has_room;
        self
    }

    /// Whether so many bytes may follow, and a line's marks.
    const fn has_room(&self, bytes: usize) -> bool {
        const MARKS: usize = 4;
        !self.is_full && self.text.len() + bytes + MARKS <= self.longest
    }

    fn grown(mut self, markdown: &str) -> Self {
        if self.has_room(markdown.len()) {
            let _ = write!(self.text, "{markdown}\n\n");
        } else {
            self.is_full = true;
        }
        self
    }

    /// What a stranger wrote in Markdown, with its headings below `level` and its code blocks closed.
    #[must_use]
    pub fn source(self, source: &str, level: usize) -> Self {
        let mut end = source.len().min(LONGEST_SOURCE);
        while !source.is_char_boundary(end) {
            end -= 1;
        }
        let cut = if end < source.len() { "\n\n…" } else { "" };
        let text = format!("{}{cut}", below(&visible_lines(&source[..end]), level));
        self.block(&text)
    }

    /// A code block, fenced by more backticks than the code has in a row.
    #[must_use]
    pub fn code(self, language: &str, code: &str) -> Self {
        let fence = "`".repeat(longest_run(code, '`').max(2) + 1);
        let code = visible_lines(code);
        self.block(&format!("{fence}{language}\n{}\n{fence}", code.trim_end()))
    }

    /// The text, with one line end at its end.
    pub fn finish(mut self) -> String {
        if self.is_full {
            self.text.push_str(LEFT_OUT);
        }
        self.text.truncate(self.text.trim_end().len());
        self.text.push('\n');
        self.text
    }
}

/// Plain words on one line: what would be markup is escaped.
pub fn escape(words: &str) -> String {
    let words = visible_text(words);
    let mut escaped = String::with_capacity(words.len() + 8);
    for (at, c) in words.trim().char_indices() {
        // Elsewhere these begin no list, heading or quote.
        let is_first = at == 0;
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '&' | '~' => escaped.push('\\'),
            '#' | '+' | '-' | '=' | '!' if is_first => escaped.push('\\'),
            '.' | ')' if !is_first && words.trim()[..at].bytes().all(|b| b.is_ascii_digit()) => escaped.push('\\'),
            _ => {}
        }
        escaped.push(c);
    }
    escaped
}

/// Words in a code span, delimited by more backticks than they have in a row (CommonMark 0.31 section 6.1).
pub fn code_span(words: &str) -> String {
    let words = visible_text(words);
    if words.is_empty() {
        return String::new();
    }
    let ticks = "`".repeat(longest_run(&words, '`') + 1);
    let needs_space = words.starts_with(['`', ' ']) || words.ends_with(['`', ' ']);
    let space = if needs_space { " " } else { "" };
    format!("{ticks}{space}{words}{space}{ticks}")
}

/// A sentence in which backticks stand around names, as a diff's: the names as code, the rest as plain words.
pub fn with_code_spans(sentence: &str) -> String {
    let mut parts = sentence.split('`');
    let mut text = escape_inside(parts.next().unwrap_or_default());
    while let Some(name) = parts.next() {
        let Some(words) = parts.next() else {
            text.push_str("\\`");
            text.push_str(&escape_inside(name));
            break;
        };
        text.push_str(&code_span(name));
        text.push_str(&escape_inside(words));
    }
    text
}

/// [`escape`] for a part of a line, with the spaces at its ends.
fn escape_inside(words: &str) -> String {
    let (start, end) = (words.len() - words.trim_start().len(), words.trim_end().len());
    if end <= start {
        return words.to_owned();
    }
    format!("{}{}{}", &words[..start], escape(words), &words[end..])
}

/// A link with plain words to an address of ours.
pub fn link(words: &str, href: &str) -> String {
    format!("[{}]({href})", escape(words))
}

fn longest_run(text: &str, of: char) -> usize {
    text.split(|c| c != of).map(str::len).max().unwrap_or_default()
}

/// Puts the headings of a Markdown source below a level, and closes a code block that it leaves open.
fn below(source: &str, level: usize) -> String {
    let mut out = String::with_capacity(source.len() + 16);
    let mut fence: Option<(char, usize)> = None;
    for line in source.lines() {
        let text = line.trim_start_matches(' ');
        let is_indented_code = line.len() - text.len() > 3;
        let mark = text.chars().next().filter(|c| matches!(c, '`' | '~'));
        let run = mark.map_or(0, |mark| text.chars().take_while(|c| *c == mark).count());
        match (fence, mark) {
            (Some((open, length)), Some(mark))
                if mark == open && run >= length && text[run..].trim().is_empty() && !is_indented_code =>
            {
                fence = None;
            }
            (None, Some(mark)) if run >= 3 && !is_indented_code => fence = Some((mark, run)),
            _ => {}
        }
        let marks = text.bytes().take_while(|b| *b == b'#').count();
        let is_heading = fence.is_none()
            && !is_indented_code
            && (1..=6).contains(&marks)
            && text[marks..].chars().next().is_none_or(|c| c == ' ' || c == '\t');
        if is_heading {
            out.push_str(&"#".repeat((marks + level).min(6)));
            out.push_str(&text[marks..]);
        } else {
            out.push_str(line);
        }
        out.push('\n');
    }
    if let Some((mark, length)) = fence {
        out.extend(std::iter::repeat_n(mark, length));
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use pulldown_cmark::{Event, Options, Parser};

    use super::*;

    /// What a reader of Markdown sees as words, and whether there is anything but one paragraph of them.
    fn read(markdown: &str) -> (String, bool) {
        let (mut words, mut is_plain) = (String::new(), true);
        for event in Parser::new_ext(markdown, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH) {
            match event {
                Event::Text(text) => words.push_str(&text),
                Event::Start(pulldown_cmark::Tag::Paragraph) | Event::End(pulldown_cmark::TagEnd::Paragraph) => {}
                _ => is_plain = false,
            }
        }
        (words, is_plain)
    }

    #[test]
    fn plain_words_stay_plain_words() {
        for words in [
            "# no heading",
            "- no list",
            "+ none",
            "1. no number",
            "12) none",
            "*no* _emphasis_ `or` ~~code~~",
            "[no](link) ![image](x)",
            "<script>alert(1)</script> <https://example.com>",
            "&lt; &amp;",
            "a | b",
            "> no quote",
            "--- ",
            "===",
            "\\*",
            "ends in \\",
        ] {
            assert_eq!(read(&escape(words)), (words.trim().to_owned(), true), "{words}");
        }
    }

    #[test]
    fn code_spans_hold_any_words() {
        for words in ["a", "`", "``a`b", " spaced ", "<b>", "a`"] {
            let mut spans = Parser::new(&code_span(words))
                .filter_map(|event| match event {
                    Event::Code(text) => Some(text.into_string()),
                    _ => None,
                })
                .collect::<Vec<_>>();
            assert_eq!(spans.pop().as_deref(), Some(words));
            assert!(spans.is_empty());
        }
    }

    #[test]
    fn names_in_sentences_are_code() {
        for (sentence, expected) in [
            ("removed `*id*` from *it*", "removed `*id*` from \\*it\\*"),
            ("`a` and `b`", "`a` and `b`"),
            ("one ` alone", "one \\` alone"),
            ("none", "none"),
        ] {
            assert_eq!(with_code_spans(sentence), expected);
        }
    }

    #[test]
    fn code_blocks_end_where_the_code_ends() {
        let text = Markdown::new().code("json", "```\n# not a heading\n````").finish();
        let headings =
            Parser::new(&text).filter(|event| matches!(event, Event::Start(pulldown_cmark::Tag::Heading { .. })));
        assert_eq!(headings.count(), 0, "{text}");
    }

    #[test]
    fn a_text_ends_at_its_bound_and_says_so() {
        let list = || {
            Markdown::at_most(40)
                .heading(1, "Page")
                .list(["1234567890", "1234567890", "1234567890"].map(str::to_owned))
        };
        assert!(list().is_full());
        let expected = format!("# Page\n\n- 1234567890\n- 1234567890\n\n{LEFT_OUT}\n");
        assert_eq!(list().finish(), expected);
        assert_eq!(
            list().heading(2, "Next").block("x").finish(),
            expected,
            "nothing after a gap"
        );
        let text = Markdown::at_most(40).block(&"x".repeat(36)).block("more").finish();
        assert_eq!(text, format!("{}\n\n{LEFT_OUT}\n", "x".repeat(36)));
        assert!(!Markdown::new().block(&"x".repeat(1_000_000)).is_full());
    }

    #[test]
    fn sources_keep_below_the_page() {
        let text = Markdown::new()
            .heading(1, "Page")
            .source("# Own\n\n```sh\n# comment\n```\n\n###### deep\n#hashtag\n    # code", 2)
            .heading(2, "Next")
            .finish();
        assert_eq!(
            text,
            "# Page\n\n### Own\n\n```sh\n# comment\n```\n\n###### deep\n#hashtag\n    # code\n\n## Next\n"
        );
        let open = Markdown::new()
            .source("~~~~\nnever closed", 1)
            .heading(2, "Next")
            .finish();
        assert!(open.ends_with("never closed\n~~~~\n\n## Next\n"), "{open}");
    }
}
