//! All budgets of one subscription, and taking from all of them or from none.

use std::sync::{
    OnceLock,
    atomic::{
        AtomicU32,
        Ordering::{AcqRel, Acquire},
    },
};

use domain::plan::{Period, Quota, RateLimit};
use http::HeaderValue;

use super::{
    Gcra, GcraCell,
    fields::{self, PolicyField, Standing},
    moment::Moment,
    quota::{QuotaCell, Span},
};

/// Rate limits of one plan; more are refused when the plan is compiled.
pub(crate) const MAX_WINDOWS: usize = 7;

/// State of the budgets of a subscription. Kept for as long as the subscription lives, whatever its plan is.
#[derive(Debug, Default)]
pub(crate) struct Budget {
    windows: Slots,
    quotas: [QuotaCell; Period::ALL.len()],
}

/// Cells by window; claimed when first used. A subscription meets few different windows in its life.
#[derive(Debug, Default)]
struct Slots {
    cells: [(AtomicU32, GcraCell); 3],
    more: OnceLock<Box<Slots>>,
}

impl Slots {
    fn cell(&self, key: u32) -> &GcraCell {
        let mut slots = self;
        loop {
            for (owner, cell) in &slots.cells {
                match owner.load(Acquire) {
                    seen if seen == key => return cell,
                    0 => match owner.compare_exchange(0, key, AcqRel, Acquire) {
                        Ok(_) => return cell,
                        Err(seen) if seen == key => return cell,
                        Err(_) => {}
                    },
                    _ => {}
                }
            }
            slots = slots.more.get_or_init(Box::default);
        }
    }
}

/// What a plan allows, compiled.
#[derive(Debug)]
pub(crate) struct PlanLimits {
    windows: Box<[Window]>,
    quota: Option<Quota>,
    policy: Option<PolicyField>,
}

#[derive(Debug)]
struct Window {
    /// Length of the window and how many of the same length come before it: what its cell is found by. Never 0.
    key: u32,
    name: Box<str>,
    limit: Gcra,
}

/// Proof that all budgets were taken from.
#[derive(Debug)]
pub(crate) struct Taken {
    /// Value of `RateLimit` after taking.
    pub(crate) standing: Option<HeaderValue>,
    quota: Option<(Period, Span)>,
}

/// At least one budget is used up; nothing was taken.
#[derive(Debug)]
pub(crate) struct Exhausted {
    /// Value of `RateLimit`.
    pub(crate) standing: Option<HeaderValue>,
    /// Names of the limits that are used up.
    pub(crate) names: Vec<String>,
    /// When all of them let a request pass, in seconds; at least 1.
    pub(crate) retry_after_s: u64,
    /// Whether the quota is among them.
    pub(crate) is_quota: bool,
}

impl PlanLimits {
    /// Compiles what a plan allows.
    ///
    /// # Errors
    /// A sentence about a limit that can't be kept; the plan must then not be used at all.
    pub(crate) fn compile(rate_limits: &[RateLimit], quota: Option<Quota>) -> Result<Self, String> {
        if rate_limits.len() > MAX_WINDOWS {
            return Err(format!(
                "it has {} rate limits, and {MAX_WINDOWS} is the most",
                rate_limits.len()
            ));
        }
        for limit in rate_limits {
            limit
                .check("rate_limits")
                .map_err(|e| format!("its rate limit is out of range: {}", e.message))?;
        }
        if let Some(quota) = quota {
            quota
                .check("quota")
                .map_err(|e| format!("its quota is out of range: {}", e.message))?;
        }
        let mut windows = Vec::with_capacity(rate_limits.len());
        for (i, limit) in rate_limits.iter().enumerate() {
            let same_before = rate_limits[..i]
                .iter()
                .filter(|other| other.per_s == limit.per_s)
                .count();
            windows.push(Window {
                key: limit.per_s * 8 + same_before as u32,
                name: if same_before == 0 {
                    limit.window_name()
                } else {
                    format!("{}-{}", limit.window_name(), same_before + 1)
                }
                .into(),
                limit: Gcra::new(
                    limit.requests,
                    std::time::Duration::from_secs(limit.per_s.into()),
                    limit.burst,
                ),
            });
        }
        let names = windows.iter().map(|w| &*w.name).zip(rate_limits);
        let policy = fields::PolicyField::compile(names, quota)?;
        Ok(Self {
            windows: windows.into(),
            quota,
            policy,
        })
    }

    /// Value of `RateLimit-Policy`; `None` for a plan without limits.
    pub(crate) fn policy(&self, now: &Moment) -> Option<&HeaderValue> {
        self.policy.as_ref().map(|policy| policy.at(now))
    }
}

impl Budget {
    /// Takes one request from every limit of the plan, or from none. All limits are looked at before the first is taken
    /// from; when another worker takes the last one in between, what was taken is given back.
    pub(crate) fn take(&self, limits: &PlanLimits, now: &Moment) -> Result<Taken, Box<Exhausted>> {
        let quota = limits.quota.map(|quota| (quota, now.span(quota.per)));
        let is_open = limits
            .windows
            .iter()
            .all(|w| w.limit.look(self.windows.cell(w.key), now.unix_ns).is_ok())
            && quota.is_none_or(|(quota, span)| self.quotas[quota.per as usize].used(span) < quota.requests);
        if !is_open {
            return Err(Box::new(self.exhausted(limits, now)));
        }
        let mut standing = Standing::default();
        for (i, window) in limits.windows.iter().enumerate() {
            match window.limit.take(self.windows.cell(window.key), now.unix_ns) {
                Ok(room) => standing.push(&window.name, room.remaining, Gcra::seconds(room.whole_in_ns)),
                Err(_) => {
                    self.return_windows(&limits.windows[..i]);
                    return Err(Box::new(self.exhausted(limits, now)));
                }
            }
        }
        if let Some((quota, span)) = quota {
            let Some(used) = self.quotas[quota.per as usize].take(span, quota.requests) else {
                self.return_windows(&limits.windows);
                return Err(Box::new(self.exhausted(limits, now)));
            };
            standing.push(quota.per.as_str(), quota.requests - used, seconds_until(span, now));
        }
        Ok(Taken {
            standing: standing.render(),
            quota: quota.map(|(quota, span)| (quota.per, span)),
        })
    }

    /// Gives the unit of the quota back: the call did not reach an upstream that answered. The rate limits keep theirs,
    /// so that a broken upstream is not hammered.
    pub(crate) fn return_quota(&self, taken: &Taken) {
        if let Some((period, span)) = taken.quota {
            self.quotas[period as usize].give_back(span);
        }
    }

    /// Gives everything back: the call was refused after all.
    pub(crate) fn return_all(&self, limits: &PlanLimits, taken: &Taken) {
        self.return_windows(&limits.windows);
        self.return_quota(taken);
    }

    /// Makes sure that at least what the ledger has is counted.
    pub(crate) fn at_least(&self, period: Period, start_s: i64, units: u64) {
        self.quotas[period as usize].at_least(start_s, units);
    }

    fn return_windows(&self, windows: &[Window]) {
        for window in windows {
            window.limit.give_back(self.windows.cell(window.key));
        }
    }

    fn exhausted(&self, limits: &PlanLimits, now: &Moment) -> Exhausted {
        let mut standing = Standing::default();
        let mut names = Vec::new();
        let mut retry_after_s = 1;
        for window in &limits.windows {
            match window.limit.look(self.windows.cell(window.key), now.unix_ns) {
                Ok(room) => standing.push(&window.name, room.remaining, Gcra::seconds(room.whole_in_ns)),
                Err(early) => {
                    let wait_s = Gcra::seconds(early.retry_in_ns);
                    standing.push(&window.name, 0, wait_s);
                    names.push(window.name.to_string());
                    retry_after_s = retry_after_s.max(wait_s);
                }
            }
        }
        let mut is_quota = false;
        if let Some(quota) = limits.quota {
            let span = now.span(quota.per);
            let left = quota
                .requests
                .saturating_sub(self.quotas[quota.per as usize].used(span));
            let wait_s = seconds_until(span, now);
            standing.push(quota.per.as_str(), left, wait_s);
            if left == 0 {
                is_quota = true;
                names.push(quota.per.as_str().to_owned());
                retry_after_s = retry_after_s.max(wait_s);
            }
        }
        Exhausted {
            standing: standing.render(),
            names,
            retry_after_s,
            is_quota,
        }
    }
}

fn seconds_until(span: Span, now: &Moment) -> u64 {
    u64::try_from(span.end_s - now.unix_s()).unwrap_or(0).max(1)
}

#[cfg(test)]
mod tests;
