//! A call whose version has a cache: answered from it, or passed on and kept on the way.

mod asking;
mod background;
mod changing;
mod looking;
mod serving;

use std::sync::Arc;

use http::{Method, Version};

use self::{
    background::Revalidation,
    changing::Change,
    looking::{Decided, Hit, look},
    serving::serve,
};
use super::{
    Heads,
    call::{Run, Unanswered},
};
use crate::{
    cache::{CacheSettings, Exchange, Handled, Identity, Keepable, Keeping, Kind, NotKept, Query, Store, Tee, place},
    client::Caller,
    decision::{Permit, Refusal},
    message::{AnswerHead, BodyLength, Fields, Known, RequestHead},
    phase::{
        deliver::Delivered,
        forward::{Answered, NotAnswered},
        metering::Call,
    },
    problem::Reason,
    snapshot::{self, Found},
};

/// What a call has to do with the cache of its version.
pub(super) struct Cached {
    version: Arc<snapshot::Version>,
    /// Of the operation; always there for calls that ask.
    settings: Option<Arc<CacheSettings>>,
    /// Whether the call may change what is kept.
    is_change: bool,
}

impl Cached {
    /// `None` when the cache has nothing to do with the call.
    pub(super) fn of(call: &Call, request: &RequestHead, body: BodyLength) -> Option<Self> {
        let version = call.known.version.as_ref()?;
        version.cache.as_ref()?;
        let rules = call.known.rules.as_ref();
        let settings = rules.and_then(|rules| rules.cache.as_ref());
        let is_change = match Kind::of(request, body) {
            Kind::Ask if settings.is_some() => false,
            Kind::Change => true,
            Kind::Ask | Kind::Other => return None,
        };
        Some(Self {
            version: Arc::clone(version),
            settings: settings.cloned(),
            is_change,
        })
    }

    /// Answers the call.
    ///
    /// # Errors
    /// The call, and why there is no answer.
    pub(super) async fn handle(
        self,
        run: &Run<'_>,
        call: Call,
        caller: &mut impl Caller,
        heads: &mut Heads,
    ) -> Result<Delivered, Unanswered> {
        let (Some(scope), Some(permit)) = (&self.version.cache, call.permit()) else {
            return Err(Box::new((call, Refusal::new(Reason::NoUpstream).into())));
        };
        let base_length = permit.base_length();
        let identity = run.identity(&call, permit, &heads.request.fields);
        let settings = match &self.settings {
            Some(settings) if !self.is_change => settings,
            settings => {
                let is_kept = self.has_rules_of_get(&call, &heads.request, base_length);
                let settings = settings.as_ref().filter(|_| is_kept);
                let change = Change::of(run, (scope, settings), &heads.request, base_length, identity);
                return change.go(run, call, caller, heads).await;
            }
        };
        let query = Query::of(scope, settings, &heads.request, base_length, identity);
        let asking = match look(run, query, caller, heads).await {
            Decided::Answer(Hit { query, answer, lead }, says) => {
                if let Some(lead) = lead {
                    Revalidation::begin(run, &call, &heads.request, &query, &answer, lead);
                }
                return Ok(serve(run, call, caller, heads, &query, &answer, says).await);
            }
            Decided::Forward(asking) => asking,
            Decided::Refuse => return Err(Box::new((call, Refusal::new(Reason::NotKept).into()))),
            Decided::CallerGone => return Err(Box::new((call, NotAnswered::CallerGone))),
        };
        asking.go(run, call, caller, heads).await
    }

    /// Whether the policies of the call are those of a `GET` of its target. Else an answer that is kept would pass those by
    /// that `GET`s are to be answered under, such as what they take out of answers.
    fn has_rules_of_get(&self, call: &Call, request: &RequestHead, base_length: usize) -> bool {
        let (_, target) = place(request, base_length);
        let path = target.split('?').next().unwrap_or_default();
        let version = &self.version;
        let rules = match version.matcher.find(&Method::GET, path) {
            Found::Operation(number) => version.operations[number as usize].rules.as_ref(),
            Found::OtherMethods(_) | Found::Nothing => version.rules.as_ref(),
        };
        match (rules, &call.known.rules) {
            (Some(of_get), Some(own)) => Arc::ptr_eq(of_get, own),
            (None, None) => true,
            _ => false,
        }
    }
}

/// Whether an upstream's status means that a stale answer is better (RFC 5861 §4).
fn is_failure(status: u16) -> bool {
    matches!(status, 500 | 502..=504)
}

/// The connection of an answer without a body may carry the next call.
fn give_back(answered: Answered) {
    if answered.is_persistent && answered.upload.is_over() {
        answered.stream.give_back();
    }
}

/// How an answer is kept, where it may be.
///
/// # Errors
/// Why it is not.
fn judge(
    query: &Query,
    fields: &Fields,
    answer: &AnswerHead,
    body: BodyLength,
    exchange: Exchange,
) -> Result<Keepable, NotKept> {
    let is_framed = body != BodyLength::Open
        || answer.version == Version::HTTP_2
        || answer.fields.contains(Known::TransferEncoding);
    // Where the end of the connection is the end of the body, nobody can tell whether it is whole.
    if is_framed {
        query.judge(fields, answer, exchange)
    } else {
        Err(NotKept::OpenEnd)
    }
}

impl Run<'_> {
    /// Who calls and how, as far as the cache must know.
    fn identity(&self, call: &Call, permit: &Permit, request: &Fields) -> Identity {
        let credential = permit.credential();
        let passes = |name, is_passed| is_passed && request.contains(name);
        // As the upstream is told.
        let told = request
            .get(Known::XForwardedProto)
            .filter(|_| self.worker.trusts(self.peer.ip()));
        Identity {
            application: call.known.application_id,
            key: call.known.key_id,
            is_secure: told.map_or(self.peer.is_tls(), |scheme| scheme.eq_ignore_ascii_case(b"https")),
            has_foreign_credential: passes(Known::Authorization, !credential.authorization)
                || passes(Known::XApiKey, credential.passes_api_key()),
        }
    }

    fn store(&self) -> &Arc<Store> {
        &self.worker.cache
    }

    /// Seconds since 1970, looked at anew.
    fn now_s(&self) -> i64 {
        self.worker.now().unix_s()
    }

    /// Passes an answer on to its end.
    async fn pass_through(
        &self,
        call: Call,
        caller: &mut impl Caller,
        heads: &mut Heads,
        answered: Answered,
        says: Handled,
        keeping: Option<Keeping>,
    ) -> Delivered {
        let mut tee = Tee::new(caller, self.worker.name(), says, keeping);
        self.pass_on(call, &mut tee, heads, answered).await
    }
}
