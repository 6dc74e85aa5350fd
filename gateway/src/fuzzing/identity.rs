//! Tokens: none is accepted that the key did not sign.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::hmac;

use super::cut;
use crate::identity::{
    claims::ClaimRules,
    jwk::{Algorithm, KeySet},
    jwt::{JwtError, JwtRules, verify},
};

const SECRET: &[u8] = b"a secret of more than thirty-two bytes";
/// 2026-01-01
const NOW: i64 = 1_767_225_600;

/// After the first byte either a token as it is, or header and claims with a line feed between them, which are signed.
pub fn jwt(bytes: &[u8]) {
    let (place, text) = cut(bytes);
    let rules = JwtRules {
        algorithms: Algorithm::ALL.to_vec(),
        types: Vec::new(),
        max_bytes: 8192,
        claims: ClaimRules {
            leeway_s: 5,
            must_expire: true,
            ..ClaimRules::default()
        },
    };
    let secret = KeySet::of_secret(None, SECRET).expect("the secret is long enough");
    let fetched = KeySet::parse(text).ok();
    let sets: Vec<&KeySet> = fetched.iter().chain([&secret]).collect();
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET);
    if verify(text, &rules, &sets, NOW).is_ok() {
        let dot = memchr::memrchr(b'.', text).expect("a token has dots");
        let signature = URL_SAFE_NO_PAD.decode(&text[dot + 1..]).expect("it was decoded");
        assert!(hmac::verify(&key, &text[..dot], &signature).is_ok(), "nobody signed it");
    }
    let Some(line) = memchr::memchr(b'\n', text) else {
        return;
    };
    let (header, claims) = (&text[..line], &text[line + 1..]);
    let encode = |part: &[u8]| URL_SAFE_NO_PAD.encode(part);
    let message = format!("{}.{}", encode(header), encode(claims));
    let signature = hmac::sign(&key, message.as_bytes());
    let mut token = format!("{message}.{}", encode(signature.as_ref())).into_bytes();
    let verified = verify(&token, &rules, &[&secret], NOW);
    assert_ne!(
        verified.as_ref().err(),
        Some(&JwtError::Signature),
        "the key has signed it"
    );
    if let Ok(claims) = verified {
        let end = claims
            .moment("exp")
            .expect("it was looked at")
            .expect("it must be there");
        assert!(end.saturating_add(5) > NOW, "it is over");
        assert!(serde_json::from_slice::<serde_json::Value>(header).is_ok_and(|header| header["alg"] == "HS256"));
        // One character more or less in any place.
        let at = usize::from(place) % token.len();
        token[at] = if token[at] == b'A' { b'B' } else { b'A' };
        assert!(
            verify(&token, &rules, &[&secret], NOW).is_err(),
            "it was changed at {at}"
        );
    }
}
