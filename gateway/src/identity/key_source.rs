//! Where the keys of an issuer come from, and fetching them when they are needed.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use domain::clock::{Clock, Timestamp};
use http::Uri;
use tokio::{sync::watch, time::timeout};

use super::{
    claims::Claims,
    fetch::{Fetch as _, FetchRequest, HttpFetch},
    jwk::{KeySet, MAX_SET_BYTES},
    jwks::{JwksCache, JwksSettings},
    jwt::{JwtError, JwtRules, verify},
};

/// The longest that a key set may take, and that a call waits for one.
const FETCH_LIMIT: Duration = Duration::from_secs(5);

/// The keys of an issuer.
#[derive(Clone, Debug)]
pub(crate) enum KeySource {
    /// They are in the policy.
    Fixed(Arc<KeySet>),
    /// They are at an address.
    Fetched(Arc<FetchedKeys>),
}

/// Why a token is not judged or refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum KeyError {
    /// There are no keys to judge it by.
    #[error("the issuer's keys can't be fetched")]
    Unavailable,
    /// It is not accepted.
    #[error(transparent)]
    Token(#[from] JwtError),
}

impl KeySource {
    /// Verifies a token. Waits only where the keys are not there yet, or one is missing and may be asked for.
    pub(crate) async fn verify(
        &self,
        token: &[u8],
        rules: &JwtRules,
        fetch: &HttpFetch,
        clock: &Clock,
    ) -> Result<Claims, KeyError> {
        match self {
            Self::Fixed(keys) => Ok(verify(token, rules, &[keys], clock.now().unix_timestamp())?),
            Self::Fetched(keys) => keys.verify(token, rules, fetch, clock).await,
        }
    }
}

/// The keys at an address, shared by all workers.
#[derive(Debug)]
pub(crate) struct FetchedKeys {
    url: Uri,
    cache: Mutex<JwksCache>,
    /// Says that a fetch is over, however it went.
    ended: watch::Sender<()>,
    /// When the cache's clock began.
    began: Instant,
    began_at: Mutex<Option<Timestamp>>,
}

impl FetchedKeys {
    pub(crate) fn new(url: Uri) -> Self {
        Self {
            url,
            cache: Mutex::new(JwksCache::new(JwksSettings::default())),
            ended: watch::Sender::new(()),
            began: Instant::now(),
            began_at: Mutex::default(),
        }
    }

    async fn verify(
        self: &Arc<Self>,
        token: &[u8],
        rules: &JwtRules,
        fetch: &HttpFetch,
        clock: &Clock,
    ) -> Result<Claims, KeyError> {
        // Before the first look, so that the end of a fetch that runs is not missed.
        let mut ended = self.ended.subscribe();
        let outcome = self.judge(token, rules, clock);
        if !matches!(
            outcome,
            Err(KeyError::Unavailable | KeyError::Token(JwtError::UnknownKey))
        ) {
            self.refresh(false, fetch, clock);
            return outcome;
        }
        let is_held = outcome != Err(KeyError::Unavailable);
        if !self.refresh(is_held, fetch, clock) {
            return outcome;
        }
        // Whether it took too long says what is found then.
        let _ = timeout(FETCH_LIMIT, ended.changed()).await;
        self.judge(token, rules, clock)
    }

    /// By the keys that are held.
    fn judge(&self, token: &[u8], rules: &JwtRules, clock: &Clock) -> Result<Claims, KeyError> {
        let now = clock.now();
        let keys = self.cache().keys(self.instant(now)).cloned();
        let keys = keys.ok_or(KeyError::Unavailable)?;
        Ok(verify(token, rules, &[&keys], now.unix_timestamp())?)
    }

    /// Begins a fetch if it is time, and says whether one runs. `is_wanted`: a key is missing.
    fn refresh(self: &Arc<Self>, is_wanted: bool, fetch: &HttpFetch, clock: &Clock) -> bool {
        let now = self.instant(clock.now());
        let mut cache = self.cache();
        if is_wanted {
            cache.want();
        }
        if cache.is_due(now) {
            cache.begin(now);
            let (keys, fetch, clock) = (Arc::clone(self), fetch.clone(), clock.clone());
            tokio::task::spawn_local(async move { keys.fetch(&fetch, &clock).await });
        }
        cache.is_running()
    }

    async fn fetch(&self, fetch: &HttpFetch, clock: &Clock) {
        let request = FetchRequest {
            url: self.url.clone(),
            form: None,
            authorization: None,
        };
        let answer = fetch.within(FETCH_LIMIT, MAX_SET_BYTES).fetch(request).await;
        let read = answer.map_err(|error| error.to_string());
        let read = read.and_then(|body| KeySet::parse(&body).map_err(|error| error.to_string()));
        let now = self.instant(clock.now());
        match read {
            Ok(keys) => {
                tracing::debug!(url = %self.url, keys = keys.len(), skipped = keys.skipped(), "an issuer's keys were fetched");
                self.cache().succeed(keys, now);
            }
            Err(reason) => {
                tracing::warn!(url = %self.url, reason, "an issuer's keys can't be fetched");
                self.cache().fail(now);
            }
        }
        self.ended.send_replace(());
    }

    fn cache(&self) -> MutexGuard<'_, JwksCache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A moment of the gateway's clock, as the cache knows it.
    fn instant(&self, now: Timestamp) -> Instant {
        let mut began_at = self.began_at.lock().unwrap_or_else(PoisonError::into_inner);
        let since = now - *began_at.get_or_insert(now);
        self.began + Duration::try_from(since).unwrap_or_default()
    }
}
