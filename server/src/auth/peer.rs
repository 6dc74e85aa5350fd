//! Where a request comes from: the peer of the connection, or what the operator's own proxies say of it.

use std::net::IpAddr;

use axum::http::HeaderMap;

/// The visitor's address. `X-Forwarded-For` only counts when the peer is a trusted proxy, and then from its end: the last
/// address that no trusted proxy has. Whoever sends the header first could have written anything before that.
pub(super) fn visitor(peer: IpAddr, headers: &HeaderMap, trusted: &[IpAddr]) -> IpAddr {
    let peer = peer.to_canonical();
    if !trusted.contains(&peer) {
        return peer;
    }
    let hops: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .collect();
    let mut visitor = peer;
    for hop in hops.into_iter().rev() {
        let Ok(address) = hop.parse::<IpAddr>() else { break };
        visitor = address.to_canonical();
        if !trusted.contains(&visitor) {
            break;
        }
    }
    visitor
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn only_trusted_proxies_say_where_a_request_comes_from() {
        let trusted: Vec<IpAddr> = ["10.0.0.1", "10.0.0.2"].iter().map(|ip| ip.parse().unwrap()).collect();
        for (name, peer, forwarded, visitor_is) in [
            ("no proxy", "203.0.113.9", "1.1.1.1", "203.0.113.9"),
            ("one proxy", "10.0.0.1", "198.51.100.7", "198.51.100.7"),
            ("two proxies", "10.0.0.1", "198.51.100.7, 10.0.0.2", "198.51.100.7"),
            ("forged beginning", "10.0.0.1", "6.6.6.6, 198.51.100.7", "198.51.100.7"),
            ("no header", "10.0.0.1", "", "10.0.0.1"),
            ("nonsense", "10.0.0.1", "unknown", "10.0.0.1"),
            ("mapped peer", "::ffff:10.0.0.1", "198.51.100.7", "198.51.100.7"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("x-forwarded-for", HeaderValue::from_str(forwarded).unwrap());
            let found = visitor(peer.parse().unwrap(), &headers, &trusted);
            assert_eq!(found.to_string(), visitor_is, "{name}");
        }
    }
}
