//! Upstreams: choosing a target, connecting to it, keeping connections.
//!
//! | file | what | shared |
//! |---|---|---|
//! | `targets.rs` | an upstream, compiled: everything the forwarding phase asks | all workers |
//! | `group.rs`, `schedule.rs`, `caller.rs` | which target a call goes to | all workers |
//! | `canary.rs` | which calls go to other targets | all workers |
//! | `state.rs` | health, ejection and warmth of a target | all workers, outlives the snapshot |
//! | `breaker.rs`, `retry.rs` | not calling, and calling again | all workers, outlives the snapshot |
//! | `authority.rs`, `resolve.rs`, `tls.rs` | where connections lead to | all workers, outlives the snapshot |
//! | `certificates.rs` | certificates that upstreams are shown | all workers, outlives the snapshot |
//! | `book.rs` | what outlives the snapshot, and for how long | the one who compiles |
//! | `checker.rs`, `probe.rs` | active health checks | one worker runs them |
//! | `pool.rs`, `connect.rs` | connections | each worker has its own |
//!
//! # How a call uses it
//!
//! Nothing here locks. What an upstream does not ask for is an `Option` that is `None`: no clock is read, no random number
//! is made, nothing is counted.
//!
//! 1. Before the first try: `now` is `Tick::now` if `Targets::keeps_time`, else `Tick::ZERO`. `Targets::group` says
//!    stable or canary; for stable `Targets::admit` asks the breaker (refused: 503 with `Retry-After`). `Targets::hash`
//!    once; `Retries::begin` once; `Targets::mirror` for a call without a body.
//! 2. For each try: `Group::pick` with the same `Tried`; `None` means that all were tried, and a retry may begin with a
//!    new one. Connect through `resolve`, `Authority::policy`, `Authority::open_connection`, `Connecting::tls` and
//!    `Authority::tls_name`. Keep `Pick::load` until the answer is over.
//! 3. After each try: `Group::observe` with the `Outcome`, then `Retries::allow` with `may_repeat`.
//! 4. After the last: `Admission::tell`. Dropped without it, as when the caller hangs up, the call says nothing.

mod authority;
mod book;
mod breaker;
mod caller;
mod canary;
mod certificates;
mod checker;
mod connect;
mod group;
mod http2;
mod open;
mod outcome;
mod pool;
mod probe;
mod resolve;
mod retry;
mod schedule;
mod state;
mod stream;
mod targets;
mod tick;
mod tls;

pub(crate) use authority::{Authority, OpenConnection};
pub(crate) use book::AuthorityBook;
pub(crate) use breaker::{Admission, BreakerOpen};
pub(crate) use caller::Caller as CallerTraits;
pub use certificates::{UpstreamCertificate, UpstreamCertificates};
pub(crate) use checker::{Wanted as WantedCheck, run as check_targets};
pub(crate) use connect::{ConnectError, Connector};
pub(crate) use group::{Group, OnItsWay, Pick, Target, Tried};
pub(crate) use http2::{Links, ToSend};
pub(crate) use open::{open, waiting};
pub(crate) use outcome::Outcome;
pub(crate) use pool::{Lease, Pool};
pub(crate) use probe::Prober;
pub(crate) use retry::may_repeat;
pub(crate) use stream::UpstreamStream;
pub(crate) use targets::Targets;
pub(crate) use tick::Tick;
pub(crate) use tls::Offer;
