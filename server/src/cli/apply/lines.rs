//! On which line of a manifest a field stands.

use std::fmt;

use serde::{
    Deserializer,
    de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

/// The line of a field, `organizations[0].apis[1].slug`, from 1; `None` if the text has no such field.
pub(super) fn line(text: &str, path: &str) -> Option<usize> {
    let found = Walk { path }.deserialize(yaml_serde::Deserializer::from_str(text));
    // It is told by an error at the place: only errors have one.
    let error = found.err().filter(|error| error.to_string().contains(FOUND))?;
    error.location().map(|location| location.line())
}

/// Says that the end of the path was reached.
const FOUND: &str = "the field is here";

/// The way to a field.
#[derive(Clone, Copy)]
struct Walk<'p> {
    path: &'p str,
}

impl<'p> Walk<'p> {
    /// The way on through the entry of a list, if the path goes there.
    fn entry(self) -> Option<(usize, Self)> {
        let (index, rest) = self.path.strip_prefix('[')?.split_once(']')?;
        let path = rest.strip_prefix('.').unwrap_or(rest);
        Some((index.parse().ok()?, Self { path }))
    }

    /// The way on through a field, and its name.
    fn field(self) -> (&'p str, Self) {
        let end = self.path.find(['.', '[']).unwrap_or(self.path.len());
        let (name, rest) = self.path.split_at(end);
        let path = rest.strip_prefix('.').unwrap_or(rest);
        (name, Self { path })
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Of a scalar: the path ends at one.
        f.write_str(FOUND)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let (name, next) = self.field();
        if name.is_empty() {
            return Err(A::Error::custom(FOUND));
        }
        while let Some(key) = map.next_key::<String>()? {
            if key == name {
                map.next_value_seed(next)?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Some((wanted, next)) = self.entry() else {
            return Err(A::Error::custom(FOUND));
        };
        for index in 0.. {
            let more = if index == wanted {
                list.next_element_seed(next)?.is_some()
            } else {
                list.next_element::<IgnoredAny>()?.is_some()
            };
            if !more {
                break;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_have_lines() {
        let text = "turnpike: 1\norganizations:\n  - slug: a\n    apis:\n      - { slug: x }\n      - name: Y\n        slug: y\n";
        for (path, expected) in [
            ("turnpike", Some(1)),
            ("organizations[0].slug", Some(3)),
            ("organizations[0].apis[0].slug", Some(5)),
            ("organizations[0].apis[1].slug", Some(7)),
            ("organizations[0].apis[2].slug", None),
            ("organizations[1].slug", None),
            ("nothing", None),
        ] {
            assert_eq!(line(text, path), expected, "{path}");
        }
    }
}
