//! When to fetch the key set of an issuer, and how long one that was fetched is good for. Pure: a background task asks
//! [`JwksCache::is_due`], fetches, and says how it went.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::jwk::KeySet;

/// How long a key set lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct JwksSettings {
    /// After so long it is fetched again.
    pub(crate) fresh_for: Duration,
    /// After so long beyond that it is no longer used: an issuer that can't be reached can't withdraw a key either.
    pub(crate) stale_for: Duration,
    /// Shortest time between two fetches, however many tokens name unknown keys.
    pub(crate) pause: Duration,
}

impl Default for JwksSettings {
    fn default() -> Self {
        Self {
            fresh_for: Duration::from_mins(10),
            stale_for: Duration::from_hours(12),
            pause: Duration::from_secs(30),
        }
    }
}

/// A fetch that took longer than this will not report any more.
const ABANDONED_AFTER: Duration = Duration::from_mins(2);
/// Failures double the pause up to 2^5 of it.
const MAX_DOUBLINGS: u32 = 5;

/// The key set of one issuer.
#[derive(Debug)]
pub(crate) struct JwksCache {
    settings: JwksSettings,
    held: Option<Held>,
    progress: Progress,
    /// Failures since the last success.
    failures: u32,
    /// A token named a key that is not in the set.
    is_wanted: bool,
}

#[derive(Debug)]
struct Held {
    keys: Arc<KeySet>,
    since: Instant,
}

#[derive(Clone, Copy, Debug)]
enum Progress {
    Never,
    Running { since: Instant },
    Ended { at: Instant },
}

impl JwksCache {
    /// Holds nothing yet.
    pub(crate) fn new(settings: JwksSettings) -> Self {
        Self {
            settings,
            held: None,
            progress: Progress::Never,
            failures: 0,
            is_wanted: false,
        }
    }

    /// The keys to verify with: fresh ones, or the last ones while the issuer does not answer. `None` refuses all tokens.
    pub(crate) fn keys(&self, now: Instant) -> Option<&Arc<KeySet>> {
        let held = self.held.as_ref()?;
        let age = now.saturating_duration_since(held.since);
        (age < self.settings.fresh_for + self.settings.stale_for).then_some(&held.keys)
    }

    /// A token named a key that the set does not have: the issuer may have a new one.
    pub(crate) fn want(&mut self) {
        self.is_wanted = true;
    }

    /// Whether a fetch should begin.
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        self.due_at(now) <= now
    }

    /// When the next fetch should begin, at `now` or later, if no token asks for one before.
    pub(crate) fn due_at(&self, now: Instant) -> Instant {
        let earliest = match self.progress {
            Progress::Never => now,
            Progress::Running { since } => since + ABANDONED_AFTER,
            Progress::Ended { at } => at + self.settings.pause * 2_u32.pow(self.failures.min(MAX_DOUBLINGS)),
        };
        let wish = match &self.held {
            Some(held) if !self.is_wanted => held.since + self.settings.fresh_for,
            _ => now,
        };
        wish.max(earliest).max(now)
    }

    /// Whether a fetch has begun and not ended.
    pub(crate) fn is_running(&self) -> bool {
        matches!(self.progress, Progress::Running { .. })
    }

    /// A fetch begins.
    pub(crate) fn begin(&mut self, now: Instant) {
        self.progress = Progress::Running { since: now };
        // Tokens seen from here on may name keys that this fetch is too early for.
        self.is_wanted = false;
    }

    /// The fetch brought a key set.
    pub(crate) fn succeed(&mut self, keys: KeySet, now: Instant) {
        self.progress = Progress::Ended { at: now };
        self.failures = 0;
        self.held = Some(Held {
            keys: Arc::new(keys),
            since: now,
        });
    }

    /// The fetch failed, or what it brought is no key set. What is held stays.
    pub(crate) fn fail(&mut self, now: Instant) {
        self.progress = Progress::Ended { at: now };
        self.failures = self.failures.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SETTINGS: JwksSettings = JwksSettings {
        fresh_for: Duration::from_mins(10),
        stale_for: Duration::from_hours(1),
        pause: Duration::from_secs(30),
    };

    fn after(start: Instant, seconds: u64) -> Instant {
        start + Duration::from_secs(seconds)
    }

    #[test]
    fn keys_are_fetched_at_once_and_again_when_they_age() {
        let start = Instant::now();
        let mut cache = JwksCache::new(SETTINGS);
        assert!(cache.keys(start).is_none());
        assert!(cache.is_due(start));
        cache.begin(start);
        assert!(!cache.is_due(after(start, 5)), "one fetch at a time");
        cache.succeed(KeySet::default(), after(start, 5));
        assert!(cache.keys(after(start, 6)).is_some());
        assert!(!cache.is_due(after(start, 604)));
        assert_eq!(cache.due_at(after(start, 6)), after(start, 605));
        assert!(cache.is_due(after(start, 605)));
    }

    #[test]
    fn unknown_keys_ask_for_a_fetch_but_not_often() {
        let start = Instant::now();
        let mut cache = JwksCache::new(SETTINGS);
        cache.begin(start);
        cache.succeed(KeySet::default(), start);
        cache.want();
        assert!(!cache.is_due(after(start, 29)));
        assert!(cache.is_due(after(start, 30)));
        cache.begin(after(start, 30));
        cache.succeed(KeySet::default(), after(start, 31));
        assert!(!cache.is_due(after(start, 62)), "the wish was fulfilled");
        cache.want();
        assert!(cache.is_due(after(start, 62)));
    }

    #[test]
    fn a_wish_during_a_fetch_is_not_lost() {
        let start = Instant::now();
        let mut cache = JwksCache::new(SETTINGS);
        cache.begin(start);
        cache.want();
        cache.succeed(KeySet::default(), after(start, 1));
        assert!(cache.is_due(after(start, 31)));
    }

    #[test]
    fn old_keys_serve_while_the_issuer_is_away_but_not_for_ever() {
        let start = Instant::now();
        let mut cache = JwksCache::new(SETTINGS);
        cache.begin(start);
        cache.succeed(KeySet::default(), start);
        let mut now = after(start, 600);
        let mut pauses = Vec::new();
        for _ in 0..7 {
            assert!(cache.is_due(now));
            cache.begin(now);
            cache.fail(now);
            pauses.push((cache.due_at(now) - now).as_secs());
            now = cache.due_at(now);
        }
        assert_eq!(
            pauses,
            [60, 120, 240, 480, 960, 960, 960],
            "failures slow it down, up to a point"
        );
        assert!(cache.keys(after(start, 4199)).is_some());
        assert!(cache.keys(after(start, 4200)).is_none());
        cache.begin(now);
        cache.succeed(KeySet::default(), now);
        assert!(cache.keys(now).is_some());
    }

    #[test]
    fn a_fetch_that_never_reports_is_given_up() {
        let start = Instant::now();
        let mut cache = JwksCache::new(SETTINGS);
        cache.begin(start);
        assert!(!cache.is_due(after(start, 119)));
        assert!(cache.is_due(after(start, 120)));
    }

    proptest! {
        /// Whatever happens, two fetches never begin within the pause of each other unless one was given up.
        #[test]
        fn fetches_keep_their_distance(events in proptest::collection::vec((0_u64..50, 0_u8..4), 1..200)) {
            let mut now = Instant::now();
            let mut cache = JwksCache::new(SETTINGS);
            let (mut last, mut is_running) = (None::<Instant>, false);
            for (step, event) in events {
                now += Duration::from_secs(step);
                match event {
                    0 => cache.want(),
                    1 if is_running => {
                        cache.succeed(KeySet::default(), now);
                        is_running = false;
                    }
                    2 if is_running => {
                        cache.fail(now);
                        is_running = false;
                    }
                    _ if cache.is_due(now) => {
                        if let Some(last) = last {
                            prop_assert!(now - last >= SETTINGS.pause);
                        }
                        cache.begin(now);
                        (last, is_running) = (Some(now), true);
                    }
                    _ => prop_assert!(cache.due_at(now) > now),
                }
            }
        }
    }
}
