//! Which addresses may call.

use crate::{
    decision::{Refusal, RequestFacts},
    problem::Reason,
    rules::Rules,
};

/// Refuses calls from addresses that the policy `ip` keeps out.
pub(crate) fn check(rules: &Rules, head: &RequestFacts<'_>) -> Result<(), Box<Refusal>> {
    match &rules.ip {
        Some(ip) if !ip.permits(head.address()) => Err(Box::new(Refusal::new(Reason::AddressForbidden))),
        _ => Ok(()),
    }
}
