//! Tokens that an issuer has signed: one consumer with keys, scopes, and attacks.

use domain::plan::RateLimit;
use ring::hmac;

use super::*;
use crate::{
    upstream::seen,
    world::{KEY, subscription_id},
};

#[tokio::test]
async fn a_token_and_a_key_are_one_consumer() {
    let (upstream, signer) = (Upstream::mirror().await, Signer::new("a"));
    let mut setup = setup(&upstream, accepting(&[&signer]));
    setup.rate_limits = vec![RateLimit {
        requests: 2,
        per_s: 60,
        burst: 2,
    }];
    let world = World::start(&setup);
    let token = signer.token(claims(json!({})));
    let reply = with_token(&world, &token).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(
        seen(&reply.json(), "authorization"),
        [format!("Bearer {token}")],
        "the upstream may read it too"
    );
    assert_eq!(with_token(&world, KEY).await.status, 200);
    assert_eq!(with_token(&world, &token).await.status, 429, "the plan's limit is one");
    let usage = world.stop().await;
    assert!(
        usage.iter().all(|(key, _)| key.subscription_id == subscription_id()),
        "{usage:?}"
    );
}

#[tokio::test]
async fn what_is_wrong_with_a_token_is_said() {
    let (upstream, signer, stranger) = (Upstream::mirror().await, Signer::new("a"), Signer::new("a"));
    let mut policies = accepting(&[&signer]);
    policies["jwt"]["issuers"][0]["audiences"] = json!(["https://api.example"]);
    policies["jwt"]["required_claims"] = json!({ "verified": true, "tenant": null });
    let world = World::start(&setup(&upstream, policies));
    let now = NOW.unix_timestamp();
    let good = |more: Value| {
        let mut all = json!({ "aud": ["x", "https://api.example"], "verified": true, "tenant": "t" });
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        claims(all)
    };
    for more in [
        json!({}),
        json!({ "exp": now - 29 }),
        json!({ "nbf": now + 30 }),
        json!({ "client_id": "billing" }),
    ] {
        let reply = with_token(&world, &signer.token(good(more.clone()))).await;
        assert_eq!(reply.status, 200, "{more}: {}", reply.text());
    }
    for (more, detail) in [
        (json!({ "exp": now - 30 }), "The token has expired."),
        (json!({ "exp": null }), "The token never expires."),
        (json!({ "exp": "soon" }), "The claim exp is malformed."),
        (json!({ "nbf": now + 31 }), "The token is not valid yet."),
        (json!({ "iat": now + 31 }), "The token was issued in the future."),
        (
            json!({ "aud": "https://api.example/" }),
            "The token is for another audience.",
        ),
        (
            json!({ "iss": "https://id.example" }),
            "The token is of an issuer that is not accepted here.",
        ),
        (json!({ "iss": null }), "The token is malformed."),
        (
            json!({ "verified": false }),
            "The claim verified is missing or says something else.",
        ),
        (
            json!({ "tenant": null }),
            "The claim tenant is missing or says something else.",
        ),
        (
            json!({ "client_id": null }),
            "The token does not say whom it is for: its `client_id` is missing.",
        ),
        (
            json!({ "client_id": ["billing"] }),
            "The token does not say whom it is for: its `client_id` is missing.",
        ),
    ] {
        let reply = with_token(&world, &signer.token(good(more.clone()))).await;
        assert_eq!(reply.status, 401, "{more}: {}", reply.text());
        assert_eq!(reply.problem("invalid-token")["detail"], detail, "{more}");
        assert_eq!(
            reply.header("www-authenticate"),
            "Bearer realm=\"turnpike\", error=\"invalid_token\""
        );
    }
    let calls = upstream.calls();
    let forged = stranger.token(good(json!({})));
    assert_eq!(
        with_token(&world, &forged).await.problem("invalid-token")["detail"],
        "The token's signature is wrong."
    );
    let unmapped = with_token(&world, &signer.token(good(json!({ "client_id": "reports" })))).await;
    assert_eq!(unmapped.status, 403);
    let detail = unmapped.problem("unknown-consumer")["detail"].to_string();
    assert!(detail.contains("reports") && detail.contains(ISSUER), "{detail}");
    assert_eq!(upstream.calls(), calls);
}

#[tokio::test]
async fn attacks_on_tokens_fail() {
    let (upstream, signer) = (Upstream::mirror().await, Signer::new("a"));
    let world = World::start(&setup(&upstream, accepting(&[&signer])));
    let good = claims(json!({})).to_string();
    let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let unsigned = |alg: &str| format!("{}.{}.", encode(&json!({ "alg": alg }).to_string()), encode(&good));
    // HMAC with the public key as the secret, in the forms in which it is published.
    let confused = |secret: &[u8]| {
        let message = format!("{}.{}", encode(r#"{"alg":"HS256","kid":"a"}"#), encode(&good));
        let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    };
    let own_key = Signer::new("mine");
    let header = |more: Value| {
        let mut header = json!({ "alg": "EdDSA", "kid": "a" });
        header
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        header
    };
    let twice = |members: &str| {
        signer.token_with(
            header(json!({})),
            &good.replace("\"iss\"", &format!("{members},\"iss\"")),
        )
    };
    let mut tokens = vec![
        unsigned("none"),
        unsigned("None"),
        unsigned("EdDSA"),
        confused(&signer.public_key()),
        confused(signer.jwk().to_string().as_bytes()),
        own_key.token_with(header(json!({ "kid": "../../../../dev/null" })), &good),
        own_key.token_with(header(json!({ "kid": "' or 1=1 --" })), &good),
        own_key.token_with(header(json!({ "kid": "mine", "jwk": own_key.jwk() })), &good),
        own_key.token_with(header(json!({ "jku": "http://127.0.0.1:1/keys" })), &good),
        signer.token_with(header(json!({ "alg": "ES256" })), &good),
        signer.token_with(header(json!({ "crit": ["exp"] })), &good),
        signer.token_with(header(json!({ "kid": 1 })), &good),
        twice("\"client_id\":\"root\""),
        twice("\"exp\":99999999999"),
        signer.token_with(header(json!({})), "[]"),
        signer.token(claims(json!({ "padding": "x".repeat(13_000) }))),
        ".".repeat(10_000),
        format!("{}.{}.{}", "A".repeat(5_000), "[".repeat(5_000), "A".repeat(100)),
    ];
    let whole = signer.token(claims(json!({})));
    tokens.extend([format!("{whole}."), format!("{whole}="), whole.replacen('.', "..", 1)]);
    for token in tokens {
        let reply = with_token(&world, &token).await;
        assert_eq!(
            reply.status,
            401,
            "{}: {}",
            &token[..token.len().min(200)],
            reply.text()
        );
    }
    assert_eq!(upstream.calls(), 0);
    assert_eq!(with_token(&world, &whole).await.status, 200);
}

#[tokio::test]
async fn operations_ask_for_scopes() {
    let (upstream, signer) = (Upstream::mirror().await, Signer::new("a"));
    let mut policies = accepting(&[&signer]);
    policies["access"]["anonymous"] = json!(true);
    policies["scopes"] = json!({ "required": ["pets:read", "pets:write"] });
    let open = World::start(&setup(&upstream, policies.clone()));
    let scope = |value: Value| signer.token(claims(json!({ "scope": value })));
    for (token, status) in [
        (scope(json!("pets:write  x pets:read")), 200),
        (scope(json!(["pets:read", "pets:write"])), 200),
        (scope(json!("pets:read")), 403),
        (scope(json!("PETS:READ pets:write")), 403),
        (scope(json!({})), 403),
        (scope(Value::Null), 403),
        (KEY.to_owned(), 200),
    ] {
        let reply = with_token(&open, &token).await;
        assert_eq!(reply.status, status, "{token}");
        if status == 403 {
            reply.problem("insufficient-scope");
            assert_eq!(
                reply.header("www-authenticate"),
                "Bearer realm=\"turnpike\", error=\"insufficient_scope\", scope=\"pets:read pets:write\""
            );
        }
    }
    let anonymous = ask(&open, "").await;
    anonymous.problem("missing-credential");
    assert_eq!(
        anonymous.header("www-authenticate"),
        "Bearer realm=\"turnpike\", scope=\"pets:read pets:write\""
    );
    policies["scopes"]["keys"] = json!(false);
    let strict = World::start(&setup(&upstream, policies));
    with_token(&strict, KEY).await.problem("insufficient-scope");
}

#[tokio::test]
async fn conditions_see_the_token() {
    let (upstream, signer) = (Upstream::mirror().await, Signer::new("a"));
    let mut policies = accepting(&[&signer]);
    policies["expression"] = json!([
        { "when": "consumer.credential == 'key'", "status": 402 },
        { "when": "consumer.claims.tenant != 'acme'", "status": 406 },
        { "when": "!('pets:read' in consumer.scopes)", "status": 409 },
    ]);
    let world = World::start(&setup(&upstream, policies));
    for (token, status) in [
        (
            signer.token(claims(json!({ "tenant": "acme", "scope": "pets:read" }))),
            200,
        ),
        (
            signer.token(claims(json!({ "tenant": "other", "scope": "pets:read" }))),
            406,
        ),
        (signer.token(claims(json!({ "tenant": "acme" }))), 409),
        (KEY.to_owned(), 402),
    ] {
        assert_eq!(with_token(&world, &token).await.status, status, "{token}");
    }
}
