use serde_json::json;

use super::*;
use crate::identity::jwt::vectors::{ED25519_X, P256_X, P256_Y, RSA_N};

fn set(keys: Value) -> KeySet {
    KeySet::parse(json!({ "keys": keys }).to_string().as_bytes()).unwrap()
}

#[test]
fn only_keys_that_verify_signatures_are_taken() {
    let rsa = json!({ "kty": "RSA", "n": RSA_N, "e": "AQAB" });
    let with = |more: Value| {
        let mut key = rsa.clone();
        key.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        key
    };
    for (key, is_taken) in [
        (rsa.clone(), true),
        (
            with(json!({ "use": "sig", "alg": "PS512", "key_ops": ["verify"], "x5c": ["…"] })),
            true,
        ),
        (with(json!({ "use": "enc" })), false),
        (with(json!({ "key_ops": ["encrypt"] })), false),
        (with(json!({ "alg": "RSA-OAEP" })), false),
        (with(json!({ "alg": "ES256" })), false),
        (with(json!({ "alg": "HS256" })), false),
        (with(json!({ "alg": "none" })), false),
        (with(json!({ "d": "AQAB" })), false),
        (with(json!({ "n": "AQAB" })), false),
        (with(json!({ "e": "" })), false),
        (with(json!({ "n": format!("{RSA_N}=") })), false),
        (with(json!({ "kid": 5 })), false),
        (with(json!({ "kid": "x".repeat(600) })), false),
        (json!({ "kty": "oct", "k": RSA_N }), false),
        (json!({ "kty": "EC", "crv": "P-256", "x": P256_X, "y": P256_Y }), true),
        (json!({ "kty": "EC", "crv": "P-256", "x": P256_X }), false),
        (json!({ "kty": "EC", "crv": "P-384", "x": P256_X, "y": P256_Y }), false),
        (
            json!({ "kty": "EC", "crv": "secp256k1", "x": P256_X, "y": P256_Y }),
            false,
        ),
        (json!({ "kty": "OKP", "crv": "Ed25519", "x": ED25519_X }), true),
        (json!({ "kty": "OKP", "crv": "Ed25519", "x": "AQAB" }), false),
        (json!({ "kty": "OKP", "crv": "X25519", "x": ED25519_X }), false),
        (json!("nonsense"), false),
    ] {
        let set = set(json!([key]));
        assert_eq!(
            (set.len(), set.skipped()),
            (usize::from(is_taken), usize::from(!is_taken)),
            "{key}"
        );
    }
}

#[test]
fn sets_have_a_form_and_a_size() {
    for text in ["", "[]", "{}", "{\"keys\":{}}", "{\"keys\":[]}x"] {
        assert_eq!(KeySet::parse(text.as_bytes()).unwrap_err(), KeySetError::Form, "{text}");
    }
    assert_eq!(KeySet::parse(b"{\"keys\":[]}").unwrap().len(), 0);
    let many = json!({ "keys": vec![0; 101] }).to_string();
    assert_eq!(KeySet::parse(many.as_bytes()).unwrap_err(), KeySetError::TooLarge);
    assert_eq!(
        KeySet::parse(&vec![b' '; MAX_SET_BYTES + 1]).unwrap_err(),
        KeySetError::TooLarge
    );
}

#[test]
fn a_key_serves_the_algorithms_of_its_kind_and_owner() {
    let set = set(json!([
        { "kty": "RSA", "n": RSA_N, "e": "AQAB", "kid": "a" },
        { "kty": "RSA", "n": RSA_N, "e": "AQAB", "kid": "b", "alg": "RS256" },
        { "kty": "EC", "crv": "P-256", "x": P256_X, "y": P256_Y },
    ]));
    let count = |id, algorithm| set.candidates(id, algorithm).count();
    assert_eq!(count(Some("a"), Algorithm::Ps256), 1);
    assert_eq!(count(Some("b"), Algorithm::Ps256), 0);
    assert_eq!(count(None, Algorithm::Rs256), 2);
    assert_eq!(count(None, Algorithm::Es256), 1);
    assert_eq!(count(Some("a"), Algorithm::Es256), 0);
    assert_eq!(count(None, Algorithm::Hs256), 0);
    assert_eq!(count(None, Algorithm::Es384), 0);
}

#[test]
fn names_of_algorithms_are_exact() {
    for algorithm in Algorithm::ALL {
        assert_eq!(Algorithm::named(algorithm.name()), Some(algorithm));
    }
    for name in ["none", "None", "rs256", "HS384", "ES512", "ES256K", "", "RS256 "] {
        assert_eq!(Algorithm::named(name), None, "{name}");
    }
}
