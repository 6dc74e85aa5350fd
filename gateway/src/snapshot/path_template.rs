//! Path templates of OpenAPI documents, segment by segment.

/// One segment of a path template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Segment {
    /// Only this text, in the form of [`canonical`].
    Literal(Box<str>),
    /// One parameter and text around it or several parameters: `{x}.json`, `{a}-{b}`.
    Mixed(Pattern),
    /// One parameter alone: any text but none.
    Any,
}

/// Texts with a parameter of at least one character between each two of them. The first and the last may be empty.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Pattern(Box<[Box<str>]>);

impl Pattern {
    /// Characters that are given: of two patterns that match, the one with more of them is more specific.
    pub(super) fn weight(&self) -> usize {
        self.0.iter().map(|text| text.len()).sum()
    }

    /// Whether a segment fits. Taking each text at its first possible place finds a fit if there is one, because
    /// parameters take anything.
    pub(super) fn fits(&self, segment: &str) -> bool {
        let [first, middle @ .., last] = &*self.0 else {
            return false;
        };
        let Some(mut rest) = segment.strip_prefix(&**first) else {
            return false;
        };
        for text in middle {
            let Some(at) = rest
                .bytes()
                .skip(1)
                .enumerate()
                .find_map(|(i, _)| rest.as_bytes()[i + 1..].starts_with(text.as_bytes()).then_some(i + 1))
            else {
                return false;
            };
            // `text` begins at a character boundary: UTF-8 never begins inside a character.
            let Some(after) = rest.get(at + text.len()..) else {
                return false;
            };
            rest = after;
        }
        rest.len() > last.len() && rest.ends_with(&**last)
    }
}

/// Why a template can't be routed, as the end of a sentence about it.
pub(crate) type Unusable = &'static str;

/// Longest template that is routed.
const MAX_TEMPLATE: usize = 4_096;

/// Takes a path template apart.
pub(super) fn parse(template: &str) -> Result<Vec<Segment>, Unusable> {
    let Some(rest) = template.strip_prefix('/') else {
        return Err("does not begin with a slash");
    };
    if template.len() > MAX_TEMPLATE {
        return Err("is too long");
    }
    rest.split('/').map(segment).collect()
}

fn segment(text: &str) -> Result<Segment, Unusable> {
    let mut texts: Vec<Box<str>> = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        let (before, from_open) = rest.split_at(open);
        let Some(close) = from_open.find('}') else {
            return Err("has a brace that is not closed");
        };
        let name = &from_open[1..close];
        if name.is_empty() || name.contains('{') {
            return Err("has a parameter without a name");
        }
        if !texts.is_empty() && before.is_empty() {
            return Err("has two parameters with nothing between them");
        }
        texts.push(literal(before)?);
        rest = &from_open[close + 1..];
    }
    let last = literal(rest)?;
    if texts.is_empty() {
        return if is_dot_segment(&last) {
            Err("has a dot segment")
        } else {
            Ok(Segment::Literal(last))
        };
    }
    texts.push(last);
    match &texts[..] {
        [before, after] if before.is_empty() && after.is_empty() => Ok(Segment::Any),
        _ => Ok(Segment::Mixed(Pattern(texts.into()))),
    }
}

fn literal(text: &str) -> Result<Box<str>, Unusable> {
    if text.contains(['?', '#']) {
        return Err("has a query or fragment, which routes can't have");
    }
    if text.contains(['}', '\\']) || text.chars().any(char::is_control) {
        return Err("has a character that paths can't have");
    }
    Ok(canonical(text).into())
}

fn is_dot_segment(text: &str) -> bool {
    matches!(text, "." | "..")
}

/// One spelling for all that mean the same (RFC 3986 §6.2.2): characters that may stand as they are do, all others are
/// percent-encoded with upper-case digits. An encoded slash stays encoded.
pub(crate) fn canonical(segment: &str) -> String {
    let bytes = segment.as_bytes();
    let mut out = String::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let encoded = if *byte == b'%' {
            hex_pair(&bytes[at + 1..])
        } else {
            None
        };
        let value = encoded.unwrap_or(*byte);
        // A percent sign that encodes nothing is kept as `%25`, and so is one that was encoded.
        if is_pchar(value) {
            out.push(value.into());
        } else {
            out.push('%');
            for digit in [value >> 4, value & 15] {
                out.push(char::from(b"0123456789ABCDEF"[usize::from(digit)]));
            }
        }
        at += if encoded.is_some() { 3 } else { 1 };
    }
    out
}

/// Whether a segment is in that form and has nothing encoded, as most have: then it needs no copy.
pub(super) fn is_plain(segment: &str) -> bool {
    segment.bytes().all(is_pchar)
}

/// Value of two hexadecimal digits at the beginning.
pub(crate) fn hex_pair(bytes: &[u8]) -> Option<u8> {
    let digit = |b: u8| char::from(b).to_digit(16).map(|d| d as u8);
    match bytes {
        [high, low, ..] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    }
}

/// `pchar` of RFC 3986 §3.3 without the percent sign.
fn is_pchar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'-' | b'.'
                | b'_'
                | b'~'
                | b'!'
                | b'$'
                | b'&'
                | b'\''
                | b'('
                | b')'
                | b'*'
                | b'+'
                | b','
                | b';'
                | b'='
                | b':'
                | b'@'
        )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn templates_are_taken_apart() {
        let mixed = |texts: &[&str]| Segment::Mixed(Pattern(texts.iter().map(|t| Box::from(*t)).collect()));
        for (template, expected) in [
            ("/", Ok(vec![Segment::Literal("".into())])),
            ("/pets/{id}", Ok(vec![Segment::Literal("pets".into()), Segment::Any])),
            (
                "/pets/",
                Ok(vec![Segment::Literal("pets".into()), Segment::Literal("".into())]),
            ),
            ("/{x}.json", Ok(vec![mixed(&["", ".json"])])),
            ("/{a}-{b}", Ok(vec![mixed(&["", "-", ""])])),
            ("/v{a}", Ok(vec![mixed(&["v", ""])])),
            (
                "/a b/%7euser",
                Ok(vec![Segment::Literal("a%20b".into()), Segment::Literal("~user".into())]),
            ),
            ("pets", Err("does not begin with a slash")),
            ("/a#b", Err("has a query or fragment, which routes can't have")),
            ("/a?b", Err("has a query or fragment, which routes can't have")),
            ("/{a", Err("has a brace that is not closed")),
            ("/a}", Err("has a character that paths can't have")),
            ("/{}", Err("has a parameter without a name")),
            ("/{a}{b}", Err("has two parameters with nothing between them")),
            ("/../x", Err("has a dot segment")),
        ] {
            assert_eq!(parse(template), expected, "{template}");
        }
    }

    #[test]
    fn mixed_segments_fit_like_a_glob() {
        for (template, segment, fits) in [
            ("/{x}.json", "a.json", true),
            ("/{x}.json", ".json", false),
            ("/{x}.json", "a.json.json", true),
            ("/{x}.json", "a.xml", false),
            ("/{a}-{b}", "1-2", true),
            ("/{a}-{b}", "-2", false),
            ("/{a}-{b}", "1-", false),
            ("/{a}-{b}", "--2", true),
            ("/{a}-{b}", "1--", true),
            ("/v{a}", "v", false),
            ("/v{a}", "v1", true),
            ("/{a}:{b}:{c}", "1:2:3", true),
            ("/{a}:{b}:{c}", "1:2", false),
        ] {
            let segments = parse(template).unwrap();
            let [Segment::Mixed(pattern)] = &segments[..] else {
                panic!("{template}")
            };
            assert_eq!(pattern.fits(segment), fits, "{template} on {segment}");
        }
    }

    #[test]
    fn equal_paths_have_one_spelling() {
        for (text, expected) in [
            ("%7Euser", "~user"),
            ("a%2fb", "a%2Fb"),
            ("%zz", "%25zz"),
            ("%", "%25"),
            ("%25", "%25"),
            ("é", "%C3%A9"),
            ("@me", "@me"),
            ("%40me", "@me"),
        ] {
            assert_eq!(canonical(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_template_panics_and_spelling_settles(text in "\\PC{0,40}") {
            let _ = parse(&text);
            let once = canonical(&text);
            prop_assert_eq!(canonical(&once), once.clone());
        }

        /// Against a plain search over all splits.
        #[test]
        fn fitting_equals_trying_everything(texts in prop::collection::vec("[ab]{0,2}", 2..4), segment in "[ab]{0,8}") {
            prop_assume!(texts[1..texts.len() - 1].iter().all(|t| !t.is_empty()));
            let pattern = Pattern(texts.iter().map(|t| Box::from(&**t)).collect());
            fn all_ways(texts: &[String], segment: &str) -> bool {
                match texts {
                    [] => false,
                    [last] => segment == last,
                    [first, rest @ ..] => segment.strip_prefix(&**first).is_some_and(|after| (1..=after.len()).any(|n| all_ways(rest, &after[n..]))),
                }
            }
            prop_assert_eq!(pattern.fits(&segment), all_ways(&texts, &segment));
        }
    }
}
