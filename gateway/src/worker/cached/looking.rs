//! What is kept for a call, and whether it goes to the upstream itself.

use std::{future::poll_fn, pin::pin, sync::Arc, task::Poll, time::Duration};

use crate::{
    cache::{Flight, Forwarded, Found, Handled, Join, Landed, Lead, Query, Reuse, Stored},
    client::Caller,
    worker::{Heads, call::Run},
};

/// How long a call waits for another that asks for the same, before it goes itself.
const MAX_WAIT: Duration = Duration::from_secs(5);
/// How often it waits for one after the other.
const MAX_WAITS: usize = 3;
/// How often it looks whether the other goes on. One whose caller took nothing of its answer for so long is not waited for.
const LOOK: Duration = Duration::from_millis(250);

/// What is done with a call that asks.
pub(super) enum Decided {
    Answer(Hit, Handled),
    Forward(Asking),
    /// There is nothing, and the caller does not want to wait.
    Refuse,
    CallerGone,
}

/// A call that is answered from what is kept.
pub(super) struct Hit {
    pub(super) query: Query,
    pub(super) answer: Arc<Stored>,
    /// There when it is this call's part to have it validated.
    pub(super) lead: Option<Lead>,
}

/// A call that goes to the upstream.
pub(super) struct Asking {
    pub(super) query: Query,
    pub(super) why: Forwarded,
    /// What is kept, but can't be used as it is.
    pub(super) stale: Option<Arc<Stored>>,
    /// There when others wait for it.
    pub(super) lead: Option<Lead>,
    /// Whether it waited for another call in vain.
    pub(super) has_waited: bool,
}

/// Looks what is kept, and waits for another call that asks for the same.
pub(super) async fn look(run: &Run<'_>, query: Query, caller: &mut impl Caller, heads: &Heads) -> Decided {
    let store = run.store();
    let fields = &heads.request.fields;
    let mut waits = 0;
    let mut outrun: Option<Flight> = None;
    // Why it would have gone to the upstream, had it not waited.
    let mut waited_as = None;
    loop {
        let now_s = run.now_s();
        let has_waited = waits > 0;
        let (stale, why) = match query.find(store, fields) {
            _ if query.is_keeping_forbidden() => (None, Forwarded::Request),
            Found::Answer(kept) => match kept.freshness.reuse(now_s, &query.directives) {
                Reuse::AfterValidation if query.is_fresh_wanted() => (Some(kept), Forwarded::Request),
                Reuse::AfterValidation => (Some(kept), Forwarded::Stale),
                reuse => {
                    let ttl_s = kept.freshness.ttl_s(now_s);
                    let lead = match reuse {
                        Reuse::WhileRevalidating => store.join(&query.key, query.crowd(), now_s).lead(),
                        _ => None,
                    };
                    let answer = kept;
                    let says = waited_as.map_or(Handled::Hit { ttl_s }, |why| Handled::Collapsed { why, ttl_s });
                    return Decided::Answer(Hit { query, answer, lead }, says);
                }
            },
            Found::OtherVariants => (None, Forwarded::VaryMiss),
            Found::Nothing => (None, Forwarded::UriMiss),
        };
        if query.is_only_if_kept() {
            return Decided::Refuse;
        }
        let will_validate = stale.as_ref().is_some_and(|kept| kept.has_validator());
        let may_join = !query.is_head && !query.is_fresh_wanted() && (query.conditions.is_empty() || will_validate);
        let joined = match outrun.take() {
            _ if !may_join || waits >= MAX_WAITS => Join::Alone,
            Some(flight) => store.outrun(&flight, &query.key, query.crowd(), now_s),
            None => store.join(&query.key, query.crowd(), now_s),
        };
        let lead = match joined {
            Join::Lead(lead) => Some(lead),
            Join::Alone => None,
            Join::Wait(flight) => {
                waits += 1;
                waited_as.get_or_insert(why);
                match run.wait(caller, flight.clone()).await {
                    Waited::Stands => {
                        outrun = Some(flight);
                        continue;
                    }
                    Waited::Landed(Landed::Kept | Landed::GivenUp) => continue,
                    Waited::Landed(Landed::NotKept | Landed::Failed) | Waited::TooLong => None,
                    Waited::CallerGone => return Decided::CallerGone,
                }
            }
        };
        return Decided::Forward(Asking {
            query,
            why,
            stale,
            lead,
            has_waited,
        });
    }
}

/// How waiting for another call ended.
enum Waited {
    Landed(Landed),
    /// Its caller takes no more of the answer.
    Stands,
    TooLong,
    CallerGone,
}

impl Run<'_> {
    /// Waits for another call, as long as the caller does.
    async fn wait(&self, caller: &mut impl Caller, mut flight: Flight) -> Waited {
        let other = flight.clone();
        let mut landed = pin!(flight.landed());
        let slot = self.slot;
        let until_ms = slot.moment_after(MAX_WAIT);
        let mut pause = None;
        slot.wait_at_most(LOOK);
        let waited = poll_fn(|cx| {
            if let Poll::Ready(landed) = landed.as_mut().poll(cx) {
                return Poll::Ready(Waited::Landed(landed));
            }
            if caller.poll_gone(cx).is_ready() {
                return Poll::Ready(Waited::CallerGone);
            }
            if slot.is_overdue() {
                if slot.has_come(until_ms) || slot.is_out_of_time() || slot.must_be_over() {
                    return Poll::Ready(Waited::TooLong);
                }
                let before = std::mem::replace(&mut pause, other.pause());
                if pause.is_some() && pause == before {
                    return Poll::Ready(Waited::Stands);
                }
                slot.wait_at_most(LOOK);
            }
            Poll::Pending
        })
        .await;
        slot.wait_freely();
        waited
    }
}
