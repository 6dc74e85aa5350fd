//! Which tokens are accepted, and who is asked about them: the policies `jwt` and `introspection`, compiled.

use std::{sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use domain::policy::{introspection::Introspection, jwt};
use http::{HeaderValue, Uri};
use serde_json::Value;

use super::{
    claims::{ClaimRules, RequiredClaim},
    introspection::encoded,
    introspector::Introspector,
    issuers::IssuerBook,
    jwk::{Algorithm, KeySet},
    jwt::{JwtRules, is_signed},
    key_source::KeySource,
};

/// Longest token read, in bytes: half of what a header section may have.
pub(crate) const MAX_TOKEN_BYTES: usize = 16 << 10;

/// Which tokens are accepted.
#[derive(Debug, Default)]
pub(crate) struct TokenRule {
    /// Those of the installation's token endpoint.
    pub(super) accepts_own: bool,
    pub(super) jwt: Option<JwtRule>,
    pub(super) introspection: Option<IntrospectionRule>,
}

/// Tokens that issuers have signed.
#[derive(Debug)]
pub(crate) struct JwtRule {
    issuers: Box<[IssuerRule]>,
    pub(super) consumer_claim: Box<str>,
    pub(super) scope_claim: Box<str>,
}

/// Tokens of one issuer.
#[derive(Debug)]
pub(crate) struct IssuerRule {
    pub(super) issuer: String,
    pub(super) rules: JwtRules,
    pub(super) keys: KeySource,
}

/// Tokens that a server judges.
#[derive(Debug)]
pub(crate) struct IntrospectionRule {
    pub(super) endpoint: Uri,
    /// The endpoint as the policy names it: what subjects are told apart by.
    pub(super) issuer: String,
    pub(super) authorization: HeaderValue,
    pub(super) timeout: Duration,
    pub(super) consumer_claim: Box<str>,
    pub(super) introspector: Arc<Introspector>,
}

impl TokenRule {
    /// Whether anybody may take such a text for a token: a server that is asked judges any, all others those in the form of
    /// a signed one.
    pub(crate) fn may_judge(&self, text: &[u8]) -> bool {
        self.introspection.is_some() || is_signed(text)
    }

    pub(crate) fn compile(
        accepts_own: bool,
        jwt: Option<&jwt::Jwt>,
        introspection: Option<&Introspection>,
        book: &mut IssuerBook,
    ) -> Result<Self, String> {
        Ok(Self {
            accepts_own,
            jwt: jwt.map(|jwt| JwtRule::compile(jwt, book)).transpose()?,
            introspection: introspection
                .map(|introspection| IntrospectionRule::compile(introspection, book))
                .transpose()?,
        })
    }
}

impl JwtRule {
    fn compile(policy: &jwt::Jwt, book: &mut IssuerBook) -> Result<Self, String> {
        let required: Vec<RequiredClaim> = policy.required_claims.iter().map(required).collect();
        let issuers = policy.issuers.iter().map(|issuer| {
            let keys = match &issuer.jwks_url {
                Some(url) => {
                    let url = url.as_str().parse().map_err(|_| unusable("jwt", url.as_str()))?;
                    book.keys_at(&url)
                }
                None => {
                    let set = serde_json::json!({ "keys": issuer.keys }).to_string();
                    let set = KeySet::parse(set.as_bytes());
                    KeySource::Fixed(Arc::new(set.map_err(|error| format!("its policy `jwt`: {error}"))?))
                }
            };
            Ok(IssuerRule {
                issuer: issuer.issuer.clone(),
                rules: JwtRules {
                    algorithms: issuer.algorithms.iter().copied().map(algorithm).collect(),
                    types: Vec::new(),
                    max_bytes: MAX_TOKEN_BYTES,
                    claims: ClaimRules {
                        issuers: vec![issuer.issuer.clone()],
                        audiences: issuer.audiences.clone(),
                        leeway_s: policy.leeway.as_seconds() as u32,
                        must_expire: true,
                        max_age_s: None,
                        required: required.clone(),
                    },
                },
                keys,
            })
        });
        Ok(Self {
            issuers: issuers.collect::<Result<_, String>>()?,
            consumer_claim: policy.consumer_claim.as_str().into(),
            scope_claim: policy.scope_claim.as_str().into(),
        })
    }

    pub(super) fn issuer(&self, claimed: &str) -> Option<&IssuerRule> {
        self.issuers.iter().find(|issuer| issuer.issuer == claimed)
    }
}

impl IntrospectionRule {
    fn compile(policy: &Introspection, book: &mut IssuerBook) -> Result<Self, String> {
        let endpoint = policy.endpoint.as_str();
        let secret = policy.client_secret.expose();
        let (name, secret_part) = (encoded(&policy.client_id), encoded(secret));
        let mut authorization =
            HeaderValue::try_from(format!("Basic {}", STANDARD.encode(format!("{name}:{secret_part}"))))
                .map_err(|_| unusable("introspection", "client_secret"))?;
        authorization.set_sensitive(true);
        let active_s = policy.cache.as_seconds() as u32;
        let settings = [
            endpoint.as_bytes(),
            policy.client_id.as_bytes(),
            secret.as_bytes(),
            &active_s.to_le_bytes(),
        ];
        Ok(Self {
            endpoint: endpoint.parse().map_err(|_| unusable("introspection", endpoint))?,
            issuer: endpoint.to_owned(),
            authorization,
            timeout: policy.timeout.as_duration(),
            consumer_claim: policy.consumer_claim.as_str().into(),
            introspector: book.introspector(&settings, || Introspector::new(active_s)),
        })
    }
}

fn unusable(policy: &str, what: &str) -> String {
    format!("its policy `{policy}` has the unusable value {what}")
}

fn required((name, value): (&String, &Value)) -> RequiredClaim {
    let any_of = match value {
        Value::Null => Vec::new(),
        Value::String(text) => vec![text.clone()],
        other => vec![other.to_string()],
    };
    RequiredClaim {
        name: name.clone(),
        any_of,
    }
}

fn algorithm(algorithm: jwt::Algorithm) -> Algorithm {
    match algorithm {
        jwt::Algorithm::RS256 => Algorithm::Rs256,
        jwt::Algorithm::RS384 => Algorithm::Rs384,
        jwt::Algorithm::RS512 => Algorithm::Rs512,
        jwt::Algorithm::PS256 => Algorithm::Ps256,
        jwt::Algorithm::PS384 => Algorithm::Ps384,
        jwt::Algorithm::PS512 => Algorithm::Ps512,
        jwt::Algorithm::ES256 => Algorithm::Es256,
        jwt::Algorithm::ES384 => Algorithm::Es384,
        jwt::Algorithm::EdDSA => Algorithm::EdDsa,
    }
}
