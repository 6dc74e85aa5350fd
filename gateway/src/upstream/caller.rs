//! What calls are recognised by: for consistent hashing and for canaries. The numbers are the same in every gateway and
//! after every start.

use std::net::IpAddr;

use domain::{id::KeyId, upstream::balance::HashBy};
use http::HeaderName;

use crate::message::Fields;

/// Who calls, as far as it decides where a call goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller<'a> {
    pub(crate) fields: &'a Fields,
    pub(crate) key: Option<KeyId>,
    pub(crate) address: IpAddr,
}

/// [`HashBy`], compiled.
#[derive(Clone, Debug)]
pub(super) enum Trait {
    Key,
    Address,
    Header(HeaderName),
}

impl Trait {
    /// `None` when the header has no possible name.
    pub(super) fn compile(by: &HashBy) -> Option<Self> {
        Some(match by {
            HashBy::Key => Self::Key,
            HashBy::Ip => Self::Address,
            HashBy::Header(name) => Self::Header(HeaderName::try_from(name).ok()?),
        })
    }

    /// A number that is the same for the same caller and evenly spread over callers.
    pub(super) fn of(&self, caller: &Caller<'_>) -> u64 {
        let own = match self {
            Self::Key => caller.key.map(|key| hash(key.uuid().as_bytes())),
            Self::Address => None,
            Self::Header(name) => {
                let mut values = caller.fields.all_named(name.as_str().as_bytes());
                values.next().map(hash)
            }
        };
        own.unwrap_or_else(|| match caller.address {
            IpAddr::V4(address) => hash(&address.octets()),
            IpAddr::V6(address) => match address.to_ipv4_mapped() {
                Some(address) => hash(&address.octets()),
                None => hash(&address.octets()),
            },
        })
    }
}

/// FNV-1a, finished by the mixer of SplitMix64. Callers can choose texts that meet; all they win is the target of the other.
pub(super) fn hash(bytes: &[u8]) -> u64 {
    let hash = bytes.iter().fold(0xCBF2_9CE4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3)
    });
    mix(hash)
}

/// Spreads over all bits.
pub(super) const fn mix(number: u64) -> u64 {
    let mixed = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callers_are_told_apart_by_what_was_asked_for() {
        let (mut fields, none) = (Fields::default(), Fields::default());
        fields.append_named(&HeaderName::from_static("x-user"), &http::HeaderValue::from_static("a"));
        let key: KeyId = "key_00000000000000000000000000000001".parse().unwrap();
        let caller = |fields, key, address: &str| Caller {
            fields,
            key,
            address: address.parse().unwrap(),
        };
        let (by_key, by_ip) = (Trait::Key, Trait::Address);
        let by_header = Trait::compile(&HashBy::Header("X-User".into())).unwrap();
        let (first, second) = (
            caller(&fields, Some(key), "10.0.0.1"),
            caller(&fields, Some(key), "10.0.0.2"),
        );
        assert_eq!(by_key.of(&first), by_key.of(&second));
        assert_eq!(by_header.of(&first), by_header.of(&second));
        assert_ne!(by_ip.of(&first), by_ip.of(&second));
        let bare = caller(&none, None, "::ffff:10.0.0.1");
        for by in [&by_key, &by_header, &by_ip] {
            assert_eq!(by.of(&bare), by_ip.of(&first), "{by:?} goes by the address");
        }
        assert_eq!(hash(b""), 0xF52A_15E9_A9B5_E89B, "the same in every version");
    }
}
