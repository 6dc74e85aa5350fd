//! Credentials of every kind, from outside: whom they let in, and what is said to those whom they do not.

mod certificates;
mod introspection;
mod kinds;
mod own_tokens;
mod rotation;
mod signed_tokens;
mod strays;

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{gateway_config::Identity, policy::PolicySet};
use http::Response;
use ring::{
    rand::SystemRandom,
    signature::{Ed25519KeyPair, KeyPair as _},
};
use serde_json::{Value, json};

use crate::{
    caller::{Reply, call},
    upstream::{Upstream, full},
    world::{NOW, Setup, World},
};

const PETS: &str = "/acme/petstore/v1/pets";
const ISSUER: &str = "https://id.example/";

/// A setup whose version has policies, and a consumer whom `ISSUER` calls "billing".
fn setup(upstream: &Upstream, policies: Value) -> Setup {
    let mut setup = Setup::new(Some(&upstream.url()));
    setup.version.policies = serde_json::from_value::<PolicySet>(policies).unwrap();
    setup.map(subject(ISSUER, "billing"));
    setup
}

fn subject(issuer: &str, name: &str) -> Identity {
    Identity::Subject {
        issuer: issuer.into(),
        name: name.into(),
    }
}

fn plain(fields: &str) -> String {
    format!("GET {PETS} HTTP/1.1\r\nHost: gateway.test\r\n{fields}\r\n")
}

async fn ask(world: &World, fields: &str) -> Reply {
    call(world.address(), plain(fields)).await
}

async fn with_token(world: &World, token: &str) -> Reply {
    ask(world, &format!("Authorization: Bearer {token}\r\n")).await
}

/// Claims that are good now; `more` goes over them, and null takes one away.
fn claims(more: Value) -> Value {
    let now = NOW.unix_timestamp();
    let mut claims = json!({ "iss": ISSUER, "client_id": "billing", "iat": now, "exp": now + 600 });
    for (name, value) in more.as_object().unwrap() {
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
    claims
}

/// A key pair that signs tokens.
struct Signer {
    pair: Ed25519KeyPair,
    id: String,
}

impl Signer {
    fn new(id: &str) -> Self {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Self {
            pair: Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap(),
            id: id.to_owned(),
        }
    }

    fn public_key(&self) -> [u8; 32] {
        self.pair.public_key().as_ref().try_into().unwrap()
    }

    fn jwk(&self) -> Value {
        json!({ "kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode(self.public_key()), "kid": self.id })
    }

    fn token(&self, claims: Value) -> String {
        self.token_with(json!({ "alg": "EdDSA", "kid": self.id }), &claims.to_string())
    }

    fn token_with(&self, header: Value, claims: &str) -> String {
        let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let message = format!("{}.{}", encode(&header.to_string()), encode(claims));
        let signature = self.pair.sign(message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// The policies for tokens of one issuer whose keys are given.
fn accepting(keys: &[&Signer]) -> Value {
    let keys: Vec<Value> = keys.iter().map(|signer| signer.jwk()).collect();
    json!({
        "access": { "accept": ["key", "jwt"] },
        "jwt": { "issuers": [{ "issuer": ISSUER, "algorithms": ["EdDSA", "ES256"], "keys": keys }] },
    })
}

/// A server of an issuer: answers every request with what it holds, and counts them.
struct Server {
    upstream: Upstream,
    answer: Arc<Mutex<(u16, String)>>,
    seen: Arc<Mutex<Vec<String>>>,
    asked: Arc<AtomicUsize>,
}

impl Server {
    async fn start(answer: impl ToString) -> Self {
        use http_body_util::BodyExt as _;
        let answer = Arc::new(Mutex::new((200, answer.to_string())));
        let seen: Arc<Mutex<Vec<String>>> = Arc::default();
        let asked: Arc<AtomicUsize> = Arc::default();
        let (answers, seeing, asking) = (Arc::clone(&answer), Arc::clone(&seen), Arc::clone(&asked));
        let upstream = Upstream::start(move |request| {
            let (answers, seeing, asking) = (Arc::clone(&answers), Arc::clone(&seeing), Arc::clone(&asking));
            async move {
                asking.fetch_add(1, SeqCst);
                let authorization = request.headers().get("authorization").cloned();
                let body = request.into_body().collect().await.unwrap().to_bytes();
                let text = String::from_utf8(body.to_vec()).unwrap();
                seeing.lock().unwrap().push(format!(
                    "{} {text}",
                    authorization.map_or(String::new(), |value| value.to_str().unwrap().to_owned())
                ));
                let (status, body) = answers.lock().unwrap().clone();
                Response::builder().status(status).body(full(body)).unwrap()
            }
        })
        .await;
        Self {
            upstream,
            answer,
            seen,
            asked,
        }
    }

    fn url(&self) -> String {
        format!("{}/", self.upstream.url())
    }

    fn answer(&self, status: u16, body: impl ToString) {
        *self.answer.lock().unwrap() = (status, body.to_string());
    }

    fn asked(&self) -> usize {
        self.asked.load(SeqCst)
    }
}
