//! Lines and columns for diagnostics that only have a JSON pointer: one more walk over the text, made only when there is
//! something to say.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, Span, StrInput};

use super::Syntax;
use super::source::each_position;
use crate::diagnostics::{Diagnostic, Position};
use crate::reference::unescape;

/// Fills in the positions that are missing. A pointer to something that isn't there gets the position of the closest place
/// around it; one to a member gets the position of its key.
pub(super) fn fill(text: &str, syntax: Syntax, diagnostics: &mut [Diagnostic]) {
    let mut wanted = Wanted::default();
    let mut is_needed = false;
    for (at, diagnostic) in diagnostics
        .iter()
        .enumerate()
        .filter(|(_, diagnostic)| diagnostic.line.is_none())
    {
        wanted.add(&diagnostic.pointer, at);
        is_needed = true;
    }
    if !is_needed {
        return;
    }
    let mut found: Vec<Option<Position>> = vec![None; diagnostics.len()];
    match syntax {
        Syntax::Json => json(text, &wanted, &mut found),
        Syntax::Yaml => {
            let mut events = Events {
                parser: Parser::new_from_str(text),
                found: &mut found,
            };
            events.document(&wanted);
        }
    }
    for (diagnostic, position) in diagnostics.iter_mut().zip(found) {
        if let (None, Some(position)) = (diagnostic.line, position) {
            *diagnostic = std::mem::replace(diagnostic, Diagnostic::error("", "")).on(position);
        }
    }
}

/// The pointers as a tree; leaves are indices of diagnostics.
#[derive(Default)]
struct Wanted {
    here: Vec<usize>,
    below: HashMap<String, Wanted>,
}

impl Wanted {
    fn add(&mut self, pointer: &str, at: usize) {
        let mut node = self;
        for token in pointer.split('/').skip(1) {
            node = node.below.entry(unescape(token).into_owned()).or_default();
        }
        node.here.push(at);
    }

    /// Everything at or below this place: what isn't found further down keeps this position.
    fn all(&self, visit: &mut impl FnMut(usize)) {
        self.here.iter().for_each(|at| visit(*at));
        self.below.values().for_each(|node| node.all(visit));
    }
}

// === JSON: the text is known to be valid ===

fn json(text: &str, wanted: &Wanted, found: &mut [Option<Position>]) {
    let mut scan = Scan {
        bytes: text.as_bytes(),
        at: 0,
        offsets: vec![None; found.len()],
    };
    scan.space();
    let start = scan.at;
    scan.mark(wanted, start);
    scan.value(Some(wanted));
    let mut offsets: Vec<(usize, usize)> = scan
        .offsets
        .iter()
        .enumerate()
        .filter_map(|(at, offset)| Some(((*offset)?, at)))
        .collect();
    offsets.sort_unstable();
    each_position(text, offsets, |at, position| found[at] = Some(position));
}

struct Scan<'t> {
    bytes: &'t [u8],
    at: usize,
    offsets: Vec<Option<usize>>,
}

impl Scan<'_> {
    fn mark(&mut self, wanted: &Wanted, offset: usize) {
        wanted.all(&mut |at| self.offsets[at] = Some(offset));
    }

    fn space(&mut self) {
        while self.bytes.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
    }

    /// Steps over a text and returns what is between its quotes.
    fn string(&mut self) -> (usize, usize) {
        let from = self.at + 1;
        self.at = from;
        while let Some(byte) = self.bytes.get(self.at) {
            match byte {
                b'"' => break,
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        let to = self.at.min(self.bytes.len());
        self.at += 1;
        (from, to)
    }

    fn value(&mut self, wanted: Option<&Wanted>) {
        match (
            self.bytes.get(self.at),
            wanted.filter(|wanted| !wanted.below.is_empty()),
        ) {
            (Some(b'"'), _) => {
                self.string();
            }
            (Some(b'{'), Some(wanted)) => self.object(wanted),
            (Some(b'['), Some(wanted)) => self.array(wanted),
            (Some(b'{' | b'['), None) => self.skip(),
            _ => {
                while self
                    .bytes
                    .get(self.at)
                    .is_some_and(|byte| !b",]} \n\r\t".contains(byte))
                {
                    self.at += 1;
                }
            }
        }
    }

    /// Steps over an object or array.
    fn skip(&mut self) {
        let mut depth = 0usize;
        while let Some(byte) = self.bytes.get(self.at) {
            match byte {
                b'"' => {
                    self.string();
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth -= 1,
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return;
            }
        }
    }

    fn object(&mut self, wanted: &Wanted) {
        self.at += 1;
        loop {
            self.space();
            if self.bytes.get(self.at) != Some(&b'"') {
                self.at += 1;
                return;
            }
            let key_at = self.at;
            let (from, to) = self.string();
            let quoted = &self.bytes[from..to];
            let below = match std::str::from_utf8(quoted) {
                Ok(key) if !key.contains('\\') => wanted.below.get(key),
                _ => serde_json::from_slice::<String>(&self.bytes[key_at..=to])
                    .ok()
                    .and_then(|key| wanted.below.get(&key)),
            };
            if let Some(below) = below {
                self.mark(below, key_at);
            }
            self.space();
            self.at += 1;
            self.space();
            self.value(below);
            self.space();
            if self.bytes.get(self.at) != Some(&b',') {
                self.at += 1;
                return;
            }
            self.at += 1;
        }
    }

    fn array(&mut self, wanted: &Wanted) {
        self.at += 1;
        for index in 0usize.. {
            self.space();
            if matches!(self.bytes.get(self.at), None | Some(b']')) {
                self.at += 1;
                return;
            }
            let below = wanted.below.get(index.to_string().as_str());
            if let Some(below) = below {
                let offset = self.at;
                self.mark(below, offset);
            }
            self.value(below);
            self.space();
            if self.bytes.get(self.at) == Some(&b',') {
                self.at += 1;
            }
        }
    }
}

// === YAML: the events of the same parser once more ===

struct Events<'t, 'f> {
    parser: Parser<'t, StrInput<'t>>,
    found: &'f mut [Option<Position>],
}

impl<'t> Events<'t, '_> {
    fn next(&mut self) -> Option<(Event<'t>, Span)> {
        self.parser.next_event()?.ok()
    }

    fn mark(&mut self, wanted: &Wanted, span: Span) {
        wanted.all(&mut |at| self.found[at] = Some(super::yaml::position(span)));
    }

    fn document(&mut self, wanted: &Wanted) {
        while let Some((event, span)) = self.next() {
            if !matches!(event, Event::StreamStart | Event::DocumentStart(_)) {
                self.mark(wanted, span);
                self.node(event, Some(wanted));
                return;
            }
        }
    }

    fn node(&mut self, event: Event<'t>, wanted: Option<&Wanted>) -> Option<()> {
        match event {
            Event::SequenceStart(..) => {
                for index in 0usize.. {
                    let (event, span) = self.next()?;
                    if event == Event::SequenceEnd {
                        break;
                    }
                    let below = wanted.and_then(|wanted| wanted.below.get(index.to_string().as_str()));
                    if let Some(below) = below {
                        self.mark(below, span);
                    }
                    self.node(event, below)?;
                }
            }
            Event::MappingStart(..) => loop {
                let (event, span) = self.next()?;
                let below = match (&event, wanted) {
                    (Event::MappingEnd, _) => break,
                    (Event::Scalar(key, ..), Some(wanted)) => wanted.below.get(&**key),
                    _ => None,
                };
                if let Some(below) = below {
                    self.mark(below, span);
                }
                self.node(event, None)?;
                let (event, _) = self.next()?;
                self.node(event, below)?;
            },
            _ => {}
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn located(text: &str, syntax: Syntax, pointer: &str) -> Option<(u32, u32)> {
        let mut diagnostics = [Diagnostic::error("x", "x").at(pointer)];
        fill(text, syntax, &mut diagnostics);
        diagnostics[0].line.zip(diagnostics[0].column)
    }

    #[test]
    fn pointers_become_positions() {
        let json = "{\n \"a\": {\"x/y\": [1, {\"b\": \"\\\"}\"}], \"ü\": 2, \"\\u0061b\": 3},\n \"c\": null }";
        let yaml = "a:\n  x/y:\n    - 1\n    - b: '}'\n  ü: 2\nc:\n";
        for (syntax, text, pointer, expected) in [
            (Syntax::Json, json, "", (1, 1)),
            (Syntax::Json, json, "/a/x~1y/1/b", (2, 20)),
            (Syntax::Json, json, "/a/ü", (2, 34)),
            (Syntax::Json, json, "/a/ab", (2, 42)),
            (Syntax::Json, json, "/c", (3, 2)),
            (Syntax::Json, json, "/a/nope/deeper", (2, 2)),
            (Syntax::Yaml, yaml, "", (1, 1)),
            (Syntax::Yaml, yaml, "/a/x~1y/1/b", (4, 7)),
            (Syntax::Yaml, yaml, "/a/ü", (5, 3)),
            (Syntax::Yaml, yaml, "/c", (6, 1)),
            (Syntax::Yaml, yaml, "/nope", (1, 1)),
        ] {
            assert_eq!(
                located(text, syntax, pointer),
                Some(expected),
                "{pointer} in {syntax:?}"
            );
        }
    }
}
