//! What outlives a change of configuration: authorities with their connections, and the states of targets and upstreams.

use std::{collections::HashMap, convert::Infallible, hash::Hash, sync::Arc};

use domain::{
    id::VersionId,
    upstream::{
        Upstream,
        health::Health,
        settings::Settings,
        transport::{Connections, Dns, Protocol, Tls},
    },
};
use http::HeaderValue;

use super::{
    authority::{Authority, Connecting},
    breaker::Breaker,
    certificates::UpstreamCertificates,
    retry::RetryBudget,
    state::TargetState,
    tick::Tick,
    tls,
};

/// The authorities and states that the newest catalog names. Those of the one before are remembered for as long as the
/// next is compiled, so that what is named again keeps its number, its connections and what is known of it; the rest is
/// forgotten.
#[derive(Debug, Default)]
pub(crate) struct AuthorityBook {
    certificates: UpstreamCertificates,
    authorities: Turned<AuthorityKey, Arc<Authority>>,
    next_number: u64,
    targets: Turned<TargetKey, Arc<TargetState>>,
    upstreams: Turned<VersionId, UpstreamState>,
}

/// Two turns of a map.
#[derive(Debug)]
struct Turned<K, V> {
    named: HashMap<K, V>,
    before: HashMap<K, V>,
}

impl<K, V> Default for Turned<K, V> {
    fn default() -> Self {
        Self {
            named: HashMap::new(),
            before: HashMap::new(),
        }
    }
}

impl<K: Eq + Hash, V: Clone> Turned<K, V> {
    fn turn(&mut self) {
        self.before = std::mem::take(&mut self.named);
    }

    /// What is known by this key; made when it is not known.
    fn keep<E>(&mut self, key: K, make: impl FnOnce(&K) -> Result<V, E>) -> Result<V, E> {
        if let Some(known) = self.named.get(&key) {
            return Ok(known.clone());
        }
        let value = match self.before.remove(&key) {
            Some(known) => known,
            None => make(&key)?,
        };
        self.named.insert(key, value.clone());
        Ok(value)
    }
}

/// What makes two authorities the same. Connections are only shared where everything about them is alike.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct AuthorityKey {
    is_tls: bool,
    host: String,
    port: u16,
    /// Otherwise a forbidden upstream could ride on the connections of a permitted one.
    allow_private: bool,
    /// As it is by default where there is no TLS.
    tls: Tls,
    protocol: Protocol,
    connections: Connections,
    dns: Dns,
}

impl AuthorityKey {
    pub(super) fn new(is_tls: bool, host: String, port: u16, upstream: &Upstream) -> Self {
        let Settings {
            tls,
            protocol,
            connections,
            dns,
            ..
        } = &upstream.settings;
        Self {
            is_tls,
            host,
            port,
            allow_private: upstream.allow_private,
            tls: if is_tls { tls.clone() } else { Tls::default() },
            protocol: *protocol,
            connections: connections.clone(),
            dns: dns.clone(),
        }
    }
}

/// The version, the number of the authority, and the base path.
type TargetKey = (VersionId, u64, Box<str>);

/// What is kept for an upstream as a whole.
#[derive(Clone, Debug, Default)]
pub(super) struct UpstreamState {
    pub(super) breaker: Option<Arc<Breaker>>,
    pub(super) budget: Option<Arc<RetryBudget>>,
    /// Whether targets had states in this upstream before.
    pub(super) had_targets: bool,
    has_targets: bool,
}

impl AuthorityBook {
    /// An empty book of a gateway that has these certificates for upstreams.
    pub(crate) fn with(certificates: UpstreamCertificates) -> Self {
        Self {
            certificates,
            ..Self::default()
        }
    }

    /// Whether a version of an organization can have an upstream with this TLS. Authorities are shared: it is for each
    /// version to be asked.
    ///
    /// # Errors
    /// A sentence that goes on from the version.
    pub(crate) fn check_certificate(&self, tls: &Tls, organization: &str) -> Result<(), String> {
        let name = tls.client_certificate.as_deref();
        name.map_or(Ok(()), |name| self.certificates.check(name, organization))
    }

    /// A new catalog begins.
    pub(crate) fn turn(&mut self) {
        self.authorities.turn();
        self.targets.turn();
        self.upstreams.turn();
    }

    /// The authority of a key. `header` is the value of `Host`.
    ///
    /// # Errors
    /// A sentence about its TLS settings.
    pub(super) fn authority(&mut self, key: AuthorityKey, header: HeaderValue) -> Result<Arc<Authority>, String> {
        let (next_number, certificates) = (&mut self.next_number, &self.certificates);
        self.authorities.keep(key, |key| {
            let AuthorityKey {
                is_tls,
                host,
                port,
                allow_private,
                tls,
                protocol,
                connections,
                dns,
            } = key.clone();
            let is_own = is_tls && tls != Tls::default();
            let client = if is_own {
                Some(tls::client(&tls, certificates)?)
            } else {
                None
            };
            let connecting = Connecting {
                tls: client,
                server_name: tls.server_name,
                protocol,
                connections,
                refresh: dns.refresh.map(domain::upstream::span::Span::duration),
            };
            let number = *next_number;
            *next_number += 1;
            Ok(Arc::new(Authority::new(
                number,
                (is_tls, host, port),
                header,
                allow_private,
                connecting,
            )))
        })
    }

    /// The state of a target of a version. One that is new in an upstream that was there before begins cold.
    pub(super) fn target(
        &mut self,
        version: VersionId,
        authority: &Authority,
        base_path: &str,
        is_upstream_new: bool,
    ) -> Arc<TargetState> {
        let key = (version, authority.number, base_path.into());
        let Ok(state) = self.targets.keep::<Infallible>(key, |_| {
            Ok(if is_upstream_new {
                Arc::default()
            } else {
                Arc::new(TargetState::new_at(Tick::now()))
            })
        });
        state
    }

    /// Breaker and budget of a version; new ones where their settings have changed.
    pub(super) fn upstream(&mut self, version: VersionId, settings: &Settings) -> UpstreamState {
        let known = self.upstreams.before.remove(&version).unwrap_or_default();
        let breaker = settings.breaker.as_ref().map(|settings| {
            let same = known.breaker.filter(|breaker| breaker.settings() == settings);
            same.unwrap_or_else(|| Arc::new(Breaker::new(settings.clone())))
        });
        let budget = settings.retry.as_ref().map(|retry| {
            let same = known.budget.filter(|budget| budget.percent() == retry.budget_percent);
            same.unwrap_or_else(|| Arc::new(RetryBudget::new(retry.budget_percent)))
        });
        let state = UpstreamState {
            breaker,
            budget,
            had_targets: known.has_targets,
            has_targets: settings.slow_start.is_some() || settings.health != Health::default(),
        };
        self.upstreams.named.insert(version, state.clone());
        state
    }

    /// A plain authority, for tests.
    #[cfg(test)]
    pub(super) fn plain(&mut self, host: &str) -> Arc<Authority> {
        let upstream = Upstream::single(format!("http://{host}").parse().unwrap());
        let key = AuthorityKey::new(false, host.into(), 80, &upstream);
        self.authority(key, HeaderValue::try_from(host).unwrap()).unwrap()
    }

    /// How many authorities are remembered, for tests.
    #[cfg(test)]
    pub(super) fn remembered(&self) -> usize {
        self.authorities.named.len() + self.authorities.before.len()
    }
}
