use proptest::prelude::*;
use serde_json::json;

use super::*;

const NOW: i64 = 1_000_000;

fn claims(value: &Value) -> Claims {
    Claims::parse(value.to_string().as_bytes()).unwrap()
}

fn judge(rules: &ClaimRules, value: &Value) -> Result<(), ClaimError> {
    claims(value).check(rules, NOW)
}

#[test]
fn moments_hold_at_their_edges() {
    let rules = ClaimRules {
        leeway_s: 60,
        ..ClaimRules::default()
    };
    for (value, expected) in [
        (json!({}), Ok(())),
        (json!({ "exp": NOW - 59 }), Ok(())),
        (json!({ "exp": NOW - 60 }), Err(ClaimError::Expired)),
        (json!({ "exp": 1e300 }), Ok(())),
        (json!({ "exp": -1e300 }), Err(ClaimError::Expired)),
        (json!({ "exp": i64::MAX }), Ok(())),
        (json!({ "exp": u64::MAX }), Ok(())),
        (json!({ "exp": "1000000" }), Err(ClaimError::Malformed("exp"))),
        (json!({ "exp": null }), Err(ClaimError::Malformed("exp"))),
        (json!({ "nbf": NOW + 60 }), Ok(())),
        (json!({ "nbf": NOW + 61 }), Err(ClaimError::NotYet)),
        (json!({ "iat": NOW + 60 }), Ok(())),
        (json!({ "iat": NOW + 61 }), Err(ClaimError::IssuedInFuture)),
        (json!({ "iat": [] }), Err(ClaimError::Malformed("iat"))),
    ] {
        assert_eq!(judge(&rules, &value), expected, "{value}");
    }
    let rules = ClaimRules {
        must_expire: true,
        max_age_s: Some(100),
        ..ClaimRules::default()
    };
    for (value, expected) in [
        (json!({}), Err(ClaimError::NeverExpires)),
        (json!({ "exp": NOW + 1 }), Err(ClaimError::TooOld)),
        (json!({ "exp": NOW + 1, "iat": NOW - 99 }), Ok(())),
        (json!({ "exp": NOW + 1, "iat": NOW - 100 }), Err(ClaimError::TooOld)),
    ] {
        assert_eq!(judge(&rules, &value), expected, "{value}");
    }
}

#[test]
fn issuer_and_audience_are_compared_exactly() {
    let rules = ClaimRules {
        issuers: vec!["https://id.example".to_owned()],
        audiences: vec!["weather".to_owned(), "maps".to_owned()],
        ..ClaimRules::default()
    };
    let good = "https://id.example";
    for (value, expected) in [
        (json!({ "iss": good, "aud": "maps" }), Ok(())),
        (json!({ "iss": good, "aud": ["x", "weather"] }), Ok(())),
        (json!({ "iss": good, "aud": ["x"] }), Err(ClaimError::Audience)),
        (json!({ "iss": good, "aud": [] }), Err(ClaimError::Audience)),
        (
            json!({ "iss": good, "aud": ["maps", 1] }),
            Err(ClaimError::Malformed("aud")),
        ),
        (
            json!({ "iss": good, "aud": { "maps": 1 } }),
            Err(ClaimError::Malformed("aud")),
        ),
        (json!({ "iss": good }), Err(ClaimError::Audience)),
        (
            json!({ "iss": "https://id.example/", "aud": "maps" }),
            Err(ClaimError::Issuer),
        ),
        (
            json!({ "iss": [good], "aud": "maps" }),
            Err(ClaimError::Malformed("iss")),
        ),
        (json!({ "aud": "maps" }), Err(ClaimError::Issuer)),
    ] {
        assert_eq!(judge(&rules, &value), expected, "{value}");
    }
}

#[test]
fn required_claims_are_found_by_name_and_path() {
    let required = |name: &str, any_of: &[&str]| ClaimRules {
        required: vec![RequiredClaim {
            name: name.to_owned(),
            any_of: any_of.iter().map(|&one| one.to_owned()).collect(),
        }],
        ..ClaimRules::default()
    };
    let value = json!({
        "tier": "gold", "level": 3, "is_staff": true, "roles": ["a", "b"], "nothing": null, "scope": "read write",
        "realm": { "roles": ["admin"] }, "https://x.example/tenant": "t1",
    });
    for (name, any_of, is_met) in [
        ("tier", &[][..], true),
        ("tier", &["silver", "gold"], true),
        ("tier", &["silver"], false),
        ("level", &["3"], true),
        ("is_staff", &["true"], true),
        ("roles", &["b"], true),
        ("roles", &["c"], false),
        ("nothing", &[], false),
        ("missing", &[], false),
        ("scope", &["write"], true),
        ("scope", &["writ"], false),
        ("realm.roles", &["admin"], true),
        ("realm.roles.more", &[], false),
        ("https://x.example/tenant", &["t1"], true),
    ] {
        assert_eq!(
            judge(&required(name, any_of), &value).is_ok(),
            is_met,
            "{name} {any_of:?}"
        );
    }
}

#[test]
fn scopes_are_read_in_every_form() {
    for (value, scopes) in [
        (json!({ "scope": "read  write" }), &["read", "write"][..]),
        (json!({ "scope": ["read", 1], "scp": ["write"] }), &["read"]),
        (json!({ "scp": "read" }), &[]),
        (json!({ "scope": 5 }), &[]),
    ] {
        assert_eq!(claims(&value).scopes("scope").collect::<Vec<_>>(), scopes, "{value}");
    }
}

#[test]
fn only_objects_are_claims() {
    for text in [
        "[]",
        "1",
        "",
        "{",
        "{}x",
        "\"a\"",
        r#"{"sub":"a","sub":"b"}"#,
        r#"{"sub":"a","s\u0075b":"a"}"#,
    ] {
        assert_eq!(Claims::parse(text.as_bytes()), None, "{text}");
    }
}

proptest! {
    #[test]
    fn no_moments_make_it_panic(exp in any::<i64>(), iat in any::<f64>(), now in any::<i64>(), leeway_s in any::<u32>()) {
        let rules = ClaimRules { leeway_s, max_age_s: Some(leeway_s), ..ClaimRules::default() };
        let _ = claims(&json!({ "exp": exp, "iat": iat, "nbf": exp })).check(&rules, now);
    }
}
