//! Keys, applications and their subscriptions, as the hot path looks them up.

use std::sync::Arc;

use domain::{
    id::{ApplicationId, KeyId, PlanId, SubscriptionId},
    subscription::SubscriptionState,
};

use crate::limit::Budget;

/// What a key's hash leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeyEntry {
    pub(crate) id: KeyId,
    pub(crate) application_id: ApplicationId,
}

/// A subscription with its budgets, which outlive the snapshot.
#[derive(Clone, Debug)]
pub(crate) struct Subscription {
    pub(crate) id: SubscriptionId,
    pub(crate) application_id: ApplicationId,
    pub(crate) plan_id: PlanId,
    pub(crate) state: SubscriptionState,
    pub(crate) budget: Arc<Budget>,
    /// `None` for the many that have none.
    pub(super) scopes: Option<Arc<[Box<str>]>>,
}

impl Subscription {
    /// Scopes that the provider granted.
    pub(crate) fn scopes(&self) -> &[Box<str>] {
        self.scopes.as_deref().unwrap_or_default()
    }
}
