//! Upstreams: choosing a target, connecting to it, keeping connections, and what may pass in headers.

mod body;
mod connect;
mod headers;
mod io;
mod pool;
mod targets;

pub(crate) use body::{BodyProgress, BodyState, RequestBody};
pub(crate) use connect::{ConnectError, Connector};
pub(crate) use headers::{HopByHop, strip_hop_by_hop};
pub(crate) use pool::{Lease, Pool};
pub(crate) use targets::{Authority, AuthorityBook, Target, Targets};
