//! The data plane of Turnpike: checks keys, limits, quotas and lifecycles, proxies what passes, meters what counts.
//!
//! Who calls it: `server` makes a [`SnapshotHandle`], feeds it with [`domain::gateway_config::ConfigUpdate`]s, starts a
//! [`Gateway`] beside it and writes what comes out of the [`UsageSink`] into the ledger. `turnpike gateway rehearse` needs no
//! gateway that runs: it has [`rehearsal`] judge recorded calls.
//!
//! # The phases, in order
//!
//! | phase | file | refusal |
//! |---|---|---|
//! | framing, header limits | `http1/request.rs`, `client/http2.rs` | 400, 408, 414, 431 |
//! | path hygiene, body limit | `phase/limits.rs` | 400, 413 |
//! | route | `phase/route.rs` | 404, 405 |
//! | own pages, first on the gateway's own host | `token_endpoint/`, `worker/own_page.rs` | 400, 401, 405, 413, 429 |
//! | lifecycle | `phase/lifecycle.rs` | 410 |
//! | preflight | `phase/preflight.rs` | – |
//! | policies on size and address | `phase/limits.rs`, `phase/address.rs` | 403, 413, 414, 431 |
//! | credential | `phase/credential.rs` | 401, 403 |
//! | word of a token's issuer | `identity/vouch.rs` | 401, 429, 503 |
//! | subscription | `phase/subscription.rs` | 403 |
//! | scopes | `phase/scopes.rs` | 401, 403 |
//! | rate limits and quota | `phase/budget.rs` | 429 |
//! | conditions | `rules/condition.rs` | 403 or as the provider says |
//! | concurrency | `phase/places.rs` | 429 |
//! | signatures, validation, mock | `worker/inspected.rs`, `contract/` | 400, 403, 413, 415 |
//! | response cache | `cache/`, `worker/cached/` | 504 |
//! | upstream | `phase/forward.rs` | 502, 503, 504 |
//! | response headers | `phase/respond.rs` | – |
//! | bodies, both ways | `phase/deliver.rs` | – |
//! | metering | `phase/metering.rs` | – |
//!
//! # Invariants
//!
//! - One pointer to the snapshot, loaded once per request; no lock is held across an await; no database.
//! - A request that is refused takes nothing from any budget. What counts is: the upstream answered.
//! - Before the first configuration every call is refused (503), never let through.
//! - Budgets live outside the snapshot, keyed by subscription, and survive every change of configuration.
//! - Nothing counted is lost on a normal stop: [`RunningGateway::shutdown`] hands the last rows over before it returns.
//!
//! Start reading at `decision.rs`, then `worker/call.rs`.

mod access_log;
mod cache;
mod decision;
pub mod limit;
pub mod problem;
pub mod rehearsal;

mod client;
mod coding;
mod contract;
mod counters;
mod fast_hash;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod grpc;
mod held;
mod http1;
mod http2;
mod identity;
mod links;
mod message;
mod meter;
mod options;
mod phase;
mod protect;
mod relay;
mod rules;
mod snapshot;
mod start;
mod tls;
mod token_endpoint;
mod trace_context;
mod transport;
mod upstream;
mod worker;

pub use access_log::{AccessLines, AccessLog, AccessLogCounters, AccessRecord, WorkerLog};
pub use cache::{CacheHandle, CacheUsage};
pub use counters::{CounterSnapshot, Counters, Finding};
pub use identity::TokenVerifier;
pub use meter::{LATENCY_BUCKETS, Latencies, LatencyHistogram, UsageBacklog, UsageRows, UsageSink};
pub use options::{GatewayOptions, Limits};
pub use snapshot::{Applied, SnapshotHandle, Warning};
pub use start::{Drained, Gateway, RunningGateway, StartError};
pub use tls::{CertificateFiles, ClientAuthentication, TlsError, TlsOptions};
pub use token_endpoint::{TokenCounters, TokenKeyError, TokenOptions, TokenSeed};
pub use upstream::{UpstreamCertificate, UpstreamCertificates};
