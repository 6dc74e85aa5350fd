//! Fields that are meant for one connection alone (RFC 9110 §7.6.1).

use super::{Fields, Known, KnownSet};

/// Taken out of every message. `http2-settings` belongs to an upgrade to HTTP/2 (RFC 7540 §3.2.1), which is never passed
/// on.
const FOR_ONE_CONNECTION: KnownSet = KnownSet::of(&[
    Known::Connection,
    Known::KeepAlive,
    Known::ProxyConnection,
    Known::ProxyAuthenticate,
    Known::ProxyAuthorization,
    Known::Te,
    Known::TransferEncoding,
    Known::Upgrade,
    Known::Http2Settings,
]);

/// What the stripped fields said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct HopByHop {
    /// Whether the sender wants to change to WebSocket, or agrees to. No other protocol is passed on: what follows the
    /// change could be requests that no phase has seen, as with `h2c`.
    pub(crate) is_websocket: bool,
    /// Whether the sender reads trailers.
    pub(crate) takes_trailers: bool,
}

/// Takes the fields out that are meant for one connection, and those that `Connection` names.
pub(crate) fn strip_hop_by_hop(fields: &mut Fields) -> HopByHop {
    let mut found = HopByHop::default();
    if !fields.contains_any(FOR_ONE_CONNECTION) {
        return found;
    }
    found.takes_trailers = fields.all(Known::Te).any(|value| has_token(value, b"trailers"));
    if fields.contains(Known::Connection) {
        if fields.contains(Known::Upgrade) {
            let is_upgrade = fields.all(Known::Connection).any(|value| has_token(value, b"upgrade"));
            found.is_websocket = is_upgrade && fields.all(Known::Upgrade).any(|value| has_token(value, b"websocket"));
        }
        for name in named(fields) {
            fields.remove_named(&name);
        }
    }
    fields.remove_all(FOR_ONE_CONNECTION);
    found
}

/// Tokens of `Connection` that are looked at; nobody has that many, and each is looked for among all fields.
const MAX_TOKENS: usize = 64;

/// What `Connection` names beside what every connection says. Fields that a message can't be understood without are not
/// taken out, whatever a sender says: otherwise it could remove what the next phases rely on.
fn named(fields: &Fields) -> Vec<Vec<u8>> {
    let mut names = Vec::new();
    let tokens = fields
        .all(Known::Connection)
        .flat_map(|value| value.split(|byte| *byte == b','));
    for token in tokens.take(MAX_TOKENS).map(<[u8]>::trim_ascii) {
        {
            let is_option = [&b"close"[..], b"keep-alive", b"upgrade", b""]
                .iter()
                .any(|option| token.eq_ignore_ascii_case(option));
            let is_needed = matches!(
                Known::of(token),
                Known::Host
                    | Known::ContentLength
                    | Known::ContentType
                    | Known::ContentEncoding
                    | Known::Date
                    | Known::Te
            );
            if !is_option && !is_needed {
                names.push(token.to_vec());
            }
        }
    }
    names
}

/// Whether a list has a token; case does not matter.
pub(crate) fn has_token(value: &[u8], token: &[u8]) -> bool {
    value
        .split(|byte| matches!(byte, b',' | b';'))
        .any(|candidate| candidate.trim_ascii().eq_ignore_ascii_case(token))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn section(lines: &[(&str, &str)]) -> Fields {
        let mut fields = Fields::default();
        for (name, value) in lines {
            fields.append_named(&name.parse().unwrap(), &value.parse().unwrap());
        }
        fields
    }

    fn shown(fields: &Fields) -> String {
        format!("{fields:?}")
    }

    #[test]
    fn what_is_meant_for_one_connection_stays_there() {
        let mut fields = section(&[
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
        let found = strip_hop_by_hop(&mut fields);
        assert_eq!(
            shown(&fields),
            shown(&section(&[("accept", "*/*"), ("trailer", "x-sum")]))
        );
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
            let mut fields = section(&[("connection", "keep-alive, Upgrade"), ("upgrade", protocol)]);
            assert_eq!(strip_hop_by_hop(&mut fields).is_websocket, is_websocket, "{protocol}");
            assert_eq!(fields.len(), 0, "{protocol}");
        }
    }

    #[test]
    fn a_sender_can_not_take_out_what_a_message_needs() {
        let mut fields = section(&[
            ("connection", "host, content-length, x-a"),
            ("host", "x"),
            ("content-length", "3"),
            ("x-a", "1"),
        ]);
        strip_hop_by_hop(&mut fields);
        assert_eq!(
            shown(&fields),
            shown(&section(&[("host", "x"), ("content-length", "3")]))
        );
    }

    proptest! {
        #[test]
        fn nothing_that_is_named_remains(names in prop::collection::vec("x-[a-z]{1,8}", 0..6), noise in "[ -~]{0,30}") {
            let mut lines: Vec<(&str, &str)> = names.iter().map(|n| (n.as_str(), "1")).collect();
            let joined = names.join(" , ");
            lines.push(("connection", &joined));
            lines.push(("connection", &noise));
            let mut fields = section(&lines);
            strip_hop_by_hop(&mut fields);
            prop_assert_eq!(fields.len(), 0, "{:?}", fields);
        }
    }
}
