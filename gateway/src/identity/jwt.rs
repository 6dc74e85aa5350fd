//! JSON Web Tokens (RFC 7519) in the compact form of RFC 7515, verified by the rules of RFC 8725.
//!
//! A token does not choose how it is verified: its algorithm must be one that the configuration names and one that the
//! kind of the key allows. Keys and addresses that a token carries (`jwk`, `jku`, `x5c`, `x5u`) are not looked at.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;

use super::{
    claims::{ClaimError, ClaimRules, Claims},
    jwk::{Algorithm, KeySet, is_present},
};

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(super) mod vectors;

/// Keys tried with a token that names none, or a name that several have: each costs a verification.
const MAX_TRIED: usize = 4;

/// Which tokens are accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct JwtRules {
    /// Accepted algorithms; none accepts nothing.
    pub(crate) algorithms: Vec<Algorithm>,
    /// Accepted values of `typ`, compared as media types (RFC 7515 §4.1.9), such as `at+jwt`; none: any, and none at all.
    pub(crate) types: Vec<String>,
    /// Longest token read, in bytes.
    pub(crate) max_bytes: usize,
    /// What it must say.
    pub(crate) claims: ClaimRules,
}

/// Why a token is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum JwtError {
    /// [`JwtRules::max_bytes`].
    #[error("the token is too long")]
    TooLong,
    /// Not three parts of base64url, or not JSON in them.
    #[error("the token is malformed")]
    Malformed,
    /// Not one that is accepted; `none` never is.
    #[error("the token's algorithm is not accepted")]
    Algorithm,
    /// It demands an extension (`crit`, RFC 7515 §4.1.11): none is known here.
    #[error("the token demands an extension that is not supported")]
    Critical,
    /// [`JwtRules::types`].
    #[error("the token is of another type")]
    Type,
    /// No key fits. The key set may have changed since it was fetched.
    #[error("no key for this token is known")]
    UnknownKey,
    /// It was not signed by a known key, or was changed since.
    #[error("the token's signature is wrong")]
    Signature,
    /// It is genuine, but not for this.
    #[error(transparent)]
    Claims(#[from] ClaimError),
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    #[serde(default, deserialize_with = "is_present", rename = "crit")]
    is_critical: bool,
}

/// Verifies a token at a moment, in seconds since 1970, with the keys of `sets`.
pub(crate) fn verify(token: &[u8], rules: &JwtRules, sets: &[&KeySet], now_s: i64) -> Result<Claims, JwtError> {
    if token.len() > rules.max_bytes {
        return Err(JwtError::TooLong);
    }
    let dots: Vec<usize> = memchr::memchr_iter(b'.', token).take(3).collect();
    let [first, second] = dots[..] else {
        return Err(JwtError::Malformed);
    };
    let header = decode(&token[..first])?;
    // The reader looks at no text that it has no use for, and a header is UTF-8 as a whole (RFC 7515 §5.2).
    let header = std::str::from_utf8(&header).map_err(|_| JwtError::Malformed)?;
    let header: Header = serde_json::from_str(header).map_err(|_| JwtError::Malformed)?;
    let algorithm = Algorithm::named(&header.alg).filter(|algorithm| rules.algorithms.contains(algorithm));
    let algorithm = algorithm.ok_or(JwtError::Algorithm)?;
    if header.is_critical {
        return Err(JwtError::Critical);
    }
    if !rules.types.is_empty()
        && !header
            .typ
            .is_some_and(|found| rules.types.iter().any(|one| is_same_type(one, &found)))
    {
        return Err(JwtError::Type);
    }
    let signature = decode(&token[second + 1..])?;
    let message = &token[..second];
    let keys = sets
        .iter()
        .flat_map(|set| set.candidates(header.kid.as_deref(), algorithm));
    let mut is_known = false;
    let mut tried = keys.take(MAX_TRIED).inspect(|_| is_known = true);
    if !tried.any(|key| key.verifies(algorithm, message, &signature)) {
        return Err(if is_known {
            JwtError::Signature
        } else {
            JwtError::UnknownKey
        });
    }
    let claims = decode(&token[first + 1..second])?;
    let claims = Claims::parse(&claims).ok_or(JwtError::Malformed)?;
    claims.check(&rules.claims, now_s)?;
    Ok(claims)
}

/// Whether a text has the form of a signed token (RFC 7515 §7.1): three parts.
pub(crate) fn is_signed(text: &[u8]) -> bool {
    memchr::memchr_iter(b'.', text).take(3).count() == 2
}

/// Whom a token says it is of, before anything of it is verified: only good for choosing whose keys to verify it with.
/// `None` where it has not the form of a token.
pub(crate) fn claimed_issuer(token: &[u8]) -> Option<String> {
    let mut parts = token.split(|byte| *byte == b'.');
    let (_, claims, _) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let claims = Claims::parse(&decode(claims).ok()?)?;
    claims.issuer().map(str::to_owned)
}

/// Without padding, without characters in between, and without bits that mean nothing (RFC 7515 §2, RFC 4648 §3.5).
fn decode(part: &[u8]) -> Result<Vec<u8>, JwtError> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| JwtError::Malformed)
}

/// `at+jwt` is short for `application/at+jwt`; case does not matter.
fn is_same_type(one: &str, other: &str) -> bool {
    let short = |name: &str| {
        let (prefix, rest) = name.split_at_checked(12).unwrap_or(("", name));
        let is_long = prefix.eq_ignore_ascii_case("application/") && !rest.contains('/');
        if is_long { rest } else { name }.to_ascii_lowercase()
    };
    short(one) == short(other)
}
