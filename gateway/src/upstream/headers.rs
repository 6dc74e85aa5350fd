//! Fields that are meant for one connection alone (RFC 9110 §7.6.1).

use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{CONNECTION, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE, TRANSFER_ENCODING, UPGRADE},
};

const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");
/// Belongs to an upgrade to HTTP/2 (RFC 7540 §3.2.1), which is never passed on.
const HTTP2_SETTINGS: HeaderName = HeaderName::from_static("http2-settings");

/// What the stripped fields said.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct HopByHop {
    /// Whether the sender wants to change to WebSocket, or agrees to. No other protocol is passed on: what follows the
    /// change could be requests that no phase has seen, as with `h2c`.
    pub(crate) is_websocket: bool,
    /// Whether the sender reads trailers.
    pub(crate) takes_trailers: bool,
}

/// Takes the fields out that are meant for one connection, and those that `Connection` names.
pub(crate) fn strip_hop_by_hop(headers: &mut HeaderMap) -> HopByHop {
    let mut found = HopByHop::default();
    // One pass to see what is there: most messages have one of these fields or none.
    let mut seen = [false; 9];
    for name in headers.keys() {
        let name = name.as_str();
        // Told apart by their length first: of most names that is all that is looked at.
        if !matches!(name.len(), 2 | 7 | 10 | 14 | 16..=19) {
            continue;
        }
        match name {
            "connection" => seen[0] = true,
            "keep-alive" => seen[1] = true,
            "proxy-connection" => seen[2] = true,
            "proxy-authenticate" => seen[3] = true,
            "proxy-authorization" => seen[4] = true,
            "te" => seen[5] = true,
            "transfer-encoding" => seen[6] = true,
            "upgrade" => seen[7] = true,
            "http2-settings" => seen[8] = true,
            _ => {}
        }
    }
    let [
        connection,
        keep_alive,
        proxy_connection,
        proxy_authenticate,
        proxy_authorization,
        te,
        coding,
        upgrade,
        http2_settings,
    ] = seen;
    if te {
        found.takes_trailers = headers.get_all(TE).iter().any(|value| has_token(value, "trailers"));
    }
    if connection {
        if upgrade
            && headers
                .get_all(CONNECTION)
                .iter()
                .any(|value| has_token(value, "upgrade"))
        {
            found.is_websocket = headers
                .get_all(UPGRADE)
                .iter()
                .any(|value| has_token(value, "websocket"));
        }
        for name in named(headers) {
            headers.remove(name);
        }
        headers.remove(CONNECTION);
    }
    for (is_seen, name) in [
        (keep_alive, KEEP_ALIVE),
        (proxy_connection, PROXY_CONNECTION),
        (proxy_authenticate, PROXY_AUTHENTICATE),
        (proxy_authorization, PROXY_AUTHORIZATION),
        (te, TE),
        (coding, TRANSFER_ENCODING),
        (upgrade, UPGRADE),
        (http2_settings, HTTP2_SETTINGS),
    ] {
        if is_seen {
            headers.remove(name);
        }
    }
    found
}

/// Fields that `Connection` names and that are there. Fields that a message can't be understood without are not taken
/// out, whatever a sender says: otherwise it could remove what the next phases rely on.
fn named(headers: &HeaderMap) -> Vec<HeaderName> {
    let mut names = Vec::new();
    for value in headers.get_all(CONNECTION) {
        for token in value.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
            if token.eq_ignore_ascii_case(b"close")
                || token.eq_ignore_ascii_case(b"keep-alive")
                || token.eq_ignore_ascii_case(b"upgrade")
            {
                continue;
            }
            if let Ok(name) = HeaderName::from_bytes(token)
                && !matches!(
                    name.as_str(),
                    "host" | "content-length" | "content-type" | "content-encoding" | "date" | "te"
                )
                && headers.contains_key(&name)
            {
                names.push(name);
            }
        }
    }
    names
}

fn has_token(value: &HeaderValue, token: &str) -> bool {
    let mut tokens = value
        .as_bytes()
        .split(|byte| matches!(byte, b',' | b';'))
        .map(<[u8]>::trim_ascii);
    tokens.any(|candidate| candidate.eq_ignore_ascii_case(token.as_bytes()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn map(fields: &[(&str, &str)]) -> HeaderMap {
        fields
            .iter()
            .map(|(n, v)| (n.parse::<HeaderName>().unwrap(), v.parse().unwrap()))
            .collect()
    }

    #[test]
    fn what_is_meant_for_one_connection_stays_there() {
        let mut headers = map(&[
            ("connection", "close, X-Private"),
            ("x-private", "1"),
            ("keep-alive", "timeout=5"),
            ("proxy-connection", "keep-alive"),
            ("proxy-authorization", "Basic eDp5"),
            ("te", "trailers, deflate"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "websocket"),
            ("http2-settings", "AAMAAABkAAQAAP__"),
            ("accept", "*/*"),
            ("trailer", "x-sum"),
        ]);
        let found = strip_hop_by_hop(&mut headers);
        assert_eq!(headers, map(&[("accept", "*/*"), ("trailer", "x-sum")]));
        assert_eq!(
            found,
            HopByHop {
                is_websocket: false,
                takes_trailers: true
            },
            "an upgrade counts only with `Connection: upgrade`"
        );
    }

    #[test]
    fn websocket_is_the_only_upgrade() {
        for (protocol, is_websocket) in [
            ("websocket", true),
            ("WebSocket", true),
            ("h2c, websocket", true),
            ("h2c", false),
            ("TLS/1.0", false),
            ("websocket2", false),
        ] {
            let mut headers = map(&[("connection", "keep-alive, Upgrade"), ("upgrade", protocol)]);
            assert_eq!(strip_hop_by_hop(&mut headers).is_websocket, is_websocket, "{protocol}");
            assert!(headers.is_empty(), "{protocol}");
        }
    }

    #[test]
    fn a_sender_can_not_take_out_what_a_message_needs() {
        let mut headers = map(&[
            ("connection", "host, content-length, x-a"),
            ("host", "x"),
            ("content-length", "3"),
            ("x-a", "1"),
        ]);
        strip_hop_by_hop(&mut headers);
        assert_eq!(headers, map(&[("host", "x"), ("content-length", "3")]));
    }

    proptest! {
        #[test]
        fn nothing_that_is_named_remains(names in prop::collection::vec("x-[a-z]{1,8}", 0..6), noise in "[ -~]{0,30}") {
            let mut headers: HeaderMap = names.iter().map(|n| (n.parse::<HeaderName>().unwrap(), HeaderValue::from_static("1"))).collect();
            headers.append(CONNECTION, HeaderValue::try_from(names.join(" , ")).unwrap());
            headers.append(CONNECTION, HeaderValue::try_from(noise).unwrap());
            strip_hop_by_hop(&mut headers);
            prop_assert!(headers.is_empty(), "{:?}", headers);
        }
    }
}
