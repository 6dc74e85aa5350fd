//! The targets of an upstream, compiled.

use std::{sync::Arc, time::Duration};

use domain::{
    id::VersionId,
    upstream::{
        Target as TargetRecord, Upstream,
        balance::Balance,
        canary::{Canary as CanaryRecord, Percent},
        settings::Settings,
        span::Span,
    },
};
use http::HeaderValue;

use super::{
    book::{AuthorityBook, AuthorityKey},
    breaker::{Admission, Breaker, BreakerOpen},
    caller::{Caller, Trait, hash},
    canary::{Canary, Wanted},
    checker::Wanted as WantedCheck,
    group::{Ejection, Group, MAX_TARGETS, Method, Rules, Target},
    retry::Retries,
    tick::Tick,
};

/// The targets of a version and how they are used.
#[derive(Debug)]
pub(crate) struct Targets {
    stable: Group,
    canary: Option<Box<Canary>>,
    mirror: Option<Box<(Target, Percent)>>,
    /// What calls are hashed by; there for consistent hashing only.
    hash_by: Option<Trait>,
    breaker: Option<Arc<Breaker>>,
    retries: Option<Box<Retries>>,
    checks: Box<[WantedCheck]>,
    pub(crate) connect_timeout: Duration,
    pub(crate) response_timeout: Duration,
    /// Longest pause of an answer; the worker's where there is none.
    pub(crate) idle_timeout: Option<Duration>,
    /// From the beginning of a call to the end of its answer.
    pub(crate) total_timeout: Option<Duration>,
}

impl Targets {
    /// Compiles the upstream of a version.
    ///
    /// # Errors
    /// A sentence about what is wrong with it.
    pub(crate) fn compile(version: VersionId, upstream: &Upstream, book: &mut AuthorityBook) -> Result<Self, String> {
        let settings = &upstream.settings;
        let mut compiling = Compiling {
            version,
            upstream,
            kept: book.upstream(version, settings),
            book,
            checks: Vec::new(),
        };
        let stable = compiling.group(&upstream.targets)?;
        let canary = match &settings.canary {
            Some(canary) => Some(Box::new(compiling.canary(canary)?)),
            None => None,
        };
        let mirror = match &settings.mirror {
            Some(mirror) => {
                let record = TargetRecord {
                    url: mirror.target.clone(),
                    weight: 1,
                };
                Some(Box::new((compiling.target(&record, false)?, mirror.percent)))
            }
            None => None,
        };
        let hash_by = match &settings.balance {
            Balance::Hash(by) => Some(Trait::compile(by).ok_or("its balance names a header that can't be")?),
            Balance::RoundRobin | Balance::LeastRequests => None,
        };
        let Compiling { kept, checks, .. } = compiling;
        let retries = settings.retry.as_ref().zip(kept.budget);
        Ok(Self {
            stable,
            canary,
            mirror,
            hash_by,
            breaker: kept.breaker,
            retries: retries.map(|(settings, budget)| Box::new(Retries::new(settings, budget))),
            checks: checks.into(),
            connect_timeout: upstream.connect_timeout(),
            response_timeout: upstream.response_timeout(),
            idle_timeout: settings.timeouts.idle.map(Span::duration),
            total_timeout: settings.timeouts.total.map(Span::duration),
        })
    }

    /// Leave for a call with all its tries; `None` without a breaker. Only calls to [`Self::stable`] ask.
    ///
    /// # Errors
    /// The breaker is open: the call is answered with 503.
    pub(crate) fn admit(&self, now: Tick) -> Result<Option<Admission>, BreakerOpen> {
        self.breaker.as_ref().map(|breaker| breaker.admit(now)).transpose()
    }

    /// The upstream's own targets.
    pub(crate) fn stable(&self) -> &Group {
        &self.stable
    }

    /// The targets that a call goes to, and whether they are the upstream's own. `caller` is only asked for with a canary.
    pub(crate) fn group<'a>(&self, caller: impl FnOnce() -> Caller<'a>) -> (&Group, bool) {
        match &self.canary {
            Some(canary) if canary.takes(&caller()) => (&canary.group, false),
            _ => (&self.stable, true),
        }
    }

    /// What a call is spread by; `caller` is only asked for with consistent hashing.
    pub(crate) fn hash<'a>(&self, caller: impl FnOnce() -> Caller<'a>) -> Option<u64> {
        self.hash_by.as_ref().map(|by| by.of(&caller()))
    }

    /// Where a copy of a call goes, if it is copied. `random` is any random number; it is only asked for with a mirror.
    pub(crate) fn mirror(&self, random: impl FnOnce() -> u64) -> Option<&Target> {
        let mirror = self.mirror.as_ref()?;
        mirror.1.includes(random()).then_some(&mirror.0)
    }

    /// What is tried again; nothing where there is none.
    pub(crate) fn retries(&self) -> Option<&Retries> {
        self.retries.as_deref()
    }

    /// Whether anything here needs the time; [`Tick::ZERO`] is good enough where not.
    pub(crate) fn keeps_time(&self) -> bool {
        self.breaker.is_some()
            || self.stable.keeps_time()
            || self.canary.as_ref().is_some_and(|canary| canary.group.keeps_time())
    }

    /// Active checks of its targets.
    pub(crate) fn checks(&self) -> &[WantedCheck] {
        &self.checks
    }
}

/// An upstream on its way to [`Targets`].
struct Compiling<'a> {
    version: VersionId,
    upstream: &'a Upstream,
    kept: super::book::UpstreamState,
    book: &'a mut AuthorityBook,
    checks: Vec<WantedCheck>,
}

impl Compiling<'_> {
    fn group(&mut self, records: &[TargetRecord]) -> Result<Group, String> {
        if records.is_empty() || records.len() > MAX_TARGETS {
            return Err(format!(
                "its upstream has {} targets instead of 1 to {MAX_TARGETS}",
                records.len()
            ));
        }
        let Settings {
            balance,
            health,
            slow_start,
            ..
        } = &self.upstream.settings;
        let rules = Rules {
            method: match balance {
                Balance::RoundRobin => Method::RoundRobin,
                Balance::LeastRequests => Method::LeastRequests,
                Balance::Hash(_) => Method::Hash,
            },
            slow_start: slow_start.map(Span::duration),
            ejection: health.passive.as_ref().map(|passive| Ejection {
                failures: passive.consecutive_failures,
                time: passive.ejection_time.duration(),
                max_percent: passive.max_ejected_percent,
            }),
        };
        let keeps_state = slow_start.is_some() || health.active.is_some() || health.passive.is_some();
        let targets: Result<Vec<_>, _> = records.iter().map(|record| self.target(record, keeps_state)).collect();
        Ok(Group::new(targets?, rules))
    }

    fn target(&mut self, record: &TargetRecord, keeps_state: bool) -> Result<Target, String> {
        let url = &record.url;
        let unusable = || format!("its target {url} is not an http or https address");
        let is_tls = match url.scheme() {
            "http" => false,
            "https" => true,
            _ => return Err(unusable()),
        };
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(unusable)?;
        let port = url.port_or_known_default().ok_or_else(unusable)?;
        let header = match url.port() {
            Some(port) => HeaderValue::try_from(format!("{host}:{port}")),
            None => HeaderValue::try_from(host),
        };
        let header = header.map_err(|_| unusable())?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let key = AuthorityKey::new(is_tls, host, port, self.upstream);
        let authority = self.book.authority(key, header)?;
        let base_path: Box<str> = url.path().trim_end_matches('/').into();
        let health = &self.upstream.settings.health;
        let state = keeps_state.then(|| {
            let is_new = !self.kept.had_targets;
            self.book.target(self.version, &authority, &base_path, is_new)
        });
        if let Some(state) = &state {
            match &health.active {
                Some(active) => self.checks.push(WantedCheck {
                    authority: Arc::clone(&authority),
                    path: format!("{base_path}{}", active.path),
                    active: active.clone(),
                    state: Arc::clone(state),
                }),
                None => state.forget_checks(),
            }
            if health.passive.is_none() {
                state.forget_failures();
            }
        }
        Ok(Target {
            authority,
            base_path,
            weight: u32::from(record.weight.clamp(1, 1_000)),
            seed: hash(url.as_str().as_bytes()),
            state,
        })
    }

    fn canary(&mut self, record: &CanaryRecord) -> Result<Canary, String> {
        let header = match &record.header {
            Some(header) => Some(Wanted::compile(header).ok_or("its canary names a header that can't be")?),
            None => None,
        };
        Ok(Canary {
            group: self.group(&record.targets)?,
            percent: record.percent,
            header,
            by: Trait::compile(&record.by).ok_or("its canary names a header that can't be")?,
            salt: hash(self.version.uuid().as_bytes()),
        })
    }
}

#[cfg(test)]
#[path = "targets_tests.rs"]
mod tests;
