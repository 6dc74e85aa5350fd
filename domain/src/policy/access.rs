//! `access`: which credentials are accepted.

use serde::{Deserialize, Serialize};

use super::{Policy, names, problems::Problems};
use crate::{catalog::version::Access, error::FieldError};

/// How callers say who they are; takes the place of the version's `access` field. One of the accepted credentials is
/// enough. A credential that is sent is checked, also where anonymous calls pass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessPolicy {
    /// Accepted credentials; by default keys. May be empty only together with `anonymous`.
    #[serde(default = "keys")]
    pub accept: Vec<CredentialKind>,
    /// Whether calls without a credential pass; by default no.
    #[serde(default)]
    pub anonymous: bool,
    /// Header that carries the key, beside `Authorization: Bearer`; by default `X-Api-Key`.
    #[serde(default = "default_key_header")]
    pub key_header: String,
    /// Query parameter that may carry the key, for callers that can set no header; by default none, as URLs end up in logs.
    /// It is not passed on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_query: Option<String>,
}

/// A kind of credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CredentialKind {
    /// A key of an application.
    Key,
    /// A key as the password of HTTP Basic authentication (RFC 7617), whatever the user name is; or as the user name, where
    /// the password is empty.
    Basic,
    /// A token of an issuer of the policy `jwt`.
    Jwt,
    /// A token that the server of the policy `introspection` calls active.
    Oauth2,
    /// A token of the gateway's own token endpoint (RFC 6749 §4.4).
    ClientCredentials,
    /// A client certificate (RFC 8705). It speaks for calls that carry no other accepted credential.
    Mtls,
}

impl CredentialKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::Key,
        Self::Basic,
        Self::Jwt,
        Self::Oauth2,
        Self::ClientCredentials,
        Self::Mtls,
    ];

    /// The word in the manifest and in the access log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Basic => "basic",
            Self::Jwt => "jwt",
            Self::Oauth2 => "oauth2",
            Self::ClientCredentials => "client_credentials",
            Self::Mtls => "mtls",
        }
    }
}

fn keys() -> Vec<CredentialKind> {
    vec![CredentialKind::Key]
}

fn default_key_header() -> String {
    "X-Api-Key".to_owned()
}

impl From<Access> for AccessPolicy {
    /// What holds where no policy says anything.
    fn from(access: Access) -> Self {
        Self {
            accept: keys(),
            anonymous: access == Access::Anonymous,
            key_header: default_key_header(),
            key_query: None,
        }
    }
}

impl Policy for AccessPolicy {
    const SUMMARY: &'static str = "Says which credentials are accepted, and whether calls without one pass.";
    const EXAMPLE: &'static str = "\
accept: [key, jwt]
anonymous: false
key_header: X-Api-Key
key_query: api_key
";

    fn validate(&self) -> Vec<FieldError> {
        let mut problems = Problems::default();
        if self.accept.is_empty() && !self.anonymous {
            problems.add(
                "accept",
                "Accept a kind of credential or allow anonymous calls; otherwise nobody could call.",
            );
        }
        problems.once("accept", &self.accept);
        if let Some(message) = names::changeable_header(&self.key_header) {
            problems.add("key_header", message);
        } else if self.key_header.eq_ignore_ascii_case("authorization") {
            problems.add(
                "key_header",
                "Keys are read from `Authorization: Bearer` anyway; name another header.",
            );
        }
        if let Some(name) = &self.key_query {
            let is_plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
            if !is_plain || !(1..=64).contains(&name.len()) {
                problems.add(
                    "key_query",
                    "Use 1 to 64 letters, digits, hyphens, dots and underscores.",
                );
            } else if !self.accept.contains(&CredentialKind::Key) {
                problems.add("key_query", "Keys are not accepted here; add `key` to `accept`.");
            }
        }
        problems.found()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_the_manifest() {
        for kind in CredentialKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
    }

    #[test]
    fn somebody_can_call() {
        for (body, fields) in [
            ("{}", &[][..]),
            (r#"{ "accept": [], "anonymous": true }"#, &[]),
            (r#"{ "accept": [] }"#, &["accept"]),
            (r#"{ "accept": ["jwt", "jwt"] }"#, &["accept[1]"]),
            (
                r#"{ "key_header": "Authorization", "key_query": "a&b" }"#,
                &["key_header", "key_query"],
            ),
            (r#"{ "accept": ["mtls"], "key_query": "key" }"#, &["key_query"]),
        ] {
            let errors = serde_json::from_str::<AccessPolicy>(body).unwrap().validate();
            assert_eq!(
                errors.iter().map(|e| e.field.as_str()).collect::<Vec<_>>(),
                fields,
                "{body}"
            );
        }
    }
}
