//! The response cache: a shared one, by RFC 9111, with RFC 5861 (stale answers), RFC 9211 (`Cache-Status`) and RFC 9213
//! (`CDN-Cache-Control`).
//!
//! A call whose operation has the policy asks it after every phase that can refuse, so an answer from here counts like any
//! other. How a call goes through it is in `worker/cached/`; what is here knows no sockets.
//!
//! | file | question |
//! |---|---|
//! | `query.rs` | what does this call ask for? |
//! | `key.rs` | what is an answer kept under, and who may see it? |
//! | `storability.rs` | is it kept, for whom, and for how long is it fresh? |
//! | `stored.rs` | may it be used now? |
//! | `validation.rs`, `range.rs` | what of it does the caller need? |
//! | `store.rs` | where is it, and which goes when there is no room? |
//! | `flight.rs` | who asks for the same right now? |
//! | `recording.rs` | how does it come in while it is passed on? |
//! | `directives.rs`, `structured.rs`, `list.rs`, `date.rs` | what do the fields say? |
//!
//! An answer is seen by others than its caller only if it says so, or if neither of them has a credential.

mod date;
mod directives;
mod flight;
mod handle;
mod key;
mod list;
mod query;
mod range;
mod recording;
mod settings;
mod status;
mod storability;
mod store;
mod stored;
mod structured;
mod validation;

pub use handle::{CacheHandle, CacheUsage};

pub(crate) use flight::{Flight, Join, Landed, Lead};
pub(crate) use key::Identity;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use key::{Origin, is_selected, key_of, selecting, target_in};
pub(crate) use query::{Kind, Query, invalidate, is_of_target, place};
pub(crate) use range::Part;
pub(crate) use recording::{Keeping, Nobody, Tee};
pub(crate) use settings::{CacheScope, CacheSettings};
pub(crate) use status::{Forwarded, Handled, NotKept};
pub(crate) use storability::Keepable;
pub(crate) use store::{Found, Stamp, Store};
pub(crate) use stored::{Exchange, Reuse, Stored};
pub(crate) use validation::ask;
