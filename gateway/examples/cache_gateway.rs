//! A gateway with the policy `cache` on every path in front of one server, for the conformance suite of caches and for
//! trying things: `cache_gateway LISTEN UPSTREAM`, for example `cache_gateway 127.0.0.1:18001 http://127.0.0.1:18000`. Calls
//! go to `/acme/cached/v1/…` and need no key.

use std::{net::SocketAddr, time::Duration};

use domain::{
    catalog::{
        routing::Routing,
        version::{Access, VersionState},
    },
    gateway_config::{CatalogRecords, ConfigUpdate, GatewayConfig, OperationRecord, VersionRecord},
    id::{ApiId, VersionId},
    policy::PolicySet,
    upstream::address::AddressPolicy,
};
use gateway::{Gateway, GatewayOptions, SnapshotHandle, UsageSink};

/// As the product's binary has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A path of each length that calls may have.
const PATHS: [&str; 4] = ["/{a}", "/{a}/{b}", "/{a}/{b}/{c}", "/{a}/{b}/{c}/{d}"];

fn config(upstream: &str) -> GatewayConfig {
    let upstream = serde_json::json!({ "targets": [{ "url": upstream }] });
    let policies: PolicySet = serde_json::from_value(serde_json::json!({ "cache": { "heuristic": true } }))
        .expect("the policy is written above");
    let methods = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "M-SEARCH"];
    let operations = methods.iter().flat_map(|method| {
        PATHS.iter().enumerate().map(move |(length, path)| OperationRecord {
            slug: format!("{}-{length}", method.to_lowercase()),
            method: (*method).into(),
            path: (*path).into(),
            deprecated: false,
            policies: None,
        })
    });
    GatewayConfig {
        revision: 1,
        catalog: CatalogRecords {
            versions: vec![VersionRecord {
                id: VersionId::NIL,
                api_id: ApiId::NIL,
                organization: "acme".into(),
                api: "cached".into(),
                name: "v1".into(),
                state: VersionState::Published,
                upstream: Some(serde_json::from_value(upstream).expect("the argument is a URL")),
                access: Access::Anonymous,
                routing: Routing::default(),
                deprecation: None,
                document: None,
                operations: operations.collect(),
                policies,
            }],
            plans: Vec::new(),
        },
        subscriptions: Vec::new(),
        keys: Vec::new(),
        identities: Vec::new(),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:18001".into());
    let upstream = arguments.next().unwrap_or_else(|| "http://127.0.0.1:18000".into());
    let address: SocketAddr = address.parse().expect("the first argument is an address with a port");
    let snapshot = SnapshotHandle::new("http://127.0.0.1:3000");
    let applied = snapshot.apply(ConfigUpdate::Full(Box::new(config(&upstream))));
    assert!(applied.is_taken && applied.warnings.is_empty(), "{applied:?}");
    let (sink, mut usage) = UsageSink::channel(64);
    let mut options = GatewayOptions::new(address);
    options.addresses = AddressPolicy { allow_private: true };
    let running = Gateway::start(options, snapshot, sink).expect("the address is free");
    let counting = tokio::spawn(async move { while usage.recv().await.is_some() {} });
    tokio::signal::ctrl_c().await.expect("signals can be waited for");
    running.shutdown(Duration::from_secs(1)).await;
    assert!(counting.await.is_ok(), "usage was taken to the end");
}
