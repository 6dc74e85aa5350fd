//! Which addresses the installation may connect to on behalf of a user: the guard against server-side request forgery.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

/// What an address is good for, by the IANA special-purpose registries (RFC 6890 and its updates).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressClass {
    /// Reachable by everybody.
    Public,
    /// Loopback, private (RFC 1918, RFC 4193) or shared (RFC 6598) ranges: an installation's own network.
    Private,
    /// Link-local (cloud metadata lives there), multicast, unspecified, documentation, reserved: never a real upstream.
    Forbidden,
}

/// Classifies an address. IPv4 inside IPv6 (mapped, NAT64, 6to4) is judged as the IPv4 address it leads to.
pub fn classify(ip: IpAddr) -> AddressClass {
    match ip {
        IpAddr::V4(v4) => classify_v4(v4),
        IpAddr::V6(v6) => classify_v6(v6),
    }
}

/// Metadata services of clouds that are not in the link-local range: Azure's wire server, Alibaba's metadata.
const METADATA: [Ipv4Addr; 2] = [Ipv4Addr::new(168, 63, 129, 16), Ipv4Addr::new(100, 100, 100, 200)];

fn classify_v4(ip: Ipv4Addr) -> AddressClass {
    let [a, b, c, _] = ip.octets();
    match (a, b, c) {
        _ if METADATA.contains(&ip) => AddressClass::Forbidden,
        (127 | 10, ..) | (172, 16..=31, _) | (192, 168, _) | (100, 64..=127, _) => AddressClass::Private,
        (0 | 224..=255, ..)
        | (169, 254, _)
        | (192, 0, 0 | 2)
        | (192, 88, 99)
        | (198, 18 | 19, _)
        | (198, 51, 100)
        | (203, 0, 113) => AddressClass::Forbidden,
        _ => AddressClass::Public,
    }
}

fn classify_v6(ip: Ipv6Addr) -> AddressClass {
    if let Some(v4) = embedded_v4(ip) {
        return classify_v4(v4);
    }
    match ip.segments() {
        [0, 0, 0, 0, 0, 0, 0, 1] => AddressClass::Private,
        [0xfc00..=0xfdff, ..] => match ip.segments() {
            // The IPv6 form of the cloud metadata service.
            [0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254] => AddressClass::Forbidden,
            _ => AddressClass::Private,
        },
        [0x2000..=0x3fff, second, ..] => match (ip.segments()[0], second) {
            (0x2001, 0x0db8 | 0x0000..=0x01ff) | (0x3fff, 0x0000..=0x0fff) => AddressClass::Forbidden,
            _ => AddressClass::Public,
        },
        _ => AddressClass::Forbidden,
    }
}

/// The IPv4 address that an IPv6 one leads to: IPv4-mapped `::ffff:0:0/96`, IPv4-translated `::ffff:0:0:0/96`, NAT64
/// `64:ff9b::/96`, the deprecated IPv4-compatible `::/96`, and 6to4 `2002::/16` in its second and third group.
pub fn embedded_v4(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    match ip.segments() {
        [0, 0, 0, 0, 0, 0, 0, 1] => None,
        [0, 0, 0, 0, 0, 0xffff | 0, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => {
            let [a, b] = high.to_be_bytes();
            let [c, d] = low.to_be_bytes();
            Some(Ipv4Addr::new(a, b, c, d))
        }
        _ => None,
    }
}

/// What the operator allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressPolicy {
    /// Whether loopback and private ranges may be reached; the demo and installations inside one network say yes.
    pub allow_private: bool,
}

impl AddressPolicy {
    /// Whether a connection to `ip` may be made.
    pub fn permits(self, ip: IpAddr) -> bool {
        match classify(ip) {
            AddressClass::Public => true,
            AddressClass::Private => self.allow_private,
            AddressClass::Forbidden => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_fall_into_their_class() {
        use AddressClass::{Forbidden, Private, Public};
        for (text, class) in [
            ("93.184.216.34", Public),
            ("127.0.0.1", Private),
            ("127.255.255.254", Private),
            ("10.0.0.1", Private),
            ("172.16.0.1", Private),
            ("172.32.0.1", Public),
            ("192.168.1.1", Private),
            ("100.64.0.1", Private),
            ("169.254.169.254", Forbidden),
            ("168.63.129.16", Forbidden),
            ("100.100.100.200", Forbidden),
            ("::ffff:168.63.129.16", Forbidden),
            ("0.0.0.0", Forbidden),
            ("224.0.0.1", Forbidden),
            ("255.255.255.255", Forbidden),
            ("::1", Private),
            ("::", Forbidden),
            ("fe80::1", Forbidden),
            ("fd12::1", Private),
            ("fd00:ec2::254", Forbidden),
            ("::ffff:169.254.169.254", Forbidden),
            ("::ffff:127.0.0.1", Private),
            ("64:ff9b::a9fe:a9fe", Forbidden),
            ("2002:7f00:1::", Private),
            ("2606:4700::1111", Public),
            ("2001:db8::1", Forbidden),
            ("ff02::1", Forbidden),
        ] {
            assert_eq!(classify(text.parse().unwrap()), class, "{text}");
        }
    }

    #[test]
    fn private_ranges_need_the_operators_word_and_metadata_is_never_reached() {
        let (open, closed) = (AddressPolicy { allow_private: true }, AddressPolicy::default());
        for (text, with, without) in [
            ("127.0.0.1", true, false),
            ("169.254.169.254", false, false),
            ("1.1.1.1", true, true),
        ] {
            let ip = text.parse().unwrap();
            assert_eq!((open.permits(ip), closed.permits(ip)), (with, without), "{text}");
        }
    }
}
