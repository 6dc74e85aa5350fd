//! Answers that are composed of several.

use std::time::Duration;

use domain::policy::{
    composition::{Composition, Part},
    units::TimeSpan,
};
use http::StatusCode;
use serde_json::value::{RawValue, to_raw_value};

use super::{
    json_change::Pointer,
    path_parameters::{PathParameters, PathTemplate},
    query_change::{name_of, write_encoded},
};

/// The policy `composition`, compiled.
#[derive(Debug)]
pub(crate) struct CompositionRule {
    pub(crate) parts: Box<[PartRule]>,
    /// Bytes of the largest body of a part.
    pub(crate) max_bytes: usize,
    /// Bytes of the bodies of all parts.
    pub(crate) max_total_bytes: usize,
}

/// One member of the answer.
#[derive(Debug)]
pub(crate) struct PartRule {
    pub(crate) name: Box<str>,
    path: PathTemplate,
    /// Names are encoded.
    query: Box<[(Box<str>, PathTemplate)]>,
    pass_query: Box<[Box<str>]>,
    pub(crate) timeout: Option<Duration>,
    /// What stands in its place when it fails; `None` for a part without which there is no answer.
    pub(crate) fallback: Option<Box<RawValue>>,
    pick: Option<Pointer>,
    pass_status: Box<[u16]>,
}

impl CompositionRule {
    pub(super) fn compile(composition: &Composition) -> Result<Self, String> {
        let bytes = |size: domain::policy::units::ByteSize| usize::try_from(size.as_bytes()).unwrap_or(usize::MAX);
        let parts = composition
            .parts
            .iter()
            .map(|(name, part)| PartRule::compile(name, part));
        Ok(Self {
            parts: parts.collect::<Result<_, _>>()?,
            max_bytes: bytes(composition.max_bytes),
            max_total_bytes: bytes(composition.max_total_bytes),
        })
    }
}

impl PartRule {
    fn compile(name: &str, part: &Part) -> Result<Self, String> {
        let query = part.query.iter().map(|(name, value)| {
            let mut encoded = String::new();
            write_encoded(name, &mut encoded);
            (encoded.into(), PathTemplate::compile(value))
        });
        let fallback = to_raw_value(&part.fallback)
            .map_err(|error| format!("its policy `composition` has an impossible value: {error}"))?;
        Ok(Self {
            name: name.into(),
            path: PathTemplate::compile(&part.path),
            query: query.collect(),
            pass_query: part.pass_query.iter().map(|name| name.as_str().into()).collect(),
            timeout: part.timeout.map(TimeSpan::as_duration),
            fallback: (!part.required).then_some(fallback),
            pick: part.pick.as_deref().map(Pointer::read),
            pass_status: part.pass_status.as_slice().into(),
        })
    }

    /// Path and query of the part below the version's base. `query` is that of the call.
    pub(crate) fn target(&self, parameters: &PathParameters<'_>, query: &str) -> String {
        let mut target = String::new();
        self.path.fill(parameters, &mut target);
        let mut between = '?';
        for (name, value) in &self.query {
            target.push(std::mem::replace(&mut between, '&'));
            target.extend([&**name, "="]);
            value.fill_value(parameters, &mut target);
        }
        let passed = query.split('&').filter(|parameter| {
            let name = name_of(parameter);
            self.pass_query.iter().any(|passed| **passed == *name)
        });
        for parameter in passed {
            target.push(std::mem::replace(&mut between, '&'));
            target.push_str(parameter);
        }
        target
    }

    /// Whether a status of the part becomes that of the answer.
    pub(crate) fn passes(&self, status: StatusCode) -> bool {
        self.fallback.is_none() && self.pass_status.contains(&status.as_u16())
    }

    /// What of the part's body is taken; `None` when it is not there.
    pub(crate) fn pick<'a>(&self, body: &'a RawValue) -> Option<&'a RawValue> {
        match &self.pick {
            Some(pointer) => pointer.pick(body),
            None => Some(body),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn parts_have_targets_of_their_own() {
        let policy = json!({ "parts": { "a": {
            "path": "/owners/{id}/pets",
            "query": { "sort by": "a&b", "owner": "#{id}" },
            "pass_query": ["limit", "q"],
        }}});
        let rule = CompositionRule::compile(&serde_json::from_value(policy).unwrap()).unwrap();
        let parameters = PathParameters::of("/x/{id}", "/x/a%2Fb");
        for (query, expected) in [
            ("", "/owners/a%2Fb/pets?owner=%23a%2Fb&sort%20by=a%26b"),
            (
                "limit=1&secret=2&%71=x+y&limit",
                "/owners/a%2Fb/pets?owner=%23a%2Fb&sort%20by=a%26b&limit=1&%71=x+y&limit",
            ),
        ] {
            assert_eq!(rule.parts[0].target(&parameters, query), expected, "{query}");
        }
    }
}
