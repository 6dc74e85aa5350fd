use proptest::prelude::*;
use ring::{
    hmac,
    rand::SystemRandom,
    rsa::KeyPairComponents,
    signature::{
        ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384,
        RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaKeyPair, RsaPublicKeyComponents,
    },
};
use serde_json::{Value, json};

use super::{
    vectors::{ED25519_TOKEN, ED25519_X, ES256, HS256, P256_X, P256_Y, PAYLOAD, RS256, RSA_N, RSA_PRIVATE, SECRET},
    *,
};

/// Before the examples expire.
const NOW: i64 = 1_300_819_379;

fn rules(algorithms: &[Algorithm]) -> JwtRules {
    JwtRules {
        algorithms: algorithms.to_vec(),
        types: Vec::new(),
        max_bytes: 8192,
        claims: ClaimRules::default(),
    }
}

fn set(keys: &Value) -> KeySet {
    KeySet::parse(json!({ "keys": keys }).to_string().as_bytes()).unwrap()
}

fn published() -> KeySet {
    set(&json!([
        { "kty": "RSA", "n": RSA_N, "e": "AQAB", "kid": "rsa" },
        { "kty": "EC", "crv": "P-256", "x": P256_X, "y": P256_Y, "kid": "p256" },
        { "kty": "OKP", "crv": "Ed25519", "x": ED25519_X, "kid": "ed" },
    ]))
}

fn bytes(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

fn secret() -> KeySet {
    KeySet::of_secret(None, &bytes(SECRET)).unwrap()
}

fn joined([header, signature]: [&str; 2]) -> String {
    format!("{header}.{PAYLOAD}.{signature}")
}

/// A token with a header and claims of our choice, signed by HMAC.
fn signed(header: &Value, claims: &Value) -> String {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", encode(header), encode(claims));
    let key = hmac::Key::new(hmac::HMAC_SHA256, &bytes(SECRET));
    let signature = hmac::sign(&key, message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn judge(token: &str, rules: &JwtRules) -> Result<Claims, JwtError> {
    verify(token.as_bytes(), rules, &[&published(), &secret()], NOW)
}

#[test]
fn published_examples_verify() {
    for (algorithm, example) in [
        (Algorithm::Hs256, HS256),
        (Algorithm::Rs256, RS256),
        (Algorithm::Es256, ES256),
    ] {
        let claims = judge(&joined(example), &rules(&[algorithm])).unwrap();
        assert_eq!(claims.issuer(), Some("joe"));
        assert_eq!(claims.get("http://example.com/is_root"), Some(&json!(true)));
        let expired = verify(
            joined(example).as_bytes(),
            &rules(&[algorithm]),
            &[&published(), &secret()],
            NOW + 1,
        );
        assert_eq!(expired, Err(JwtError::Claims(ClaimError::Expired)));
    }
    // RFC 8037 signs text that is no JSON: it fails only after the signature was found right.
    let algorithms = rules(&[Algorithm::EdDsa]);
    assert_eq!(judge(ED25519_TOKEN, &algorithms), Err(JwtError::Malformed));
    let forged = ED25519_TOKEN.replace("RXhh", "RXhi");
    assert_eq!(judge(&forged, &algorithms), Err(JwtError::Signature));
}

#[test]
fn every_algorithm_verifies_what_it_signed_and_nothing_else() {
    let random = SystemRandom::new();
    let [d, p, q, dp, dq, qi] = RSA_PRIVATE.map(bytes);
    let rsa = RsaKeyPair::from_components(&KeyPairComponents {
        public_key: RsaPublicKeyComponents {
            n: bytes(RSA_N),
            e: vec![1, 0, 1],
        },
        d,
        p,
        q,
        dP: dp,
        dQ: dq,
        qInv: qi,
    })
    .unwrap();
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P384_SHA384_FIXED_SIGNING, &random).unwrap();
    let p384 = EcdsaKeyPair::from_pkcs8(&ECDSA_P384_SHA384_FIXED_SIGNING, document.as_ref(), &random).unwrap();
    let ed = Ed25519KeyPair::from_pkcs8(Ed25519KeyPair::generate_pkcs8(&random).unwrap().as_ref()).unwrap();
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let point = p384.public_key().as_ref();
    let keys = set(&json!([
        { "kty": "RSA", "n": RSA_N, "e": "AQAB" },
        { "kty": "EC", "crv": "P-384", "x": encode(&point[1..49]), "y": encode(&point[49..]) },
        { "kty": "OKP", "crv": "Ed25519", "x": encode(ed.public_key().as_ref()) },
    ]));
    let rsa_sign = |padding: &'static dyn ring::signature::RsaEncoding, message: &[u8]| {
        let mut signature = vec![0; 256];
        rsa.sign(padding, &random, message, &mut signature).unwrap();
        signature
    };
    let all = rules(&Algorithm::ALL);
    for algorithm in Algorithm::ALL {
        let header = json!({ "alg": algorithm.name() }).to_string();
        let message = format!("{}.{PAYLOAD}", encode(header.as_bytes()));
        let text = message.as_bytes();
        let signature = match algorithm {
            Algorithm::Rs256 => rsa_sign(&RSA_PKCS1_SHA256, text),
            Algorithm::Rs384 => rsa_sign(&RSA_PKCS1_SHA384, text),
            Algorithm::Rs512 => rsa_sign(&RSA_PKCS1_SHA512, text),
            Algorithm::Ps256 => rsa_sign(&RSA_PSS_SHA256, text),
            Algorithm::Ps384 => rsa_sign(&RSA_PSS_SHA384, text),
            Algorithm::Ps512 => rsa_sign(&RSA_PSS_SHA512, text),
            Algorithm::Es384 => p384.sign(&random, text).unwrap().as_ref().to_vec(),
            Algorithm::EdDsa => ed.sign(text).as_ref().to_vec(),
            // The published examples cover these.
            Algorithm::Es256 | Algorithm::Hs256 => continue,
        };
        let token = format!("{message}.{}", encode(&signature));
        let name = algorithm.name();
        assert!(verify(token.as_bytes(), &all, &[&keys], NOW).is_ok(), "{name}");
        for other in Algorithm::ALL.into_iter().filter(|other| *other != algorithm) {
            assert_eq!(
                verify(token.as_bytes(), &rules(&[other]), &[&keys], NOW),
                Err(JwtError::Algorithm),
                "{name}"
            );
            // Said to be of another algorithm, it does not verify: its header is signed, and kinds do not mix.
            let renamed = encode(json!({ "alg": other.name() }).to_string().as_bytes());
            let token = format!("{renamed}.{PAYLOAD}.{}", encode(&signature));
            let error = verify(token.as_bytes(), &all, &[&keys], NOW).unwrap_err();
            assert!(
                matches!(error, JwtError::Signature | JwtError::UnknownKey),
                "{name} as {other:?}: {error}"
            );
        }
    }
}

#[test]
fn a_public_key_is_no_secret_and_none_is_no_algorithm() {
    // The classic confusion: HMAC keyed with the bytes of the public key.
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","kid":"rsa"}"#);
    let message = format!("{header}.{PAYLOAD}");
    for key in [RSA_N.as_bytes().to_vec(), bytes(RSA_N)] {
        let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), message.as_bytes());
        let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature));
        let only_public = verify(token.as_bytes(), &rules(&Algorithm::ALL), &[&published()], NOW);
        assert_eq!(only_public, Err(JwtError::UnknownKey));
    }
    // RFC 7519 §6.1, and other spellings.
    for name in ["none", "None", "NONE", "nOnE", ""] {
        let header = URL_SAFE_NO_PAD.encode(json!({ "alg": name }).to_string());
        for signature in ["", "AA", HS256[1]] {
            let token = format!("{header}.{PAYLOAD}.{signature}");
            assert_eq!(
                judge(&token, &rules(&Algorithm::ALL)),
                Err(JwtError::Algorithm),
                "{name}"
            );
        }
    }
    assert_eq!(judge(&joined(HS256), &rules(&[])), Err(JwtError::Algorithm));
    assert_eq!(
        KeySet::of_secret(None, &[1; 31]).unwrap_err().to_string(),
        "the secret is shorter than 32 bytes"
    );
}

#[test]
fn keys_are_chosen_by_their_id() {
    let rules = rules(&[Algorithm::Hs256]);
    let right = KeySet::of_secret(Some("right".to_owned()), &bytes(SECRET)).unwrap();
    let wrong = KeySet::of_secret(Some("wrong".to_owned()), &[7; 32]).unwrap();
    let sets = [&wrong, &right];
    let judge = |id: Option<&str>| {
        let header = id.map_or(json!({ "alg": "HS256" }), |id| json!({ "alg": "HS256", "kid": id }));
        verify(signed(&header, &json!({})).as_bytes(), &rules, &sets, NOW).map(|_| ())
    };
    assert_eq!(judge(Some("right")), Ok(()));
    assert_eq!(judge(None), Ok(()));
    assert_eq!(judge(Some("wrong")), Err(JwtError::Signature));
    assert_eq!(judge(Some("new")), Err(JwtError::UnknownKey));
}

#[test]
fn headers_are_read_strictly() {
    let any = rules(&[Algorithm::Hs256]);
    let typed = JwtRules {
        types: vec!["at+jwt".to_owned()],
        ..any.clone()
    };
    for (header, rules, expected) in [
        (
            json!({ "alg": "HS256", "crit": ["exp"] }),
            &any,
            Err(JwtError::Critical),
        ),
        (json!({ "alg": "HS256", "crit": null }), &any, Err(JwtError::Critical)),
        (
            json!({ "alg": "HS256", "crit": ["b64"], "b64": false }),
            &any,
            Err(JwtError::Critical),
        ),
        (
            json!({ "alg": "HS256", "jku": "https://evil.example", "jwk": {} }),
            &any,
            Ok(()),
        ),
        (json!({ "alg": "HS256", "typ": "JOSE" }), &any, Ok(())),
        (json!({ "alg": "HS256", "typ": "at+jwt" }), &typed, Ok(())),
        (json!({ "alg": "HS256", "typ": "application/AT+JWT" }), &typed, Ok(())),
        (json!({ "alg": "HS256", "typ": "JWT" }), &typed, Err(JwtError::Type)),
        (json!({ "alg": "HS256" }), &typed, Err(JwtError::Type)),
        (json!({ "alg": ["HS256"] }), &any, Err(JwtError::Malformed)),
        (json!({ "typ": "JWT" }), &any, Err(JwtError::Malformed)),
        (json!([]), &any, Err(JwtError::Malformed)),
    ] {
        assert_eq!(
            judge(&signed(&header, &json!({})), rules).map(|_| ()),
            expected,
            "{header}"
        );
    }
}

#[test]
fn only_the_exact_form_is_read() {
    let rules = rules(&[Algorithm::Hs256]);
    let good = joined(HS256);
    let [header, signature] = HS256;
    for token in [
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        "...".to_owned(),
        format!("{good}."),
        format!("{good}.{signature}"),
        format!("{good}="),
        format!("{good}\n"),
        format!(" {good}"),
        format!("{header}=.{PAYLOAD}.{signature}"),
        format!("{header}.{PAYLOAD}"),
        // The last character carries two bits that mean nothing: `l` is `k` with one of them set.
        good.replace("FOEjXk", "FOEjXl"),
        good.replace('_', "/"),
    ] {
        assert_eq!(judge(&token, &rules), Err(JwtError::Malformed), "{token}");
    }
    assert_eq!(judge(&format!("{header}.{PAYLOAD}."), &rules), Err(JwtError::Signature));
    // A header with its algorithm twice is read by some as the one, by some as the other.
    let twice = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","alg":"HS256"}"#);
    assert_eq!(
        judge(&format!("{twice}.{PAYLOAD}.{signature}"), &rules),
        Err(JwtError::Malformed)
    );
    // Not UTF-8, in a parameter that nobody looks at.
    let foreign = URL_SAFE_NO_PAD.encode(b"{\"alg\":\"HS256\",\"x\":\"\xca\"}");
    assert_eq!(
        judge(&format!("{foreign}.{PAYLOAD}.{signature}"), &rules),
        Err(JwtError::Malformed)
    );
    let short = JwtRules {
        max_bytes: good.len() - 1,
        ..rules
    };
    assert_eq!(judge(&good, &short), Err(JwtError::TooLong));
}

#[test]
fn claims_are_judged_last() {
    let mut rules = rules(&[Algorithm::Hs256]);
    rules.claims.audiences = vec!["weather".to_owned()];
    let header = json!({ "alg": "HS256" });
    let claims = judge(&signed(&header, &json!({ "aud": "weather", "sub": "u1" })), &rules).unwrap();
    assert_eq!(claims.text("sub"), Some("u1"));
    assert_eq!(
        judge(&signed(&header, &json!({ "aud": "other" })), &rules),
        Err(JwtError::Claims(ClaimError::Audience))
    );
    assert_eq!(
        judge(&signed(&header, &json!(["aud"])), &rules),
        Err(JwtError::Malformed)
    );
}

proptest! {
    #[test]
    fn one_changed_byte_is_noticed(place in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let good = joined(HS256);
        let mut token = good.clone().into_bytes();
        let at = place.index(token.len());
        prop_assume!(token[at] != byte);
        token[at] = byte;
        prop_assert!(verify(&token, &rules(&Algorithm::ALL), &[&published(), &secret()], NOW).is_err());
    }

    #[test]
    fn no_bytes_make_it_panic(token in "[A-Za-z0-9_-]{0,30}\\.[A-Za-z0-9_-]{0,30}\\.[A-Za-z0-9_-]{0,30}", raw in any::<Vec<u8>>()) {
        let rules = rules(&Algorithm::ALL);
        prop_assert!(verify(token.as_bytes(), &rules, &[&published(), &secret()], NOW).is_err());
        prop_assert!(verify(&raw, &rules, &[&published(), &secret()], NOW).is_err());
    }
}
