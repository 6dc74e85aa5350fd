//! Injection signatures: shapes of text that attack what is behind the gateway. A net with known holes, to report or to
//! block by; what the upstream does with its input remains what protects it.
//!
//! [`table`] lists them. Text is decoded as its reader would decode it ([`decode`]), searched for words that signatures
//! need, and only those whose words are there are matched. Everything takes time linear in the text.

use aho_corasick::AhoCorasick;
use regex::bytes::{Regex, RegexBuilder};

mod decode;
mod table;
#[cfg(test)]
mod tests;

pub(crate) use table::{Group, Place, SIGNATURES, Signature};

/// Id of the finding that text was encoded twice to hide another finding.
pub(crate) const DOUBLE_ENCODING: &str = "encoding-double";
/// Id of the finding that a character is written longer than UTF-8 allows.
pub(crate) const OVERLONG: &str = "encoding-overlong";

/// Signatures of some groups, compiled.
#[derive(Debug)]
pub(crate) struct Signatures {
    active: Vec<Active>,
    words: AhoCorasick,
    /// For each word the signatures that it may belong to, as places in `active`.
    owners: Vec<Vec<usize>>,
    is_encoding_checked: bool,
}

#[derive(Debug)]
struct Active {
    signature: &'static Signature,
    pattern: Regex,
}

/// How a body is written: what is text in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyForm {
    /// As it is.
    Text,
    /// `application/x-www-form-urlencoded`: names and values.
    Form,
    /// With the escapes of JSON strings.
    Json,
}

/// The signatures can't be compiled: a mistake in the table, which its tests exclude.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SignatureError {
    /// A pattern.
    #[error("the pattern of {0} can't be compiled")]
    Pattern(&'static str, #[source] regex::Error),
    /// The words.
    #[error("the words can't be compiled")]
    Words(#[from] aho_corasick::BuildError),
}

impl Signatures {
    /// Compiles the signatures of these groups. Takes milliseconds: once for each set of groups, not for each request.
    pub(crate) fn compile(groups: &[Group]) -> Result<Self, SignatureError> {
        let (mut active, mut words, mut owners) = (Vec::new(), Vec::<&str>::new(), Vec::<Vec<usize>>::new());
        for signature in SIGNATURES.iter().filter(|signature| groups.contains(&signature.group)) {
            let pattern = RegexBuilder::new(&table::spelled_out(signature.pattern))
                .unicode(false)
                .case_insensitive(true)
                .dot_matches_new_line(true)
                .build()
                .map_err(|error| SignatureError::Pattern(signature.id, error))?;
            for word in signature.words {
                let at = words.iter().position(|known| known == word).unwrap_or(words.len());
                if at == words.len() {
                    words.push(word);
                    owners.push(Vec::new());
                }
                owners[at].push(active.len());
            }
            active.push(Active { signature, pattern });
        }
        Ok(Self {
            active,
            words: AhoCorasick::builder().ascii_case_insensitive(true).build(words)?,
            owners,
            is_encoding_checked: groups.contains(&Group::Encoding),
        })
    }

    /// Findings in a path, as sent.
    pub(crate) fn in_path(&self, path: &[u8]) -> Vec<&'static str> {
        self.in_encoded(path, Place::Path, false)
    }

    /// Findings in the names and values of a query, as sent, without its question mark.
    pub(crate) fn in_query(&self, query: &[u8]) -> Vec<&'static str> {
        let mut found = Vec::new();
        if decode::is_plain(query) {
            return found;
        }
        for part in query.split(|byte| *byte == b'&') {
            let (name, value) = match memchr::memchr(b'=', part) {
                Some(at) => (&part[..at], &part[at + 1..]),
                None => (part, &b""[..]),
            };
            for text in [name, value] {
                merge(&mut found, self.in_encoded(text, Place::Query, true));
            }
        }
        found
    }

    /// Findings in the value of a header field. The caller leaves out fields that hold credentials or dates.
    pub(crate) fn in_header(&self, value: &[u8]) -> Vec<&'static str> {
        self.in_encoded(value, Place::Header, false)
    }

    /// Findings in a body or a part of it.
    pub(crate) fn in_body(&self, body: &[u8], form: BodyForm) -> Vec<&'static str> {
        let mut found = Vec::new();
        match form {
            BodyForm::Form => return self.in_query(body),
            BodyForm::Text => self.search(&decode::entities(body), Place::Body, &mut found),
            BodyForm::Json => {
                let text = decode::json_escapes(body);
                self.search(&decode::entities(&text), Place::Body, &mut found);
            }
        }
        found
    }

    /// Text is searched decoded once, as readers do, and decoded twice, as careless readers do.
    fn in_encoded(&self, raw: &[u8], place: Place, is_form: bool) -> Vec<&'static str> {
        let mut found = Vec::new();
        if decode::is_plain(raw) {
            return found;
        }
        let once = decode::percent(raw, is_form);
        self.search(&decode::entities(&once.text), place, &mut found);
        let mut is_overlong = once.is_overlong;
        if once.is_encoded_again {
            let twice = decode::percent(&once.text, false);
            let mut hidden = Vec::new();
            self.search(&decode::entities(&twice.text), place, &mut hidden);
            hidden.retain(|id| !found.contains(id));
            if !hidden.is_empty() && self.is_encoding_checked {
                found.push(DOUBLE_ENCODING);
            }
            is_overlong |= twice.is_overlong;
            found.extend(hidden);
        }
        if is_overlong && self.is_encoding_checked {
            found.push(OVERLONG);
        }
        found
    }

    fn search(&self, text: &[u8], place: Place, found: &mut Vec<&'static str>) {
        let mut is_candidate = vec![false; self.active.len()];
        for word in self.words.find_overlapping_iter(text) {
            for owner in &self.owners[word.pattern().as_usize()] {
                is_candidate[*owner] = true;
            }
        }
        for (active, is_candidate) in self.active.iter().zip(is_candidate) {
            let signature = active.signature;
            if is_candidate && signature.places.contains(&place) && active.pattern.is_match(text) {
                found.push(signature.id);
            }
        }
    }
}

fn merge(found: &mut Vec<&'static str>, more: Vec<&'static str>) {
    for id in more {
        if !found.contains(&id) {
            found.push(id);
        }
    }
}
