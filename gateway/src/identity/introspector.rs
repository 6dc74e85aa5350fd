//! Asking a server about tokens: once for many calls with the same token, and not again for a while.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use domain::clock::Clock;
use tokio::sync::watch;

use super::{
    askers::{Askers, NotNow, TooMany},
    fetch::{Fetch as _, FetchRequest, HttpFetch},
    introspection::{Answer, Fingerprint, IntrospectionCache, read},
};
use crate::limit::Moment;

/// Tokens of each kind whose answers are kept.
const CAPACITY: usize = 10_000;
/// The longest that a token which is not active is remembered, in seconds: it may become so.
const MAX_INACTIVE_S: u32 = 10;
/// Questions that are on their way at the same time; further tokens are not judged.
const MAX_FLIGHTS: usize = 256;

/// There is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoAnswer {
    /// The server gave none.
    #[error("the server that judges tokens does not answer")]
    Silent,
    /// It was not asked: too many tokens of one address were none.
    #[error("{0}")]
    NotAsked(TooMany),
}

type Heard = Option<Result<Answer, NoAnswer>>;

/// What a server says about tokens, shared by all workers.
#[derive(Debug)]
pub(crate) struct Introspector {
    cache: Mutex<IntrospectionCache>,
    flights: Mutex<HashMap<Fingerprint, watch::Receiver<Heard>>>,
    askers: Askers,
}

impl Introspector {
    /// Believes an answer for so many seconds.
    pub(crate) fn new(active_s: u32) -> Self {
        Self {
            cache: Mutex::new(IntrospectionCache::new(
                CAPACITY,
                active_s,
                active_s.min(MAX_INACTIVE_S),
            )),
            flights: Mutex::default(),
            askers: Askers::default(),
        }
    }

    /// What the server says about a token that came from an address. `request` asks it; `fetch` knows for how long.
    pub(crate) async fn ask(
        self: &Arc<Self>,
        token: &[u8],
        address: IpAddr,
        request: impl FnOnce() -> FetchRequest,
        fetch: HttpFetch,
        clock: &Clock,
    ) -> Result<Answer, NoAnswer> {
        let fingerprint = Fingerprint::of(token);
        let now_s = clock.now().unix_timestamp();
        if let Some(answer) = self.cache().get(fingerprint, now_s) {
            return Ok(answer);
        }
        let mut heard = self.flight(fingerprint, address, request, fetch, clock)?;
        match heard.wait_for(Option::is_some).await.as_deref() {
            Ok(Some(answer)) => answer.clone(),
            // Whoever asked was stopped before there was an answer.
            _ => Err(NoAnswer::Silent),
        }
    }

    /// The question about this token that is on its way, or a new one.
    fn flight(
        self: &Arc<Self>,
        token: Fingerprint,
        address: IpAddr,
        request: impl FnOnce() -> FetchRequest,
        fetch: HttpFetch,
        clock: &Clock,
    ) -> Result<watch::Receiver<Heard>, NoAnswer> {
        let mut flights = self.flights();
        if let Some(heard) = flights.get(&token) {
            return Ok(heard.clone());
        }
        if flights.len() >= MAX_FLIGHTS {
            return Err(NoAnswer::Silent);
        }
        self.askers
            .begin(address, now_ns(clock))
            .map_err(|not_now| match not_now {
                NotNow::InVain(too_many) => NoAnswer::NotAsked(too_many),
                NotNow::Busy => NoAnswer::Silent,
            })?;
        let (sender, heard) = watch::channel(None);
        flights.insert(token, heard.clone());
        let flight = Flight {
            introspector: Arc::clone(self),
            token,
            address,
        };
        let (request, clock) = (request(), clock.clone());
        // A task of its own: a caller that leaves must not take the answer from others.
        tokio::task::spawn_local(async move {
            let answer = flight.ask(request, &fetch, &clock).await;
            sender.send_replace(Some(answer));
        });
        Ok(heard)
    }

    fn cache(&self) -> MutexGuard<'_, IntrospectionCache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn flights(&self) -> MutexGuard<'_, HashMap<Fingerprint, watch::Receiver<Heard>>> {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A question on its way.
struct Flight {
    introspector: Arc<Introspector>,
    token: Fingerprint,
    /// Whose question it is.
    address: IpAddr,
}

impl Flight {
    async fn ask(&self, request: FetchRequest, fetch: &HttpFetch, clock: &Clock) -> Result<Answer, NoAnswer> {
        let url = request.url.clone();
        let answer = fetch.fetch(request).await;
        let heard = answer.map_err(|error| error.to_string());
        let heard = heard.and_then(|body| read(&body).map_err(|error| error.to_string()));
        match heard {
            Ok(answer) => {
                let now_s = clock.now().unix_timestamp();
                self.introspector.cache().put(self.token, &answer, now_s);
                if answer == Answer::Inactive {
                    self.introspector.askers.in_vain(self.address, now_ns(clock));
                }
                Ok(answer)
            }
            Err(reason) => {
                // Said for each call as a refusal; a line for each would flood the log.
                tracing::debug!(%url, reason, "a server that judges tokens gave no answer");
                Err(NoAnswer::Silent)
            }
        }
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.introspector.flights().remove(&self.token);
        self.introspector.askers.end(self.address);
    }
}

fn now_ns(clock: &Clock) -> u64 {
    Moment::at(clock.now()).unix_ns
}
