//! Rehearsal: what a configuration would say to calls that were recorded.
//!
//! It is the same decision that the gateway makes, at the moment of the record and about whoever the record names. What the
//! access log does not hold is not judged: header fields, queries, bodies and tokens. [`not_rehearsed`] says what that means
//! for each policy.

mod caller;
mod elsewhere;
mod record;

use std::sync::Arc;

use domain::{
    clock::Timestamp,
    expression::{Expression, Field, MapField},
    gateway_config::{GatewayConfig, VersionRecord},
    policy::{PolicyName, PolicySet, Setting},
};

use crate::{
    decision::{Known, RequestFacts, Verdict, decide_by},
    limit::Moment,
    message::Fields,
    rules::RuleState,
    snapshot::{Snapshot, SnapshotHandle, Warning},
};
use caller::Recorded;
use elsewhere::Elsewhere;

pub use record::{RecordError, RecordedRequest};

/// Inputs of expressions that no record has.
const UNRECORDED_FIELDS: &[Field] = &[Field::Size, Field::Scopes];
const UNRECORDED_MAPS: &[MapField] = &[MapField::Query, MapField::QueryAll, MapField::Headers, MapField::Claims];

/// A configuration that judges recorded calls. Its rate limits and quotas begin unused and run in the time of the records, so
/// records are best judged in the order of their times.
#[derive(Debug)]
pub struct Rehearsal {
    snapshot: Arc<Snapshot>,
    state: Arc<RuleState>,
    warnings: Vec<Warning>,
    /// Every scope that an operation asks for: a token of which nobody knows what it was good for has them.
    scopes: Vec<String>,
    moment: Moment,
}

/// What a configuration says to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outcome {
    /// It would go to the upstream, or to policies that are not rehearsed.
    Passes,
    /// It would be refused.
    Refused {
        /// Status of the answer.
        status: u16,
        /// Last segment of the problem's type; see [`crate::problem::Reason::slug`].
        reason: &'static str,
    },
    /// Nothing that is rehearsed refuses it, and it was refused by what is not: by its body, a signature, too many calls at
    /// the same time. It takes nothing from limits, as it took nothing then.
    RefusedElsewhere {
        /// That of the record, as in [`Self::Refused`].
        reason: &'static str,
    },
    /// It would come as far as to the caller's credential, and the record does not say whose call it was: it was refused
    /// before that was known.
    Undecided,
}

/// An outcome, and what the call was taken for.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// What would become of it.
    pub outcome: Outcome,
    known: Known,
}

impl Judgement {
    /// Address of the version, `acme/petstore/v1`, if the call has one.
    pub fn version(&self) -> Option<&str> {
        self.known.version.as_ref().map(|version| &*version.address)
    }

    /// Slug of the operation, if one describes the call.
    pub fn operation(&self) -> Option<&str> {
        self.known.slug()
    }
}

impl Rehearsal {
    /// Compiles a configuration. `portal_url` is the base URL of the portal.
    pub fn new(mut config: GatewayConfig, portal_url: &str) -> Self {
        let mut scopes = Vec::new();
        for version in &mut config.catalog.versions {
            prepare(version, &mut scopes);
        }
        scopes.sort_unstable();
        scopes.dedup();
        for subscription in &mut config.subscriptions {
            // What the ledger has may be these very calls.
            subscription.used.units = 0;
        }
        let handle = SnapshotHandle::new(portal_url);
        let warnings = handle.replace(config).warnings;
        let snapshot = Arc::clone(handle.reader().load());
        Self {
            snapshot,
            state: handle.rule_state(),
            warnings,
            scopes,
            moment: Moment::at(Timestamp::UNIX_EPOCH),
        }
    }

    /// Records of the configuration that are not used as they were meant.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// Judges a call at the time of its record. What it takes from rate limits and quotas stays taken.
    pub fn judge(&mut self, request: &RecordedRequest) -> Judgement {
        self.judge_by(request, None)
    }

    /// Judges a call as a draft of the configuration that judged it before: what that one refuses for the record's reason is
    /// not refused elsewhere.
    pub fn judge_as_draft(&mut self, request: &RecordedRequest, as_it_is: &Judgement) -> Judgement {
        self.judge_by(request, Some(as_it_is))
    }

    fn judge_by(&mut self, request: &RecordedRequest, as_it_is: Option<&Judgement>) -> Judgement {
        self.moment.advance(request.time);
        let elsewhere = Elsewhere::of(request, as_it_is);
        if let Some(before @ Elsewhere::Before(_)) = elsewhere {
            return Judgement {
                outcome: before.outcome(),
                known: Known::default(),
            };
        }
        let fields = Fields::default();
        let facts = facts(request, &fields);
        let mut known = Known::default();
        let mut recorded = Recorded::of(request, &self.scopes);
        let verdict = decide_by(
            &self.snapshot,
            &facts,
            &self.moment,
            &self.state,
            &mut known,
            |snapshot, version, access, head| recorded.identify(snapshot, version, access, head),
        );
        let is_in_vain = recorded.was_asked_in_vain();
        let outcome = match (verdict, elsewhere) {
            (Ok(Verdict::Forward(permit)), Some(elsewhere)) => {
                permit.give_back(&known);
                elsewhere.outcome()
            }
            (Ok(Verdict::Vouch(_) | Verdict::Preflight(_)), Some(elsewhere)) => elsewhere.outcome(),
            (Err(_), Some(elsewhere)) if is_in_vain => elsewhere.outcome(),
            _ if is_in_vain => Outcome::Undecided,
            (Ok(Verdict::Vouch(_)), None) => Outcome::Undecided,
            (Ok(Verdict::Forward(_) | Verdict::Preflight(_)), None) => Outcome::Passes,
            (Err(refusal), _) => Outcome::Refused {
                status: refusal.status,
                reason: refusal.reason.slug(),
            },
        };
        Judgement { outcome, known }
    }
}

fn facts<'a>(request: &'a RecordedRequest, fields: &'a Fields) -> RequestFacts<'a> {
    RequestFacts {
        method: &request.method,
        path: &request.path,
        query: "",
        version: request.protocol,
        authority: request.host.as_deref(),
        target_bytes: request.path.len(),
        fields,
        body_bytes: Some(request.bytes_in),
        max_body_bytes: None,
        // What was logged is the caller already, behind all proxies.
        peer: request.client_ip,
        trusted_proxies: &[],
        certificate: None,
        vouching: None,
        own_issuer: None,
    }
}

/// Takes out of a version what records do not say enough for, and notes the scopes that it asks for.
fn prepare(version: &mut VersionRecord, scopes: &mut Vec<String>) {
    if let Some(upstream) = &mut version.upstream {
        // Nothing is sent, so nobody has to have it.
        upstream.settings.tls.client_certificate = None;
    }
    let of_operations = version.operations.iter_mut();
    let of_operations = of_operations.filter_map(|operation| operation.policies.as_deref_mut());
    for policies in of_operations.chain([&mut version.policies]) {
        let needed = policies.scopes().into_iter();
        scopes.extend(needed.flat_map(|needed| needed.required.iter().cloned()));
        if let Some(Setting::On(expression)) = &mut policies.expression {
            expression.0.retain(|rule| is_recorded(&rule.when));
            if expression.0.is_empty() {
                policies.expression = None;
            }
        }
    }
}

/// Whether records have all that a condition asks for. One that can't be read is left to be refused as it is.
fn is_recorded(when: &str) -> bool {
    Expression::parse(when).map_or(true, |condition| !condition.reads(UNRECORDED_FIELDS, UNRECORDED_MAPS))
}

/// What of a policy a rehearsal does not judge, in a sentence; `None` where it judges all of it.
pub fn not_rehearsed(name: PolicyName, said: &PolicySet) -> Option<&'static str> {
    match name {
        PolicyName::Ip | PolicyName::RateLimits => None,
        PolicyName::Access => Some(
            "The kinds of credentials are judged. Where keys are sent is not in the access log, and neither are \
             certificates and tokens that were not accepted.",
        ),
        PolicyName::Jwt | PolicyName::Introspection => {
            Some("Tokens are not in the access log: those that were accepted count as accepted.")
        }
        PolicyName::Scopes => Some(
            "Scopes of tokens are not in the access log: a token counts as good for all of them, one of the gateway's own \
             for those that the subscription has.",
        ),
        PolicyName::Expression => {
            let is_whole = said
                .expression()
                .is_none_or(|rules| rules.0.iter().all(|rule| is_recorded(&rule.when)));
            (!is_whole).then_some(
                "Rules that name request.headers, request.query, request.query_all, request.size, consumer.claims or \
                 consumer.scopes are left out: these are not in the access log.",
            )
        }
        PolicyName::Limits => Some(
            "url_bytes is judged by the path alone and body_bytes by what came; header_bytes, json and xml are not: \
             header fields and bodies are not in the access log.",
        ),
        PolicyName::Concurrency => Some("How many calls run at the same time is not rehearsed."),
        PolicyName::Cors
        | PolicyName::Signatures
        | PolicyName::Validation
        | PolicyName::Mock
        | PolicyName::Headers
        | PolicyName::Transform
        | PolicyName::Composition
        | PolicyName::Compression
        | PolicyName::Cache => {
            Some("It works on header fields, queries, bodies or answers, which are not in the access log.")
        }
    }
}
