//! Addresses of servers that a credential is checked with.

use url::{Host, Url};

/// Longest address, in bytes.
const MAX_URL: usize = 2_000;

/// What is wrong with the address of a server that vouches for credentials: keys and answers that decide who may call
/// come over TLS, except on the gateway's own machine. Where the name leads to is judged when it is connected to.
pub(super) fn trusted(url: &Url) -> Option<String> {
    let is_loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    if url.scheme() != "https" && !(url.scheme() == "http" && is_loopback) {
        return Some("Use an https address.".into());
    }
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Some("Leave user name, password and what follows `#` out of the address.".into());
    }
    (url.as_str().len() > MAX_URL).then(|| "Use an address of at most 2,000 characters.".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_over_tls() {
        for (text, ok) in [
            ("https://login.example.com/jwks.json", true),
            ("https://login.example.com/jwks?tenant=1", true),
            ("http://127.0.0.1:9000/jwks.json", true),
            ("http://[::1]:9000/", true),
            ("http://localhost/", true),
            ("http://login.example.com/jwks.json", false),
            ("https://user:password@login.example.com/", false),
            ("https://login.example.com/#x", false),
            ("file:///etc/passwd", false),
        ] {
            assert_eq!(trusted(&text.parse().unwrap()).is_none(), ok, "{text}");
        }
    }
}
