//! Rate limits and quota of the subscription.

use http::{HeaderValue, header::RETRY_AFTER};

use crate::{
    decision::{Known, Refusal},
    limit::{Moment, Taken},
    problem::Reason,
};

/// Takes one request from every budget of the caller, or from none. Anonymous callers have none.
pub(crate) fn take(known: &Known, now: &Moment) -> Result<Option<Taken>, Box<Refusal>> {
    let (Some(holder), Some(plan)) = (&known.subscription, &known.plan) else {
        return Ok(None);
    };
    match holder.budget.take(&plan.limits, now) {
        Ok(taken) => Ok(Some(taken)),
        Err(exhausted) => {
            let reason = if exhausted.is_quota {
                Reason::QuotaExceeded
            } else {
                Reason::RateLimited
            };
            let detail = format!(
                "The plan's limit \"{}\" is used up. The next request passes in {} s.",
                exhausted.names.join("\", \""),
                exhausted.retry_after_s
            );
            let refusal = Refusal::new(reason).detail(detail);
            let mut refusal = refusal.field(RETRY_AFTER, HeaderValue::from(exhausted.retry_after_s));
            refusal.exhausted = Some(exhausted);
            Err(Box::new(refusal))
        }
    }
}
