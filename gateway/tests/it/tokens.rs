//! The token endpoint, from outside.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{
    catalog::routing::{Routing, RoutingInput},
    gateway_config::{ConfigUpdate, GatewayConfig, Identity, IdentityRecord},
    key::KeyHash,
    subscription::SubscriptionState,
};
use gateway::{TokenOptions, TokenSeed};
use ring::signature::{ED25519, UnparsedPublicKey};
use serde_json::{Value, json};

use crate::{
    caller::{Caller, Reply, call, get},
    upstream::Upstream,
    world::{NOW, Setup, World, id},
};

const SECRET: &str = "the-secret-of-billing";
const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";
/// `billing:the-secret-of-billing`
const BASIC: &str = "Authorization: Basic YmlsbGluZzp0aGUtc2VjcmV0LW9mLWJpbGxpbmc=\r\n";
const GRANT: &str = "grant_type=client_credentials";

/// A gateway that gives tokens to the client `billing`, to whose application two scopes are granted.
fn world() -> World {
    let world = start();
    world.snapshot.apply(ConfigUpdate::Full(Box::new(config(1))));
    world
}

fn start() -> World {
    World::start_with(|options| {
        options.tokens = Some(TokenOptions {
            seed: TokenSeed([7; 32]),
            issuer: Some("https://api.example.com".into()),
            life: Duration::from_mins(15),
        });
    })
}

fn config(revision: i64) -> GatewayConfig {
    let mut setup = Setup::new(None);
    setup.revision = revision;
    let ConfigUpdate::Full(mut config) = setup.config() else {
        unreachable!()
    };
    config.subscriptions[0].scopes = vec!["pets:read".into(), "pets:write".into()];
    config.identities = vec![IdentityRecord {
        application_id: id("app", 1),
        organization: None,
        identity: Identity::Client {
            id: "billing".into(),
            secret: KeyHash::of(SECRET.as_bytes()),
        },
    }];
    *config
}

async fn ask(world: &World, headers: &str, body: &str) -> Reply {
    call(world.address(), request(headers, body)).await
}

fn request(headers: &str, body: &str) -> String {
    format!(
        "POST /oauth2/token HTTP/1.1\r\nHost: x\r\n{headers}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

async fn read(world: &World, path: &str) -> Reply {
    call(world.address(), format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n")).await
}

fn claims(token: &str) -> Value {
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

#[tokio::test]
async fn a_client_is_given_a_token_that_others_can_check() {
    let world = world();
    let metadata = read(&world, "/.well-known/oauth-authorization-server").await;
    assert_eq!(
        (metadata.status, metadata.header("content-type").as_str()),
        (200, "application/json")
    );
    let metadata = metadata.json();
    assert_eq!(metadata["issuer"], "https://api.example.com");
    assert_eq!(metadata["token_endpoint"], "https://api.example.com/oauth2/token");
    assert_eq!(metadata["jwks_uri"], "https://api.example.com/oauth2/jwks.json");
    let keys = read(&world, "/oauth2/jwks.json").await.json();
    let public = URL_SAFE_NO_PAD.decode(keys["keys"][0]["x"].as_str().unwrap()).unwrap();

    let post = format!("{GRANT}&client_id=billing&client_secret={SECRET}&scope=pets%3Aread+admin");
    for (headers, body, scope) in [
        (format!("{FORM}{BASIC}"), GRANT.to_owned(), "pets:read pets:write"),
        (FORM.to_owned(), post, "pets:read"),
    ] {
        let reply = ask(&world, &headers, &body).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        assert_eq!(reply.header("cache-control"), "no-store");
        let given = reply.json();
        assert_eq!(
            (&given["token_type"], &given["expires_in"]),
            (&"Bearer".into(), &900.into())
        );
        assert_eq!(given["scope"], scope);
        let token = given["access_token"].as_str().unwrap();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        UnparsedPublicKey::new(&ED25519, &public)
            .verify(signed.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap())
            .unwrap();
        let claims = claims(token);
        assert_eq!(claims["client_id"], "billing");
        assert_eq!(
            (&claims["scope"], &claims["iat"]),
            (&scope.into(), &NOW.unix_timestamp().into())
        );
    }
    let counts = world.gateway.tokens().unwrap().read();
    assert!(counts.contains(&("issued", 2)), "{counts:?}");
}

#[tokio::test]
async fn refusals_are_as_the_standard_writes_them() {
    let world = world();
    let both = format!("{FORM}{BASIC}");
    for (headers, body, status, error) in [
        (both.as_str(), "grant_type=password", 400, "unsupported_grant_type"),
        (&both, "scope=pets%3Aread", 400, "invalid_request"),
        (&both, &format!("{GRANT}&scope=admin"), 400, "invalid_scope"),
        (&both, &format!("{GRANT}&client_secret=x"), 400, "invalid_request"),
        (&both, &format!("{GRANT}&{GRANT}"), 400, "invalid_request"),
        (BASIC, GRANT, 400, "invalid_request"),
        (FORM, GRANT, 401, "invalid_client"),
        (
            FORM,
            &format!("{GRANT}&client_id=billing&client_secret=wrong"),
            401,
            "invalid_client",
        ),
        (
            FORM,
            &format!("{GRANT}&client_id=nobody&client_secret={SECRET}"),
            401,
            "invalid_client",
        ),
        (&both, &"x".repeat(8 * 1_024 + 1), 413, "invalid_request"),
    ] {
        let reply = ask(&world, headers, body).await;
        assert_eq!(
            (reply.status, &reply.json()["error"]),
            (status, &error.into()),
            "{body}"
        );
        assert_eq!(reply.header("cache-control"), "no-store");
        assert_eq!(reply.has("www-authenticate"), status == 401, "{body}");
    }
    let reply = read(&world, "/oauth2/token").await;
    assert_eq!((reply.status, reply.header("allow").as_str()), (405, "POST"));
    let delete = "DELETE /oauth2/jwks.json HTTP/1.1\r\nHost: x\r\n\r\n";
    assert_eq!(call(world.address(), delete.to_owned()).await.status, 405);
    assert_eq!(read(&world, "/oauth2/other").await.status, 404);
}

#[tokio::test]
async fn a_connection_goes_on_after_a_token() {
    let world = world();
    let mut caller = Caller::connect(world.address()).await;
    for _ in 0..2 {
        caller.send(request(&format!("{FORM}{BASIC}"), GRANT)).await;
        assert_eq!(caller.reply().await.status, 200);
    }
}

#[tokio::test]
async fn secrets_cannot_be_tried_out() {
    let world = world();
    let wrong = format!("{GRANT}&client_id=billing&client_secret=wrong");
    for _ in 0..10 {
        assert_eq!(ask(&world, FORM, &wrong).await.status, 401);
    }
    let refused = ask(&world, &format!("{FORM}{BASIC}"), GRANT).await;
    assert_eq!((refused.status, refused.header("retry-after").as_str()), (429, "6"));
    world.clock.advance(Duration::from_secs(6));
    assert_eq!(ask(&world, &format!("{FORM}{BASIC}"), GRANT).await.status, 200);
}

#[tokio::test]
async fn what_is_revoked_is_gone_at_once() {
    let world = world();
    let headers = format!("{FORM}{BASIC}");
    let scope = async || ask(&world, &headers, GRANT).await.json()["scope"].clone();
    assert_eq!(scope().await, "pets:read pets:write");
    let mut suspended = config(2);
    suspended.subscriptions[0].state = SubscriptionState::Suspended;
    world.snapshot.apply(ConfigUpdate::Full(Box::new(suspended)));
    assert_eq!(scope().await, "");
    let mut revoked = config(3);
    revoked.identities.clear();
    world.snapshot.apply(ConfigUpdate::Full(Box::new(revoked)));
    assert_eq!(ask(&world, &headers, GRANT).await.status, 401);
}

#[tokio::test]
async fn without_a_key_or_a_configuration_there_are_no_tokens() {
    let without_key = World::start(&Setup::new(None));
    ask(&without_key, &format!("{FORM}{BASIC}"), GRANT)
        .await
        .problem("unknown-api");
    assert!(without_key.gateway.tokens().is_none());
    ask(&start(), &format!("{FORM}{BASIC}"), GRANT)
        .await
        .problem("not-ready");
}

#[tokio::test]
async fn a_token_opens_what_is_granted_now() {
    let upstream = Upstream::mirror().await;
    let world = start();
    let configured = |revision: i64, scopes: &[&str]| {
        let mut setup = Setup::new(Some(&upstream.url()));
        setup.revision = revision;
        setup.version.policies = serde_json::from_value(json!({
            "access": { "accept": ["client_credentials"] }, "scopes": { "required": ["pets:read"] },
        }))
        .unwrap();
        let ConfigUpdate::Full(mut whole) = setup.config() else {
            unreachable!()
        };
        whole.identities = config(revision).identities;
        whole.subscriptions[0].scopes = scopes.iter().map(ToString::to_string).collect();
        ConfigUpdate::Full(whole)
    };
    world.snapshot.apply(configured(1, &["pets:read"]));
    let given = ask(&world, &format!("{FORM}{BASIC}"), GRANT).await.json();
    let token = given["access_token"].as_str().unwrap().to_owned();
    let bearer = format!("Authorization: Bearer {token}\r\n");
    let pets = async |bearer: &str| call(world.address(), get("/acme/petstore/v1/pets", bearer)).await;
    let reply = pets(&bearer).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let forged = format!("Authorization: Bearer {}\r\n", &token[..token.len() - 8]);
    assert_eq!(pets(&forged).await.status, 401);

    world.snapshot.apply(configured(2, &["pets:write"]));
    pets(&bearer).await.problem("insufficient-scope");
    world.snapshot.apply(configured(3, &["pets:read"]));
    assert_eq!(pets(&bearer).await.status, 200);
    world.clock.advance(Duration::from_mins(20));
    assert_eq!(pets(&bearer).await.status, 401, "it is over");
    assert_eq!(upstream.calls(), 2);
}

#[tokio::test]
async fn pages_go_before_versions_where_the_gateway_is() {
    let world = start();
    let mut config = config(1);
    for (host, base_path, asked, has_pages) in [
        ("", "/", "anything.example", true),
        ("api.example.com", "/", "api.example.com", true),
        ("api.example.com", "/oauth2", "API.example.com.:443", true),
        ("pets.example", "/", "pets.example", false),
        ("pets.example", "/v1", "pets.example", true),
    ] {
        let routing = RoutingInput {
            host: host.into(),
            base_path: base_path.into(),
            ..RoutingInput::default()
        };
        config.revision += 1;
        config.catalog.versions[0].routing = Routing::read(&routing).unwrap();
        world.snapshot.apply(ConfigUpdate::Full(Box::new(config.clone())));
        let from = |path: &str, fields: &str| format!("GET {path} HTTP/1.1\r\nHost: {asked}\r\n{fields}\r\n");
        for path in ["/oauth2/jwks.json", "/.well-known/oauth-authorization-server"] {
            let reply = call(world.address(), from(path, "")).await;
            assert_eq!(reply.status == 200, has_pages, "{path} on {asked}: {reply:?}");
        }
        let token = request(&format!("{FORM}{BASIC}"), GRANT).replace("Host: x", &format!("Host: {asked}"));
        let reply = call(world.address(), token).await;
        assert_eq!(reply.status == 200, has_pages, "{asked}: {reply:?}");
    }
}
