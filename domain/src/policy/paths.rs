//! Places that policies name: paths of URLs with parameters, and JSON pointers.

/// Longest path or pointer, in bytes.
const MAX_TEXT: usize = 2_000;

/// A piece of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Text as it stands.
    Text(&'a str),
    /// `{name}`, without the braces.
    Parameter(&'a str),
}

/// Takes a template apart. A brace that is not closed is text.
pub fn pieces(template: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = template;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let parameter = rest.strip_prefix('{').and_then(|inside| inside.split_once('}'));
        if let Some((name, after)) = parameter {
            rest = after;
            return Some(Piece::Parameter(name));
        }
        // At least one character, so that every step comes further.
        let end = rest.char_indices().skip(1).find(|(_, letter)| *letter == '{');
        let (text, after) = rest.split_at(end.map_or(rest.len(), |(at, _)| at));
        rest = after;
        Some(Piece::Text(text))
    })
}

/// Names of the parameters of a template.
pub(super) fn parameters(template: &str) -> impl Iterator<Item = &str> {
    pieces(template).filter_map(|piece| match piece {
        Piece::Parameter(name) => Some(name),
        Piece::Text(_) => None,
    })
}

/// What is wrong with the parameters of a template where it holds for an operation with this path.
pub(super) fn misfits(template: &str, operation_path: &str) -> Option<String> {
    let is_missing = |name: &&str| !parameters(operation_path).any(|known| known == *name);
    let name = parameters(template).find(is_missing)?;
    Some(format!("The path {operation_path} has no parameter `{name}`."))
}

/// What is wrong with a path that is written into requests: it must be one as it stands (RFC 3986 §3.3).
pub(super) fn path(text: &str, has_parameters: bool) -> Option<String> {
    if !text.starts_with('/') {
        return Some("Begin with a slash.".into());
    }
    let is_path_byte = |b: u8| b.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@%/".contains(&b);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        if !has_parameters {
            return Some("A prefix has no parameters.".into());
        }
        let Some((name, after)) = after.split_once('}') else {
            return Some("A `{` is not closed.".into());
        };
        if name.is_empty() || name.contains('/') || name.contains('{') || !before.bytes().all(is_path_byte) {
            return Some("Write parameters as `{name}`.".into());
        }
        rest = after;
    }
    if !rest.bytes().all(is_path_byte) {
        return Some("Use the characters of a URL's path; write others as %20 and so on.".into());
    }
    if text.split('/').any(|segment| matches!(segment, "." | "..")) {
        return Some("Leave out `.` and `..`.".into());
    }
    (text.len() > MAX_TEXT).then(|| "Use at most 2,000 characters.".into())
}

/// What is wrong with a JSON pointer to a part of a document (RFC 6901 §3).
pub(super) fn pointer(text: &str) -> Option<String> {
    let is_escaped = text.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
    if !text.starts_with('/') || !is_escaped {
        return Some(format!(
            "`{text}` is not a JSON pointer; write for example /data/name, with ~1 for a slash in a name."
        ));
    }
    (text.len() > MAX_TEXT).then(|| "Use at most 2,000 characters.".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_come_apart() {
        use Piece::{Parameter, Text};
        for (template, expected) in [
            ("", &[][..]),
            ("/a", &[Text("/a")]),
            (
                "/a/{b}-{c}.x",
                &[Text("/a/"), Parameter("b"), Text("-"), Parameter("c"), Text(".x")],
            ),
            ("{a}{b}", &[Parameter("a"), Parameter("b")]),
            ("{a", &[Text("{a")]),
            ("ä{b}", &[Text("ä"), Parameter("b")]),
        ] {
            assert_eq!(pieces(template).collect::<Vec<_>>(), expected, "{template}");
        }
        assert_eq!(misfits("/a/{id}", "/b/{id}"), None);
        assert!(misfits("/a/{id}", "/b/{name}").is_some_and(|message| message.contains("`id`")));
    }

    #[test]
    fn paths_are_paths() {
        for (text, ok) in [
            ("/internal/pets/{id}", true),
            ("/a/{b}/c/{d}.json", true),
            ("/a%20b", true),
            ("a", false),
            ("/a/../b", false),
            ("/a?x=1", false),
            ("/a b", false),
            ("/{", false),
            ("/{}", false),
            ("/{a/b}", false),
            ("/ä", false),
            ("/a\r\nx", false),
        ] {
            assert_eq!(path(text, true).is_none(), ok, "{text}");
        }
        assert!(path("/{id}", false).is_some());
    }

    #[test]
    fn pointers_are_pointers() {
        for (text, ok) in [
            ("/a/b", true),
            ("/a~1b/~0", true),
            ("/", true),
            ("a", false),
            ("/~2", false),
            ("/~", false),
            ("", false),
        ] {
            assert_eq!(pointer(text).is_none(), ok, "{text}");
        }
    }
}
