//! What an answer is kept under: the target, who may see it, and the request fields that it varies by.

use domain::{
    id::{ApplicationId, KeyId},
    policy::cache::CacheShare,
};
use ring::digest::{SHA256, digest};

use super::{
    list::members,
    settings::{CacheScope, CacheSettings, SCOPE_BYTES},
};
use crate::message::{Fields, Known};

/// Who shares an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Partition {
    /// Everybody: the answer says that it may be shared (RFC 9111 §3.5).
    Shared,
    /// Calls without a credential.
    Anonymous,
    /// Calls of one application.
    Application(ApplicationId),
    /// Calls with one key.
    Key(KeyId),
}

/// Who calls and how, as far as the cache must know.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Identity {
    pub(crate) application: Option<ApplicationId>,
    pub(crate) key: Option<KeyId>,
    /// Whether the upstream is told that the caller used `https`.
    pub(crate) is_secure: bool,
    /// Whether the request carries a credential that the upstream judges.
    pub(crate) has_foreign_credential: bool,
}

impl Identity {
    /// Where answers to this caller are kept that may not be shared. Calls with a credential have such a place only where
    /// the policy gives them one, and never when another credential goes to the upstream: it may stand for anybody.
    pub(super) fn own(&self, share: CacheShare) -> Option<Partition> {
        if self.has_foreign_credential {
            return None;
        }
        match (share, self.application, self.key) {
            (_, None, None) => Some(Partition::Anonymous),
            (CacheShare::Allowed, ..) => None,
            (CacheShare::Application, application, _) => application.map(Partition::Application),
            (CacheShare::Key, _, key) => key.map(Partition::Key),
        }
    }
}

/// Where a target is: what is answered to a call without TLS may be other than to one with it, and be no answer for it, such
/// as a redirection to itself (RFC 9110 §4.2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Origin<'a> {
    /// Whether the upstream is told that the caller used `https`.
    pub(crate) is_secure: bool,
    pub(crate) authority: &'a str,
}

/// The bytes that a target is kept under. `target` is path and query below the version's base.
pub(crate) fn key_of(scope: &CacheScope, ignored: &[Box<str>], origin: Origin<'_>, target: &str) -> Vec<u8> {
    let Origin { is_secure, authority } = origin;
    let mut key = Vec::with_capacity(SCOPE_BYTES + authority.len() + target.len() + 3);
    key.extend_from_slice(&scope.prefix);
    key.push(if is_secure { b's' } else { b'p' });
    key.extend(authority.bytes().map(|byte| byte.to_ascii_lowercase()));
    key.push(0);
    if !target.starts_with('/') {
        key.push(b'/');
    }
    let Some((path, query)) = target.split_once('?').filter(|_| !ignored.is_empty()) else {
        key.extend_from_slice(target.as_bytes());
        return key;
    };
    key.extend_from_slice(path.as_bytes());
    let mut between = b'?';
    for parameter in query.split('&') {
        let name = parameter.split('=').next().unwrap_or_default();
        if !ignored.iter().any(|ignored| **ignored == *name) {
            key.push(between);
            key.extend_from_slice(parameter.as_bytes());
            between = b'&';
        }
    }
    key
}

/// Path and query in a key.
pub(crate) fn target_in(key: &[u8]) -> &[u8] {
    let rest = key.get(SCOPE_BYTES..).unwrap_or_default();
    memchr::memchr(0, rest).map_or(rest, |at| &rest[at + 1..])
}

/// A request field that an answer varies by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Selecting {
    /// In lower case.
    name: Box<[u8]>,
    /// `None` where the request had no such field.
    value: Option<Box<[u8]>>,
}

impl Selecting {
    /// About how much memory it takes.
    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>() + self.name.len() + self.value.as_ref().map_or(0, |value| value.len())
    }
}

/// Fields that the gateway sets itself on the way to the upstream: what an answer varies by is then not in the request.
const SET_BY_US: [&[u8]; 5] = [b"x-forwarded-for", b"via", b"traceparent", b"te", b"connection"];

/// What an answer to a request varies by; `None` when that can't be told from requests: `Vary: *`.
pub(crate) fn selecting(settings: &CacheSettings, request: &Fields, answer: &Fields) -> Option<Box<[Selecting]>> {
    let mut names: Vec<Box<[u8]>> = settings.key_headers.to_vec();
    for name in answer.all(Known::Vary).flat_map(members) {
        let name = name.to_ascii_lowercase();
        if name == b"*" || SET_BY_US.contains(&name.as_slice()) {
            return None;
        }
        names.push(name.into());
    }
    names.sort_unstable();
    names.dedup();
    let select = |name: Box<[u8]>| Selecting {
        value: selecting_value(request, &name),
        name,
    };
    Some(names.into_iter().map(select).collect())
}

/// Whether a request selects an answer.
pub(crate) fn is_selected(selecting: &[Selecting], request: &Fields) -> bool {
    selecting
        .iter()
        .all(|field| selecting_value(request, &field.name) == field.value)
}

/// Whether an answer is told apart by a field; `name` is in lower case.
pub(super) fn tells_apart(selecting: &[Selecting], name: &[u8]) -> bool {
    selecting.iter().any(|field| *field.name == *name)
}

/// The value of a request field in one form: lines joined, no white space around commas; in lower case where case means
/// nothing; only a hash of what may be a secret.
fn selecting_value(request: &Fields, name: &[u8]) -> Option<Box<[u8]>> {
    let mut joined = Vec::new();
    let mut is_there = false;
    for value in request.all_named(name) {
        is_there = true;
        for member in members(value) {
            if !joined.is_empty() {
                joined.push(b',');
            }
            joined.extend_from_slice(member);
        }
    }
    match name {
        b"accept" | b"accept-charset" | b"accept-encoding" | b"accept-language" => {
            joined.retain(|byte| !matches!(byte, b' ' | b'\t'));
            joined.make_ascii_lowercase();
        }
        b"authorization" | b"cookie" | b"x-api-key" | b"proxy-authorization" => {
            joined = digest(&SHA256, &joined).as_ref().to_vec();
        }
        _ => {}
    }
    is_there.then(|| joined.into())
}

#[cfg(test)]
mod tests {
    use domain::{id::VersionId, policy::cache::Cache};

    use super::*;

    fn section(lines: &[(&str, &str)]) -> Fields {
        let mut fields = Fields::default();
        for (name, value) in lines {
            fields.append_named(&name.parse().unwrap(), &value.parse().unwrap());
        }
        fields
    }

    fn settings(json: serde_json::Value) -> CacheSettings {
        CacheSettings::compile(&serde_json::from_value::<Cache>(json).unwrap())
    }

    #[test]
    fn keys_tell_targets_apart() {
        let scope = CacheScope::compile(VersionId::NIL, "a/b/v1", None, std::iter::empty());
        let key = |ignored: &[&str], authority: &str, target: &str| {
            let ignored: Vec<Box<str>> = ignored.iter().map(|name| (*name).into()).collect();
            let origin = Origin {
                is_secure: true,
                authority,
            };
            key_of(&scope, &ignored, origin, target)
        };
        assert_eq!(key(&[], "A.test", "/x?a=1"), key(&[], "a.TEST", "/x?a=1"));
        assert_ne!(key(&[], "a.test", "/x"), key(&[], "b.test", "/x"));
        assert_ne!(key(&[], "a.test", "/x?a=1"), key(&[], "a.test", "/x?a=2"));
        assert_ne!(key(&[], "a.test", "/x"), key(&[], "a.test", "/X"));
        assert_eq!(target_in(&key(&["u", "v"], "", "/x?u=1&a=1&v&b")), b"/x?a=1&b");
        assert_eq!(target_in(&key(&["u"], "h", "/x?u=1")), b"/x");
        assert_eq!(target_in(&key(&[], "h", "")), b"/");
    }

    #[test]
    fn a_credential_has_its_own_place_or_none() {
        let caller = Identity {
            application: Some(ApplicationId::NIL),
            key: Some(KeyId::NIL),
            is_secure: false,
            has_foreign_credential: false,
        };
        assert_eq!(caller.own(CacheShare::Allowed), None);
        assert_eq!(
            caller.own(CacheShare::Application),
            Some(Partition::Application(ApplicationId::NIL))
        );
        assert_eq!(caller.own(CacheShare::Key), Some(Partition::Key(KeyId::NIL)));
        for share in [CacheShare::Allowed, CacheShare::Application, CacheShare::Key] {
            assert_eq!(Identity::default().own(share), Some(Partition::Anonymous));
            let foreign = Identity {
                has_foreign_credential: true,
                ..caller
            };
            assert_eq!(foreign.own(share), None, "whose it is only the upstream knows");
        }
    }

    #[test]
    fn requests_are_compared_by_what_the_answer_varies_by() {
        let settings = settings(serde_json::json!({ "key_headers": ["X-Tenant"] }));
        let answer = section(&[("vary", "Accept-Language, Foo"), ("vary", "foo, Cookie")]);
        let request = section(&[("accept-language", "EN, de;q=0.5"), ("foo", "a, b"), ("cookie", "s=1")]);
        let selecting = selecting(&settings, &request, &answer).unwrap();
        assert_eq!(selecting.len(), 4);
        assert!(!format!("{selecting:?}").contains("s=1"));
        for (lines, expected) in [
            (
                &[
                    ("accept-language", "en,de; q=0.5"),
                    ("foo", "a"),
                    ("foo", "b"),
                    ("cookie", "s=1"),
                ][..],
                true,
            ),
            (
                &[("accept-language", "en,de;q=0.5"), ("foo", "a,b"), ("cookie", "s=2")],
                false,
            ),
            (
                &[("accept-language", "de;q=0.5,en"), ("foo", "a,b"), ("cookie", "s=1")],
                false,
            ),
            (
                &[("accept-language", "en,de;q=0.5"), ("foo", "A,b"), ("cookie", "s=1")],
                false,
            ),
            (&[("accept-language", "en,de;q=0.5"), ("cookie", "s=1")], false),
            (
                &[
                    ("accept-language", "en,de;q=0.5"),
                    ("foo", "a,b"),
                    ("cookie", "s=1"),
                    ("x-tenant", ""),
                ],
                false,
            ),
        ] {
            assert_eq!(is_selected(&selecting, &section(lines)), expected, "{lines:?}");
        }
    }

    #[test]
    fn what_only_the_upstream_sees_selects_nothing() {
        let settings = settings(serde_json::json!({}));
        for vary in ["*", "foo, *", ", *", "X-Forwarded-For"] {
            let answer = section(&[("vary", vary)]);
            assert_eq!(selecting(&settings, &Fields::default(), &answer), None, "{vary}");
        }
    }
}
