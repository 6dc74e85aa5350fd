//! Which credentials are accepted: the policy `access`, compiled with those that say more about tokens.

use std::sync::Arc;

use domain::policy::{
    PolicySet,
    access::{AccessPolicy, CredentialKind},
};
use http::HeaderValue;

use crate::{
    identity::{IssuerBook, TokenRule},
    message::{Fields, Known},
};

/// The header that carries keys where no policy says otherwise.
const STANDARD_HEADER: &str = "x-api-key";

/// Which credentials are accepted.
#[derive(Debug)]
pub(crate) struct AccessRule {
    /// Bits of the kinds.
    accepted: u8,
    /// Whether calls without a credential pass.
    pub(crate) is_anonymous: bool,
    /// Lower-case name of the header that carries a key.
    pub(crate) key_header: Box<str>,
    /// Query parameter that may carry a key.
    pub(crate) key_query: Option<Box<str>>,
    /// What is accepted as a token; `None` where none is.
    pub(crate) tokens: Option<Arc<TokenRule>>,
}

impl AccessRule {
    pub(super) fn compile(policy: &AccessPolicy, set: &PolicySet, book: &mut IssuerBook) -> Result<Self, String> {
        let accepts = |kind| policy.accept.contains(&kind);
        // A kind whose own policy is missing is accepted from nobody.
        let tokens = TokenRule::compile(
            accepts(CredentialKind::ClientCredentials),
            set.jwt().filter(|_| accepts(CredentialKind::Jwt)),
            set.introspection().filter(|_| accepts(CredentialKind::Oauth2)),
            book,
        )?;
        let rule = Self {
            accepted: policy.accept.iter().fold(0, |bits, kind| bits | bit(*kind)),
            is_anonymous: policy.anonymous,
            key_header: policy.key_header.to_ascii_lowercase().into(),
            key_query: policy.key_query.as_deref().map(Box::from),
            tokens: None,
        };
        Ok(Self {
            tokens: rule.accepts_tokens().then(|| Arc::new(tokens)),
            ..rule
        })
    }

    pub(crate) fn accepts(&self, kind: CredentialKind) -> bool {
        self.accepted & bit(kind) != 0
    }

    fn accepts_tokens(&self) -> bool {
        [
            CredentialKind::Jwt,
            CredentialKind::Oauth2,
            CredentialKind::ClientCredentials,
        ]
        .into_iter()
        .any(|kind| self.accepts(kind))
    }

    /// Whether `Authorization: Bearer` is for the gateway.
    pub(crate) fn accepts_bearer(&self) -> bool {
        self.accepts(CredentialKind::Key) || self.accepts_tokens()
    }

    /// Whether keys are where they are without a policy.
    pub(crate) fn has_usual_header(&self) -> bool {
        *self.key_header == *STANDARD_HEADER
    }

    /// Values of the header that carries a key.
    pub(crate) fn key_values<'a>(&'a self, fields: &'a Fields) -> impl Iterator<Item = &'a [u8]> {
        let standard = self.has_usual_header().then(|| fields.all(Known::XApiKey));
        let other = (!self.has_usual_header()).then(|| fields.all_named(self.key_header.as_bytes()));
        standard.into_iter().flatten().chain(other.into_iter().flatten())
    }

    /// `WWW-Authenticate` with every scheme that is accepted (RFC 9110 §11.6.1); `parameters` are those of Bearer beside
    /// the realm. `None` where a certificate alone would do: it has no scheme.
    pub(crate) fn challenge(&self, parameters: &str) -> Option<HeaderValue> {
        let mut challenges = Vec::new();
        if self.accepts_bearer() {
            challenges.push(format!("Bearer realm=\"turnpike\"{parameters}"));
        }
        if self.accepts(CredentialKind::Basic) {
            challenges.push("Basic realm=\"turnpike\", charset=\"UTF-8\"".to_owned());
        }
        if challenges.is_empty() {
            return None;
        }
        HeaderValue::try_from(challenges.join(", ")).ok()
    }

    /// What may be sent, for people.
    pub(crate) fn kinds(&self) -> String {
        let words = CredentialKind::ALL.into_iter().filter(|kind| self.accepts(*kind));
        let words: Vec<&str> = words
            .map(|kind| match kind {
                CredentialKind::Key => "a key",
                CredentialKind::Basic => "a key by HTTP Basic authentication",
                CredentialKind::Jwt => "a signed token",
                CredentialKind::Oauth2 => "an OAuth 2.0 access token",
                CredentialKind::ClientCredentials => "a token of the gateway's token endpoint",
                CredentialKind::Mtls => "a client certificate",
            })
            .collect();
        words.join(", or ")
    }
}

const fn bit(kind: CredentialKind) -> u8 {
    1 << kind as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(json: serde_json::Value) -> AccessRule {
        let set: PolicySet = serde_json::from_value(serde_json::json!({ "access": json })).unwrap();
        AccessRule::compile(set.access().unwrap(), &set, &mut IssuerBook::default()).unwrap()
    }

    #[test]
    fn every_accepted_scheme_is_named() {
        for (accept, expected) in [
            (&["key"][..], Some("Bearer realm=\"turnpike\"")),
            (
                &["jwt", "basic"],
                Some("Bearer realm=\"turnpike\", Basic realm=\"turnpike\", charset=\"UTF-8\""),
            ),
            (&["basic", "mtls"], Some("Basic realm=\"turnpike\", charset=\"UTF-8\"")),
            (&["mtls"], None),
        ] {
            let challenge = rule(serde_json::json!({ "accept": accept })).challenge("");
            assert_eq!(
                challenge.as_ref().map(|value| value.to_str().unwrap()),
                expected,
                "{accept:?}"
            );
        }
    }

    #[test]
    fn keys_are_found_under_their_name() {
        let mut fields = Fields::default();
        for (name, value) in [("X-Api-Key", "a"), ("x-acme-key", "b"), ("X-Acme-Key", "c")] {
            fields.append_named(&name.parse().unwrap(), &value.parse().unwrap());
        }
        let found = |rule: &AccessRule| rule.key_values(&fields).map(<[u8]>::to_vec).collect::<Vec<_>>();
        assert_eq!(found(&rule(serde_json::json!({}))), [b"a"]);
        assert_eq!(
            found(&rule(serde_json::json!({ "key_header": "X-Acme-Key" }))),
            [b"b", b"c"]
        );
    }
}
