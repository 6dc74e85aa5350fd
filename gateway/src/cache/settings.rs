//! The policy `cache`, compiled: what an operation says, and what its version knows about the upstream.

use std::hash::{DefaultHasher, Hash, Hasher};

use domain::{
    id::VersionId,
    policy::{
        cache::{Cache, CacheShare},
        transform::Transform,
        units::TimeSpan,
    },
    upstream::Upstream,
};

/// The policy of an operation.
#[derive(Debug)]
pub(crate) struct CacheSettings {
    pub(super) share: CacheShare,
    pub(super) default_ttl_s: Option<i64>,
    /// Whether answers that say nothing may be fresh by their last change.
    pub(super) is_heuristic: bool,
    pub(super) stale_while_revalidate_s: Option<i64>,
    pub(super) stale_if_error_s: Option<i64>,
    pub(super) max_bytes: usize,
    /// In lower case.
    pub(super) key_headers: Box<[Box<[u8]>]>,
    pub(super) ignore_query: Box<[Box<str>]>,
    pub(crate) has_request_directives: bool,
}

impl CacheSettings {
    /// Bytes of the largest body that is kept.
    pub(crate) fn max_bytes(&self) -> usize {
        self.max_bytes
    }

    /// Compiles a policy.
    pub(crate) fn compile(policy: &Cache) -> Self {
        let seconds = |time: Option<TimeSpan>| time.map(|time| time.as_seconds().cast_signed());
        Self {
            share: policy.share,
            default_ttl_s: seconds(policy.default_ttl),
            is_heuristic: policy.heuristic,
            stale_while_revalidate_s: seconds(policy.stale_while_revalidate),
            stale_if_error_s: seconds(policy.stale_if_error),
            max_bytes: usize::try_from(policy.max_bytes.as_bytes()).unwrap_or(usize::MAX),
            key_headers: policy
                .key_headers
                .iter()
                .map(|name| name.to_ascii_lowercase().into_bytes().into())
                .collect(),
            ignore_query: policy.ignore_query.iter().map(|name| name.as_str().into()).collect(),
            has_request_directives: policy.request_directives,
        }
    }
}

/// What all answers of a version have in common.
#[derive(Debug)]
pub(crate) struct CacheScope {
    /// Begins every key: the version, and a number that differs where the upstream's targets do, so that what an upstream
    /// said is forgotten with it.
    pub(super) prefix: [u8; SCOPE_BYTES],
    /// Path that the version's calls begin with, `/acme/petstore/v1`.
    base: Box<str>,
    /// Authority and base path of each target, in lower case.
    origins: Box<[(Box<str>, Box<str>)]>,
}

/// Bytes that the keys of a version begin with.
pub(super) const SCOPE_BYTES: usize = 24;

impl CacheScope {
    /// Compiles what a version knows. `address` is `acme/petstore/v1`; `transforms` are the changes to what is asked and
    /// answered: answers that were changed in another way are forgotten too.
    pub(crate) fn compile<'a>(
        version: VersionId,
        address: &str,
        upstream: Option<&Upstream>,
        transforms: impl Iterator<Item = &'a Transform>,
    ) -> Self {
        let canary = upstream.and_then(|upstream| upstream.settings.canary.as_ref());
        let targets = upstream.map_or(&[][..], |upstream| &upstream.targets);
        let targets = targets.iter().chain(canary.map_or(&[][..], |canary| &canary.targets));
        // The same in every process of this build; it only tells two configurations apart.
        let mut hasher = DefaultHasher::new();
        for transform in transforms {
            // Names and values of a policy always serialize.
            serde_json::to_string(transform).unwrap_or_default().hash(&mut hasher);
        }
        let mut origins = Vec::new();
        for target in targets {
            target.url.as_str().hash(&mut hasher);
            let host = target.url.host_str().unwrap_or_default();
            let authority = match target.url.port() {
                Some(port) => format!("{host}:{port}"),
                None => host.to_owned(),
            };
            let base_path = target.url.path().trim_end_matches('/');
            origins.push((authority.to_ascii_lowercase().into(), base_path.into()));
        }
        let mut prefix = [0; SCOPE_BYTES];
        prefix[..16].copy_from_slice(version.uuid().as_bytes());
        prefix[16..].copy_from_slice(&hasher.finish().to_be_bytes());
        Self {
            prefix,
            base: format!("/{address}").into(),
            origins: origins.into(),
        }
    }

    /// The target below the version's base that a `Location` or `Content-Location` of an upstream points to; `None` when it
    /// is not one of this version's resources (RFC 9111 §4.4). `authority` and `target` are those of the call.
    pub(super) fn own_target(&self, reference: &str, authority: &str, target: &str) -> Option<String> {
        let reference = reference.split('#').next().unwrap_or_default();
        let after_scheme = match reference.split_once("://") {
            Some((scheme, rest)) if is_http(scheme) => Some(rest),
            _ => reference.strip_prefix("//"),
        };
        let Some(rest) = after_scheme else {
            let Some(path) = reference.strip_prefix('/') else {
                return relative(reference, target);
            };
            let path = &reference[reference.len() - path.len() - 1..];
            let below_origin = self.origins.iter().find_map(|(_, base)| below(path, base));
            return below(path, &self.base).or(below_origin);
        };
        let (host, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        if host.eq_ignore_ascii_case(authority)
            && let Some(own) = below(path, &self.base)
        {
            return Some(own);
        }
        let mut origins = self.origins.iter();
        origins.find_map(|(known, base)| host.eq_ignore_ascii_case(known).then(|| below(path, base))?)
    }
}

fn is_http(scheme: &str) -> bool {
    scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
}

/// What a path has after a base path; with a slash in front.
fn below(path: &str, base: &str) -> Option<String> {
    let rest = path.strip_prefix(base)?;
    match rest.as_bytes().first() {
        None => Some("/".to_owned()),
        Some(b'/') => Some(rest.to_owned()),
        Some(b'?') => Some(format!("/{rest}")),
        Some(_) => None,
    }
}

/// A reference relative to the call's own target. Dot segments are left alone: what they point to is not known here.
fn relative(reference: &str, target: &str) -> Option<String> {
    let path = target.split('?').next().unwrap_or_default();
    if reference.is_empty() {
        return Some(target.to_owned());
    }
    if reference.starts_with('?') {
        return Some(format!("{path}{reference}"));
    }
    let has_scheme = reference
        .split(['/', '?'])
        .next()
        .is_some_and(|first| first.contains(':'));
    let folder = &path[..=path.rfind('/')?];
    (!has_scheme && !reference.starts_with('.')).then(|| format!("{folder}{reference}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(urls: &[&str]) -> CacheScope {
        let targets: Vec<_> = urls.iter().map(|url| serde_json::json!({ "url": url })).collect();
        let upstream = serde_json::from_value(serde_json::json!({ "targets": targets })).unwrap();
        CacheScope::compile(VersionId::NIL, "acme/petstore/v1", Some(&upstream), std::iter::empty())
    }

    #[test]
    fn references_lead_to_the_versions_own_resources() {
        let scope = scope(&["http://pets.test:8080/base/", "https://b.test"]);
        for (reference, own) in [
            ("/base/pets/1", Some("/pets/1")),
            ("/acme/petstore/v1/pets/1?a=b", Some("/pets/1?a=b")),
            ("http://PETS.test:8080/base/pets/1#x", Some("/pets/1")),
            ("https://b.test", Some("/")),
            ("//gateway.test/acme/petstore/v1/pets", Some("/pets")),
            ("1", Some("/pets/1")),
            ("?a", Some("/pets/7?a")),
            ("", Some("/pets/7?q")),
            // The second target has no base path.
            ("/other", Some("/other")),
            ("https://gateway.test/acme/petstore/v2/pets", None),
            ("http://pets.test/base/pets/1", None),
            ("http://pets.test:8080/based/1", None),
            ("http://evil.test/base/pets/1", None),
            ("../pets", None),
            ("urn:x:y", None),
        ] {
            let found = scope.own_target(reference, "gateway.test", "/pets/7?q");
            assert_eq!(found.as_deref(), own, "{reference}");
        }
    }

    #[test]
    fn another_upstream_begins_anew() {
        assert_eq!(scope(&["http://a.test"]).prefix, scope(&["http://a.test"]).prefix);
        assert_ne!(scope(&["http://a.test"]).prefix, scope(&["http://b.test"]).prefix);
    }
}
