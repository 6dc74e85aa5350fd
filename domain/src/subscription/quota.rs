//! Used of allowed, for lists of subscriptions.

use std::collections::HashMap;

use sea_orm::ConnectionTrait;

use crate::{
    clock::Timestamp,
    error::Result,
    id::SubscriptionId,
    plan::{Period, Plan},
    usage::{QuotaUse, quota},
};

/// How much each subscription has used of what its plan allows, in the period that `now` lies in.
pub(crate) async fn quota_uses<'a>(
    db: &impl ConnectionTrait,
    subscriptions: impl Iterator<Item = (SubscriptionId, &'a Plan)>,
    now: Timestamp,
) -> Result<HashMap<SubscriptionId, QuotaUse>> {
    let plans: HashMap<SubscriptionId, &Plan> = subscriptions.collect();
    let periods: HashMap<SubscriptionId, Period> = plans
        .iter()
        .map(|(id, plan)| (*id, quota::period_of(plan.quota.as_ref())))
        .collect();
    let starts = quota::starts(db, &periods, now).await?;
    Ok(plans
        .into_iter()
        .map(|(id, plan)| {
            let period = periods.get(&id).copied().unwrap_or(Period::Month);
            let used = starts.get(&id).map_or(0, |start| start.units);
            let allowed = plan.quota.map(|quota| quota.requests);
            (
                id,
                QuotaUse {
                    used,
                    allowed,
                    since: period.start(now),
                    until: period.end(now),
                },
            )
        })
        .collect())
}
