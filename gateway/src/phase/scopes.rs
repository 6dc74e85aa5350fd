//! Whether the caller's credential is good for the operation.

use std::sync::Arc;

use domain::policy::access::CredentialKind;
use http::{HeaderValue, header::WWW_AUTHENTICATE};

use crate::{
    decision::{Known, Refusal},
    identity::Vouched,
    problem::Reason,
    rules::Rules,
    snapshot::Subscription,
};

/// Refuses a credential without the scopes that are needed (RFC 6750 §3.1).
pub(crate) fn check(rules: &Rules, known: &Known) -> Result<(), Box<Refusal>> {
    let Some(scopes) = &rules.scopes else { return Ok(()) };
    let needed = scopes.required.join(" ");
    if known.application_id.is_none() {
        let refusal =
            Refusal::new(Reason::MissingCredential).detail("This operation can't be called without a credential.");
        let parameters = format!(", scope=\"{needed}\"");
        let accepted = rules.access.as_ref().and_then(|access| access.challenge(&parameters));
        let challenge =
            accepted.or_else(|| HeaderValue::try_from(format!("Bearer realm=\"turnpike\"{parameters}")).ok());
        return Err(with_challenge(refusal, challenge).into());
    }
    let is_met = match &known.token {
        Some(token) => scopes.are_met_by(&token.scopes),
        None => scopes.keys,
    };
    if is_met {
        return Ok(());
    }
    let detail = format!("The operation needs the scopes \"{needed}\", and the credential does not have them.");
    let challenge = format!("Bearer realm=\"turnpike\", error=\"insufficient_scope\", scope=\"{needed}\"");
    let refusal = Refusal::new(Reason::InsufficientScope).detail(detail);
    Err(with_challenge(refusal, HeaderValue::try_from(challenge).ok()).into())
}

/// A token of the gateway's own says what providers granted when it was given. What counts is what this one grants now: not
/// what it took back since, and not what another granted.
pub(crate) fn narrow(known: &mut Known, subscription: &Subscription) {
    let Some(token) = &known.token else { return };
    let is_granted = |scope: &String| subscription.scopes().iter().any(|granted| **granted == **scope);
    if token.kind != CredentialKind::ClientCredentials || token.scopes.iter().all(is_granted) {
        return;
    }
    let mut narrowed = Vouched::clone(token);
    narrowed.scopes.retain(is_granted);
    known.token = Some(Arc::new(narrowed));
}

/// Scopes are visible ASCII without quotation marks, so there always is one.
fn with_challenge(refusal: Refusal, challenge: Option<HeaderValue>) -> Refusal {
    match challenge {
        Some(value) => refusal.field(WWW_AUTHENTICATE, value),
        None => refusal,
    }
}
