//! Logical statements that decide whether a call is possible.

use std::borrow::Cow;

use domain::{
    expression::{Entry, Expression, Field, Inputs, MapField, Value},
    policy,
};
use http::Version;

use crate::{
    decision::{Known, Refusal, RequestFacts},
    limit::Moment,
    message::Known as FieldName,
    problem::Reason,
    snapshot::hex_pair,
};

/// Conditions in order, compiled.
#[derive(Debug)]
pub(crate) struct ConditionRule(Box<[Condition]>);

#[derive(Debug)]
struct Condition {
    when: Expression,
    status: u16,
    detail: Box<str>,
}

impl ConditionRule {
    pub(super) fn compile(rules: &policy::expression::Expression) -> Result<Self, String> {
        let compiled = rules.0.iter().map(|rule| {
            let when = Expression::parse(&rule.when);
            Ok(Condition {
                when: when.map_err(|error| format!("its policy `expression` can't be read: {error}"))?,
                status: rule.status,
                detail: rule.detail.as_str().into(),
            })
        });
        Ok(Self(compiled.collect::<Result<_, String>>()?))
    }

    /// Refuses a call that a condition is met for. One that can't be evaluated counts as met.
    pub(crate) fn check(&self, inputs: &CallInputs<'_>) -> Result<(), Box<Refusal>> {
        match self.0.iter().find(|condition| condition.when.is_met(inputs)) {
            None => Ok(()),
            Some(condition) => {
                let refusal = Refusal::new(Reason::NotPermitted).status(condition.status);
                Err(Box::new(refusal.detail(condition.detail.to_string())))
            }
        }
    }
}

/// A call, as expressions see it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CallInputs<'a> {
    pub(crate) head: &'a RequestFacts<'a>,
    pub(crate) known: &'a Known,
    pub(crate) now: &'a Moment,
    /// Bytes of the path before the operation's own.
    pub(crate) base_length: usize,
}

impl<'a> CallInputs<'a> {
    /// As it was sent.
    fn path(&self) -> &'a str {
        match &self.head.path[self.base_length..] {
            "" => "/",
            path => path,
        }
    }

    fn template(&self) -> Option<&'a str> {
        self.known.template()
    }

    fn host(&self) -> Option<String> {
        let host = self
            .head
            .authority
            .map(str::as_bytes)
            .or_else(|| self.head.fields.get(FieldName::Host))?;
        let host = std::str::from_utf8(host).ok()?;
        // An address of IPv6 has colons too, between brackets.
        let end = host.rfind(':').filter(|colon| !host[*colon..].contains(']'));
        let name = &host[..end.unwrap_or(host.len())];
        // A dot at the end says that the name is whole; it is the same one.
        Some(name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase())
    }

    /// Values of a query parameter, decoded.
    fn query(&self, name: &str) -> Vec<Cow<'a, str>> {
        let pairs = form_urlencoded::parse(self.head.query.as_bytes());
        pairs.filter(|(key, _)| key == name).map(|(_, value)| value).collect()
    }

    /// Where the template has a parameter, what the path has there. Parameters that share a segment with other text are
    /// cut out of it.
    fn path_parameters(&self) -> Vec<(&'a str, Cow<'a, str>)> {
        let Some(template) = self.template() else {
            return Vec::new();
        };
        let segments = template.split('/').zip(self.path().split('/'));
        segments
            .filter_map(|(template, segment)| parameter(template, segment))
            .collect()
    }
}

/// The parameter of a template's segment and its value in a path's segment.
fn parameter<'a>(template: &'a str, segment: &'a str) -> Option<(&'a str, Cow<'a, str>)> {
    let (before, rest) = template.split_once('{')?;
    let (name, after) = rest.split_once('}')?;
    if after.contains('{') {
        return None;
    }
    let value = segment.strip_prefix(before)?.strip_suffix(after)?;
    Some((name, percent_encoding::percent_decode_str(value).decode_utf8().ok()?))
}

impl Inputs for CallInputs<'_> {
    fn field(&self, field: Field) -> Option<Value<'_>> {
        let Self { head, known, .. } = self;
        Some(match field {
            Field::Method => Value::text(head.method.as_str()),
            Field::Path => Value::text(readable(self.path())?),
            Field::Operation => Value::text(self.template()?),
            Field::Host => Value::text(self.host()?),
            Field::Size => Value::Int(i64::try_from(head.body_bytes?).ok()?),
            Field::Ip => Value::text(head.address().to_string()),
            Field::Protocol => Value::text(match head.version {
                Version::HTTP_2 => "HTTP/2",
                Version::HTTP_10 => "HTTP/1.0",
                _ => "HTTP/1.1",
            }),
            Field::Application => Value::text(known.application_id?.to_string()),
            Field::Key => Value::text(known.key_id?.to_string()),
            Field::Credential => Value::text(known.credential?.as_str()),
            Field::Scopes => {
                let scopes = known.token.as_ref()?.scopes.iter();
                Value::list(scopes.map(|scope| Value::text(scope.as_str())).collect())
            }
            Field::Plan => Value::text(&*known.plan.as_ref()?.slug),
            Field::Now => Value::Timestamp(self.now.timestamp()),
            // Not in the gateway's records.
            Field::KeyPrefix | Field::Kind => return None,
        })
    }

    fn entry(&self, map: MapField, name: &str) -> Entry<'_> {
        match map {
            MapField::Headers => {
                let lines = self.head.fields.iter();
                let values: Vec<_> = lines
                    .filter(|(candidate, _)| candidate.eq_ignore_ascii_case(name.as_bytes()))
                    .map(|(_, value)| String::from_utf8_lossy(value))
                    .collect();
                match (values.as_slice(), separator(name)) {
                    ([], _) => Entry::Missing,
                    ([one], _) => Entry::One(Value::text(one.clone())),
                    (several, Some(separator)) => Entry::One(Value::text(several.join(separator))),
                    // Nobody knows which of them the upstream takes.
                    (_, None) => Entry::Several,
                }
            }
            MapField::Query => match self.query(name).as_slice() {
                [] => Entry::Missing,
                [one] => Entry::One(Value::text(one.clone())),
                _ => Entry::Several,
            },
            MapField::QueryAll => match self.query(name) {
                values if values.is_empty() => Entry::Missing,
                values => Entry::One(Value::list(values.into_iter().map(Value::text).collect())),
            },
            MapField::PathParameters => {
                let found = self.path_parameters().into_iter().find(|(key, _)| *key == name);
                found.map_or(Entry::Missing, |(_, value)| Entry::One(Value::text(value)))
            }
            MapField::Claims => {
                let claims = self.known.token.as_ref().map(|token| token.claims.all());
                let found = claims.and_then(|claims| claims.get(name));
                found.map_or(Entry::Missing, |value| Entry::One(Value::json(value)))
            }
        }
    }

    fn names(&self, map: MapField) -> Vec<Cow<'_, str>> {
        let mut names: Vec<Cow<'_, str>> = match map {
            MapField::Headers => {
                let lower = |(name, _): (&[u8], _)| Cow::Owned(String::from_utf8_lossy(name).to_ascii_lowercase());
                self.head.fields.iter().map(lower).collect()
            }
            MapField::Query | MapField::QueryAll => form_urlencoded::parse(self.head.query.as_bytes())
                .map(|(name, _)| name)
                .collect(),
            MapField::PathParameters => self
                .path_parameters()
                .into_iter()
                .map(|(name, _)| name.into())
                .collect(),
            MapField::Claims => match &self.known.token {
                Some(token) => token.claims.all().keys().map(|name| name.as_str().into()).collect(),
                None => Vec::new(),
            },
        };
        names.sort_unstable();
        names.dedup();
        names
    }
}

/// A path with everything decoded but slashes and percent signs, which are `%2F` and `%25` as the routes have them: one
/// spelling for all that mean the same. `None` where it is not UTF-8.
fn readable(path: &str) -> Option<Cow<'_, str>> {
    if !path.contains('%') {
        return Some(Cow::Borrowed(path));
    }
    let bytes = path.as_bytes();
    let mut text = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let encoded = if *byte == b'%' {
            hex_pair(&bytes[at + 1..])
        } else {
            None
        };
        match encoded {
            Some(b'/') => text.extend_from_slice(b"%2F"),
            Some(b'%') => text.extend_from_slice(b"%25"),
            Some(other) => text.push(other),
            None => text.push(*byte),
        }
        at += if encoded.is_some() { 3 } else { 1 };
    }
    String::from_utf8(text).ok().map(Cow::Owned)
}

/// Fields that are lists, or texts that are split over several: what stands between two of their lines (RFC 9110 §5.3,
/// RFC 9113 §8.2.3). In lower case, sorted.
const LISTS: [&str; 40] = [
    "accept",
    "accept-charset",
    "accept-encoding",
    "accept-language",
    "access-control-request-headers",
    "baggage",
    "cache-control",
    "cdn-loop",
    "connection",
    "content-digest",
    "content-encoding",
    "content-language",
    "cookie",
    "expect",
    "forwarded",
    "if-match",
    "if-none-match",
    "keep-alive",
    "link",
    "pragma",
    "prefer",
    "priority",
    "proxy-status",
    "repr-digest",
    "sec-ch-ua",
    "sec-websocket-extensions",
    "sec-websocket-protocol",
    "signature",
    "signature-input",
    "te",
    "tracestate",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "vary",
    "via",
    "want-content-digest",
    "want-repr-digest",
    "warning",
    "x-forwarded-for",
];

/// What joins several lines of a field into one value; `None` where only one makes sense.
fn separator(name: &str) -> Option<&'static str> {
    LISTS.binary_search(&name).ok()?;
    Some(if name == "cookie" { "; " } else { ", " })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_one_spelling() {
        for (path, expected) in [
            ("/pets/1", Some("/pets/1")),
            ("/%61dmin/caf%C3%A9%20x", Some("/admin/café x")),
            ("/a%2fb%2F", Some("/a%2Fb%2F")),
            ("/100%25", Some("/100%25")),
            ("/%2561dmin", Some("/%2561dmin")),
            ("/%ff", None),
        ] {
            assert_eq!(readable(path).as_deref(), expected, "{path}");
        }
    }

    #[test]
    fn only_lists_have_several_lines() {
        assert!(LISTS.is_sorted());
        for (name, expected) in [
            ("accept", Some(", ")),
            ("cookie", Some("; ")),
            ("x-role", None),
            ("host", None),
        ] {
            assert_eq!(separator(name), expected, "{name}");
        }
    }

    #[test]
    fn parameters_are_cut_out_of_segments() {
        for (template, segment, found) in [
            ("{id}", "7", Some(("id", "7"))),
            ("{id}", "a%20b", Some(("id", "a b"))),
            ("v{n}.json", "v12.json", Some(("n", "12"))),
            ("pets", "pets", None),
            ("{a}-{b}", "1-2", None),
        ] {
            let cut = parameter(template, segment);
            assert_eq!(cut.as_ref().map(|(name, value)| (*name, &**value)), found, "{template}");
        }
    }
}
