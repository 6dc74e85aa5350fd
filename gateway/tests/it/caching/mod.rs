//! The response cache, seen from both sides.

mod interim;
mod keeping;
mod methods;
mod sharing;

use std::sync::{Arc, Mutex};

use domain::{catalog::version::Access, clock::Clock, gateway_config::ConfigUpdate, key::KeyHash};
use http::{Request, Response};
use hyper::body::Incoming;
use serde_json::json;

use super::{
    caller::{Reply, call},
    upstream::{AnyBody, Upstream, full},
    world::{NOW, Setup, World, id},
};

pub const PETS: &str = "/acme/petstore/v1/pets";
/// A key of a second application.
pub const OTHER_KEY: &str = "tp_live_other_key";

/// An upstream whose answers a test writes as it goes.
pub struct Scripted {
    pub upstream: Upstream,
    pub clock: Clock,
    seen: Arc<Mutex<Vec<Request<()>>>>,
    pub script: Arc<Mutex<Script>>,
}

/// Status, fields and body of the answers to come. Every body ends with the number of its answer.
#[derive(Clone, Default)]
pub struct Script {
    status: u16,
    fields: Vec<(&'static str, String)>,
    pub body: &'static str,
}

impl Scripted {
    pub async fn start() -> Self {
        let clock = Clock::fixed(NOW);
        let seen = Arc::<Mutex<Vec<Request<()>>>>::default();
        let script = Arc::<Mutex<Script>>::default();
        let answering = (clock.clone(), Arc::clone(&seen), Arc::clone(&script));
        let upstream = Upstream::start(move |request: Request<Incoming>| {
            let (clock, seen, script) = answering.clone();
            async move {
                let (parts, _) = request.into_parts();
                let mut seen = seen.lock().unwrap();
                seen.push(Request::from_parts(parts, ()));
                answer(&clock, &script.lock().unwrap(), seen.len())
            }
        })
        .await;
        Self {
            upstream,
            clock,
            seen,
            script,
        }
    }

    pub fn say(&self, status: u16, fields: &[(&'static str, &str)]) {
        let fields = fields
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect();
        let mut script = self.script.lock().unwrap();
        *script = Script {
            status,
            fields,
            body: script.body,
        };
    }

    /// A field of the last request.
    pub fn last(&self, name: &str) -> Option<String> {
        let seen = self.seen.lock().unwrap();
        let value = seen.last().unwrap().headers().get(name)?;
        Some(value.to_str().unwrap().to_owned())
    }

    pub fn world(&self, policy: serde_json::Value, access: Access) -> World {
        self.world_with(policy, access, |_| {})
    }

    pub fn world_with(
        &self,
        policy: serde_json::Value,
        access: Access,
        change: impl FnOnce(&mut gateway::GatewayOptions),
    ) -> World {
        let world = World::start_with(|options| {
            options.clock = self.clock.clone();
            change(options);
        });
        let applied = world.snapshot.apply(self.config(policy, access, 1));
        assert!(applied.is_taken && applied.warnings.is_empty(), "{applied:?}");
        world
    }

    /// Two applications with a key each.
    pub fn config(&self, policy: serde_json::Value, access: Access, revision: i64) -> ConfigUpdate {
        let mut setup = Setup::new(Some(&self.upstream.url()));
        setup.revision = revision;
        setup.version.access = access;
        setup.version.policies = serde_json::from_value(json!({ "cache": policy })).unwrap();
        let ConfigUpdate::Full(mut config) = setup.config() else {
            unreachable!()
        };
        let mut subscription = config.subscriptions[0].clone();
        subscription.id = id("sub", 2);
        subscription.application_id = id("app", 2);
        config.subscriptions.push(subscription);
        let mut key = config.keys[0].clone();
        key.id = id("key", 2);
        key.hash = KeyHash::of(OTHER_KEY.as_bytes());
        key.application_id = id("app", 2);
        config.keys.push(key);
        ConfigUpdate::Full(config)
    }
}

fn answer(clock: &Clock, script: &Script, number: usize) -> Response<AnyBody> {
    let date = time::macros::format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    let mut response = Response::builder()
        .status(script.status)
        .header("date", clock.now().format(date).unwrap());
    for (name, value) in &script.fields {
        response = response.header(*name, value);
    }
    let body = if script.status == 304 {
        String::new()
    } else {
        format!("{}{number}", script.body)
    };
    response.body(full(body)).unwrap()
}

pub fn anonymous(method: &str, path: &str, fields: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nHost: gateway.test\r\n{fields}\r\n")
}

pub fn as_other(path: &str) -> String {
    anonymous("GET", path, &format!("Authorization: Bearer {OTHER_KEY}\r\n"))
}

pub async fn pets(world: &World, fields: &str) -> Reply {
    call(world.address(), anonymous("GET", PETS, fields)).await
}
