//! Who calls: finding the key in a request and looking it up.

use domain::{catalog::version::Access, key::KeyHash};
use http::{HeaderValue, header::WWW_AUTHENTICATE};
use ring::digest::{SHA256, digest};

use crate::{
    decision::{CredentialFields, Refusal, RequestFacts},
    message::{Fields, Known},
    problem::Reason,
    snapshot::{KeyEntry, Snapshot, Version},
};

/// The key that a request carries, as it was sent.
#[derive(Debug)]
pub(crate) struct Credential<'a> {
    text: Option<&'a [u8]>,
    pub(crate) fields: CredentialFields,
}

/// Finds the key. Authorization with another scheme is the upstream's business and passes through.
pub(crate) fn present<'a>(head: &RequestFacts<'a>) -> Result<Credential<'a>, Box<Refusal>> {
    let conflict = || Box::new(Refusal::new(Reason::ConflictingKeys));
    let authorization = only(head.fields, Known::Authorization)
        .ok_or_else(conflict)?
        .and_then(bearer_token);
    let api_key = only(head.fields, Known::XApiKey)
        .ok_or_else(conflict)?
        .filter(|key| !key.is_empty());
    let fields = CredentialFields {
        authorization: authorization.is_some(),
        api_key: api_key.is_some(),
    };
    match (authorization, api_key) {
        (Some(one), Some(other)) if one != other => Err(conflict()),
        (one, other) => Ok(Credential {
            text: one.or(other),
            fields,
        }),
    }
}

/// The value of a field that may stand once; `None` when it stands there twice with different values.
#[expect(clippy::option_option, reason = "none, one and too many are three answers")]
fn only(fields: &Fields, name: Known) -> Option<Option<&[u8]>> {
    let mut values = fields.all(name);
    let first = values.next();
    values.all(|other| Some(other) == first).then_some(first)
}

/// The token of `Bearer TOKEN`; the scheme's case does not matter (RFC 9110 §11.1).
fn bearer_token(value: &[u8]) -> Option<&[u8]> {
    let (scheme, rest) = value.split_at_checked(6)?;
    let token = rest.strip_prefix(b" ")?.trim_ascii();
    (scheme.eq_ignore_ascii_case(b"bearer") && !token.is_empty()).then_some(token)
}

/// Looks the key up. `None` is an anonymous call where those are allowed; a key that is sent is checked all the same.
pub(crate) fn identify(
    snapshot: &Snapshot,
    version: &Version,
    credential: &Credential<'_>,
) -> Result<Option<KeyEntry>, Box<Refusal>> {
    let Some(text) = credential.text else {
        return match version.access {
            Access::Anonymous => Ok(None),
            Access::Key => Err(Box::new(challenge(Reason::MissingKey, "Bearer realm=\"turnpike\""))),
        };
    };
    match snapshot.key(&hash(text)) {
        Some(key) => Ok(Some(*key)),
        None => Err(Box::new(challenge(
            Reason::UnknownKey,
            "Bearer realm=\"turnpike\", error=\"invalid_token\", error_description=\"The key is not known or was revoked\"",
        ))),
    }
}

fn challenge(reason: Reason, challenge: &'static str) -> Refusal {
    Refusal::new(reason).field(WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
}

/// The same hash as [`KeyHash::of`], by assembly that is several times faster.
fn hash(text: &[u8]) -> KeyHash {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, text).as_ref());
    KeyHash(hash)
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;

    fn found(fields: &[(&str, &str)]) -> Result<(Option<Vec<u8>>, bool, bool), Reason> {
        let mut section = Fields::default();
        for (name, value) in fields {
            section.append_named(&name.parse().unwrap(), &value.parse().unwrap());
        }
        let head = RequestFacts {
            method: &Method::GET,
            path: "/",
            query: "",
            version: http::Version::HTTP_11,
            authority: None,
            target_bytes: 1,
            fields: &section,
            body_bytes: None,
            max_body_bytes: None,
            peer: std::net::Ipv4Addr::LOCALHOST.into(),
            trusted_proxies: &[],
        };
        present(&head)
            .map(|c| (c.text.map(<[u8]>::to_vec), c.fields.authorization, c.fields.api_key))
            .map_err(|refusal| refusal.reason)
    }

    #[test]
    fn a_key_is_found_in_either_place() {
        let key = Some(b"key1".to_vec());
        assert_eq!(found(&[]), Ok((None, false, false)));
        assert_eq!(
            found(&[("authorization", "Bearer key1")]),
            Ok((key.clone(), true, false))
        );
        assert_eq!(
            found(&[("authorization", "bEARER  key1 ")]),
            Ok((key.clone(), true, false))
        );
        assert_eq!(found(&[("x-api-key", "key1")]), Ok((key.clone(), false, true)));
        assert_eq!(
            found(&[("x-api-key", "key1"), ("authorization", "Bearer key1")]),
            Ok((key.clone(), true, true))
        );
        assert_eq!(
            found(&[("x-api-key", "key1"), ("authorization", "Basic eDp5")]),
            Ok((key, false, true))
        );
        assert_eq!(
            found(&[("authorization", "Bearer"), ("x-api-key", "")]),
            Ok((None, false, false))
        );
        assert_eq!(
            found(&[("x-api-key", "key1"), ("authorization", "Bearer key2")]),
            Err(Reason::ConflictingKeys)
        );
        assert_eq!(
            found(&[("x-api-key", "key1"), ("x-api-key", "key2")]),
            Err(Reason::ConflictingKeys)
        );
    }

    #[test]
    fn both_hashes_are_the_same() {
        assert_eq!(hash(b"tp_live_x"), KeyHash::of(b"tp_live_x"));
    }
}
