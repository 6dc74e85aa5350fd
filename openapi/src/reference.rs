//! `$ref`: JSON pointers, anchors and their targets. References are followed one at a time, never inlined.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::Value;

/// Most hops from one `$ref` to the next before giving up.
pub(crate) const MAX_HOPS: usize = 64;

/// What a value is after its references were followed.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolved<'d> {
    /// The value itself; not a reference unless it has no usable `$ref`.
    pub value: &'d Value,
    /// Name of the first component that was passed on the way, for example `Pet` for `#/components/schemas/Pet`.
    pub name: Option<String>,
}

/// Why a reference has no target here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unresolved {
    /// It points out of the document, to a file or a host. Never followed.
    #[error("{0:?} points out of the document and is not followed")]
    External(String),
    /// There is nothing at its target.
    #[error("{0:?} points to nothing")]
    Dangling(String),
    /// Its target is a reference again, and so on, without end.
    #[error("{0:?} is a reference that leads back to itself")]
    Cycle(String),
}

impl Unresolved {
    /// The text of the reference that failed.
    pub fn reference(&self) -> &str {
        match self {
            Self::External(reference) | Self::Dangling(reference) | Self::Cycle(reference) => reference,
        }
    }
}

/// Names that `$anchor`, `$dynamicAnchor` and `$id` give to places of the document, as JSON pointers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Anchors {
    pub(crate) by_name: HashMap<String, String>,
    pub(crate) by_id: HashMap<String, String>,
}

/// The text of a value's `$ref` (or `$dynamicRef`), if it has one.
pub(crate) fn of(value: &Value) -> Option<&str> {
    let map = value.as_object()?;
    map.get("$ref")
        .or_else(|| map.get("$dynamicRef"))
        .and_then(Value::as_str)
}

/// The direct target of a reference.
pub(crate) fn target<'d>(root: &'d Value, anchors: &Anchors, reference: &str) -> Result<&'d Value, Unresolved> {
    let dangling = || Unresolved::Dangling(reference.to_owned());
    let (base, fragment) = reference.split_once('#').unwrap_or((reference, ""));
    let base_pointer = match base {
        // The whole document is never what a reference stands for.
        "" if fragment.is_empty() => return Err(dangling()),
        "" => "",
        id => anchors
            .by_id
            .get(id)
            .ok_or_else(|| Unresolved::External(reference.to_owned()))?,
    };
    let base = lookup(root, base_pointer).ok_or_else(dangling)?;
    let fragment = percent_decode(fragment);
    if fragment.is_empty() || fragment.starts_with('/') {
        return lookup(base, &fragment).ok_or_else(dangling);
    }
    anchors
        .by_name
        .get(&*fragment)
        .and_then(|pointer| lookup(root, pointer))
        .ok_or_else(dangling)
}

/// Follows references until a value that is none.
pub(crate) fn resolve<'d>(root: &'d Value, anchors: &Anchors, value: &'d Value) -> Result<Resolved<'d>, Unresolved> {
    let mut resolved = Resolved { value, name: None };
    let Some(first) = of(value) else { return Ok(resolved) };
    for _ in 0..MAX_HOPS {
        let Some(reference) = of(resolved.value) else {
            return Ok(resolved);
        };
        let next = target(root, anchors, reference)?;
        if resolved.name.is_none() {
            resolved.name = component_name(reference);
        }
        if std::ptr::eq(next, resolved.value) {
            break;
        }
        resolved.value = next;
    }
    Err(Unresolved::Cycle(first.to_owned()))
}

/// `Pet` for `#/components/schemas/Pet`; `None` for deeper or other places.
pub(crate) fn component_name(reference: &str) -> Option<String> {
    let rest = reference.strip_prefix("#/components/")?;
    let (_, name) = rest.split_once('/')?;
    if name.contains('/') {
        return None;
    }
    Some(unescape(&percent_decode(name)).into_owned())
}

/// The value at a JSON pointer; `None` if there is none or the pointer is malformed.
pub(crate) fn lookup<'d>(root: &'d Value, pointer: &str) -> Option<&'d Value> {
    if pointer.is_empty() {
        return Some(root);
    }
    let mut value = root;
    for token in pointer.strip_prefix('/')?.split('/') {
        value = child(value, token)?;
    }
    Some(value)
}

/// The member or item that one token of a JSON pointer names.
pub(crate) fn child<'d>(value: &'d Value, token: &str) -> Option<&'d Value> {
    match value {
        Value::Object(map) => {
            if token.split('~').skip(1).any(|rest| !rest.starts_with(['0', '1'])) {
                return None;
            }
            map.get(&*unescape(token))
        }
        Value::Array(items) => {
            let is_index = token == "0" || (!token.starts_with('0') && token.bytes().all(|byte| byte.is_ascii_digit()));
            items.get(token.parse::<usize>().ok().filter(|_| is_index)?)
        }
        _ => None,
    }
}

/// Appends a token of a JSON pointer.
pub(crate) fn push_escaped(pointer: &mut String, token: &str) {
    for character in token.chars() {
        match character {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            other => pointer.push(other),
        }
    }
}

pub(crate) fn unescape(token: &str) -> Cow<'_, str> {
    if token.contains('~') {
        Cow::Owned(token.replace("~1", "/").replace("~0", "~"))
    } else {
        Cow::Borrowed(token)
    }
}

/// Decodes `%XX`; what isn't a valid escape stays as it is.
pub(crate) fn percent_decode(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = |offset: usize| bytes.get(at + offset).and_then(|byte| char::from(*byte).to_digit(16));
        match (bytes[at], hex(1), hex(2)) {
            (b'%', Some(high), Some(low)) => {
                decoded.push((high * 16 + low) as u8);
                at += 3;
            }
            (byte, _, _) => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    match String::from_utf8(decoded) {
        Ok(decoded) => Cow::Owned(decoded),
        Err(_) => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn pointers() {
        let root = json!({"a/b": {"m~n": [1, {"x": 2}]}, "": 3, "ü": 4});
        for (pointer, expected) in [
            ("", Some(&root)),
            ("/a~1b/m~0n/1/x", Some(&json!(2))),
            ("/", Some(&json!(3))),
            ("/ü", Some(&json!(4))),
            ("/a~1b/m~0n/01", None),
            ("/a~1b/m~0n/-", None),
            ("/a~2b", None),
            ("nope", None),
        ] {
            assert_eq!(lookup(&root, pointer), expected, "{pointer}");
        }
    }

    #[test]
    fn references_are_classified() {
        let root = json!({"a": {"$ref": "#/b"}, "b": {"$ref": "#/a"}, "c": {"$ref": "#/c%2Fd"}, "c/d": 1, "e": {"$ref": "#/c~1d"}});
        let resolve = |key: &str| super::resolve(&root, &Anchors::default(), &root[key]);
        assert!(matches!(resolve("a"), Err(Unresolved::Cycle(_))));
        assert!(matches!(resolve("c"), Err(Unresolved::Dangling(_))));
        assert_eq!(resolve("e").unwrap().value, 1);
        for external in [
            "other.yaml#/x",
            "http://127.0.0.1/",
            "file:///etc/passwd",
            "/etc/passwd",
        ] {
            let result = target(&root, &Anchors::default(), external);
            assert!(matches!(result, Err(Unresolved::External(_))), "{external}");
        }
    }
}
