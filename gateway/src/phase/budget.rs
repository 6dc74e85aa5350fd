//! Rate limits and quota of the subscription, and the windows of policies.

use http::{HeaderValue, header::RETRY_AFTER};

use crate::{
    decision::{Known, Refusal, RequestFacts},
    limit::{Exhausted, Moment, Taken},
    problem::Reason,
    rules::{Caller, RuleState, TakenWindows, WindowsExhausted},
};

/// Takes one request from every budget of the caller and every window of the operation's policies, or from none.
/// Anonymous callers have no budgets.
pub(crate) fn take(
    known: &Known,
    head: &RequestFacts<'_>,
    state: &RuleState,
    now: &Moment,
) -> Result<(Option<Taken>, Option<TakenWindows>), Box<Refusal>> {
    let rule = known.rules.as_ref().and_then(|rules| rules.windows.as_ref());
    let windows = match rule {
        Some(rule) => {
            let taken = rule.take(&state.windows, &caller(known, head), now.unix_ns);
            Some(taken.map_err(|exhausted| Box::new(windows_refusal(&exhausted)))?)
        }
        None => None,
    };
    let (Some(holder), Some(plan)) = (&known.subscription, &known.plan) else {
        return Ok((None, windows));
    };
    match holder.budget.take(&plan.limits, now) {
        Ok(taken) => Ok((Some(taken), windows)),
        Err(exhausted) => {
            if let Some(windows) = windows {
                windows.give_back();
            }
            Err(Box::new(plan_refusal(exhausted)))
        }
    }
}

/// Whose call it is, as limits tell callers apart.
pub(crate) fn caller<'a>(known: &'a Known, head: &RequestFacts<'_>) -> Caller<'a> {
    let operation = known.version.as_ref().zip(known.operation);
    Caller {
        key_id: known.key_id,
        token: known.token.as_deref(),
        application_id: known.application_id,
        address: head.address(),
        operation: operation.map_or("", |(version, number)| &version.operations[number as usize].slug),
    }
}

fn windows_refusal(exhausted: &WindowsExhausted) -> Refusal {
    let detail = format!(
        "The provider's limit \"{}\" is used up. The next request passes in {} s.",
        exhausted.names.join("\", \""),
        exhausted.retry_after_s
    );
    let refusal = Refusal::new(Reason::CallsLimited).detail(detail);
    refusal.field(RETRY_AFTER, HeaderValue::from(exhausted.retry_after_s))
}

fn plan_refusal(exhausted: Box<Exhausted>) -> Refusal {
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
    refusal
}
