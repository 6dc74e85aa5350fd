//! Keys of an issuer that are fetched: when, how often, and what holds while they can't be.

use std::time::Duration;

use domain::upstream::address::AddressPolicy;
use tokio::task::JoinSet;

use super::*;

fn fetching(url: &str) -> Value {
    json!({
        "access": { "accept": ["jwt"] },
        "jwt": { "issuers": [{ "issuer": ISSUER, "algorithms": ["EdDSA"], "jwks_url": url }] },
    })
}

fn key_set(signers: &[&Signer]) -> Value {
    json!({ "keys": signers.iter().map(|signer| signer.jwk()).collect::<Vec<_>>() })
}

#[tokio::test]
async fn keys_are_fetched_once_and_again_when_one_is_unknown() {
    let (upstream, first, second) = (Upstream::mirror().await, Signer::new("1"), Signer::new("2"));
    let server = Server::start(key_set(&[&first])).await;
    let world = World::start(&setup(&upstream, fetching(&server.url())));
    let mut calls = JoinSet::new();
    for _ in 0..20 {
        let (address, token) = (world.address(), first.token(claims(json!({}))));
        calls.spawn(async move {
            call(address, plain(&format!("Authorization: Bearer {token}\r\n")))
                .await
                .status
        });
    }
    assert!(calls.join_all().await.iter().all(|status| *status == 200));
    assert_eq!(server.asked(), 1, "all calls wait for one fetch");

    // The issuer takes a new key, but was asked a moment ago.
    server.answer(200, key_set(&[&first, &second]));
    let new = second.token(claims(json!({})));
    for number in 0..50 {
        let unknown = Signer::new(&format!("unknown-{number}"));
        with_token(&world, &unknown.token(claims(json!({}))))
            .await
            .problem("invalid-token");
    }
    with_token(&world, &new).await.problem("invalid-token");
    assert_eq!(server.asked(), 1, "however many keys are unknown");
    world.clock.advance(Duration::from_secs(30));
    assert_eq!(
        with_token(&world, &new).await.status,
        200,
        "the call waits for the new set"
    );
    assert_eq!(server.asked(), 2);

    // One that was withdrawn is out with the next fetch, and a failure keeps what there is.
    server.answer(200, key_set(&[&second]));
    world.clock.advance(Duration::from_secs(30));
    let unknown = Signer::new("3");
    with_token(&world, &unknown.token(claims(json!({}))))
        .await
        .problem("invalid-token");
    assert_eq!(server.asked(), 3);
    with_token(&world, &first.token(claims(json!({}))))
        .await
        .problem("invalid-token");
    server.answer(500, "");
    world.clock.advance(Duration::from_mins(1));
    with_token(&world, &unknown.token(claims(json!({}))))
        .await
        .problem("invalid-token");
    assert_eq!(server.asked(), 4);
    assert_eq!(with_token(&world, &second.token(claims(json!({})))).await.status, 200);

    // The keys outlive a change of the configuration.
    let mut setup = setup(&upstream, fetching(&server.url()));
    setup.revision = 2;
    assert!(world.snapshot.apply(setup.config()).is_taken);
    assert_eq!(with_token(&world, &second.token(claims(json!({})))).await.status, 200);
    assert_eq!(server.asked(), 4);
}

#[tokio::test]
async fn without_keys_no_token_is_accepted() {
    let (upstream, signer) = (Upstream::mirror().await, Signer::new("1"));
    let endless = format!("{{\"keys\":[{}]}}", " ".repeat(10 << 20));
    for (name, status, body) in [
        ("down", 503, String::new()),
        ("no key set", 200, "<html>".to_owned()),
        ("too many bytes", 200, endless),
        ("moved", 302, String::new()),
    ] {
        let server = Server::start("").await;
        server.answer(status, body);
        let world = World::start(&setup(&upstream, fetching(&server.url())));
        let token = signer.token(claims(json!({})));
        for _ in 0..3 {
            let reply = with_token(&world, &token).await;
            assert_eq!(reply.status, 503, "{name}");
            reply.problem("token-not-checked");
            assert!(reply.has("retry-after"), "{name}");
        }
        assert_eq!(
            server.asked(),
            1,
            "{name}: a server that fails is left alone for a while"
        );
    }
    assert_eq!(upstream.calls(), 0);
}

#[tokio::test]
async fn keys_do_not_come_from_addresses_that_are_not_permitted() {
    let (upstream, signer) = (Upstream::mirror().await, Signer::new("1"));
    let server = Server::start(key_set(&[&signer])).await;
    let port = server.upstream.address.port();
    for url in [
        server.url(),
        format!("https://127.0.0.1:{port}/"),
        format!("https://localhost:{port}/"),
        "https://169.254.169.254/latest/meta-data".to_owned(),
    ] {
        let world = World::start_with(|options| options.addresses = AddressPolicy::default());
        world.snapshot.apply(setup(&upstream, fetching(&url)).config());
        with_token(&world, &signer.token(claims(json!({}))))
            .await
            .problem("token-not-checked");
    }
    assert_eq!(server.asked(), 0);
}
