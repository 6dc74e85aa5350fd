//! Upstreams: choosing a target, connecting to it, keeping connections.

mod connect;
mod http2;
mod open;
mod pool;
mod stream;
mod targets;

pub(crate) use connect::{ConnectError, Connector, Offer};
pub(crate) use http2::{Links, ToSend};
pub(crate) use open::{open, waiting};
pub(crate) use pool::{Lease, Pool};
pub(crate) use stream::UpstreamStream;
pub(crate) use targets::{Authority, AuthorityBook, Target, Targets};
