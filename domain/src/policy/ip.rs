//! `ip`: which addresses may call.

use std::{fmt, net::IpAddr, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::{Policy, problems::Problems};
use crate::error::FieldError;

/// Entries of each list.
const MAX_NETWORKS: usize = 1_000;

/// Allowed and denied networks. The address is the caller's: behind a trusted proxy the one that the proxy names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ip {
    /// Who may call, up to 1,000 networks or addresses; empty (the default) allows everybody who is not denied.
    #[serde(default)]
    pub allow: Vec<Network>,
    /// Who may not, up to 1,000; wins over `allow`.
    #[serde(default)]
    pub deny: Vec<Network>,
}

impl Ip {
    /// Whether an address may call.
    pub fn permits(&self, ip: IpAddr) -> bool {
        let is_in = |networks: &[Network]| networks.iter().any(|network| network.contains(ip));
        !is_in(&self.deny) && (self.allow.is_empty() || is_in(&self.allow))
    }
}

impl Policy for Ip {
    const SUMMARY: &'static str = "Lets only some networks call, or keeps some out.";
    const EXAMPLE: &'static str = "\
allow:
  - 203.0.113.0/24
  - 2001:db8::/32
deny:
  - 203.0.113.66
";

    fn validate(&self) -> Vec<FieldError> {
        let mut problems = Problems::default();
        if self.allow.is_empty() && self.deny.is_empty() {
            problems.add("allow", "Name a network in `allow` or in `deny`.");
        }
        problems.entries("allow", self.allow.len(), 0..=MAX_NETWORKS);
        problems.entries("deny", self.deny.len(), 0..=MAX_NETWORKS);
        problems.found()
    }
}

/// A network in CIDR notation (RFC 4632 §3.1, RFC 4291 §2.3), or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

/// Why a text is not a network; the text of the error is meant for the person who typed it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// No address, or a prefix that is longer than the address.
    #[error("`{0}` is not a network; write for example 203.0.113.0/24, 2001:db8::/32 or one address")]
    Form(String),
    /// Bits behind the prefix: it is unclear which of the two was meant.
    #[error("`{text}` has bits behind its prefix; write {network} for the network or {address} for the address")]
    HostBits {
        /// As it was written.
        text: String,
        /// The network that the address lies in.
        network: Network,
        /// The address.
        address: IpAddr,
    },
}

impl Network {
    /// The first address.
    pub const fn address(self) -> IpAddr {
        self.address
    }

    /// How many leading bits hold.
    pub const fn prefix(self) -> u8 {
        self.prefix
    }

    /// Whether an address lies inside. An IPv4 address in IPv6 form (`::ffff:…`) is taken as the IPv4 address it is.
    pub fn contains(self, ip: IpAddr) -> bool {
        match (self.address, ip.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(ip)) => network.to_bits() == ip.to_bits() & mask(self.prefix, 32) as u32,
            (IpAddr::V6(network), IpAddr::V6(ip)) => network.to_bits() == ip.to_bits() & mask(self.prefix, 128),
            _ => false,
        }
    }
}

/// The leading `prefix` of `width` bits.
const fn mask(prefix: u8, width: u8) -> u128 {
    let all = u128::MAX >> (128 - width);
    match all.checked_shl((width - prefix) as u32) {
        Some(mask) => mask & all,
        None => 0,
    }
}

impl From<IpAddr> for Network {
    fn from(address: IpAddr) -> Self {
        let address = address.to_canonical();
        let prefix = if address.is_ipv4() { 32 } else { 128 };
        Self { address, prefix }
    }
}

impl FromStr for Network {
    type Err = NetworkError;
    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let form = || NetworkError::Form(text.to_owned());
        let (address, prefix) = text.split_once('/').map_or((text, None), |(a, p)| (a, Some(p)));
        let address: IpAddr = address.parse().map_err(|_| form())?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => width,
            Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => digits.parse().map_err(|_| form())?,
            Some(_) => return Err(form()),
        };
        // `::ffff:0:0/96` and what lies in it could never match: callers in it are taken as IPv4.
        if prefix > width || (address.to_canonical() != address) {
            return Err(form());
        }
        let first = match address {
            IpAddr::V4(v4) => IpAddr::V4((v4.to_bits() & mask(prefix, 32) as u32).into()),
            IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() & mask(prefix, 128)).into()),
        };
        let network = Self { address: first, prefix };
        if first == address {
            Ok(network)
        } else {
            Err(NetworkError::HostBits {
                text: text.to_owned(),
                network,
                address,
            })
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = if self.address.is_ipv4() { 32 } else { 128 };
        if self.prefix == width {
            self.address.fmt(f)
        } else {
            write!(f, "{}/{}", self.address, self.prefix)
        }
    }
}

impl Serialize for Network {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_exact() {
        for (text, written) in [
            ("203.0.113.0/24", Some("203.0.113.0/24")),
            ("203.0.113.7", Some("203.0.113.7")),
            ("203.0.113.7/32", Some("203.0.113.7")),
            ("0.0.0.0/0", Some("0.0.0.0/0")),
            ("::/0", Some("::/0")),
            ("2001:DB8::/32", Some("2001:db8::/32")),
            ("203.0.113.7/24", None),
            ("2001:db8::1/32", None),
            ("203.0.113.0/33", None),
            ("203.0.113.0/-1", None),
            ("203.0.113.0/+8", None),
            ("203.0.113.0/", None),
            ("203.0.113", None),
            ("::ffff:203.0.113.7", None),
            ("example.com", None),
            ("", None),
        ] {
            let network = text.parse::<Network>();
            assert_eq!(
                network.clone().ok().map(|n| n.to_string()).as_deref(),
                written,
                "{text}: {network:?}"
            );
        }
        let error = "10.1.2.3/8".parse::<Network>().unwrap_err();
        assert!(error.to_string().contains("10.0.0.0/8"), "{error}");
    }

    #[test]
    fn denied_wins_over_allowed() {
        let ip: Ip = serde_json::from_value(serde_json::json!({
            "allow": ["10.0.0.0/8", "2001:db8::/32"], "deny": ["10.6.0.0/16"],
        }))
        .unwrap();
        for (text, ok) in [
            ("10.1.2.3", true),
            ("::ffff:10.1.2.3", true),
            ("10.6.2.3", false),
            ("11.0.0.1", false),
            ("2001:db8::9", true),
            ("2001:db9::9", false),
        ] {
            assert_eq!(ip.permits(text.parse().unwrap()), ok, "{text}");
        }
        let everybody: Ip = serde_json::from_value(serde_json::json!({ "deny": ["0.0.0.0/1"] })).unwrap();
        assert!(everybody.permits("200.0.0.1".parse().unwrap()));
        assert!(!everybody.permits("1.0.0.1".parse().unwrap()));
    }

    #[test]
    fn an_empty_policy_is_a_mistake() {
        let ip: Ip = serde_json::from_str("{}").unwrap();
        assert_eq!(ip.validate()[0].field, "allow");
    }
}
