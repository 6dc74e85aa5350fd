//! A gateway with one worker and 10,000 keys (`key00000`…`key09999`) in front of `http://127.0.0.1:19000`, for
//! measurements beside other proxies: `bench_gateway [ADDRESS]`. The call is `/acme/petstore/v1/pets/1`.

use std::{net::SocketAddr, time::Duration};

use domain::{
    catalog::{
        routing::Routing,
        version::{Access, VersionState},
    },
    gateway_config::{
        CatalogRecords, ConfigUpdate, GatewayConfig, KeyRecord, OperationRecord, PlanRecord, QuotaStart,
        SubscriptionRecord, VersionRecord,
    },
    key::KeyHash,
    plan::{Period, Quota, RateLimit},
    policy::PolicySet,
    subscription::SubscriptionState,
    upstream::address::AddressPolicy,
};
use gateway::{Gateway, GatewayOptions, SnapshotHandle, UsageSink};
use time::OffsetDateTime;

/// As the product's binary has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const KEYS: u128 = 10_000;

fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(prefix: &str, number: u128) -> T {
    // Spread like the random part of a real id.
    let number = number.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
    format!("{prefix}_{number:032x}")
        .parse()
        .expect("an id is 32 hexadecimal digits")
}

fn config() -> GatewayConfig {
    let upstream = serde_json::from_value(serde_json::json!({ "targets": [{ "url": "http://127.0.0.1:19000" }] }));
    let operation = |slug: String, method: &str, path: String| OperationRecord {
        slug,
        method: method.into(),
        path,
        deprecated: false,
        policies: None,
    };
    let mut operations = vec![operation("get-pet".into(), "GET", "/pets/{id}".into())];
    operations.extend((0..100).map(|n| {
        operation(
            format!("get-thing-{n}"),
            "GET",
            format!("/things-{n}/{{id}}/parts/{{part}}"),
        )
    }));
    GatewayConfig {
        revision: 1,
        catalog: CatalogRecords {
            versions: vec![VersionRecord {
                id: id("ver", 1),
                api_id: id("api", 1),
                organization: "acme".into(),
                api: "petstore".into(),
                name: "v1".into(),
                state: VersionState::Published,
                upstream: Some(upstream.expect("the upstream is written above")),
                access: Access::Key,
                routing: Routing::default(),
                deprecation: None,
                document: None,
                operations,
                policies: PolicySet::default(),
            }],
            plans: vec![PlanRecord {
                id: id("plan", 1),
                slug: "free".into(),
                apis: vec![id("api", 1)],
                rate_limits: vec![RateLimit {
                    requests: 1_000_000,
                    per_s: 1,
                    burst: 1_000_000,
                }],
                quota: Some(Quota {
                    requests: 1_000_000_000_000,
                    per: Period::Month,
                }),
            }],
        },
        subscriptions: (0..KEYS)
            .map(|n| SubscriptionRecord {
                id: id("sub", n + 1),
                application_id: id("app", n + 1),
                plan_id: id("plan", 1),
                state: SubscriptionState::Active,
                used: QuotaStart {
                    period_start: OffsetDateTime::UNIX_EPOCH,
                    units: 0,
                },
                scopes: Vec::new(),
            })
            .collect(),
        keys: (0..KEYS)
            .map(|n| KeyRecord {
                id: id("key", n + 1),
                hash: KeyHash::of(format!("key{n:05}").as_bytes()),
                application_id: id("app", n + 1),
            })
            .collect(),
        identities: Vec::new(),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:18080".into());
    let address: SocketAddr = address.parse().expect("the argument is an address with a port");
    let snapshot = SnapshotHandle::new("http://127.0.0.1:3000");
    let applied = snapshot.apply(ConfigUpdate::Full(Box::new(config())));
    assert!(applied.is_taken && applied.warnings.is_empty(), "{applied:?}");
    let (sink, mut usage) = UsageSink::channel(64);
    let mut options = GatewayOptions::new(address);
    options.threads = 1;
    options.addresses = AddressPolicy { allow_private: true };
    let running = Gateway::start(options, snapshot, sink).expect("the address is free");
    let counting = tokio::spawn(async move {
        let mut units = 0;
        while let Some(rows) = usage.recv().await {
            units += rows.iter().map(|(_, sums)| sums.units).sum::<u64>();
        }
        units
    });
    tokio::signal::ctrl_c().await.expect("signals can be waited for");
    running.shutdown(Duration::from_secs(1)).await;
    assert!(counting.await.is_ok(), "usage was taken to the end");
}
