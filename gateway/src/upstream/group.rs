//! Choosing one target of several. No locks: one shared turn, and the states and loads of the targets.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use domain::upstream::transport::Protocol;

use super::{
    Authority,
    caller::mix,
    outcome::Outcome,
    schedule::schedule,
    state::{TargetState, WARM},
    tick::Tick,
};

/// Most targets of one group: as many as [`Tried`] has bits.
pub(super) const MAX_TARGETS: usize = 32;

/// One target.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) authority: Arc<Authority>,
    /// Put before the operation's path; empty or begins with a slash, and never ends with one.
    pub(crate) base_path: Box<str>,
    pub(super) weight: u32,
    /// Hash of its address: its place in consistent hashing.
    pub(super) seed: u64,
    /// There when health or slow start are on.
    pub(super) state: Option<Arc<TargetState>>,
}

/// Targets that calls are spread over.
#[derive(Debug)]
pub(crate) struct Group {
    all: Box<[Target]>,
    rules: Rules,
    /// Indexes of targets, each as often as its weight says, spread evenly.
    schedule: Box<[u16]>,
    turn: AtomicUsize,
    /// Whether any target has a state.
    keeps_state: bool,
}

/// How a group chooses.
#[derive(Clone, Debug, Default)]
pub(super) struct Rules {
    pub(super) method: Method,
    pub(super) slow_start: Option<Duration>,
    pub(super) ejection: Option<Ejection>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Method {
    #[default]
    RoundRobin,
    LeastRequests,
    Hash,
}

/// When a target is left alone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ejection {
    pub(super) failures: u16,
    pub(super) time: Duration,
    pub(super) max_percent: u8,
}

/// Targets that a call went to already, by their index.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tried(u32);

/// A choice.
#[derive(Debug)]
pub(crate) struct Pick<'a> {
    pub(crate) target: &'a Target,
    /// For [`Group::observe`].
    pub(crate) index: usize,
    /// Counts the call as on its way until it is dropped; there when loads are looked at.
    pub(crate) load: Option<OnItsWay>,
}

/// One call on its way to an authority.
#[derive(Debug)]
pub(crate) struct OnItsWay(Arc<Authority>);

impl OnItsWay {
    fn begin(authority: &Arc<Authority>) -> Self {
        authority.on_their_way.fetch_add(1, Relaxed);
        Self(Arc::clone(authority))
    }
}

impl Drop for OnItsWay {
    fn drop(&mut self) {
        self.0.on_their_way.fetch_sub(1, Relaxed);
    }
}

impl Group {
    /// Whether all targets speak HTTP/2 for certain, as gRPC needs it.
    pub(crate) fn is_http2(&self) -> bool {
        let is_http2 = |target: &Target| target.authority.connecting.protocol == Protocol::Http2;
        self.all.iter().all(is_http2)
    }

    /// Whether the protocol of a connection to a target can be changed to WebSocket: HTTP/2 has no such change.
    pub(crate) fn may_switch(&self) -> bool {
        let is_http2 = |target: &Target| target.authority.connecting.protocol == Protocol::Http2;
        !self.all.iter().any(is_http2)
    }

    /// `all` are 1 to [`MAX_TARGETS`].
    pub(super) fn new(all: Vec<Target>, rules: Rules) -> Self {
        let weights: Vec<u32> = all.iter().map(|target| target.weight).collect();
        Self {
            keeps_state: all.iter().any(|target| target.state.is_some()),
            all: all.into(),
            rules,
            schedule: schedule(&weights).into(),
            turn: AtomicUsize::new(0),
        }
    }

    /// Every target.
    pub(crate) fn targets(&self) -> &[Target] {
        &self.all
    }

    /// Whether [`Self::pick`] and [`Self::observe`] need the time; [`Tick::ZERO`] is good enough where not.
    pub(crate) fn keeps_time(&self) -> bool {
        self.keeps_state
    }

    /// A target that was not tried yet, and notes it as tried; `None` when all that get calls were tried. `hash` is what
    /// [`Targets::hash`](super::Targets::hash) says; `random` any random number.
    pub(crate) fn pick(&self, hash: Option<u64>, random: u64, tried: &mut Tried, now: Tick) -> Option<Pick<'_>> {
        let candidates = self.available(now) & !tried.0;
        if candidates == 0 {
            return None;
        }
        let index = match (self.rules.method, hash) {
            _ if candidates.is_power_of_two() => candidates.trailing_zeros() as usize,
            (Method::RoundRobin, _) | (Method::Hash, None) => self.by_turn(candidates, random, now),
            (Method::LeastRequests, _) => self.by_load(candidates, random, now),
            (Method::Hash, Some(hash)) => self.by_hash(candidates, hash),
        };
        tried.0 |= 1 << index;
        let target = &self.all[index];
        let counts = self.rules.method == Method::LeastRequests;
        Some(Pick {
            target,
            index,
            load: counts.then(|| OnItsWay::begin(&target.authority)),
        })
    }

    /// What became of a call that went to the target of a [`Pick`].
    pub(crate) fn observe(&self, index: usize, outcome: Outcome, now: Tick) {
        let (Some(ejection), Some(target)) = (self.rules.ejection, self.all.get(index)) else {
            return;
        };
        let Some(state) = &target.state else { return };
        if !outcome.is_failure() {
            state.succeeded(now);
        } else if state.failed(ejection.failures, now) {
            let states = self.all.iter().filter_map(|target| target.state.as_ref());
            let ejected = states.filter(|state| state.is_ejected(now)).count();
            if ejected == 0 || (ejected + 1) * 100 <= usize::from(ejection.max_percent) * self.all.len() {
                tracing::warn!(host = %target.authority.host, port = target.authority.port, "a target failed too often and is ejected");
                state.eject(ejection.time, now);
            }
        }
    }

    /// A bit for each target that gets calls; all when none would.
    fn available(&self, now: Tick) -> u32 {
        let everybody = u32::MAX >> (u32::BITS as usize - self.all.len());
        if !self.keeps_state {
            return everybody;
        }
        let is_available = |target: &Target| target.state.as_ref().is_none_or(|state| state.is_available(now));
        let available = self
            .all
            .iter()
            .enumerate()
            .filter(|(_, target)| is_available(target))
            .fold(0, |bits, (i, _)| bits | 1 << i);
        if available == 0 { everybody } else { available }
    }

    /// The target whose turn it is; one at random, by weight, when it is away or still warming up.
    fn by_turn(&self, candidates: u32, random: u64, now: Tick) -> usize {
        let turn = self.turn.fetch_add(1, Relaxed) % self.schedule.len();
        let index = usize::from(self.schedule[turn]);
        let is_candidate = candidates & 1 << index != 0;
        if is_candidate && self.warmth(index, now) > (((random >> 32) * u64::from(WARM)) >> 32) as u32 {
            index
        } else {
            self.at_random(candidates, random, now)
        }
    }

    /// Of two targets at random, by weight, the one with fewer calls on their way for its share.
    fn by_load(&self, candidates: u32, random: u64, now: Tick) -> usize {
        let first = self.at_random(candidates, random, now);
        let second = self.at_random(candidates & !(1 << first), mix(random), now);
        let calls = |index: usize| u64::from(self.all[index].authority.on_their_way.load(Relaxed));
        let is_second_less = calls(second) * self.share(first, now) < calls(first) * self.share(second, now);
        if is_second_less { second } else { first }
    }

    /// Weighted rendezvous hashing (Schindelhauer and Schomaker, 2005): each target draws a number for this hash, the
    /// best wins. A target that goes loses its calls to all others, and no other call moves.
    fn by_hash(&self, candidates: u32, hash: u64) -> usize {
        let cost = |index: &usize| {
            let target = &self.all[*index];
            // In (0, 1], so that the logarithm is finite.
            let drawn = ((mix(hash ^ target.seed) >> 11) + 1) as f64 / (1_u64 << 53) as f64;
            -drawn.ln() / f64::from(target.weight)
        };
        bits(candidates).min_by(|a, b| cost(a).total_cmp(&cost(b))).unwrap_or(0)
    }

    fn at_random(&self, candidates: u32, random: u64, now: Tick) -> usize {
        let total: u64 = bits(candidates).map(|index| self.share(index, now)).sum();
        // The low half of the number, scaled; shares of 32 targets stay far below 2^32.
        let mut left = ((random & u64::from(u32::MAX)) * total) >> 32;
        for index in bits(candidates) {
            let share = self.share(index, now);
            if left < share {
                return index;
            }
            left -= share;
        }
        candidates.trailing_zeros() as usize
    }

    /// Weight and warmth together.
    fn share(&self, index: usize, now: Tick) -> u64 {
        u64::from(self.all[index].weight) * u64::from(self.warmth(index, now))
    }

    fn warmth(&self, index: usize, now: Tick) -> u32 {
        match (self.rules.slow_start, &self.all[index].state) {
            (Some(slow_start), Some(state)) => state.warmth(slow_start, now),
            _ => WARM,
        }
    }
}

/// Positions of the bits that are set.
fn bits(mut set: u32) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let next = (set != 0).then(|| set.trailing_zeros() as usize)?;
        set &= set - 1;
        Some(next)
    })
}

#[cfg(test)]
#[path = "group_tests.rs"]
mod tests;
