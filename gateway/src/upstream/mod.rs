//! Upstreams: choosing a target, connecting to it, keeping connections, and what may pass in headers.

mod targets;

pub(crate) use targets::{Authority, AuthorityBook, Target, Targets};
