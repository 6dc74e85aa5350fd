//! Who shares a limit: what `by` in a policy tells apart.

use std::{
    hash::{Hash, Hasher},
    net::IpAddr,
};

use domain::{
    id::{ApplicationId, KeyId, VersionId},
    policy::rate_limits::CallerGroup,
};

use crate::identity::Vouched;

/// What limits of a version's policies are told apart by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Groups {
    pub(crate) version: VersionId,
}

/// Whose call it is, as far as limits ask for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller<'a> {
    pub(crate) key_id: Option<KeyId>,
    pub(crate) token: Option<&'a Vouched>,
    pub(crate) application_id: Option<ApplicationId>,
    pub(crate) address: IpAddr,
    /// Slug of the operation.
    pub(crate) operation: &'a str,
}

/// A number for one group of callers; different groups never share one but by a chance of 1 in 2⁶⁴.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct GroupId(u64, u64);

impl GroupId {
    #[cfg(test)]
    pub(super) fn of_numbers(one: u64, other: u64) -> Self {
        Self(one, other)
    }

    /// One of so many parts that groups are spread over.
    pub(super) fn shard(self, shards: usize) -> usize {
        self.0 as usize % shards
    }
}

impl Groups {
    /// The group that a call belongs to. Anonymous calls belong to their address. `limit` tells limits of one version
    /// apart.
    pub(crate) fn id(self, by: CallerGroup, limit: u64, caller: &Caller<'_>) -> GroupId {
        let mut hash = Pair::new();
        (self.version, limit, by).hash(&mut hash);
        match by {
            CallerGroup::All => {}
            CallerGroup::Operation => caller.operation.hash(&mut hash),
            CallerGroup::Ip => network(caller.address).hash(&mut hash),
            // A certificate is all that an application has beside keys and tokens.
            CallerGroup::Key => match (caller.key_id, caller.token, caller.application_id) {
                (Some(key), ..) => key.hash(&mut hash),
                (None, Some(token), _) => (&token.issuer, &token.name).hash(&mut hash),
                (None, None, Some(application)) => application.hash(&mut hash),
                (None, None, None) => network(caller.address).hash(&mut hash),
            },
            CallerGroup::Application => match caller.application_id {
                Some(application) => application.hash(&mut hash),
                None => network(caller.address).hash(&mut hash),
            },
        }
        hash.id()
    }
}

/// An IPv4 address, or the first half of an IPv6 address: one customer of a provider usually has all of the second half.
fn network(address: IpAddr) -> u64 {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.to_bits().into(),
        // Never the same as one of IPv4.
        IpAddr::V6(v6) => ((v6.to_bits() >> 64) as u64) | 1 << 63,
    }
}

/// Two keyed hashes at once: callers must not be able to choose addresses that share a limit.
struct Pair(std::hash::DefaultHasher, std::hash::DefaultHasher);

impl Pair {
    fn new() -> Self {
        use std::{hash::BuildHasher, sync::LazyLock};
        static SEEDS: LazyLock<[std::hash::RandomState; 2]> = LazyLock::new(Default::default);
        Self(SEEDS[0].build_hasher(), SEEDS[1].build_hasher())
    }

    fn id(&self) -> GroupId {
        GroupId(self.0.finish(), self.1.finish())
    }
}

impl Hasher for Pair {
    fn write(&mut self, bytes: &[u8]) {
        self.0.write(bytes);
        self.1.write(bytes);
    }

    fn finish(&self) -> u64 {
        self.0.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_told_apart() {
        let id = |n: u128| -> VersionId { format!("ver_{n:032x}").parse().unwrap() };
        let (one, other) = (Groups { version: id(1) }, Groups { version: id(2) });
        let caller = |address: &str, operation: &'static str| Caller {
            key_id: None,
            token: None,
            application_id: None,
            address: address.parse().unwrap(),
            operation,
        };
        let a = caller("203.0.113.1", "list");
        assert_eq!(
            one.id(CallerGroup::All, 0, &a),
            one.id(CallerGroup::All, 0, &caller("::1", "x"))
        );
        assert_ne!(one.id(CallerGroup::All, 0, &a), one.id(CallerGroup::All, 1, &a));
        assert_ne!(one.id(CallerGroup::All, 0, &a), other.id(CallerGroup::All, 0, &a));
        assert_ne!(
            one.id(CallerGroup::Operation, 0, &a),
            one.id(CallerGroup::Operation, 0, &caller("::1", "get"))
        );
        let by_ip = |address| one.id(CallerGroup::Ip, 0, &caller(address, "list"));
        assert_ne!(by_ip("203.0.113.1"), by_ip("203.0.113.2"));
        assert_eq!(by_ip("203.0.113.1"), by_ip("::ffff:203.0.113.1"));
        assert_eq!(by_ip("2001:db8::1"), by_ip("2001:db8::2"));
        assert_ne!(by_ip("2001:db8::1"), by_ip("2001:db8:0:1::1"));
        // A call without a key belongs to its address.
        assert_ne!(
            one.id(CallerGroup::Key, 0, &a),
            one.id(CallerGroup::Key, 0, &caller("203.0.113.2", "list"))
        );
    }
}
