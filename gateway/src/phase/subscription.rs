//! Whether the caller's application may call this api.

use std::sync::Arc;

use domain::{id::ApplicationId, subscription::SubscriptionState};

use crate::{
    decision::Refusal,
    problem::Reason,
    snapshot::{Plan, Snapshot, Subscription, Version},
};

/// The subscription that covers the api, with its plan: the oldest active one. Without one the answer tells the state
/// of the best other one.
pub(crate) fn check<'a>(
    snapshot: &'a Snapshot,
    version: &Version,
    application: ApplicationId,
) -> Result<(&'a Subscription, &'a Arc<Plan>), Box<Refusal>> {
    let mut reason = Reason::NotSubscribed;
    for subscription in snapshot.subscriptions(application) {
        let Some(plan) = snapshot
            .catalog
            .plan(subscription.plan_id)
            .filter(|plan| plan.covers(version.api_id))
        else {
            continue;
        };
        match subscription.state {
            SubscriptionState::Active => return Ok((subscription, plan)),
            SubscriptionState::Suspended => reason = Reason::SubscriptionSuspended,
            SubscriptionState::Pending if reason == Reason::NotSubscribed => reason = Reason::SubscriptionPending,
            SubscriptionState::Pending | SubscriptionState::Canceled => {}
        }
    }
    Err(Box::new(Refusal::new(reason)))
}
