//! Hosts and base paths that versions have for their own: one look by host, then one for each segment that a base path
//! can have. So the cost does not grow with the number of versions.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
};

use domain::catalog::routing::{BasePath, MAX_SEGMENTS, Routing};
use http::HeaderName;

use super::catalog::Version;
use crate::message::Fields;

/// Longest host name that is looked up.
const MAX_HOST: usize = 253;

/// Where versions answer beside their addresses.
#[derive(Debug, Default)]
pub(crate) struct Hosts {
    /// By host in small letters.
    named: HashMap<Box<str>, Bases>,
    /// By what comes after `*.`.
    wildcards: HashMap<Box<str>, Bases>,
    /// On every host that is no version's own.
    shared: Bases,
}

/// The base paths of a host.
#[derive(Debug, Default)]
pub(crate) struct Bases {
    /// By prefix: empty for `/`.
    by_prefix: HashMap<Box<str>, Choice>,
    /// Segments of the longest.
    deepest: usize,
}

/// The versions at a host and base path.
#[derive(Debug, Default)]
pub(crate) struct Choice {
    /// What tells them apart.
    field: Option<HeaderName>,
    by_value: Vec<(Box<str>, Arc<Version>)>,
    otherwise: Option<Arc<Version>>,
}

impl Hosts {
    /// Adds a version where it wants to answer; `false` when another version is there.
    pub(super) fn add(&mut self, routing: &Routing, version: &Arc<Version>) -> bool {
        let Some(base_path) = &routing.base_path else {
            return true;
        };
        let bases = match &routing.host {
            None => &mut self.shared,
            Some(host) => match host.parent() {
                Some(parent) => self.wildcards.entry(parent.into()).or_default(),
                None => self.named.entry(host.as_str().into()).or_default(),
            },
        };
        bases.add(base_path, routing, version)
    }

    /// The base paths of a host that is some version's own; its own name goes before a wildcard.
    pub(crate) fn on(&self, host: &[u8]) -> Option<&Bases> {
        let mut lower = [0; MAX_HOST];
        let name = lower.get_mut(..host.len())?;
        name.copy_from_slice(host);
        name.make_ascii_lowercase();
        let name = str::from_utf8(name).ok()?;
        self.named.get(name).or_else(|| {
            let (_, parent) = name.split_once('.')?;
            self.wildcards.get(parent)
        })
    }

    /// The base paths that hold on all other hosts.
    pub(crate) fn shared(&self) -> &Bases {
        &self.shared
    }
}

impl Bases {
    fn add(&mut self, base_path: &BasePath, routing: &Routing, version: &Arc<Version>) -> bool {
        let prefix = base_path.prefix();
        self.deepest = self.deepest.max(prefix.matches('/').count());
        let choice = match self.by_prefix.entry(prefix.into()) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(Choice::default()),
        };
        choice.add(routing, version)
    }

    /// The longest base path that a path is below, and its length.
    pub(crate) fn find(&self, path: &str) -> Option<(&Choice, usize)> {
        if !path.starts_with('/') {
            return None;
        }
        let mut ends = [0; MAX_SEGMENTS + 1];
        let slashes = memchr::memchr_iter(b'/', path.as_bytes()).skip(1);
        let after_segments = slashes.chain([path.len()]).take(self.deepest.min(MAX_SEGMENTS));
        let mut count = 1;
        for end in after_segments {
            ends[count] = end;
            count += 1;
        }
        ends[..count]
            .iter()
            .rev()
            .find_map(|end| Some((self.by_prefix.get(&path[..*end])?, *end)))
    }
}

impl Choice {
    fn add(&mut self, routing: &Routing, version: &Arc<Version>) -> bool {
        let Some(header) = &routing.header else {
            if self.otherwise.is_some() {
                return false;
            }
            self.otherwise = Some(Arc::clone(version));
            return true;
        };
        let Ok(name) = HeaderName::from_bytes(header.header.as_bytes()) else {
            return false;
        };
        let is_known = self.by_value.iter().any(|(value, _)| **value == header.value);
        if is_known || self.field.as_ref().is_some_and(|field| *field != name) {
            return false;
        }
        self.field = Some(name);
        self.by_value.push((header.value.as_str().into(), Arc::clone(version)));
        true
    }

    /// The version that a call wants: the one whose value the field has, if it comes once; otherwise the one without.
    pub(crate) fn pick(&self, fields: &Fields) -> Option<&Arc<Version>> {
        let wanted = self.field.as_ref().and_then(|field| {
            let mut values = fields.all_named(field.as_str().as_bytes());
            values.next().filter(|_| values.next().is_none())
        });
        wanted
            .and_then(|wanted| self.by_value.iter().find(|(value, _)| value.as_bytes() == wanted))
            .map(|(_, version)| version)
            .or(self.otherwise.as_ref())
    }

    /// The field that tells the versions apart.
    pub(crate) fn field(&self) -> Option<&HeaderName> {
        self.field.as_ref()
    }
}

/// What compiling one version must know of the others.
#[derive(Debug, Default)]
pub(super) struct Neighbours {
    /// By `organization/api/version`: those that answer beside their address.
    routings: HashMap<String, Routing>,
    /// By host and base path: what tells versions there apart.
    fields: HashMap<String, HeaderName>,
}

impl Neighbours {
    /// Notes where a version answers.
    pub(super) fn note(&mut self, address: String, routing: &Routing) {
        if let (Some(place), Some(header)) = (routing.place(), &routing.header)
            && let Ok(name) = HeaderName::from_bytes(header.header.as_bytes())
        {
            self.fields.entry(place).or_insert(name);
        }
        if !routing.is_shared() {
            self.routings.insert(address, routing.clone());
        }
    }

    /// Whether every version answers at its address alone.
    pub(super) fn is_empty(&self) -> bool {
        self.routings.is_empty()
    }

    /// The field that decides whether a version with this routing is called.
    pub(super) fn field(&self, routing: &Routing) -> Option<&HeaderName> {
        self.fields.get(&routing.place()?)
    }

    /// A reference from answers of a version to another version of its api (RFC 3986 §4.2); `None` when no one reference is
    /// right wherever the first version is called.
    pub(super) fn reference(&self, from: &Routing, to: &str) -> Option<String> {
        let shared = || from.host.is_none().then(|| format!("/{to}"));
        let Some(target) = self.routings.get(to).filter(|target| target.header.is_none()) else {
            return shared();
        };
        let base_path = target.base_path.as_ref()?;
        match &target.host {
            host if *host == from.host => Some(base_path.to_string()),
            Some(host) if host.parent().is_none() => Some(format!("//{host}{base_path}")),
            _ => shared(),
        }
    }
}

/// The name in an authority: without port and without a dot at the end. `None` for addresses in brackets, which are
/// nobody's own.
pub(crate) fn host_name(authority: &[u8]) -> Option<&[u8]> {
    if authority.first() == Some(&b'[') {
        return None;
    }
    let end = memchr::memchr(b':', authority).unwrap_or(authority.len());
    let name = &authority[..end];
    Some(name.strip_suffix(b".").unwrap_or(name))
}

#[cfg(test)]
mod tests {
    use domain::catalog::routing::RoutingInput;

    use super::*;

    fn routing(host: &str, base_path: &str, header: &str) -> Routing {
        let (header, value) = header.split_once(": ").unwrap_or_default();
        Routing::read(&RoutingInput {
            host: host.into(),
            base_path: base_path.into(),
            header: header.into(),
            value: value.into(),
            ..RoutingInput::default()
        })
        .unwrap()
    }

    #[test]
    fn a_name_is_what_an_authority_begins_with() {
        for (authority, name) in [
            ("a.example", Some("a.example")),
            ("a.example:8080", Some("a.example")),
            ("a.example.", Some("a.example")),
            ("a.example.:443", Some("a.example")),
            ("[::1]:80", None),
            ("", Some("")),
        ] {
            assert_eq!(host_name(authority.as_bytes()), name.map(str::as_bytes), "{authority}");
        }
    }

    #[test]
    fn successors_are_referred_to_where_they_are() {
        let mut neighbours = Neighbours::default();
        neighbours.note("a/b/own".into(), &routing("own.example", "/v2", ""));
        neighbours.note("a/b/star".into(), &routing("*.star.example", "", ""));
        neighbours.note("a/b/path".into(), &routing("", "/a/v2", ""));
        neighbours.note("a/b/field".into(), &routing("own.example", "/v1", "api-version: 2"));
        let from_own = routing("own.example", "/v1", "");
        let from_star = routing("*.star.example", "/v1", "");
        for (from, to, reference) in [
            (Routing::default(), "a/b/plain", Some("/a/b/plain")),
            (Routing::default(), "a/b/own", Some("//own.example/v2")),
            (Routing::default(), "a/b/star", Some("/a/b/star")),
            (Routing::default(), "a/b/path", Some("/a/v2")),
            (Routing::default(), "a/b/field", Some("/a/b/field")),
            (from_own.clone(), "a/b/own", Some("/v2")),
            (from_own.clone(), "a/b/plain", None),
            (from_own.clone(), "a/b/path", None),
            (from_own.clone(), "a/b/field", None),
            (from_star, "a/b/star", Some("/")),
        ] {
            assert_eq!(neighbours.reference(&from, to).as_deref(), reference, "{from:?} {to}");
        }
        assert_eq!(neighbours.field(&from_own).map(HeaderName::as_str), Some("api-version"));
    }
}
