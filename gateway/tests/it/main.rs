//! The gateway over real sockets: callers are plain TCP streams, upstreams are servers of the test.

mod caller;
mod deprecation;
mod framing;
mod metering;
mod proxying;
mod refusals;
mod running;
mod streaming;
mod upstream;
mod world;
