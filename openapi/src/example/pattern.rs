//! Texts that match a pattern, made by walking its syntax tree.

use regex_syntax::hir::{Class, Hir, HirKind};

use super::lookaround;
use crate::validate::{Pattern, translate};

/// The longest text that is made.
const MOST_TEXT: usize = 20_000;
/// Texts made for one pattern.
const MOST_TEXTS: usize = 24;
/// Characters to take from a class, the plainest first.
const PLAIN: &str = "abcdefghijklmnopqrstuvwxyz1234567890ABCDEFGHIJKLMNOPQRSTUVWXYZ-_./:@ !#$%&*+,;=?";

/// A pattern that texts can be made for.
#[derive(Debug)]
pub(super) struct Solved {
    hir: Hir,
    whole: Option<Pattern>,
    positive: Vec<Pattern>,
    negative: Vec<Pattern>,
    has_lookaround: bool,
}

impl Solved {
    /// Reads a pattern; `None` if it is no regular expression, or one that takes too much.
    pub(super) fn of(text: &str) -> Option<Self> {
        const MOST_PATTERN: usize = 2000;
        if text.len() > MOST_PATTERN {
            return None;
        }
        let split = lookaround::split(text);
        let rest = split.as_ref().map_or(text, |split| &split.rest);
        let hir = regex_syntax::ParserBuilder::new()
            .nest_limit(100)
            .build()
            .parse(&translate(rest))
            .ok()?;
        let compiled = |texts: &[String]| texts.iter().filter_map(|text| Pattern::new(text).ok()).collect();
        let has_lookaround = split.is_some();
        let split = split.unwrap_or_default();
        Some(Self {
            hir,
            whole: Pattern::new(if has_lookaround { &split.rest } else { text }).ok(),
            positive: compiled(&split.positive),
            negative: compiled(&split.negative),
            has_lookaround,
        })
    }

    /// Whether it needs look-around, which validation can't do.
    pub(super) fn has_lookaround(&self) -> bool {
        self.has_lookaround
    }

    /// Whether the text matches, as far as anybody knows.
    pub(super) fn matches(&self, text: &str) -> bool {
        self.whole.as_ref().is_none_or(|pattern| pattern.matches(text))
            && self.positive.iter().all(|pattern| pattern.matches(text))
            && !self.negative.iter().any(|pattern| pattern.matches(text))
    }

    /// Texts that match and have between `least` and `most` characters, shortest first; none if none was found.
    pub(super) fn texts(&self, variant: usize, least: usize, most: usize) -> Vec<String> {
        let mut texts: Vec<String> = Vec::new();
        let shortest = self.text(0, variant);
        let missing = least.saturating_sub(shortest.chars().count());
        let growths = (0..8).chain([missing, missing.div_ceil(2), missing.div_ceil(3), 12, 20, 32, 64]);
        // Look-ahead often wants characters of several kinds, which other variants may have.
        let variants = if self.has_lookaround { 40 } else { 3 };
        for further in 0..variants {
            for growth in growths.clone() {
                let mut text = self.text(growth, variant + further);
                // Where the pattern doesn't mind what follows, the length can be made up.
                let length = text.chars().count();
                if length < least {
                    text.extend(std::iter::repeat_n('a', (least - length).min(MOST_TEXT)));
                }
                let length = text.chars().count();
                if length <= most && length >= least && self.matches(&text) && !texts.contains(&text) {
                    texts.push(text);
                }
                if texts.len() >= MOST_TEXTS {
                    return texts;
                }
            }
            if further > 2 && !texts.is_empty() {
                break;
            }
        }
        texts
    }

    fn text(&self, growth: usize, variant: usize) -> String {
        let mut writer = Writer {
            text: String::new(),
            growth,
            variant,
            at: 0,
            mixed: self.has_lookaround && variant > 0,
        };
        writer.write(&self.hir);
        writer.text
    }
}

struct Writer {
    text: String,
    /// Repetitions beyond those that must be.
    growth: usize,
    variant: usize,
    /// Characters taken from classes so far.
    at: usize,
    /// Whether characters come from all over a class and not from its start.
    mixed: bool,
}

impl Writer {
    fn write(&mut self, hir: &Hir) {
        if self.text.len() > MOST_TEXT {
            return;
        }
        match hir.kind() {
            HirKind::Empty | HirKind::Look(_) => {}
            HirKind::Literal(literal) => self.text.push_str(&String::from_utf8_lossy(&literal.0)),
            HirKind::Class(class) => self.class(class),
            HirKind::Capture(capture) => self.write(&capture.sub),
            HirKind::Concat(parts) => parts.iter().for_each(|part| self.write(part)),
            HirKind::Alternation(parts) => {
                if let Some(part) = parts.get(self.variant % parts.len().max(1)) {
                    self.write(part);
                }
            }
            HirKind::Repetition(repetition) => {
                let least = repetition.min as usize;
                let most = repetition.max.map_or(usize::MAX, |most| most as usize);
                for _ in 0..least.saturating_add(self.growth).min(most) {
                    if self.text.len() > MOST_TEXT {
                        return;
                    }
                    self.write(&repetition.sub);
                }
            }
        }
    }

    fn class(&mut self, class: &Class) {
        let ranges: Vec<(char, char)> = match class {
            Class::Unicode(class) => class.iter().map(|range| (range.start(), range.end())).collect(),
            Class::Bytes(class) => class
                .iter()
                .filter(|range| range.start().is_ascii())
                .map(|range| (char::from(range.start()), char::from(range.end().min(0x7f))))
                .collect(),
        };
        let has = |character: char| ranges.iter().any(|(start, end)| (*start..=*end).contains(&character));
        let plain: Vec<char> = PLAIN.chars().filter(|character| has(*character)).collect();
        // Steps that have no divisor in common with the sizes of usual classes reach every character.
        let step = if self.mixed { 23 } else { 1 };
        let at = self.at * step + self.variant;
        self.at += 1;
        if let Some(character) = plain.get(at % plain.len().max(1)) {
            self.text.push(*character);
            return;
        }
        let is_shown = |character: &char| !character.is_control();
        let shown = ranges
            .iter()
            .flat_map(|(start, end)| (*start..=*end).take(64))
            .find(is_shown);
        self.text
            .extend(shown.or_else(|| ranges.first().map(|(start, _)| *start)));
    }
}
