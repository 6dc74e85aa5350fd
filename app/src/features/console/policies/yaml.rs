//! A policy as somebody typed it: YAML or JSON, with mistakes named by field and line.

use std::fmt;

use domain::{
    error::FieldError,
    policy::{PolicyName, PolicySet},
};
use serde::{
    Deserializer,
    de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

/// Name of the form's field.
pub(super) const FIELD: &str = "body";

/// Reads a body, or the word `off`.
///
/// # Errors
/// What cannot be read, at [`FIELD`].
pub(super) fn read(name: PolicyName, text: &str) -> Result<PolicySet, FieldError> {
    PolicySet::read_from(name, yaml_serde::Deserializer::from_str(text)).map_err(|error| {
        let line = error.location().map(|location| location.line());
        let message = error.to_string();
        // The line is said first.
        let message = message.split(" at line ").next().unwrap_or(&message).to_owned();
        FieldError::new(FIELD, sentence(line, "", &message))
    })
}

/// Mistakes that were found after reading, at [`FIELD`] with the line of the text that each is about.
pub(super) fn located(name: PolicyName, text: &str, errors: Vec<FieldError>) -> Vec<FieldError> {
    let prefix = format!("policies.{name}");
    let at = |error: FieldError| {
        let place = error
            .field
            .strip_prefix(&prefix)
            .unwrap_or(&error.field)
            .trim_start_matches('.');
        FieldError::new(FIELD, sentence(line_of(text, place), place, &error.message))
    };
    errors.into_iter().map(at).collect()
}

/// A mistake at a place like `rules.info-contact` of a text, with the line that it is in.
pub(in crate::features::console) fn at_line(text: &str, place: &str, message: &str) -> String {
    let line = if place.is_empty() { None } else { line_of(text, place) };
    sentence(line, place, message)
}

fn sentence(line: Option<usize>, place: &str, message: &str) -> String {
    let place = if place.is_empty() {
        String::new()
    } else {
        format!("`{place}`: ")
    };
    match line {
        Some(line) => format!("Line {line}: {place}{message}"),
        None => format!("{place}{message}"),
    }
}

/// The line that a place like `origins[0]` is in, counted from 1; `None` where the text has no such place.
fn line_of(text: &str, place: &str) -> Option<usize> {
    // The reader says the line of an error only: so the place is made one.
    let stopped = At(place).deserialize(yaml_serde::Deserializer::from_str(text)).err()?;
    stopped.location().map(|location| location.line())
}

/// Walks to a place and stops there with an error; passes where there is none.
struct At<'p>(&'p str);

impl<'de> DeserializeSeed<'de> for At<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// What is left of a place behind a name: empty, or a further step.
fn behind<'p>(place: &'p str, name: &str) -> Option<&'p str> {
    let rest = place.strip_prefix(name)?;
    match rest.strip_prefix('.') {
        Some(rest) => Some(rest),
        None => (rest.is_empty() || rest.starts_with('[')).then_some(rest),
    }
}

impl<'de> Visitor<'de> for At<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        if self.0.is_empty() {
            return Err(A::Error::custom(""));
        }
        while let Some(name) = map.next_key::<String>()? {
            match behind(self.0, &name) {
                Some(rest) => map.next_value_seed(At(rest))?,
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        if self.0.is_empty() {
            return Err(A::Error::custom(""));
        }
        let step = self.0.strip_prefix('[').and_then(|place| place.split_once(']'));
        let wanted = step.and_then(|(index, rest)| Some((index.parse::<usize>().ok()?, rest)));
        let mut index = 0;
        loop {
            let next = match wanted {
                Some((at, rest)) if at == index => list.next_element_seed(At(rest.trim_start_matches('.')))?,
                _ => list.next_element::<IgnoredAny>()?.map(drop),
            };
            if next.is_none() {
                return Ok(());
            }
            index += 1;
        }
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        self.scalar()
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        self.scalar()
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        self.scalar()
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        self.scalar()
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        self.scalar()
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.scalar()
    }
}

impl At<'_> {
    fn scalar<E: Error>(self) -> Result<(), E> {
        if self.0.is_empty() { Err(E::custom("")) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_named_with_its_line() {
        for (text, start) in [
            ("origins:\n  - https://a.example\nmax_agee: 1s\n", "Line 3: "),
            ("origins: ['*']\nmax_age: 5\n", "Line 2: "),
            ("origins: [", "Line "),
            ("{ \"origins\": 1 }", "Line 1: "),
            ("", ""),
        ] {
            let error = read(PolicyName::Cors, text).unwrap_err();
            assert_eq!(error.field, FIELD);
            assert!(error.message.starts_with(start), "{text}: {}", error.message);
            assert!(!error.message.contains(" at line "), "{}", error.message);
        }
        assert!(read(PolicyName::Cors, "off").unwrap().is_off(PolicyName::Cors));
    }

    #[test]
    fn what_is_found_later_has_its_line_too() {
        for (name, text, message) in [
            (
                PolicyName::Cors,
                "# pages\norigins:\n  - https://a.example\n  - a.example\n",
                "Line 4: `origins[1]`: ",
            ),
            (
                PolicyName::Headers,
                "request:\n  set:\n    X-A: b\n    Host: c\n",
                "Line 4: `request.set.Host`: ",
            ),
            (
                PolicyName::RateLimits,
                "- { requests: 1, per: 1s }\n- requests: 1\n  per: 2d\n",
                "Line 3: `[1].per`: ",
            ),
            (PolicyName::Ip, "allow: []\n", "Line 1: `allow`: "),
            (PolicyName::Ip, "{}\n", "`allow`: "),
        ] {
            let errors = read(name, text).unwrap().validate();
            let errors = located(name, text, errors);
            assert!(errors[0].message.starts_with(message), "{}", errors[0].message);
        }
    }
}
