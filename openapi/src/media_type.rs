//! Media types and the ranges that documents list.

/// A media type or range (RFC 9110 §8.3.1, §12.5.1), in lower case but for the values of its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MediaType {
    kind: Box<str>,
    subtype: Box<str>,
    parameters: Box<[(Box<str>, Box<str>)]>,
}

impl MediaType {
    /// Reads a media type; `None` if it is none, or has parameters that can be read in more than one way.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (essence, rest) = text.split_once(';').unwrap_or((text, ""));
        let (kind, subtype) = essence.trim().split_once('/')?;
        let is_name = crate::model::is_token;
        if !is_name(kind) || !is_name(subtype) {
            return None;
        }
        Some(Self {
            kind: kind.to_ascii_lowercase().into(),
            subtype: subtype.to_ascii_lowercase().into(),
            parameters: parameters(rest)?.into(),
        })
    }

    fn is(&self, kind: &str, subtype: &str) -> bool {
        *self.kind == *kind && *self.subtype == *subtype
    }

    pub(crate) fn is_json(&self) -> bool {
        self.is("application", "json") || self.is("text", "json") || self.subtype.ends_with("+json")
    }

    /// One JSON value on each line.
    pub(crate) fn is_json_lines(&self) -> bool {
        ["jsonl", "x-ndjson", "ndjson", "jsonlines", "x-jsonlines"].contains(&&*self.subtype)
    }

    pub(crate) fn is_form(&self) -> bool {
        self.is("application", "x-www-form-urlencoded")
    }

    pub(crate) fn is_multipart(&self) -> bool {
        self.is("multipart", "form-data")
    }

    /// Plain text; not the many formats that have a type of their own under `text/`.
    pub(crate) fn is_text(&self) -> bool {
        self.is("text", "plain")
    }

    /// Whether it stands for several types.
    pub(crate) fn is_range(&self) -> bool {
        *self.subtype == *"*"
    }

    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        let own = self.parameters.iter().find(|(known, _)| **known == *name);
        own.map(|(_, value)| &**value)
    }

    /// Whether its text is in UTF-8, as far as it says.
    pub(crate) fn is_utf8(&self) -> bool {
        self.parameter("charset").is_none_or(is_utf8)
    }

    /// How closely this range describes a type; `None` if it doesn't. Parameters that the range has must be those of the
    /// type, but for `charset`, which says how the text is written and not what it is.
    pub(crate) fn closeness(&self, other: &Self) -> Option<usize> {
        const OF_TYPE: usize = 100;
        let essence = match (&*self.kind, &*self.subtype) {
            ("*", "*") => 1,
            (kind, "*") if kind == &*other.kind => 2,
            (kind, subtype) if kind == &*other.kind && subtype == &*other.subtype => OF_TYPE,
            _ => return None,
        };
        let named = self
            .parameters
            .iter()
            .filter(|(name, _)| !["charset", "q", "boundary"].contains(&&**name));
        let mut same = 0;
        for (name, value) in named {
            if !other.parameter(name).is_some_and(|own| own.eq_ignore_ascii_case(value)) {
                return None;
            }
            same += 1;
        }
        Some(essence + same)
    }

    /// As text, without its parameters.
    pub(crate) fn name(&self) -> String {
        format!("{}/{}", self.kind, self.subtype)
    }

    /// Memory in bytes.
    pub(crate) fn weight(&self) -> usize {
        let parameters = self
            .parameters
            .iter()
            .map(|(name, value)| 32 + name.len() + value.len());
        size_of::<Self>() + self.kind.len() + self.subtype.len() + parameters.sum::<usize>()
    }
}

/// Whether text in a charset of this name is UTF-8.
pub(crate) fn is_utf8(charset: &str) -> bool {
    let names = ["utf-8", "utf8", "us-ascii", "ascii"];
    names.iter().any(|known| charset.eq_ignore_ascii_case(known))
}

/// `name=value; name="quoted \" value"`. `None` for what servers read in different ways: a name twice or with white space
/// around it, a value that does not end, and names that only some decode (`name*`, RFC 2231) but for files.
pub(crate) fn parameters(text: &str) -> Option<Vec<(Box<str>, Box<str>)>> {
    const MOST: usize = 16;
    const BETWEEN: [char; 3] = [' ', '\t', ';'];
    let mut parameters: Vec<(Box<str>, Box<str>)> = Vec::new();
    let mut rest = text.trim_matches(BETWEEN);
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=')?;
        let is_clear = !name.contains('*') || name.eq_ignore_ascii_case("filename*");
        let is_new = !parameters.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
        if !crate::model::is_token(name) || !is_clear || !is_new || parameters.len() >= MOST {
            return None;
        }
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => unquoted(quoted)?,
            None => {
                let (value, after) = after.split_at(after.find(';').unwrap_or(after.len()));
                let value = value.trim_end_matches([' ', '\t']);
                if value.is_empty() || value.contains([' ', '\t', '"', '\\', ',']) {
                    return None;
                }
                (value.to_owned(), after)
            }
        };
        parameters.push((name.to_ascii_lowercase().into(), value.into()));
        let after = after.trim_start_matches([' ', '\t']);
        if !after.is_empty() && !after.starts_with(';') {
            return None;
        }
        rest = after.trim_start_matches(BETWEEN);
    }
    Some(parameters)
}

/// What stands before the closing quotation mark, and what after it.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    loop {
        match characters.next()? {
            (at, '"') => return Some((value, &text[at + 1..])),
            (_, '\\') => value.push(characters.next()?.1),
            (_, other) => value.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_describe_types() {
        for (range, other, expected) in [
            ("application/json", "application/json", Some(100)),
            ("application/json", "Application/JSON; charset=utf-8", Some(100)),
            ("application/json; charset=utf-8", "application/json", Some(100)),
            ("application/json; version=2", "application/json;version=2", Some(101)),
            ("application/json; version=2", "application/json", None),
            ("application/*", "application/json", Some(2)),
            ("*/*", "image/png", Some(1)),
            ("text/*", "application/json", None),
        ] {
            let of = |text| MediaType::parse(text).unwrap();
            assert_eq!(of(range).closeness(&of(other)), expected, "{range} of {other}");
        }
        assert_eq!(MediaType::parse("json"), None);
        assert_eq!(MediaType::parse("a b/c"), None);
    }

    #[test]
    fn parameters_may_be_quoted() {
        let kind = MediaType::parse(r#"multipart/form-data; boundary="a;\"b"; charset=UTF-8"#).unwrap();
        assert_eq!(kind.parameter("boundary"), Some("a;\"b"));
        assert_eq!(kind.parameter("charset"), Some("UTF-8"));
        assert!(kind.is_utf8() && kind.is_multipart());
    }

    #[test]
    fn parameters_are_read_in_one_way_or_not_at_all() {
        let read =
            |text| parameters(text).map(|all| all.into_iter().map(|(name, value)| format!("{name}={value}")).collect());
        let some = |all: &[&str]| Some(all.iter().map(ToString::to_string).collect::<Vec<_>>());
        for (text, expected) in [
            ("", some(&[])),
            (" ; ", some(&[])),
            (" A=b ;c=\"d; e\" ;", some(&["a=b", "c=d; e"])),
            (
                "filename=a; filename*=utf-8''b",
                some(&["filename=a", "filename*=utf-8''b"]),
            ),
            ("a=----=_b", some(&["a=----=_b"])),
            ("a=b; A=c", None),
            ("a=", None),
            ("a", None),
            ("a =b", None),
            ("a=b c", None),
            ("a=b,c", None),
            ("a=b\"", None),
            ("a=\"b", None),
            ("a=\"b\\\"", None),
            ("a=\"b\"c", None),
            ("a*=b", None),
            ("a*0=b", None),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }
}
