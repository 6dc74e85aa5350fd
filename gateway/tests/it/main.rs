//! The gateway over real sockets: callers are plain TCP streams, upstreams are servers of the test.
#![expect(
    clippy::unwrap_used,
    reason = "the harness is test code too, but not in test functions"
)]

mod caller;
mod deprecation;
mod framing;
mod http2_upstreams;
mod metering;
mod policies;
mod proxying;
mod refusals;
mod running;
mod streaming;
mod upgrades;
mod upstream;
mod upstream_connections;
mod upstream_http2;
mod upstream_settings;
mod world;
