//! May this request pass? A function of the snapshot, the request's head, the moment and the budgets, and of nothing
//! else: no I/O, no clock, no randomness. So it can be rehearsed on recorded requests.

use std::{borrow::Cow, net::IpAddr, sync::Arc};

use domain::{
    id::{ApplicationId, KeyId, SubscriptionId},
    policy::{access::CredentialKind, ip::Network},
};
use http::{HeaderName, HeaderValue, Method};
use openapi::validate::Violation;

use crate::{
    contract::OperationContract,
    identity::{Question, Vouched, Vouching},
    limit::{Budget, Exhausted, Moment, Taken},
    message::Fields,
    phase::{self, credential::Identified},
    problem::Reason,
    rules::{self, AccessRule, CallInputs, RuleState, Rules, TakenWindows},
    snapshot::{Operation, Plan, Snapshot, Version},
    tls::ClientCertificate,
};

/// What a decision depends on, of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequestFacts<'a> {
    pub(crate) method: &'a Method,
    /// As sent, without the query.
    pub(crate) path: &'a str,
    /// As sent, without the question mark; empty without one.
    pub(crate) query: &'a str,
    pub(crate) version: http::Version,
    /// Where the request says it is for.
    pub(crate) authority: Option<&'a str>,
    /// Bytes of path and query.
    pub(crate) target_bytes: usize,
    pub(crate) fields: &'a Fields,
    /// Length of the body where it is announced.
    pub(crate) body_bytes: Option<u64>,
    /// The most that is accepted.
    pub(crate) max_body_bytes: Option<u64>,
    /// Where the connection comes from.
    pub(crate) peer: IpAddr,
    /// Proxies whose word on the caller's address is taken.
    pub(crate) trusted_proxies: &'a [Network],
    /// The certificate that the connection was begun with.
    pub(crate) certificate: Option<&'a ClientCertificate>,
    /// What came of the question that was asked about the request's token, if one was.
    pub(crate) vouching: Option<&'a Vouching>,
    /// Whose tokens are those of the installation's own token endpoint, if it has one.
    pub(crate) own_issuer: Option<&'a str>,
}

impl RequestFacts<'_> {
    /// The caller's address.
    pub(crate) fn address(&self) -> IpAddr {
        rules::caller_address(self.peer, self.trusted_proxies, self.fields)
    }
}

/// What became known of a call until it passed or was refused: what is metered, and what answers say.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    pub(crate) version: Option<Arc<Version>>,
    /// Number of the operation in the version.
    pub(crate) operation: Option<u32>,
    /// What policies say about it.
    pub(crate) rules: Option<Arc<Rules>>,
    /// What the caller's identity rests on.
    pub(crate) credential: Option<CredentialKind>,
    pub(crate) key_id: Option<KeyId>,
    pub(crate) token: Option<Arc<Vouched>>,
    pub(crate) application_id: Option<ApplicationId>,
    pub(crate) subscription: Option<Holder>,
    pub(crate) plan: Option<Arc<Plan>>,
    /// What policies found in it that is worth a note; there if there is something.
    pub(crate) findings: Option<Box<Findings>>,
}

/// What policies found in a call.
#[derive(Clone, Debug, Default)]
pub(crate) struct Findings {
    /// Groups of signatures.
    pub(crate) signatures: Vec<&'static str>,
    /// The first mistakes of the request.
    pub(crate) request: Vec<String>,
}

impl Known {
    fn described(&self) -> Option<&Operation> {
        self.version.as_ref()?.operations.get(self.operation? as usize)
    }

    /// Name of the operation in the version's document.
    pub(crate) fn slug(&self) -> Option<&str> {
        self.described().map(|operation| &*operation.slug)
    }

    /// Path template of the operation.
    pub(crate) fn template(&self) -> Option<&str> {
        self.described().map(|operation| &*operation.template)
    }

    /// What the version's document says of the operation, as far as policies ask.
    pub(crate) fn contract(&self) -> Option<&OperationContract> {
        self.described()?.contract.as_deref()
    }

    /// Where findings are noted.
    pub(crate) fn findings(&mut self) -> &mut Findings {
        self.findings.get_or_insert_default()
    }
}

/// Whose budgets a call takes from.
#[derive(Clone, Debug)]
pub(crate) struct Holder {
    pub(crate) id: SubscriptionId,
    pub(crate) budget: Arc<Budget>,
}

/// Proof that a request passed every phase; forwarding is impossible without it. Only [`decide`] makes one.
#[derive(Debug)]
pub(crate) struct Permit {
    /// Where to: the targets of the version. Only a call that the gateway answers in the API's place may have none.
    targets: Option<Arc<crate::upstream::Targets>>,
    /// Bytes of the path before the operation's own.
    base_length: usize,
    /// What carried the credential.
    credential: CredentialFields,
    /// What was taken from the budgets.
    taken: Option<Taken>,
    /// What was taken from the windows of policies.
    windows: Option<TakenWindows>,
}

/// What becomes of a request that is not refused.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// It may go to the upstream.
    Forward(Permit),
    /// A browser asks what it may do; the rules of the operation in question have the answer.
    Preflight(Arc<Rules>),
    /// Somebody must vouch for the request's token first; nothing was taken from any budget. The decision is then made
    /// again, by the same snapshot.
    Vouch(Question),
}

/// What carried a credential that is not passed on.
#[derive(Clone, Debug, Default)]
pub(crate) struct CredentialFields {
    pub(crate) authorization: bool,
    /// The header that carries keys: `X-Api-Key`, or that of the policy.
    pub(crate) key_header: bool,
    /// Whether `X-Api-Key` holds a credential of this installation, though nothing here asks for one in that place.
    pub(crate) has_stray_key: bool,
    /// Says where keys are, if not where they are by default.
    pub(crate) access: Option<Arc<AccessRule>>,
}

impl CredentialFields {
    /// Whether `X-Api-Key` goes to the upstream.
    pub(crate) fn passes_api_key(&self) -> bool {
        let is_other = self.access.as_ref().is_some_and(|access| !access.has_usual_header());
        !self.has_stray_key && (!self.key_header || is_other)
    }

    /// Query parameter that carries keys, whether there is one or not.
    pub(crate) fn query_parameter(&self) -> Option<&str> {
        self.access.as_ref()?.key_query.as_deref()
    }
}

impl Permit {
    /// A permit for the same request once more, to validate an answer that it was given from the cache. Nothing is taken
    /// from any budget for it.
    pub(crate) fn again(&self) -> Self {
        Self {
            targets: self.targets.clone(),
            base_length: self.base_length,
            credential: self.credential.clone(),
            taken: None,
            windows: None,
        }
    }

    /// Returns everything that was taken from budgets; `known` is what was found with the permit.
    pub(crate) fn give_back(&self, known: &Known) {
        if let Some(windows) = &self.windows {
            windows.give_back();
        }
        if let (Some(holder), Some(plan), Some(taken)) = (&known.subscription, &known.plan, &self.taken) {
            holder.budget.return_all(&plan.limits, taken);
        }
    }

    pub(crate) fn targets(&self) -> Option<&Arc<crate::upstream::Targets>> {
        self.targets.as_ref()
    }

    pub(crate) fn base_length(&self) -> usize {
        self.base_length
    }

    pub(crate) fn credential(&self) -> &CredentialFields {
        &self.credential
    }

    pub(crate) fn taken(&self) -> Option<&Taken> {
        self.taken.as_ref()
    }
}

/// Why a request does not pass, and what the answer says.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) reason: Reason,
    /// That of the reason, unless a policy says otherwise.
    pub(crate) status: u16,
    /// A sentence about this request; the explanation of the reason when empty.
    pub(crate) detail: Cow<'static, str>,
    pub(crate) fields: Vec<(HeaderName, HeaderValue)>,
    pub(crate) exhausted: Option<Box<Exhausted>>,
    pub(crate) proxy_error: Option<&'static str>,
    /// What is not as the document says.
    pub(crate) violations: Vec<Violation>,
}

impl Refusal {
    pub(crate) fn new(reason: Reason) -> Self {
        Self {
            reason,
            status: reason.status(),
            detail: Cow::Borrowed(""),
            fields: Vec::new(),
            exhausted: None,
            proxy_error: None,
            violations: Vec::new(),
        }
    }

    /// Answers with another status than the reason has.
    pub(crate) fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    pub(crate) fn detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.detail = detail.into();
        self
    }

    /// Says what is not as the document says.
    pub(crate) fn violations(mut self, violations: Vec<Violation>) -> Self {
        self.violations = violations;
        self
    }

    /// What happened, in a sentence.
    pub(crate) fn sentence(&self) -> &str {
        if self.detail.is_empty() {
            self.reason.problem().explanation
        } else {
            &self.detail
        }
    }

    /// Adds what `Proxy-Status` says about the failure: an error type of RFC 9209 §2.3.
    pub(crate) fn proxy_error(mut self, error: &'static str) -> Self {
        self.proxy_error = Some(error);
        self
    }

    pub(crate) fn field(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.fields.push((name, value));
        self
    }
}

/// Whether a request passes. `known` is filled with what was found on the way, also when it does not.
///
/// # Errors
/// The refusal of the first phase that says no; nothing was then taken from any budget.
pub(crate) fn decide(
    snapshot: &Snapshot,
    head: &RequestFacts<'_>,
    now: &Moment,
    state: &RuleState,
    known: &mut Known,
) -> Result<Verdict, Box<Refusal>> {
    decide_by(snapshot, head, now, state, known, phase::credential::identify)
}

/// As [`decide`], where something else than the request's credential may say who calls. Compiled for each, so that calls pay
/// nothing for it.
///
/// # Errors
/// As [`decide`].
#[inline]
pub(crate) fn decide_by<I>(
    snapshot: &Snapshot,
    head: &RequestFacts<'_>,
    now: &Moment,
    state: &RuleState,
    known: &mut Known,
    identify: I,
) -> Result<Verdict, Box<Refusal>>
where
    I: FnOnce(&Snapshot, &Version, Option<&Arc<AccessRule>>, &RequestFacts<'_>) -> Result<Identified, Box<Refusal>>,
{
    phase::limits::check(snapshot, head)?;
    let (version, base_length) = phase::route::version(&snapshot.catalog, head)?;
    known.version = Some(Arc::clone(version));
    // A version that is over says so whatever the path is.
    phase::lifecycle::check(version, now)?;
    if version.has_cors
        && let Some(rules) = phase::preflight::rules(version, head, base_length)
    {
        return Ok(Verdict::Preflight(rules));
    }
    let operation = phase::route::operation(version, head, base_length)?;
    known.operation = operation;
    let rules = match operation {
        Some(number) => version.operations[number as usize].rules.as_ref(),
        None => version.rules.as_ref(),
    };
    if let Some(rules) = rules {
        known.rules = Some(Arc::clone(rules));
        phase::limits::check_rules(rules, head)?;
        phase::address::check(rules, head)?;
    }
    let access = rules.and_then(|rules| rules.access.as_ref());
    let (identity, credential) = match identify(snapshot, version, access, head)? {
        Identified::As(identity, fields) => (Some(identity), fields),
        Identified::Anonymous(fields) => (None, fields),
        Identified::Unknown(question) => return Ok(Verdict::Vouch(question)),
    };
    if let Some(identity) = identity {
        known.credential = Some(identity.kind);
        known.key_id = identity.key_id;
        known.token = identity.token;
        known.application_id = Some(identity.application_id);
        let (subscription, plan) = phase::subscription::check(snapshot, version, identity.application_id)?;
        known.subscription = Some(Holder {
            id: subscription.id,
            budget: Arc::clone(&subscription.budget),
        });
        known.plan = Some(Arc::clone(plan));
        phase::scopes::narrow(known, subscription);
    }
    if let Some(rules) = rules {
        phase::scopes::check(rules, known)?;
    }
    if let Some(conditions) = known.rules.as_ref().and_then(|rules| rules.conditions.as_ref()) {
        conditions.check(&CallInputs {
            head,
            known,
            now,
            base_length,
        })?;
    }
    // Before the budgets: a call that can't go anywhere must not cost anything.
    let targets = match &known.rules {
        // Only what is described can be answered in the API's place.
        Some(rules) if rules.is_mocked() && operation.is_some() => None,
        _ => Some(phase::route::targets(version)?),
    };
    let (taken, windows) = phase::budget::take(known, head, state, now)?;
    Ok(Verdict::Forward(Permit {
        targets,
        base_length,
        credential,
        taken,
        windows,
    }))
}
