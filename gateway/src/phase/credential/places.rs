//! Where credentials are in a request.

use std::borrow::Cow;

use crate::{
    decision::{Refusal, RequestFacts},
    identity::basic::BasicCredentials,
    message::Known,
    problem::Reason,
};

/// The key that a request carries in one of the usual places, as it was sent.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Presented<'a> {
    pub(super) text: Option<&'a [u8]>,
    /// Whether it is in `Authorization`.
    pub(super) is_in_authorization: bool,
    /// Whether it is in `X-Api-Key`.
    pub(super) is_in_key_header: bool,
}

/// Finds the key. Authorization with another scheme is the upstream's business.
pub(super) fn present<'a>(head: &RequestFacts<'a>) -> Result<Presented<'a>, Box<Refusal>> {
    let authorization = only(head.fields.all(Known::Authorization))?.and_then(bearer_token);
    let api_key = only(head.fields.all(Known::XApiKey))?.filter(|key| !key.is_empty());
    Ok(Presented {
        text: only(authorization.into_iter().chain(api_key))?,
        is_in_authorization: authorization.is_some(),
        is_in_key_header: api_key.is_some(),
    })
}

/// The value of what may stand once; an error when it stands there twice with different values.
pub(super) fn only<T: PartialEq>(mut values: impl Iterator<Item = T>) -> Result<Option<T>, Box<Refusal>> {
    let first = values.next();
    if values.all(|other| Some(&other) == first.as_ref()) {
        Ok(first)
    } else {
        Err(Box::new(Refusal::new(Reason::ConflictingKeys)))
    }
}

/// The token of `Bearer TOKEN`; the scheme's case does not matter (RFC 9110 §11.1).
pub(super) fn bearer_token(value: &[u8]) -> Option<&[u8]> {
    let (scheme, rest) = value.split_at_checked(6)?;
    let token = rest.strip_prefix(b" ")?.trim_ascii();
    (scheme.eq_ignore_ascii_case(b"bearer") && !token.is_empty()).then_some(token)
}

pub(super) fn is_basic(value: &[u8]) -> bool {
    let scheme = value.split_at_checked(6);
    scheme.is_some_and(|(scheme, _)| scheme.eq_ignore_ascii_case(b"basic "))
}

/// The key in HTTP Basic credentials: the password, or the user name where there is none.
pub(super) fn key_in(credentials: &BasicCredentials) -> &str {
    if credentials.password().is_empty() {
        credentials.user()
    } else {
        credentials.password()
    }
}

/// The value of a parameter in the query that is not empty.
pub(super) fn in_query<'a>(query: &'a str, name: &str) -> Result<Option<Cow<'a, str>>, Box<Refusal>> {
    let pairs = form_urlencoded::parse(query.as_bytes());
    let values = pairs.filter(|(found, value)| *found == *name && !value.is_empty());
    only(values.map(|(_, value)| value))
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;
    use crate::message::Fields;

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
            certificate: None,
            vouching: None,
            own_issuer: None,
        };
        present(&head)
            .map(|key| {
                (
                    key.text.map(<[u8]>::to_vec),
                    key.is_in_authorization,
                    key.is_in_key_header,
                )
            })
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
}
