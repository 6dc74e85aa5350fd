//! What a gateway is started with.

use std::{net::SocketAddr, time::Duration};

use domain::{clock::Clock, policy::ip::Network, upstream::address::AddressPolicy};

use crate::{AccessLog, TlsOptions, TokenOptions, TokenVerifier};

/// What a gateway is started with.
#[derive(Clone, Debug)]
pub struct GatewayOptions {
    /// Where to listen; port 0 picks a free one.
    pub listen: SocketAddr,
    /// A second listener that speaks TLS, if there is one.
    pub tls: Option<TlsOptions>,
    /// Worker threads, each with its own runtime, listener and upstream connections; at least 1.
    pub threads: usize,
    /// Which addresses upstreams may have; checked on the address that is connected to, not on the name.
    pub addresses: AddressPolicy,
    /// Name in `Via` and `Proxy-Status`.
    pub via: &'static str,
    /// Proxies in front of the gateway whose `X-Forwarded-For` is believed; without any the peer is the caller.
    pub trusted_proxies: Vec<Network>,
    /// Bounds on what callers may send and how long they may take.
    pub limits: Limits,
    /// Memory of the response cache, in bytes, over all workers; answers that take more go. 0 keeps none.
    pub cache_bytes: usize,
    /// Where "now" comes from.
    pub clock: Clock,
    /// Access tokens for OAuth clients; without it, there is no token endpoint.
    pub tokens: Option<TokenOptions>,
    /// Where calls are logged; costs nothing where there is none.
    pub access_log: Option<AccessLog>,
    /// Verifies tokens of the installation's token endpoint. Where this is left out, a gateway with [`Self::tokens`] accepts
    /// its own, and another accepts none.
    pub token_verifier: Option<TokenVerifier>,
}

impl GatewayOptions {
    /// Defaults for a listener: one worker a core, no private upstream addresses.
    pub fn new(listen: SocketAddr) -> Self {
        Self {
            listen,
            tls: None,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            addresses: AddressPolicy::default(),
            via: "turnpike",
            trusted_proxies: Vec::new(),
            limits: Limits::default(),
            cache_bytes: 256 << 20,
            clock: Clock::System,
            tokens: None,
            access_log: None,
            token_verifier: None,
        }
    }
}

/// Bounds on what callers may send and how long they may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of request line and header section; more is 431.
    pub header_bytes: usize,
    /// Number of header fields; more is 431.
    pub header_count: usize,
    /// Bytes of the request target; more is 414.
    pub target_bytes: usize,
    /// Body bytes of one request; more is 413. `None` leaves it to the upstream.
    pub body_bytes: Option<u64>,
    /// Memory in bytes, for each worker, for bodies that are held because a policy looks at them as a whole, and for what
    /// compresses answers. When it is full, requests that need it are answered with 503 and answers go out as they are.
    pub held_bytes: usize,
    /// From the first byte of a request to the end of its header section; longer is 408.
    pub header_timeout: Duration,
    /// How long a connection may stay open between two requests.
    pub idle_timeout: Duration,
    /// How long an answer may stand still: the upstream sends no more of its body, or the caller takes no more of it.
    /// Longer breaks it off.
    pub stall_timeout: Duration,
    /// How long a connection that changed to WebSocket may carry no byte either way.
    pub websocket_timeout: Duration,
    /// Open connections over all workers; more wait in the listen queue.
    pub connections: usize,
    /// Concurrent streams on one HTTP/2 connection.
    pub streams: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // As nginx and Node have it, in sum: room for large cookies and tokens, not for abuse.
            header_bytes: 32 * 1024,
            header_count: 100,
            target_bytes: 8 * 1024,
            body_bytes: None,
            held_bytes: 64 << 20,
            header_timeout: Duration::from_secs(15),
            idle_timeout: Duration::from_secs(75),
            stall_timeout: Duration::from_mins(5),
            websocket_timeout: Duration::from_mins(10),
            connections: 20_000,
            streams: 128,
        }
    }
}
