//! Rate limits of policies: windows for keys, applications, addresses, operations or all calls of a version.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use domain::policy::rate_limits::{Audience, CallerGroup, RateLimits};

use super::groups::{Caller, GroupId, Groups};
use crate::limit::{Gcra, GcraCell};

/// Windows, compiled.
#[derive(Debug)]
pub(crate) struct WindowRule {
    groups: Groups,
    windows: Box<[Window]>,
}

#[derive(Debug)]
struct Window {
    audience: Audience,
    by: CallerGroup,
    /// Differs between the windows of a policy, and is the same as long as the window's length is.
    number: u64,
    /// `ip-minute`, for people.
    name: String,
    limit: Gcra,
}

/// What was taken; it can be given back.
#[derive(Debug, Default)]
pub(crate) struct TakenWindows(Vec<(Gcra, Arc<GcraCell>)>);

/// Windows that are used up; nothing was taken.
#[derive(Debug)]
pub(crate) struct WindowsExhausted {
    pub(crate) names: Vec<String>,
    /// Until a call passes, at least 1.
    pub(crate) retry_after_s: u64,
}

impl WindowRule {
    pub(super) fn compile(limits: &RateLimits, groups: Groups) -> Self {
        let windows = limits.0.iter().enumerate().map(|(i, window)| {
            let limit = window.limit();
            let same_before = limits.0[..i]
                .iter()
                .filter(|other| other.by == window.by && other.per == window.per)
                .count() as u64;
            let by = serde_json::to_value(window.by).ok();
            let by = by.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default();
            Window {
                audience: window.audience,
                by: window.by,
                number: u64::from(limit.per_s) << 8 | same_before,
                name: format!("{by}-{}", limit.window_name()),
                limit: Gcra::new(limit.requests, Duration::from_secs(limit.per_s.into()), limit.burst),
            }
        });
        Self {
            groups,
            windows: windows.collect(),
        }
    }

    /// Takes one call from every window, or from none.
    pub(crate) fn take(
        &self,
        state: &Windows,
        caller: &Caller<'_>,
        now_ns: u64,
    ) -> Result<TakenWindows, WindowsExhausted> {
        let is_identified = caller.application_id.is_some();
        let concerned = || {
            self.windows
                .iter()
                .filter(|window| window.audience.includes(is_identified))
        };
        let cells: Vec<_> = concerned()
            .map(|window| state.cell(self.groups.id(window.by, window.number, caller), window.number, now_ns))
            .collect();
        let windows = || concerned().zip(&cells);
        let exhausted = || {
            let mut names = Vec::new();
            let mut retry_after_s = 1;
            for (window, cell) in windows() {
                if let Err(early) = window.limit.look(cell, now_ns) {
                    names.push(window.name.clone());
                    retry_after_s = retry_after_s.max(Gcra::seconds(early.retry_in_ns));
                }
            }
            WindowsExhausted { names, retry_after_s }
        };
        if windows().any(|(window, cell)| window.limit.look(cell, now_ns).is_err()) {
            return Err(exhausted());
        }
        let mut taken = TakenWindows::default();
        for (window, cell) in windows() {
            // Another worker may have taken the last one in between.
            if window.limit.take(cell, now_ns).is_err() {
                taken.give_back();
                return Err(exhausted());
            }
            taken.0.push((window.limit, Arc::clone(cell)));
        }
        Ok(taken)
    }
}

impl TakenWindows {
    pub(crate) fn give_back(&self) {
        for (limit, cell) in &self.0 {
            limit.give_back(cell);
        }
    }
}

const SHARDS: usize = 64;
/// Groups of one shard that are remembered; a million in all. Callers with many addresses can't take more memory.
const MAX_GROUPS: usize = 16_384;

/// The state of all windows of policies, by group.
#[derive(Debug)]
pub(crate) struct Windows {
    shards: [Mutex<Shard>; SHARDS],
}

#[derive(Debug, Default)]
struct Shard {
    cells: HashMap<GroupId, Arc<GcraCell>>,
    /// Cells that groups share which find no room, by the number of their window: then they are limited together.
    shared: HashMap<u64, Arc<GcraCell>>,
    /// When it was last looked for cells that say nothing.
    swept_ns: u64,
}

/// A full shard is looked through at most so often.
const SWEEP_NS: u64 = 1_000_000_000;

impl Default for Windows {
    fn default() -> Self {
        Self {
            shards: std::array::from_fn(|_| Mutex::default()),
        }
    }
}

impl Windows {
    fn cell(&self, id: GroupId, window: u64, now_ns: u64) -> Arc<GcraCell> {
        let shard = &self.shards[id.shard(SHARDS)];
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cell) = shard.cells.get(&id) {
            return Arc::clone(cell);
        }
        if shard.cells.len() >= MAX_GROUPS {
            if now_ns.abs_diff(shard.swept_ns) >= SWEEP_NS {
                shard.swept_ns = now_ns;
                // An empty bucket is the same as none.
                shard
                    .cells
                    .retain(|_, cell| !cell.is_empty_at(now_ns) || Arc::strong_count(cell) > 1);
            }
            if shard.cells.len() >= MAX_GROUPS {
                return Arc::clone(shard.shared.entry(window).or_default());
            }
        }
        Arc::clone(shard.cells.entry(id).or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_that_find_no_room_are_limited_together() {
        let windows = Windows::default();
        let now_ns = 5 * SWEEP_NS;
        let limit = Gcra::new(1, Duration::from_mins(1), 1);
        let id = |n: u64| GroupId::of_numbers(0, n);
        for n in 0..MAX_GROUPS as u64 {
            assert!(limit.take(&windows.cell(id(n), 1, now_ns), now_ns).is_ok());
        }
        assert!(limit.take(&windows.cell(id(1 << 40), 1, now_ns), now_ns).is_ok());
        assert!(limit.take(&windows.cell(id(1 << 41), 1, now_ns), now_ns).is_err());
        // Later there is room again.
        let later_ns = now_ns + 120 * SWEEP_NS;
        for n in 0..10 {
            let cell = windows.cell(id(1 << 42 | n), 1, later_ns);
            assert!(limit.take(&cell, later_ns).is_ok());
        }
    }
}
