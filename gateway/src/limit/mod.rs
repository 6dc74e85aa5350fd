//! Budgets: rate limits and quotas of subscriptions. They live outside the snapshot, keyed by subscription, so that a
//! change of configuration never refills one.

mod budget;
mod crowd;
mod fields;
mod gcra;
mod moment;
mod quota;

pub use gcra::{Gcra, GcraCell, Room, TooEarly};

pub(crate) use budget::{Budget, Exhausted, PlanLimits, Taken};
pub(crate) use crowd::{Crowd, Forgettable, network};
pub(crate) use moment::Moment;
