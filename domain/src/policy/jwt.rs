//! `jwt`: tokens of other issuers.

use std::{collections::BTreeMap, ops::RangeInclusive};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use super::{Policy, endpoint, problems::Problems, units::TimeSpan};
use crate::error::FieldError;

/// Issuers of one policy.
const MAX_ISSUERS: usize = 16;
/// Keys, audiences or claims.
const MAX_ENTRIES: usize = 32;
/// Longest issuer, audience or name of a claim, in characters.
const MAX_TEXT: usize = 500;
/// Bytes of an RSA modulus that gateways verify with.
const RSA_BYTES: RangeInclusive<usize> = 256..=1024;
/// Members of a JWK that only the issuer may know (RFC 7518 §6).
const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// Accepts JSON Web Tokens (RFC 7519) that one of the issuers signed. `exp` and `nbf` always hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Jwt {
    /// 1 to 16 issuers, each named once.
    pub issuers: Vec<Issuer>,
    /// How far clocks may differ when `exp` and `nbf` are judged: whole seconds, 0 to 5 minutes; by default 30 s.
    #[serde(default = "default_leeway")]
    pub leeway: TimeSpan,
    /// Claims that must be there: name, and the value that it (or one entry of it, if it is a list) must have; null stands for
    /// any value.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub required_claims: BTreeMap<String, Value>,
    /// Claim that names the consumer; by default `client_id` (RFC 9068 §2.2).
    #[serde(default = "client_id")]
    pub consumer_claim: String,
    /// Claim that holds the scopes, as a list or a text with spaces; by default `scope` (RFC 9068 §2.2.3).
    #[serde(default = "scope")]
    pub scope_claim: String,
}

/// Who signs tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Issuer {
    /// The claim `iss`, exactly.
    pub issuer: String,
    /// Of the claim `aud` at least one must be among these; empty (the default) leaves it unjudged, which lets tokens for
    /// other services of the issuer in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub audiences: Vec<String>,
    /// Signature algorithms; a token with another is refused, whatever its key. By default RS256 and ES256.
    #[serde(default = "default_algorithms")]
    pub algorithms: Vec<Algorithm>,
    /// Where the issuer's keys are: a JWK set (RFC 7517 §5) over https. Either this or `keys`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks_url: Option<Url>,
    /// The issuer's public keys themselves, each a JWK. Either these or `jwks_url`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<BTreeMap<String, Value>>,
}

/// A signature algorithm (RFC 7518 §3.1, RFC 8037). None with a shared secret: whoever can check such a token can forge it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "names of the registry")]
pub enum Algorithm {
    RS256,
    RS384,
    RS512,
    PS256,
    PS384,
    PS512,
    ES256,
    ES384,
    EdDSA,
}

impl Algorithm {
    /// Every algorithm.
    pub const ALL: [Self; 9] = [
        Self::RS256,
        Self::RS384,
        Self::RS512,
        Self::PS256,
        Self::PS384,
        Self::PS512,
        Self::ES256,
        Self::ES384,
        Self::EdDSA,
    ];

    /// The name in the registry.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RS256 => "RS256",
            Self::RS384 => "RS384",
            Self::RS512 => "RS512",
            Self::PS256 => "PS256",
            Self::PS384 => "PS384",
            Self::PS512 => "PS512",
            Self::ES256 => "ES256",
            Self::ES384 => "ES384",
            Self::EdDSA => "EdDSA",
        }
    }
}

fn default_leeway() -> TimeSpan {
    TimeSpan::seconds(30)
}

fn default_algorithms() -> Vec<Algorithm> {
    vec![Algorithm::RS256, Algorithm::ES256]
}

fn client_id() -> String {
    "client_id".to_owned()
}

fn scope() -> String {
    "scope".to_owned()
}

impl Policy for Jwt {
    const SUMMARY: &'static str = "Accepts signed tokens of other issuers, such as your identity provider.";
    const EXAMPLE: &'static str = "\
issuers:
  - issuer: https://login.example.com/
    audiences: [https://api.example.com]
    algorithms: [RS256, ES256]
    jwks_url: https://login.example.com/.well-known/jwks.json
leeway: 30s
required_claims:
  email_verified: true
consumer_claim: client_id
scope_claim: scope
";

    fn validate(&self) -> Vec<FieldError> {
        let mut problems = Problems::default();
        problems.entries("issuers", self.issuers.len(), 1..=MAX_ISSUERS);
        for (index, issuer) in self.issuers.iter().enumerate() {
            let at = format!("issuers[{index}]");
            issuer.check(&at, &mut problems);
            if self.issuers[..index].iter().any(|other| other.issuer == issuer.issuer) {
                problems.add(format!("{at}.issuer"), "This issuer is named twice.");
            }
        }
        problems.time("leeway", self.leeway, TimeSpan::default()..=TimeSpan::seconds(300));
        if !self.leeway.is_whole_seconds() {
            problems.add("leeway", "Use whole seconds.");
        }
        problems.entries("required_claims", self.required_claims.len(), 0..=MAX_ENTRIES);
        for (name, value) in &self.required_claims {
            if let Some(message) = text(name) {
                problems.add("required_claims", message);
            } else if value.is_object() || value.is_array() {
                problems.add(
                    format!("required_claims.{name}"),
                    "Write a text, a number, true or false, or null for any value.",
                );
            }
        }
        for (field, name) in [
            ("consumer_claim", &self.consumer_claim),
            ("scope_claim", &self.scope_claim),
        ] {
            if let Some(message) = text(name) {
                problems.add(field, message);
            }
        }
        problems.found()
    }
}

impl Issuer {
    fn check(&self, at: &str, problems: &mut Problems) {
        if let Some(message) = text(&self.issuer) {
            problems.add(format!("{at}.issuer"), message);
        }
        let audiences = format!("{at}.audiences");
        problems.entries(&audiences, self.audiences.len(), 0..=MAX_ENTRIES);
        problems.each(&audiences, &self.audiences, |audience| text(audience));
        let algorithms = format!("{at}.algorithms");
        problems.entries(&algorithms, self.algorithms.len(), 1..=Algorithm::ALL.len());
        problems.once(&algorithms, &self.algorithms);
        match (&self.jwks_url, self.keys.is_empty()) {
            (Some(url), true) => {
                if let Some(message) = endpoint::trusted(url) {
                    problems.add(format!("{at}.jwks_url"), message);
                }
            }
            (None, false) => {
                let keys = format!("{at}.keys");
                problems.entries(&keys, self.keys.len(), 1..=MAX_ENTRIES);
                problems.each(&keys, &self.keys, public_key);
            }
            (Some(_), false) => problems.add(format!("{at}.keys"), "Give either `jwks_url` or `keys`, not both."),
            (None, true) => problems.add(
                format!("{at}.jwks_url"),
                "Say where the issuer's keys are: `jwks_url` or `keys`.",
            ),
        }
    }
}

fn text(text: &str) -> Option<String> {
    if text.trim().is_empty() {
        Some("This is empty.".into())
    } else {
        (text.chars().count() > MAX_TEXT).then(|| "Use at most 500 characters.".into())
    }
}

/// What is wrong with a JWK that checks signatures (RFC 7517 §4, RFC 7518 §6).
fn public_key(key: &BTreeMap<String, Value>) -> Option<String> {
    if let Some(member) = PRIVATE_MEMBERS.iter().find(|member| key.contains_key(**member)) {
        return Some(format!(
            "`{member}` belongs to a private key; give the public key only."
        ));
    }
    let needed: &[&str] = match key.get("kty").and_then(Value::as_str) {
        Some("RSA") => &["n", "e"],
        Some("EC") => &["crv", "x", "y"],
        Some("OKP") => &["crv", "x"],
        _ => return Some("A key has a `kty`: RSA, EC or OKP.".into()),
    };
    let missing = needed
        .iter()
        .find(|member| !key.get(**member).is_some_and(Value::is_string));
    if let Some(member) = missing {
        return Some(format!("The key has no `{member}`."));
    }
    let text = |member: &str| key.get(member).and_then(Value::as_str).unwrap_or_default();
    match (text("kty"), text("crv")) {
        ("RSA", _) => {
            let modulus = URL_SAFE_NO_PAD.decode(text("n")).unwrap_or_default();
            let bytes = modulus.iter().skip_while(|byte| **byte == 0).count();
            (!RSA_BYTES.contains(&bytes)).then(|| "Use an RSA key of 2048 to 8192 bits.".into())
        }
        ("EC", "P-256" | "P-384") | ("OKP", "Ed25519") => None,
        _ => Some("Use a key on the curve P-256, P-384 or Ed25519.".into()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(body: Value) -> Vec<String> {
        let policy: Jwt = serde_json::from_value(body).unwrap();
        policy.validate().into_iter().map(|error| error.field).collect()
    }

    #[test]
    fn each_issuer_has_keys_in_one_place() {
        let url = "https://login.example.com/jwks.json";
        let key = json!({ "kty": "EC", "crv": "P-256", "x": "AA", "y": "AA" });
        for (issuer, field) in [
            (json!({ "issuer": "a", "jwks_url": url }), None),
            (json!({ "issuer": "a", "keys": [key] }), None),
            (
                json!({ "issuer": "a", "keys": [key], "jwks_url": url }),
                Some("issuers[0].keys"),
            ),
            (json!({ "issuer": "a" }), Some("issuers[0].jwks_url")),
            (
                json!({ "issuer": "a", "jwks_url": "http://login.example.com/" }),
                Some("issuers[0].jwks_url"),
            ),
            (
                json!({ "issuer": "a", "keys": [{ "kty": "oct", "k": "AA" }] }),
                Some("issuers[0].keys[0]"),
            ),
            (
                json!({ "issuer": "a", "keys": [{ "kty": "RSA", "n": "AA" }] }),
                Some("issuers[0].keys[0]"),
            ),
            (
                json!({ "issuer": "a", "keys": [{ "kty": "RSA", "n": "AA", "e": "AQAB" }] }),
                Some("issuers[0].keys[0]"),
            ),
            (
                json!({ "issuer": "a", "keys": [{ "kty": "EC", "crv": "secp256k1", "x": "AA", "y": "AA" }] }),
                Some("issuers[0].keys[0]"),
            ),
            (json!({ "issuer": "", "jwks_url": url }), Some("issuers[0].issuer")),
        ] {
            let found = fields(json!({ "issuers": [issuer] }));
            assert_eq!(found.first().map(String::as_str), field, "{issuer}");
        }
        let twice = json!({ "issuer": "a", "jwks_url": url });
        assert_eq!(fields(json!({ "issuers": [twice, twice] })), ["issuers[1].issuer"]);
    }

    #[test]
    fn algorithms_with_shared_secrets_are_unknown() {
        let read = |name: &str| serde_json::from_value::<Algorithm>(json!(name));
        for name in ["HS256", "none", "rs256"] {
            assert!(read(name).is_err(), "{name}");
        }
        for algorithm in Algorithm::ALL {
            assert_eq!(read(algorithm.as_str()).unwrap(), algorithm);
        }
    }

    #[test]
    fn claims_and_times_have_ranges() {
        let issuers = json!([{ "issuer": "a", "jwks_url": "https://a.example/" }]);
        let found = fields(json!({
            "issuers": issuers, "leeway": "301s", "required_claims": { "a": [1], "b": 1, "c": null }, "consumer_claim": "",
        }));
        assert_eq!(found, ["leeway", "required_claims.a", "consumer_claim"]);
    }
}
