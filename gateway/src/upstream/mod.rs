//! Upstreams: choosing a target, connecting to it, keeping connections.

mod connect;
mod pool;
mod targets;

pub(crate) use connect::{ConnectError, Connector};
pub(crate) use pool::{Lease, Pool};
pub(crate) use targets::{Authority, AuthorityBook, Target, Targets};
