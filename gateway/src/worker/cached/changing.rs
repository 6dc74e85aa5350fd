//! A call that may change what is kept: its answer ends what is kept for its target, and that of a POST may take its place.

use std::sync::Arc;

use super::judge;
use crate::{
    cache::{
        CacheScope, CacheSettings, Exchange, Forwarded, Handled, Identity, Keeping, NotKept, Query, Stamp, invalidate,
        is_of_target, place,
    },
    client::Caller,
    message::{Fields, RequestHead},
    phase::{deliver::Delivered, forward::Answered, metering::Call},
    worker::{
        Heads,
        call::{Run, Unanswered},
    },
};

/// A call that may change its target.
pub(super) struct Change<'a> {
    scope: &'a CacheScope,
    authority: String,
    /// Path and query below the version's base.
    target: String,
    request_s: i64,
    /// There when the answer may be kept.
    asked: Option<Asked>,
}

/// What keeping the answer depends on.
struct Asked {
    query: Query,
    /// As the caller sent them.
    fields: Fields,
    since: Stamp,
}

impl<'a> Change<'a> {
    /// Reads a request before it is sent on. `settings` are those of its operation.
    pub(super) fn of(
        run: &Run<'_>,
        (scope, settings): (&'a CacheScope, Option<&Arc<CacheSettings>>),
        request: &RequestHead,
        base_length: usize,
        identity: Identity,
    ) -> Self {
        let (authority, target) = place(request, base_length);
        let settings = settings.filter(|_| request.method == http::Method::POST);
        let asked = settings.map(|settings| {
            let query = Query::of(scope, settings, request, base_length, identity);
            Asked {
                fields: request.fields.clone(),
                since: run.store().stamp(&query.key),
                query,
            }
        });
        Self {
            scope,
            authority,
            target,
            request_s: run.now_s(),
            asked,
        }
    }

    /// Passes the call on, and its answer back.
    pub(super) async fn go(
        self,
        run: &Run<'_>,
        call: Call,
        caller: &mut impl Caller,
        heads: &mut Heads,
    ) -> Result<Delivered, Unanswered> {
        let (call, answered) = run.ask(call, caller, heads).await?;
        let keeping = self.end(run, heads, &answered);
        let says = Handled::Forwarded {
            why: Forwarded::Method,
            upstream_status: None,
            stored: keeping.as_ref().map(drop).map_err(|why| *why),
            has_waited: false,
        };
        Ok(run
            .pass_through(call, caller, heads, answered, says, keeping.ok())
            .await)
    }

    /// Ends what is kept, and begins to keep the answer where it is what the target is now (RFC 9110 §9.3.3).
    fn end(self, run: &Run<'_>, heads: &Heads, answered: &Answered) -> Result<Keeping, NotKept> {
        let (store, answer) = (run.store(), &heads.answer);
        let changed = invalidate(store, self.scope, &self.authority, &self.target, answer);
        let Asked { query, fields, since } = self.asked.ok_or(NotKept::Method)?;
        if !is_of_target(self.scope, &self.authority, &self.target, answer) {
            return Err(NotKept::Method);
        }
        let exchange = Exchange {
            request_s: self.request_s,
            response_s: run.now_s(),
        };
        let keepable = judge(&query, &fields, answer, answered.body, exchange)?;
        let own = changed.iter().filter(|key| **key == *query.key).count();
        let since = store.stamp_after_own(&query.key, since, own).ok_or(NotKept::Changed)?;
        Keeping::begin(store, &query, keepable, answered.body, since, None).map_err(|_| NotKept::Size)
    }
}
