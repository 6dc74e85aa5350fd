//! Changes to queries.

use std::borrow::Cow;

use domain::policy::transform::QueryTransform;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// All that may not stand as it is in a name or value of a query (RFC 3986 §2.3).
pub(super) const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Writes a decoded name or value.
pub(super) fn write_encoded(text: &str, out: &mut String) {
    out.extend(utf8_percent_encode(text, UNRESERVED));
}

/// Changes to a query, compiled: what is written is encoded, what is looked for is decoded.
#[derive(Debug)]
pub(crate) struct QueryChange {
    rename: Box<[(Box<str>, Renamed)]>,
    remove: Box<[Box<str>]>,
    set: Box<[(Box<str>, Box<str>)]>,
}

/// A new name.
#[derive(Debug)]
struct Renamed {
    decoded: Box<str>,
    encoded: Box<str>,
}

/// The name of a parameter, decoded as forms are: a plus sign is a space.
pub(crate) fn name_of(parameter: &str) -> Cow<'_, str> {
    let name = parameter.split_once('=').map_or(parameter, |(name, _)| name);
    if !name.contains(['%', '+']) {
        return Cow::Borrowed(name);
    }
    let spaced = name.replace('+', " ");
    let decoded: Vec<u8> = percent_encoding::percent_decode_str(&spaced).collect();
    Cow::Owned(String::from_utf8_lossy(&decoded).into_owned())
}

impl QueryChange {
    /// `None` when nothing is changed.
    pub(super) fn compile(change: &QueryTransform) -> Option<Self> {
        if *change == QueryTransform::default() {
            return None;
        }
        let encoded = |text: &str| -> Box<str> { utf8_percent_encode(text, UNRESERVED).to_string().into() };
        let rename = change.rename.iter().map(|(old, new)| {
            let renamed = Renamed {
                decoded: new.as_str().into(),
                encoded: encoded(new),
            };
            (old.as_str().into(), renamed)
        });
        let set = change.set.iter().map(|(name, value)| {
            let whole = format!("{}={}", encoded(name), encoded(value));
            (name.as_str().into(), whole.into())
        });
        Some(Self {
            rename: rename.collect(),
            remove: change.remove.iter().map(|name| name.as_str().into()).collect(),
            set: set.collect(),
        })
    }

    /// Writes a query with its changes, and the question mark before it if there is one. What is not changed stays as it was
    /// written and where it was.
    pub(super) fn write(&self, query: &str, out: &mut String) {
        let mut is_set = vec![false; self.set.len()];
        let mut between = '?';
        let mut push = |parts: [&str; 2], out: &mut String| {
            out.push(std::mem::replace(&mut between, '&'));
            out.extend(parts);
        };
        let parameters = query.split('&').filter(|_| !query.is_empty());
        for parameter in parameters {
            let name = name_of(parameter);
            let renamed = self.rename.iter().find(|(old, _)| **old == *name).map(|(_, new)| new);
            let name = renamed.map_or(&*name, |new| &*new.decoded);
            if self.remove.iter().any(|removed| **removed == *name) {
                continue;
            }
            if let Some(at) = self.set.iter().position(|(set, _)| **set == *name) {
                if !std::mem::replace(&mut is_set[at], true) {
                    push([&self.set[at].1, ""], out);
                }
                continue;
            }
            match renamed {
                None => push([parameter, ""], out),
                Some(new) => {
                    let value = parameter.find('=').map_or("", |at| &parameter[at..]);
                    push([&new.encoded, value], out);
                }
            }
        }
        for ((_, whole), is_set) in self.set.iter().zip(is_set) {
            if !is_set {
                push([whole, ""], out);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_keep_what_is_not_changed() {
        let change: QueryTransform = serde_json::from_value(serde_json::json!({
            "rename": { "q": "search for", "a b": "c", "old": "debug" },
            "remove": ["debug"],
            "set": { "source": "turn&pike", "z": "" },
        }))
        .unwrap();
        let change = QueryChange::compile(&change).unwrap();
        for (query, expected) in [
            ("", "?source=turn%26pike&z="),
            ("q=1+2&x=%7e&&y", "?search%20for=1+2&x=%7e&&y&source=turn%26pike&z="),
            ("a+b=1&a%20b=2&A=3", "?c=1&c=2&A=3&source=turn%26pike&z="),
            ("debug=1&old&b", "?b&source=turn%26pike&z="),
            ("z=9&source=me&b&%73ource=you&z", "?z=&source=turn%26pike&b"),
        ] {
            let mut out = String::new();
            change.write(query, &mut out);
            assert_eq!(out, expected, "{query}");
        }
    }

    #[test]
    fn nothing_left_is_no_query() {
        let change: QueryTransform = serde_json::from_value(serde_json::json!({ "remove": ["a"] })).unwrap();
        let mut out = String::new();
        QueryChange::compile(&change).unwrap().write("a=1&a", &mut out);
        assert_eq!(out, "");
        assert!(QueryChange::compile(&QueryTransform::default()).is_none());
    }
}
