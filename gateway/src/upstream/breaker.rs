//! The circuit breaker of an upstream. Shared by all workers, atomics only; outlives changes of configuration.

use std::{
    sync::{
        Arc,
        atomic::{
            AtomicU64,
            Ordering::{AcqRel, Acquire, Relaxed},
        },
    },
    time::Duration,
};

use domain::upstream::failure::Breaker as Settings;

use super::tick::Tick;

/// Parts of the window; what is older than the window leaves in so many steps.
const PARTS: u64 = 10;

/// Stops calls to an upstream that fails.
#[derive(Debug)]
pub(crate) struct Breaker {
    settings: Settings,
    /// [`Circuit`] in one word.
    circuit: AtomicU64,
    /// Calls of each part of the window: [`Part`] in one word.
    parts: [AtomicU64; PARTS as usize],
}

/// Where the breaker stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Circuit {
    /// All calls pass.
    Closed,
    /// No call passes until this tick; 62 bits are enough for it.
    Open(u64),
    /// So many calls passed as probes, and so many of them succeeded; `turn` tells one time of probing from the next.
    HalfOpen { turn: u32, passed: u16, succeeded: u16 },
}

impl Circuit {
    const fn pack(self) -> u64 {
        match self {
            Self::Closed => 0,
            Self::Open(until) => 1 | until << 2,
            Self::HalfOpen {
                turn,
                passed,
                succeeded,
            } => 2 | (turn as u64 & TURNS) << 2 | (passed as u64) << 32 | (succeeded as u64) << 48,
        }
    }

    const fn unpack(word: u64) -> Self {
        match word & 3 {
            0 => Self::Closed,
            1 => Self::Open(word >> 2),
            _ => Self::HalfOpen {
                turn: (word >> 2 & TURNS) as u32,
                passed: (word >> 32) as u16,
                succeeded: (word >> 48) as u16,
            },
        }
    }
}

/// 30 bits of `turn`.
const TURNS: u64 = (1 << 30) - 1;

/// Calls in a part of the window: number of the part since the beginning (24 bits), failures and calls (20 bits each).
#[derive(Clone, Copy, Debug, Default)]
struct Part {
    number: u64,
    failures: u64,
    calls: u64,
}

impl Part {
    const MOST: u64 = (1 << 20) - 1;
    const NUMBERS: u64 = (1 << 24) - 1;

    const fn pack(self) -> u64 {
        self.number << 40 | self.failures << 20 | self.calls
    }

    const fn unpack(word: u64) -> Self {
        Self {
            number: word >> 40,
            failures: word >> 20 & Self::MOST,
            calls: word & Self::MOST,
        }
    }
}

/// Leave to call the upstream; says how it went, or else that it is not known.
#[derive(Debug)]
pub(crate) struct Admission {
    breaker: Arc<Breaker>,
    /// The turn that it is a probe of.
    probe: Option<u32>,
    is_told: bool,
}

/// The breaker is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BreakerOpen {
    /// When it is worth calling again; at least a second.
    pub(crate) retry_after: Duration,
}

impl Breaker {
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            settings,
            circuit: AtomicU64::new(Circuit::Closed.pack()),
            parts: Default::default(),
        }
    }

    /// What it was made with.
    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Asks for a call, with all its tries.
    pub(crate) fn admit(self: &Arc<Self>, now: Tick) -> Result<Admission, BreakerOpen> {
        let mut word = self.circuit.load(Acquire);
        loop {
            let (turn, passed, succeeded) = match Circuit::unpack(word) {
                Circuit::Closed => return Ok(self.admission(None)),
                Circuit::Open(until) if now.0 < until => {
                    let retry_after = Tick(until).since(now).max(Duration::from_secs(1));
                    return Err(BreakerOpen { retry_after });
                }
                // Each opening has an end of its own, which tells the turns apart.
                Circuit::Open(until) => ((until & TURNS) as u32, 0, 0),
                Circuit::HalfOpen {
                    turn,
                    passed,
                    succeeded,
                } => (turn, passed, succeeded),
            };
            if passed >= self.settings.half_open_probes {
                return Err(BreakerOpen {
                    retry_after: Duration::from_secs(1),
                });
            }
            let next = Circuit::HalfOpen {
                turn,
                passed: passed + 1,
                succeeded,
            };
            match self.circuit.compare_exchange_weak(word, next.pack(), AcqRel, Acquire) {
                Ok(_) => return Ok(self.admission(Some(turn))),
                Err(other) => word = other,
            }
        }
    }

    fn admission(self: &Arc<Self>, probe: Option<u32>) -> Admission {
        Admission {
            breaker: Arc::clone(self),
            probe,
            is_told: false,
        }
    }

    /// A probe ended; `None` when nobody knows how. Probes of a turn that is over change nothing.
    fn probed(&self, probe: u32, is_failure: Option<bool>, now: Tick) {
        let mut word = self.circuit.load(Acquire);
        loop {
            let Circuit::HalfOpen {
                turn,
                passed,
                succeeded,
            } = Circuit::unpack(word)
            else {
                return;
            };
            if turn != probe {
                return;
            }
            let next = match is_failure {
                Some(true) => Circuit::Open(now.after(self.settings.open_time.duration()).0),
                Some(false) if succeeded + 1 >= self.settings.half_open_probes => Circuit::Closed,
                Some(false) => Circuit::HalfOpen {
                    turn,
                    passed,
                    succeeded: succeeded + 1,
                },
                // Its place goes to another.
                None => Circuit::HalfOpen {
                    turn,
                    passed: passed.saturating_sub(1),
                    succeeded,
                },
            };
            if next == Circuit::Closed {
                // What was counted before it opened must not open it again.
                for part in &self.parts {
                    part.store(0, Relaxed);
                }
            }
            match self.circuit.compare_exchange_weak(word, next.pack(), AcqRel, Acquire) {
                Ok(_) => return,
                Err(other) => word = other,
            }
        }
    }

    /// Counts a call while the breaker is closed, and opens it when too many failed.
    fn count(&self, is_failure: bool, now: Tick) {
        let part_ms = (u64::from(self.settings.window.as_ms()) / PARTS).max(1);
        let number = (now.0 / part_ms) & Part::NUMBERS;
        let place = &self.parts[(now.0 / part_ms % PARTS) as usize];
        let counted = |word| {
            let part = Part::unpack(word);
            let (failures, calls) = if part.number == number {
                (part.failures, part.calls)
            } else {
                (0, 0)
            };
            // Counted to the end of its bits; the shares are right long before.
            let is_full = calls == Part::MOST;
            let part = Part {
                number,
                failures: failures + u64::from(is_failure && !is_full),
                calls: calls + u64::from(!is_full),
            };
            part.pack()
        };
        place.update(Relaxed, Relaxed, counted);
        if !is_failure {
            return;
        }
        let (mut failures, mut calls) = (0, 0);
        for part in &self.parts {
            let part = Part::unpack(part.load(Relaxed));
            if number.wrapping_sub(part.number) & Part::NUMBERS < PARTS {
                failures += part.failures;
                calls += part.calls;
            }
        }
        let is_too_much = calls >= u64::from(self.settings.min_requests)
            && failures * 100 >= u64::from(self.settings.failure_percent) * calls;
        if is_too_much {
            let open = Circuit::Open(now.after(self.settings.open_time.duration()).0);
            // Only from closed: another worker may have opened it.
            if self
                .circuit
                .compare_exchange(Circuit::Closed.pack(), open.pack(), AcqRel, Relaxed)
                .is_ok()
            {
                tracing::warn!(failures, calls, "a circuit breaker opened");
            }
        }
    }
}

impl Admission {
    /// What became of the call: of its last try.
    pub(crate) fn tell(mut self, is_failure: bool, now: Tick) {
        self.is_told = true;
        match self.probe {
            Some(probe) => self.breaker.probed(probe, Some(is_failure), now),
            None => self.breaker.count(is_failure, now),
        }
    }
}

/// A call that was given up, by its caller for example, speaks neither for nor against the upstream.
impl Drop for Admission {
    fn drop(&mut self) {
        if let (false, Some(probe)) = (self.is_told, self.probe) {
            self.breaker.probed(probe, None, Tick::ZERO);
        }
    }
}

#[cfg(test)]
#[path = "breaker_tests.rs"]
mod tests;
