//! Tokens of the product's own token endpoint (RFC 6749 §4.4), which are JSON Web Tokens as RFC 9068 describes them.

use std::sync::Arc;

use arc_swap::ArcSwap;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::digest::{SHA256, digest};

use super::{
    claims::{ClaimRules, Claims},
    jwk::{Algorithm, KeySet},
    jwt::{JwtError, JwtRules, verify},
    token_rule::MAX_TOKEN_BYTES,
};

/// The claim that names the client (RFC 9068 §2.2).
pub(super) const CLIENT_CLAIM: &str = "client_id";
/// How far the clocks of the installation's machines may differ, in seconds.
const LEEWAY_S: u32 = 30;

/// Verifies the tokens of the installation's token endpoint. Clones share their keys.
///
/// A token has the type `at+jwt`, is signed by EdDSA with Ed25519, names its key as [`Self::key_id`] says, names the issuer
/// both as `iss` and as `aud`, expires, and names its client as `client_id`.
#[derive(Clone, Debug)]
pub struct TokenVerifier {
    issuer: Arc<str>,
    rules: Arc<JwtRules>,
    keys: Arc<ArcSwap<KeySet>>,
}

impl TokenVerifier {
    /// Of an issuer with Ed25519 public keys (RFC 8032 §5.1.5): the one that signs, and those whose tokens have not expired.
    pub fn new(issuer: impl Into<String>, public_keys: impl IntoIterator<Item = [u8; 32]>) -> Self {
        let issuer: String = issuer.into();
        let rules = JwtRules {
            algorithms: vec![Algorithm::EdDsa],
            types: vec!["at+jwt".to_owned()],
            max_bytes: MAX_TOKEN_BYTES,
            claims: ClaimRules {
                issuers: vec![issuer.clone()],
                audiences: vec![issuer.clone()],
                leeway_s: LEEWAY_S,
                must_expire: true,
                ..ClaimRules::default()
            },
        };
        let verifier = Self {
            issuer: issuer.into(),
            rules: Arc::new(rules),
            keys: Arc::default(),
        };
        verifier.replace_keys(public_keys);
        verifier
    }

    /// Takes other keys from now on; tokens of keys that are not among them are refused.
    pub fn replace_keys(&self, public_keys: impl IntoIterator<Item = [u8; 32]>) {
        let keys = public_keys.into_iter().map(|key| (Self::key_id(&key), key));
        self.keys.store(Arc::new(KeySet::of_ed25519(keys)));
    }

    /// The id of a key: its thumbprint (RFC 7638, RFC 8037 §2).
    pub fn key_id(public_key: &[u8; 32]) -> String {
        let x = URL_SAFE_NO_PAD.encode(public_key);
        let members = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
        URL_SAFE_NO_PAD.encode(digest(&SHA256, members.as_bytes()))
    }

    /// Who its tokens are of.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    pub(super) fn verify(&self, token: &[u8], now_s: i64) -> Result<Claims, JwtError> {
        verify(token, &self.rules, &[&self.keys.load()], now_s)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_named_by_its_thumbprint() {
        // RFC 8037 A.2 and A.3.
        let x = URL_SAFE_NO_PAD
            .decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")
            .unwrap();
        let id = TokenVerifier::key_id(&x.try_into().unwrap());
        assert_eq!(id, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }
}
