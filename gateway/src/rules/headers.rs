//! Headers that are set, added and removed.

use domain::policy::headers::{HeaderChanges, Headers};
use http::{HeaderName, HeaderValue};

use crate::message::Fields;

/// Changes to both directions, compiled.
#[derive(Debug)]
pub(crate) struct HeaderRule {
    pub(crate) request: Changes,
    pub(crate) answer: Changes,
}

/// Changes to one header section.
#[derive(Debug)]
pub(crate) struct Changes {
    remove: Box<[HeaderName]>,
    set: Box<[(HeaderName, HeaderValue)]>,
    add: Box<[(HeaderName, HeaderValue)]>,
}

impl HeaderRule {
    pub(crate) fn compile(headers: &Headers) -> Result<Self, String> {
        Ok(Self {
            request: Changes::compile(&headers.request)?,
            answer: Changes::compile(&headers.response)?,
        })
    }
}

impl Changes {
    fn compile(changes: &HeaderChanges) -> Result<Self, String> {
        let name = |text: &str| {
            HeaderName::try_from(text).map_err(|_| format!("its policy names the impossible header {text:?}"))
        };
        let pairs = |map: &std::collections::BTreeMap<String, String>| {
            map.iter()
                .map(|(header, value)| {
                    let value = HeaderValue::try_from(value.as_str());
                    let value = value.map_err(|_| format!("its policy has an impossible value for {header}"))?;
                    Ok((name(header)?, value))
                })
                .collect::<Result<Box<[_]>, String>>()
        };
        Ok(Self {
            remove: changes.remove.iter().map(|text| name(text)).collect::<Result<_, _>>()?,
            set: pairs(&changes.set)?,
            add: pairs(&changes.add)?,
        })
    }

    /// Changes a section.
    pub(crate) fn apply(&self, fields: &mut Fields) {
        for name in &self.remove {
            fields.remove_named(name.as_str().as_bytes());
        }
        for (name, value) in &self.set {
            fields.set_named(name, value);
        }
        for (name, value) in &self.add {
            fields.append_named(name, value);
        }
    }
}
