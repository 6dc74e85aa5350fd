//! The gateway over real sockets: callers are plain TCP streams, upstreams are servers of the test.
#![expect(
    clippy::unwrap_used,
    reason = "the harness is test code too, but not in test functions"
)]

mod caching;
mod caller;
mod conditions;
mod contract;
mod deprecation;
mod framing;
mod framing_judge;
mod framing_vectors;
mod grpc;
mod hosts;
mod http2_callers;
mod http2_frames;
mod http2_rules;
mod http2_upstreams;
mod identity;
mod metering;
mod mixing;
mod odd_answers;
mod open_paths;
mod policies;
mod proxying;
mod raw_http2;
mod refusals;
mod rehearsal;
mod reshaping;
mod running;
mod script;
mod streaming;
mod tls;
mod tokens;
mod trailers;
mod upgrades;
mod upstream;
mod upstream_certificates;
mod upstream_connections;
mod upstream_http2;
mod upstream_settings;
mod world;
