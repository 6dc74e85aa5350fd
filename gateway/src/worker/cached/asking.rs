//! A call that goes to the upstream, for itself or to validate what is kept.

use std::sync::Arc;

use http::StatusCode;

use super::{give_back, is_failure, judge, looking::Asking, serving::serve};
use crate::{
    cache::{Exchange, Handled, Keeping, Landed, NotKept, Stamp, Stored, ask},
    client::Caller,
    message::Fields,
    phase::{
        deliver::Delivered,
        forward::{Answered, NotAnswered},
        metering::Call,
    },
    worker::{
        Heads,
        call::{Run, Unanswered},
    },
};

impl Asking {
    /// Asks the upstream.
    pub(super) async fn go(
        self,
        run: &Run<'_>,
        call: Call,
        caller: &mut impl Caller,
        heads: &mut Heads,
    ) -> Result<Delivered, Unanswered> {
        // What the answer varies by is what the caller sent; sending it on changes the fields.
        let fields = heads.request.fields.clone();
        let validated = self
            .stale
            .clone()
            .filter(|kept| kept.has_validator() && !self.query.is_head);
        if let Some(kept) = &validated {
            ask(&mut heads.request.fields, kept);
        }
        let since = run.store().stamp(&self.query.key);
        let request_s = run.now_s();
        let (call, answered) = match run.ask(call, caller, heads).await {
            Ok(answered) => answered,
            Err(unanswered) => match (*unanswered, self.stand_in(run)) {
                ((call, NotAnswered::Refused(refusal)), Some(kept)) if is_failure(refusal.reason.status()) => {
                    return Ok(self.serve_stale(run, call, caller, heads, &kept).await);
                }
                ((call, why), _) => {
                    if let (Some(lead), NotAnswered::Refused(_)) = (self.lead, &why) {
                        lead.land(Landed::Failed);
                    }
                    return Err(Box::new((call, why)));
                }
            },
        };
        let exchange = Exchange {
            request_s,
            response_s: run.now_s(),
        };
        let status = heads.answer.status;
        if is_failure(status.as_u16())
            && let Some(kept) = self.stand_in(run)
        {
            drop(answered);
            return Ok(self.serve_stale(run, call, caller, heads, &kept).await);
        }
        match validated {
            Some(kept) if status == StatusCode::NOT_MODIFIED => {
                give_back(answered);
                let (fresh, partition) = self.query.refresh(&kept, &fields, &heads.answer, exchange);
                let store = run.store();
                let stored = match partition {
                    Ok(partition) if self.query.keep(store, partition, Arc::clone(&fresh), since) => Ok(()),
                    Ok(_) => Err(NotKept::Changed),
                    Err(why) => {
                        store.forget(&self.query.key, &kept);
                        Err(why)
                    }
                };
                if let Some(lead) = self.lead {
                    let landed = if stored.is_ok() { Landed::Kept } else { Landed::NotKept };
                    lead.land(landed);
                }
                let says = Handled::Forwarded {
                    why: self.why,
                    upstream_status: Some(304),
                    stored,
                    has_waited: self.has_waited,
                };
                Ok(serve(run, call, caller, heads, &self.query, &fresh, says).await)
            }
            _ => Ok(self
                .pass_on(run, call, caller, heads, answered, (&fields, exchange, since))
                .await),
        }
    }

    /// Passes an answer on, and keeps it where it may be kept.
    async fn pass_on(
        self,
        run: &Run<'_>,
        call: Call,
        caller: &mut impl Caller,
        heads: &mut Heads,
        answered: Answered,
        (fields, exchange, since): (&Fields, Exchange, Stamp),
    ) -> Delivered {
        let Self {
            query,
            why,
            stale,
            lead,
            has_waited,
        } = self;
        let store = run.store();
        let is_error = heads.answer.status.is_server_error();
        let keepable = judge(&query, fields, &heads.answer, answered.body, exchange);
        let keeping = match keepable {
            Ok(keepable) => {
                let keeping = Keeping::begin(store, &query, keepable, answered.body, since, lead);
                keeping.map_err(|lead| (NotKept::Size, lead))
            }
            Err(why) => Err((why, lead)),
        };
        let keeping = match keeping {
            Ok(keeping) => Ok(keeping),
            Err((not_kept, lead)) => {
                if let Some(kept) = &stale
                    && query.is_head
                    && heads.answer.status == StatusCode::OK
                {
                    query.note_head(store, kept, fields, &heads.answer, (exchange, since));
                }
                if let Some(lead) = lead {
                    lead.land(if is_error { Landed::Failed } else { Landed::NotKept });
                }
                // What was kept is not what the upstream would answer now.
                if let Some(stale) = &stale
                    && !is_error
                    && !query.is_head
                {
                    store.forget(&query.key, stale);
                }
                Err(not_kept)
            }
        };
        let says = Handled::Forwarded {
            why,
            upstream_status: None,
            stored: keeping.as_ref().map(drop).map_err(|why| *why),
            has_waited,
        };
        run.pass_through(call, caller, heads, answered, says, keeping.ok())
            .await
    }

    /// What may be given instead of an error.
    fn stand_in(&self, run: &Run<'_>) -> Option<Arc<Stored>> {
        let may_stand_in = |kept: &&Arc<Stored>| kept.freshness.may_stand_in(run.now_s(), &self.query.directives);
        self.stale.as_ref().filter(may_stand_in).cloned()
    }

    async fn serve_stale(
        self,
        run: &Run<'_>,
        call: Call,
        caller: &mut impl Caller,
        heads: &mut Heads,
        kept: &Stored,
    ) -> Delivered {
        if let Some(lead) = self.lead {
            lead.land(Landed::Failed);
        }
        let ttl_s = kept.freshness.ttl_s(run.now_s());
        serve(run, call, caller, heads, &self.query, kept, Handled::Hit { ttl_s }).await
    }
}
