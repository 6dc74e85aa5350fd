//! Credentials of the installation stay with it, wherever they stand and whatever is accepted.

use base64::engine::general_purpose::STANDARD;
use domain::{catalog::version::Access, key::KeyHash};
use gateway::TokenVerifier;

use super::{
    own_tokens::{OWN, own_token},
    *,
};
use crate::{upstream::seen, world::KEY};

const SECRET: &str = "a-secret-that-was-imported";

struct Ours {
    world: World,
    setup: Setup,
    token: String,
}

impl Ours {
    /// A gateway with tokens of its own, a client and a key.
    fn start(upstream: &Upstream) -> Self {
        let signer = Signer::new("");
        let id = TokenVerifier::key_id(&signer.public_key());
        let signer = Signer { id, ..signer };
        let verifier = TokenVerifier::new(OWN, [signer.public_key()]);
        let mut setup = setup(upstream, json!({}));
        setup.map(Identity::Client {
            id: "client-1".into(),
            secret: KeyHash::of(SECRET.as_bytes()),
        });
        // A provider that has our own tokens judged as those of any issuer.
        setup.map(subject(OWN, "client-1"));
        setup.version.policies = serde_json::from_value(json!({
            "jwt": { "issuers": [{ "issuer": OWN, "algorithms": ["EdDSA"], "keys": [signer.jwk()] }] },
        }))
        .unwrap();
        Self {
            world: World::start_with(|options| options.token_verifier = Some(verifier)),
            setup,
            token: own_token(&signer, "at+jwt", json!({})),
        }
    }

    /// Configures how the version is called.
    fn accept(&mut self, access: Access, policy: Value) {
        self.setup.revision += 1;
        self.setup.version.access = access;
        self.setup.version.policies.access = serde_json::from_value(policy).unwrap();
        assert!(self.world.snapshot.apply(self.setup.config()).is_taken);
    }
}

#[tokio::test]
async fn what_opens_other_apis_reaches_no_upstream() {
    let upstream = Upstream::mirror().await;
    let mut ours = Ours::start(&upstream);
    let token = ours.token.clone();
    let basic = |pair: &str| format!("Authorization: Basic {}\r\n", STANDARD.encode(pair));
    let in_basic = [
        basic(&format!("user:{token}")),
        basic(&format!("{token}:")),
        basic(&format!("client-1:{SECRET}")),
        basic("client-1:tp_secret_revoked"),
        basic(&format!("{KEY}:something")),
        basic(&format!("user:{KEY}")),
        basic("user:tp_live_revoked"),
    ];
    let beside_key = in_basic
        .iter()
        .map(|fields| format!("{fields}X-Api-Key: {KEY}\r\n"))
        .collect();
    let raw = [
        format!("Authorization: {token}\r\n"),
        format!("Authorization: Token {token}\r\n"),
        format!("Authorization: {KEY}\r\n"),
        format!("Authorization: ApiKey {KEY}\r\n"),
    ];
    let usual = [
        format!("X-Api-Key: {token}\r\n"),
        format!("X-Api-Key: {SECRET}\r\n"),
        format!("X-Api-Key: {KEY}\r\n"),
    ];
    let bearer = [
        format!("Authorization: Bearer {token}\r\n"),
        format!("Authorization: Bearer {SECRET}\r\n"),
    ];
    let own = [
        format!("X-Acme-Key: {token}\r\n"),
        format!("X-Acme-Key: {KEY}\r\n"),
        format!("X-Acme-Key: {SECRET}\r\n"),
    ];
    let anonymous = json!({ "accept": [], "anonymous": true });
    let elsewhere = json!({ "accept": [], "anonymous": true, "key_header": "X-Acme-Key" });
    for (name, access, policy, cases) in [
        ("a key beside it", Access::Key, Value::Null, beside_key),
        (
            "for everybody",
            Access::Anonymous,
            Value::Null,
            [&in_basic[..], &raw].concat(),
        ),
        (
            "nothing is accepted",
            Access::Key,
            anonymous,
            [&in_basic[..], &raw, &usual, &bearer].concat(),
        ),
        (
            "another header",
            Access::Key,
            elsewhere,
            [&in_basic[..], &raw, &usual, &own].concat(),
        ),
        (
            "as of any issuer",
            Access::Key,
            json!({ "accept": ["jwt"] }),
            vec![bearer[0].clone()],
        ),
    ] {
        ours.accept(access, policy);
        for fields in cases {
            let reply = ask(&ours.world, &fields).await;
            assert_eq!(reply.status, 200, "{name}: {fields}{}", reply.text());
            for field in ["authorization", "x-api-key", "x-acme-key"] {
                assert_eq!(seen(&reply.json(), field), [""; 0], "{name}: {fields}");
            }
        }
    }
}

#[tokio::test]
async fn what_is_anothers_is_passed_on() {
    let upstream = Upstream::mirror().await;
    let mut ours = Ours::start(&upstream);
    let other = Signer::new("a").token(claims(json!({})));
    let basic = format!("Basic {}", STANDARD.encode(format!("user:{other}")));
    for policy in [json!({ "accept": [], "anonymous": true }), Value::Null] {
        let is_usual = policy.is_null();
        ours.accept(Access::Anonymous, policy);
        for (field, value) in [
            ("authorization", basic.as_str()),
            ("authorization", &format!("Token {other}")),
            ("x-api-key", &other),
            ("x-acme-key", &other),
        ] {
            if is_usual && field == "x-api-key" {
                continue;
            }
            let reply = ask(&ours.world, &format!("{field}: {value}\r\n")).await;
            assert_eq!(seen(&reply.json(), field), [value], "{}", reply.text());
        }
    }
}

#[tokio::test]
async fn who_mistypes_a_key_is_told_so() {
    let upstream = Upstream::mirror().await;
    let mut ours = Ours::start(&upstream);
    ours.accept(Access::Key, json!({ "accept": ["key", "jwt"] }));
    let problem = with_token(&ours.world, "mistyped").await.problem("unknown-key");
    assert!(
        problem["detail"].as_str().unwrap().contains("mistyped, revoked"),
        "{problem}"
    );
    with_token(&ours.world, "a.b.c").await.problem("invalid-token");

    let server = Server::start(json!({ "active": false })).await;
    ours.setup.version.policies.introspection = serde_json::from_value(json!({
        "endpoint": server.url(), "client_id": "gateway", "client_secret": "s",
    }))
    .unwrap();
    ours.accept(Access::Key, json!({ "accept": ["key", "oauth2"] }));
    let reply = with_token(&ours.world, "mistyped").await;
    let detail = reply.problem("invalid-token")["detail"].as_str().unwrap().to_owned();
    assert!(detail.ends_with("; nor is it a key that is known."), "{detail}");
    // Nobody else is shown a secret of ours.
    with_token(&ours.world, SECRET).await.problem("unknown-key");
    assert_eq!(server.asked(), 1);
}

#[tokio::test]
async fn where_no_key_is_accepted_is_said_what_is() {
    let upstream = Upstream::mirror().await;
    let mut ours = Ours::start(&upstream);
    for (accept, kinds) in [
        (json!(["jwt"]), "a signed token"),
        (
            json!(["jwt", "basic"]),
            "a key by HTTP Basic authentication, or a signed token",
        ),
    ] {
        ours.accept(Access::Key, json!({ "accept": accept }));
        for key in [KEY, "tp_live_revoked"] {
            let reply = with_token(&ours.world, key).await;
            assert_eq!(reply.status, 401);
            let detail = format!("A key is not accepted in this place. Send {kinds}.");
            assert_eq!(reply.problem("unknown-key")["detail"], detail);
            assert!(
                reply.header("www-authenticate").contains("not accepted in this place"),
                "{reply:?}"
            );
        }
    }
}
