//! Tokens of the installation's own token endpoint.

use domain::key::KeyHash;
use gateway::TokenVerifier;

use super::*;
use crate::upstream::seen;

pub const OWN: &str = "https://gateway.example";

pub fn own_token(signer: &Signer, typ: &str, more: Value) -> String {
    let mut all = claims(json!({ "iss": OWN, "aud": OWN, "client_id": "client-1" }));
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    signer.token_with(
        json!({ "alg": "EdDSA", "typ": typ, "kid": signer.id }),
        &all.to_string(),
    )
}

#[tokio::test]
async fn tokens_of_the_installation_speak_for_their_clients() {
    let upstream = Upstream::mirror().await;
    let new_signer = || {
        let signer = Signer::new("");
        let id = TokenVerifier::key_id(&signer.public_key());
        Signer { id, ..signer }
    };
    let (old, new) = (new_signer(), new_signer());
    let verifier = TokenVerifier::new(OWN, [old.public_key()]);
    let kept = verifier.clone();
    let world = World::start_with(|options| options.token_verifier = Some(verifier));
    let mut setup = setup(
        &upstream,
        json!({ "access": { "accept": ["client_credentials"] }, "scopes": { "required": ["a"] } }),
    );
    setup.map(Identity::Client {
        id: "client-1".into(),
        secret: KeyHash::of(b"secret"),
    });
    setup.scopes = vec!["a".into()];
    world.snapshot.apply(setup.config());
    let scope = json!({ "scope": "a b" });
    let reply = with_token(&world, &own_token(&old, "at+jwt", scope.clone())).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert!(
        seen(&reply.json(), "authorization").is_empty(),
        "ours says nothing to the upstream"
    );
    with_token(&world, &own_token(&old, "at+jwt", json!({})))
        .await
        .problem("insufficient-scope");
    for (name, token) in [
        ("another type", own_token(&old, "JWT", scope.clone())),
        (
            "another audience",
            own_token(&old, "at+jwt", json!({ "aud": "x", "scope": "a" })),
        ),
        (
            "another issuer",
            own_token(&old, "at+jwt", json!({ "iss": ISSUER, "scope": "a" })),
        ),
        (
            "another client",
            own_token(&old, "at+jwt", json!({ "client_id": "client-2", "scope": "a" })),
        ),
        (
            "no end",
            own_token(&old, "at+jwt", json!({ "exp": null, "scope": "a" })),
        ),
        ("another key", own_token(&new, "at+jwt", scope.clone())),
        (
            "another's key",
            own_token(&Signer::new(&old.id), "at+jwt", scope.clone()),
        ),
    ] {
        let reply = with_token(&world, &token).await;
        assert_eq!(reply.status, 401, "{name}");
        reply.problem("invalid-token");
    }
    // A new key signs, and what the old one signed has expired.
    kept.replace_keys([new.public_key()]);
    assert_eq!(
        with_token(&world, &own_token(&new, "at+jwt", scope.clone()))
            .await
            .status,
        200
    );
    with_token(&world, &own_token(&old, "at+jwt", scope.clone()))
        .await
        .problem("invalid-token");
    // A client that is revoked is out at once.
    setup.identities.clear();
    setup.revision = 2;
    world.snapshot.apply(setup.config());
    with_token(&world, &own_token(&new, "at+jwt", scope))
        .await
        .problem("invalid-token");
}

#[tokio::test]
async fn others_can_not_speak_for_the_installation() {
    // A provider that names the installation's issuer in its own policy lets its own subjects in, never clients.
    let (upstream, signer) = (Upstream::mirror().await, Signer::new("a"));
    let world = World::start_with(|options| options.token_verifier = Some(TokenVerifier::new(OWN, [[7; 32]])));
    let mut policies = accepting(&[&signer]);
    policies["access"]["accept"] = json!(["jwt", "client_credentials"]);
    policies["jwt"]["issuers"][0]["issuer"] = json!(OWN);
    let mut setup = setup(&upstream, policies.clone());
    setup.map(Identity::Client {
        id: "client-1".into(),
        secret: KeyHash::of(b"secret"),
    });
    world.snapshot.apply(setup.config());
    with_token(&world, &own_token(&signer, "at+jwt", json!({})))
        .await
        .problem("invalid-token");
    policies["access"]["accept"] = json!(["jwt"]);
    setup.version.policies = serde_json::from_value(policies).unwrap();
    setup.revision = 2;
    world.snapshot.apply(setup.config());
    with_token(&world, &own_token(&signer, "at+jwt", json!({})))
        .await
        .problem("unknown-consumer");
}
