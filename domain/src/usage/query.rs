//! Reading usage.

use super::{OperationUsage, UsagePoint, UsageSums};
use crate::{
    actor::Actor, clock::Timestamp, error::Result,
    id::{ApiId, ApplicationId, OrganizationId, SubscriptionId}, services::Context,
};

/// The reading side of the ledger.
#[derive(Clone)]
pub struct UsageReads { pub(crate) cx: Context }

/// A stretch of time: from `from`, up to but not including `to`.
#[derive(Clone, Copy, Debug)]
pub struct TimeRange {
    /// First moment.
    pub from: Timestamp,
    /// First moment after.
    pub to: Timestamp,
}

/// Whose usage is asked for.
#[derive(Clone, Copy, Debug)]
pub enum UsageScope {
    /// One of the actor's applications.
    Application(ApplicationId),
    /// All of the actor's applications.
    MyApplications,
    /// An organization that the actor is a member of.
    Organization(OrganizationId),
    /// One api of such an organization.
    Api(ApiId),
    /// One subscription, for its owner or a member of the provider.
    Subscription(SubscriptionId),
}

impl UsageReads {
    /// Calls per operation, busiest first.
    pub async fn by_operation(&self, actor: &Actor, scope: UsageScope, range: TimeRange) -> Result<Vec<OperationUsage>> { unimplemented!() }

    /// A time line of `steps` equal steps (1 to 500) over the range, gaps filled with zeros.
    pub async fn timeline(&self, actor: &Actor, scope: UsageScope, range: TimeRange, steps: u32) -> Result<Vec<UsagePoint>> { unimplemented!() }

    /// Sums over the range.
    pub async fn totals(&self, actor: &Actor, scope: UsageScope, range: TimeRange) -> Result<UsageTotals> { unimplemented!() }
}

/// Sums over a range.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UsageTotals {
    /// All sums.
    pub sums: UsageSums,
    /// Requests the gateway refused.
    pub refused: u64,
    /// Answers with a status of 500 or above.
    pub errors: u64,
}
