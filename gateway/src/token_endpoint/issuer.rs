//! Makes access tokens (RFC 9068) and says how they are checked.

use std::{
    fmt,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use domain::clock::Timestamp;
use ring::{
    rand::{SecureRandom as _, SystemRandom},
    signature::{Ed25519KeyPair, KeyPair as _},
};
use serde_json::json;

use super::{KEYS_PATH, TOKEN_PATH};
use crate::TokenVerifier;

/// Access tokens that the gateway gives to OAuth clients.
#[derive(Clone, Debug)]
pub struct TokenOptions {
    /// What the signing key is made of: the same for every gateway of an installation.
    pub seed: TokenSeed,
    /// The gateway's public URL, the claims `iss` and `aud` of every token. Where it is left out, the address that the
    /// gateway listens on.
    pub issuer: Option<String>,
    /// How long a token lasts.
    pub life: Duration,
}

/// 32 secret bytes (RFC 8032 §5.1.5). Never printed by `Debug`.
#[derive(Clone)]
pub struct TokenSeed(pub [u8; 32]);

impl fmt::Debug for TokenSeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenSeed(****)")
    }
}

/// No signing key could be made.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the key that signs access tokens can't be used")]
pub struct TokenKeyError;

/// Signs tokens.
pub(crate) struct TokenIssuer {
    pair: Ed25519KeyPair,
    /// The key's thumbprint (RFC 7638).
    key_id: String,
    issuer: String,
    /// Host of the issuer's URL.
    host: Option<String>,
    life: Duration,
    random: SystemRandom,
    key_set: Bytes,
    metadata: Bytes,
}

impl fmt::Debug for TokenIssuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenIssuer")
            .field("issuer", &self.issuer)
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}

impl TokenIssuer {
    /// An issuer for a gateway that listens on `address`.
    ///
    /// # Errors
    /// [`TokenKeyError`].
    pub(crate) fn new(options: &TokenOptions, address: SocketAddr) -> Result<Self, TokenKeyError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(&options.seed.0).map_err(|_| TokenKeyError)?;
        let issuer = match &options.issuer {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => local_url(address),
        };
        let host = issuer.parse::<http::Uri>().ok();
        let host = host.and_then(|url| url.host().map(str::to_owned));
        let public = URL_SAFE_NO_PAD.encode(pair.public_key());
        let public_key: [u8; 32] = pair.public_key().as_ref().try_into().map_err(|_| TokenKeyError)?;
        let key_id = TokenVerifier::key_id(&public_key);
        let key_set = json!({ "keys": [{
            "kty": "OKP", "crv": "Ed25519", "x": public, "kid": key_id, "use": "sig", "alg": "EdDSA",
        }] });
        let metadata = json!({
            "issuer": issuer,
            "token_endpoint": format!("{issuer}{TOKEN_PATH}"),
            "jwks_uri": format!("{issuer}{KEYS_PATH}"),
            "grant_types_supported": ["client_credentials"],
            "response_types_supported": [],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        });
        Ok(Self {
            pair,
            key_id,
            issuer,
            host,
            life: options.life,
            random: SystemRandom::new(),
            key_set: key_set.to_string().into(),
            metadata: metadata.to_string().into(),
        })
    }

    /// Host of the issuer's URL.
    pub(super) fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }

    /// What accepts its tokens.
    ///
    /// # Errors
    /// [`TokenKeyError`].
    pub(crate) fn verifier(&self) -> Result<TokenVerifier, TokenKeyError> {
        let public_key = self.pair.public_key().as_ref().try_into();
        let public_key: [u8; 32] = public_key.map_err(|_| TokenKeyError)?;
        Ok(TokenVerifier::new(self.issuer.as_str(), [public_key]))
    }

    /// How long a token lasts.
    pub(super) fn life(&self) -> Duration {
        self.life
    }

    /// The keys as others read them (RFC 7517 §5).
    pub(super) fn key_set(&self) -> &Bytes {
        &self.key_set
    }

    /// What the server can do (RFC 8414 §2).
    pub(super) fn metadata(&self) -> &Bytes {
        &self.metadata
    }

    /// Makes a token; `None` if the system has no random numbers.
    pub(super) fn issue(&self, client_id: &str, scope: &str, now: Timestamp) -> Option<String> {
        let mut number = [0; 16];
        self.random.fill(&mut number).ok()?;
        let issued_at = now.unix_timestamp();
        let header = json!({ "alg": "EdDSA", "typ": "at+jwt", "kid": self.key_id });
        let mut claims = json!({
            "iss": self.issuer,
            // RFC 9068 §2.2: a token without a person behind it is the client's own.
            "sub": client_id,
            "client_id": client_id,
            "aud": self.issuer,
            "iat": issued_at,
            "exp": issued_at.saturating_add_unsigned(self.life.as_secs()),
            "jti": URL_SAFE_NO_PAD.encode(number),
        });
        if !scope.is_empty() {
            claims["scope"] = scope.into();
        }
        let encode = |json: serde_json::Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let signed = format!("{}.{}", encode(header), encode(claims));
        let signature = self.pair.sign(signed.as_bytes());
        Some(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

/// How a listener is reached from its own machine.
fn local_url(mut address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    format!("http://{address}")
}

#[cfg(test)]
mod tests {
    use ring::signature::{ED25519, UnparsedPublicKey};
    use time::macros::datetime;

    use super::*;

    /// The key of RFC 8037, appendix A.1, with its thumbprint of A.3.
    #[test]
    fn the_key_has_the_name_that_the_standard_gives_it() {
        let seed = URL_SAFE_NO_PAD
            .decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A")
            .unwrap();
        let options = TokenOptions {
            seed: TokenSeed(seed.try_into().unwrap()),
            issuer: Some("https://api.example.com".into()),
            life: Duration::from_mins(15),
        };
        let issuer = TokenIssuer::new(&options, "127.0.0.1:1".parse().unwrap()).unwrap();
        assert_eq!(issuer.key_id, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        let keys: serde_json::Value = serde_json::from_slice(issuer.key_set()).unwrap();
        assert_eq!(keys["keys"][0]["x"], "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");

        let now = datetime!(2026-11-20 10:00 UTC);
        let token = issuer.issue("billing", "a b", now).unwrap();
        assert_ne!(
            issuer.issue("billing", "a b", now).unwrap(),
            token,
            "every token is another"
        );
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        UnparsedPublicKey::new(&ED25519, issuer.pair.public_key())
            .verify(signed.as_bytes(), &signature)
            .unwrap();
        let read = |part: &str| -> serde_json::Value {
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
        };
        let (header, claims) = signed.split_once('.').unwrap();
        assert_eq!(read(header)["typ"], "at+jwt");
        let claims = read(claims);
        assert_eq!([&claims["sub"], &claims["client_id"]], ["billing"; 2]);
        assert_eq!([&claims["iss"], &claims["aud"]], ["https://api.example.com"; 2]);
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 900);
        assert_eq!(claims["scope"], "a b");
    }

    #[test]
    fn without_a_url_the_listener_is_the_issuer() {
        for (address, url) in [
            ("0.0.0.0:8080", "http://127.0.0.1:8080"),
            ("[::]:1", "http://[::1]:1"),
            ("10.0.0.1:2", "http://10.0.0.1:2"),
        ] {
            assert_eq!(local_url(address.parse().unwrap()), url);
        }
    }
}
