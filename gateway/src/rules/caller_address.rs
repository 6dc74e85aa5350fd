//! Where a call comes from, behind proxies that are trusted.

use std::net::IpAddr;

use domain::policy::ip::Network;

use crate::message::{Fields, Known};

/// The address of the caller behind the proxies that are trusted: the last one in `X-Forwarded-For` that is not one of
/// theirs. Without trusted proxies it is the peer's, whatever the field says.
pub(crate) fn caller_address(peer: IpAddr, trusted: &[Network], fields: &Fields) -> IpAddr {
    let is_trusted = |ip: IpAddr| trusted.iter().any(|network| network.contains(ip));
    let mut nearest = peer.to_canonical();
    if !is_trusted(nearest) {
        return nearest;
    }
    let lines: Vec<&[u8]> = fields.all(Known::XForwardedFor).collect();
    for entry in lines.iter().rev().flat_map(|line| line.rsplit(|byte| *byte == b',')) {
        let Some(ip) = std::str::from_utf8(entry.trim_ascii())
            .ok()
            .and_then(|text| text.parse::<IpAddr>().ok())
        else {
            // What a trusted proxy wrote can't be read: what lies before it is anybody's word.
            return nearest;
        };
        nearest = ip.to_canonical();
        if !is_trusted(nearest) {
            return nearest;
        }
    }
    nearest
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn only_trusted_proxies_are_believed() {
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        for (peer, lines, caller) in [
            ("203.0.113.9", &["198.51.100.1"][..], "203.0.113.9"),
            ("10.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            ("::ffff:10.0.0.1", &["::ffff:198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["6.6.6.6, 198.51.100.1, 10.0.0.2"], "198.51.100.1"),
            ("10.0.0.1", &["6.6.6.6", "198.51.100.1 ,10.0.0.2"], "198.51.100.1"),
            ("10.0.0.1", &["10.0.0.3"], "10.0.0.3"),
            ("10.0.0.1", &["6.6.6.6, nonsense"], "10.0.0.1"),
            ("10.0.0.1", &[], "10.0.0.1"),
        ] {
            let mut fields = Fields::default();
            for line in lines {
                fields.append(Known::XForwardedFor, &HeaderValue::from_static(line));
            }
            let found = caller_address(peer.parse().unwrap(), &trusted, &fields);
            assert_eq!(found, caller.parse::<IpAddr>().unwrap(), "{peer} {lines:?}");
        }
    }
}
