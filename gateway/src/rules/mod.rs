//! Policies, compiled for the hot path: what holds for one operation, all levels taken together.
//!
//! A call without policies pays one look at a pointer that is not there. What can't be compiled closes the version: better
//! no answer than one that a policy should have stopped.

mod condition;
mod cors;
mod groups;
mod headers;
mod places;
mod windows;

use std::{net::IpAddr, sync::Arc};

use domain::{
    id::VersionId,
    policy::{PolicySet, ip::Ip, limits::Limits},
};

use crate::{
    cache::CacheSettings,
    client::Shape,
    message::{Fields, Known},
};

pub(crate) use condition::{CallInputs, ConditionRule};
pub(crate) use cors::{CorsRule, Preflight};
pub(crate) use groups::{Caller, Groups};
pub(crate) use headers::HeaderRule;
pub(crate) use places::{NoPlace, Place, PlaceRule, Places};
pub(crate) use windows::{TakenWindows, WindowRule, Windows, WindowsExhausted};

/// What holds for an operation.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    pub(crate) ip: Option<Ip>,
    pub(crate) cors: Option<CorsRule>,
    pub(crate) conditions: Option<ConditionRule>,
    pub(crate) limits: Option<Limits>,
    pub(crate) headers: Option<HeaderRule>,
    pub(crate) windows: Option<WindowRule>,
    pub(crate) places: Option<PlaceRule>,
    pub(crate) cache: Option<Arc<CacheSettings>>,
}

/// State that rules need and that survives every change of configuration.
#[derive(Debug, Default)]
pub(crate) struct RuleState {
    pub(crate) windows: Windows,
    pub(crate) places: Places,
}

impl Rules {
    /// Compiles an effective set; `None` when there is nothing to do. `operation` is the number of the operation that
    /// alone has the set.
    ///
    /// # Errors
    /// A sentence about what can't be compiled; the version must then not be used.
    pub(crate) fn compile(set: &PolicySet, version: VersionId) -> Result<Option<Arc<Self>>, String> {
        if set.is_empty() {
            return Ok(None);
        }
        if let Some(error) = set.validate().first() {
            return Err(format!(
                "its policy is out of range: {}: {}",
                error.field, error.message
            ));
        }
        if let Some(name) = set.names().find(|name| !name.is_enforced()) {
            return Err(format!("this gateway does not know its policy `{name}`"));
        }
        let groups = Groups { version };
        Ok(Some(Arc::new(Self {
            ip: set.ip().cloned(),
            cors: set.cors().map(CorsRule::compile).transpose()?,
            conditions: set.expression().map(ConditionRule::compile).transpose()?,
            limits: set.limits().cloned(),
            headers: set.headers().map(HeaderRule::compile).transpose()?,
            windows: set.rate_limits().map(|limits| WindowRule::compile(limits, groups)),
            cache: set.cache().map(CacheSettings::compile).map(Arc::new),
            places: set.concurrency().map(|limit| PlaceRule::compile(limit, groups)),
        })))
    }
}

impl Rules {
    /// How the body of a request must look, by its content type; `None` where nothing is said about such bodies.
    pub(crate) fn shape(&self, fields: &Fields) -> Option<Shape> {
        let limits = self.limits.as_ref()?;
        if limits.json.is_none() && limits.xml.is_none() {
            return None;
        }
        let media_type = fields.get(Known::ContentType)?;
        let media_type = media_type
            .split(|byte| *byte == b';')
            .next()
            .unwrap_or_default()
            .trim_ascii();
        let subtype = media_type
            .split(|byte| *byte == b'/')
            .nth(1)
            .unwrap_or_default()
            .to_ascii_lowercase();
        match (limits.json, limits.xml) {
            (Some(json), _) if subtype == b"json" || subtype.ends_with(b"+json") => Some(Shape::json(json)),
            (_, Some(xml)) if subtype == b"xml" || subtype.ends_with(b"+xml") => Some(Shape::xml(xml)),
            _ => None,
        }
    }
}

/// The address of the caller behind the proxies that are trusted: the last one in `X-Forwarded-For` that is not one of
/// theirs. Without trusted proxies it is the peer's, whatever the field says.
pub(crate) fn caller_address(peer: IpAddr, trusted: &[domain::policy::ip::Network], fields: &Fields) -> IpAddr {
    let is_trusted = |ip: IpAddr| trusted.iter().any(|network| network.contains(ip));
    let mut nearest = peer.to_canonical();
    if !is_trusted(nearest) {
        return nearest;
    }
    let lines: Vec<&[u8]> = fields.all(Known::XForwardedFor).collect();
    for entry in lines.iter().rev().flat_map(|line| line.rsplit(|byte| *byte == b',')) {
        let Some(ip) = std::str::from_utf8(entry.trim_ascii())
            .ok()
            .and_then(|text| text.parse::<IpAddr>().ok())
        else {
            // What a trusted proxy wrote can't be read: what lies before it is anybody's word.
            return nearest;
        };
        nearest = ip.to_canonical();
        if !is_trusted(nearest) {
            return nearest;
        }
    }
    nearest
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn only_trusted_proxies_are_believed() {
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        for (peer, lines, caller) in [
            ("203.0.113.9", &["198.51.100.1"][..], "203.0.113.9"),
            ("10.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            ("::ffff:10.0.0.1", &["::ffff:198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["6.6.6.6, 198.51.100.1, 10.0.0.2"], "198.51.100.1"),
            ("10.0.0.1", &["6.6.6.6", "198.51.100.1 ,10.0.0.2"], "198.51.100.1"),
            ("10.0.0.1", &["10.0.0.3"], "10.0.0.3"),
            ("10.0.0.1", &["6.6.6.6, nonsense"], "10.0.0.1"),
            ("10.0.0.1", &[], "10.0.0.1"),
        ] {
            let mut fields = Fields::default();
            for line in lines {
                fields.append(Known::XForwardedFor, &HeaderValue::from_static(line));
            }
            let found = caller_address(peer.parse().unwrap(), &trusted, &fields);
            assert_eq!(found, caller.parse::<IpAddr>().unwrap(), "{peer} {lines:?}");
        }
    }
}
