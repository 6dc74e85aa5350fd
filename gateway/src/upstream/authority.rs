//! Where connections lead to, and what they have in common.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::Duration,
};

use super::{resolve::Addresses, tls::Offers};
use domain::upstream::{
    address::AddressPolicy,
    transport::{Connections, Protocol},
};
use http::HeaderValue;

/// Where connections lead to: the same for all targets with one scheme, host, port and manner of connecting. Connections
/// are kept by its number, so they survive a change of configuration, and so does what is counted here. Shared by all
/// workers.
#[derive(Debug)]
pub(crate) struct Authority {
    /// No other authority of the process ever has it.
    pub(crate) number: u64,
    pub(crate) is_tls: bool,
    /// Host name or address, without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// Value of `Host`.
    pub(crate) header: HeaderValue,
    /// Whether private addresses are permitted here whatever the installation's policy.
    pub(crate) allow_private: bool,
    /// How it is connected to, where that is not as everywhere.
    pub(crate) connecting: Connecting,
    /// What its name leads to.
    pub(super) addresses: Addresses,
    /// Calls on their way; counted where loads are looked at.
    pub(super) on_their_way: AtomicU32,
    /// Open connections of all workers; counted where they are bounded.
    open: AtomicU32,
}

/// How an authority is connected to.
#[derive(Debug, Default)]
pub(crate) struct Connecting {
    /// TLS of its own; as everywhere where there is none.
    pub(crate) tls: Option<Offers>,
    /// Name for TLS where it is not the host.
    pub(crate) server_name: Option<String>,
    pub(crate) protocol: Protocol,
    pub(crate) connections: Connections,
    /// How long addresses are used before the name is looked up again; for one connection where there is none.
    pub(crate) refresh: Option<Duration>,
}

/// A connection that is counted until it is dropped: belongs into whatever owns the connection.
#[derive(Debug)]
pub(crate) struct OpenConnection(Option<Arc<Authority>>);

impl Authority {
    pub(super) fn new(
        number: u64,
        (is_tls, host, port): (bool, String, u16),
        header: HeaderValue,
        allow_private: bool,
        connecting: Connecting,
    ) -> Self {
        Self {
            number,
            is_tls,
            addresses: Addresses::new(&host),
            host,
            port,
            header,
            allow_private,
            connecting,
            on_their_way: AtomicU32::new(0),
            open: AtomicU32::new(0),
        }
    }

    /// One whose connections are never kept, connected to as every other.
    pub(crate) fn unkept(address: (bool, String, u16), header: HeaderValue) -> Self {
        Self::new(0, address, header, false, Connecting::default())
    }

    /// What may be connected to here, when the installation says `policy`.
    pub(crate) fn policy(&self, policy: AddressPolicy) -> AddressPolicy {
        AddressPolicy {
            allow_private: policy.allow_private || self.allow_private,
        }
    }

    /// Name that TLS asks for.
    pub(crate) fn tls_name(&self) -> &str {
        self.connecting.server_name.as_deref().unwrap_or(&self.host)
    }

    /// Leave to open one more connection; `None` when there are as many as there may be.
    pub(crate) fn open_connection(self: &Arc<Self>) -> Option<OpenConnection> {
        let Some(max) = self.connecting.connections.max else {
            return Some(OpenConnection(None));
        };
        let counted = self
            .open
            .try_update(Relaxed, Relaxed, |open| (open < max).then_some(open + 1));
        counted.is_ok().then(|| OpenConnection(Some(Arc::clone(self))))
    }

    /// Connections that each of so many workers keeps for the next call; `or` where nothing is said.
    pub(crate) fn max_idle(&self, workers: usize, or: usize) -> usize {
        let max_idle = self.connecting.connections.max_idle;
        max_idle.map_or(or, |max| (max as usize).div_ceil(workers.max(1)))
    }

    /// Age in seconds from which a connection carries no further call; `or` where nothing is said.
    pub(crate) fn max_age_s(&self, or: u32) -> u32 {
        let max_age = self.connecting.connections.max_age;
        max_age.map_or(or, |age| u32::try_from(age.duration().as_secs()).unwrap_or(u32::MAX))
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        if let Some(authority) = &self.0 {
            authority.open.fetch_sub(1, Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::upstream::book::{AuthorityBook, AuthorityKey};

    #[test]
    fn connections_are_bounded_where_that_is_asked_for() {
        let mut book = AuthorityBook::default();
        let free = book.plain("a.test");
        let held: Vec<_> = (0..1_000).map(|_| free.open_connection().unwrap()).collect();
        drop(held);
        let mut upstream = domain::upstream::Upstream::single("http://a.test".parse().unwrap());
        upstream.settings.connections.max = Some(2);
        upstream.settings.connections.max_idle = Some(5);
        let key = AuthorityKey::new(false, "a.test".into(), 80, &upstream);
        let bounded = book.authority(key, "a.test".parse().unwrap()).unwrap();
        assert_ne!(bounded.number, free.number, "another manner of connecting");
        let (first, second) = (bounded.open_connection(), bounded.open_connection());
        assert!(first.is_some() && second.is_some() && bounded.open_connection().is_none());
        drop(first);
        assert!(bounded.open_connection().is_some());
        assert_eq!((bounded.max_idle(2, 512), free.max_idle(2, 512)), (3, 512));
    }
}
