//! Rate limits of policies: windows for keys, applications, addresses, operations or all calls of a version.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use domain::policy::rate_limits::{CallerGroup, RateLimits};

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
        let cells: Vec<_> = self
            .windows
            .iter()
            .map(|window| state.cell(self.groups.id(window.by, window.number, caller), now_ns))
            .collect();
        let windows = || self.windows.iter().zip(&cells);
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
    shards: [Mutex<HashMap<GroupId, Arc<GcraCell>>>; SHARDS],
}

impl Default for Windows {
    fn default() -> Self {
        Self {
            shards: std::array::from_fn(|_| Mutex::default()),
        }
    }
}

impl Windows {
    fn cell(&self, id: GroupId, now_ns: u64) -> Arc<GcraCell> {
        let shard = &self.shards[id.shard(SHARDS)];
        let mut cells = shard.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cell) = cells.get(&id) {
            return Arc::clone(cell);
        }
        if cells.len() >= MAX_GROUPS {
            // An empty bucket is the same as none.
            cells.retain(|_, cell| !cell.is_empty_at(now_ns) || Arc::strong_count(cell) > 1);
        }
        let cell = Arc::<GcraCell>::default();
        if cells.len() < MAX_GROUPS {
            cells.insert(id, Arc::clone(&cell));
        }
        cell
    }
}
