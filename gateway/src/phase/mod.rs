//! The phases of a call, one file each, in the order of the crate's table. Those up to `budget` are pure and run inside
//! [`crate::decision::decide`]; the rest is what happens to a call that has a permit, and to its answer.

pub(crate) mod address;
pub(crate) mod budget;
pub(crate) mod credential;
pub(crate) mod deliver;
pub(crate) mod failure;
pub(crate) mod forward;
pub(crate) mod lifecycle;
pub(crate) mod limits;
pub(crate) mod logging;
pub(crate) mod metering;
pub(crate) mod mirror;
pub(crate) mod places;
pub(crate) mod preflight;
pub(crate) mod request_fields;
pub(crate) mod respond;
pub(crate) mod rewrite;
pub(crate) mod route;
pub(crate) mod scopes;
pub(crate) mod subscription;
pub(crate) mod tries;
pub(crate) mod vouch;

pub(crate) use failure::FirstFailure;
