//! Upstreams: where the calls of a version go.

pub mod address;
#[cfg(feature = "store")]
pub mod resolve;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::error::FieldError;

/// The pool of targets that a version is proxied to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upstream {
    /// At least one; calls are spread by weight.
    pub targets: Vec<Target>,
    /// How long to wait for a connection, in milliseconds.
    #[serde(default = "default_connect_timeout_ms")]
    pub connect_timeout_ms: u32,
    /// How long to wait for the first byte of an answer, in milliseconds.
    #[serde(default = "default_response_timeout_ms")]
    pub response_timeout_ms: u32,
    /// Whether its targets may be in loopback and private ranges although the installation forbids them: set for
    /// upstreams that the operator wrote into a manifest. Nobody can say it of their own upstream.
    #[serde(default)]
    pub allow_private: bool,
}

/// One address of an upstream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// `http://host[:port][/path]` or `https://…`; the path is put before the operation's path.
    pub url: Url,
    /// Share of the calls, 1 to 1000.
    #[serde(default = "default_weight")]
    pub weight: u16,
}

fn default_weight() -> u16 {
    1
}

/// 5 s: a healthy host answers a connection within milliseconds, a lost packet is sent again after 1 and 3 s.
fn default_connect_timeout_ms() -> u32 {
    5_000
}

/// 30 s, as most proxies have it.
fn default_response_timeout_ms() -> u32 {
    30_000
}

impl Upstream {
    /// An upstream of one target with the default time-outs.
    pub fn single(url: Url) -> Self {
        Self {
            targets: vec![Target { url, weight: 1 }],
            connect_timeout_ms: default_connect_timeout_ms(),
            response_timeout_ms: default_response_timeout_ms(),
            allow_private: false,
        }
    }

    /// How long to wait for a connection.
    pub fn connect_timeout(&self) -> Duration {
        Duration::from_millis(self.connect_timeout_ms.into())
    }

    /// How long to wait for the first byte of an answer.
    pub fn response_timeout(&self) -> Duration {
        Duration::from_millis(self.response_timeout_ms.into())
    }
}

/// Reads the URL of a target as typed. Only the text is judged here; where it leads to is judged by
/// [`address::AddressPolicy`] when it is saved and again at each connection.
///
/// # Errors
/// A sentence for the person who typed it.
pub fn parse_target_url(field: &str, text: &str) -> Result<Url, FieldError> {
    let text = text.trim();
    let fail = |message: &str| Err(FieldError::new(field, message));
    if text.is_empty() {
        return fail("Enter the address of your server, for example https://api.internal.example.");
    }
    let Ok(url) = Url::parse(text) else {
        return fail("This is not a URL. Write it with its scheme, for example https://api.internal.example.");
    };
    match url.scheme() {
        "http" | "https" => {}
        other => return fail(&format!("`{other}` is not supported. Use an http or https address.")),
    }
    if url.host_str().is_none_or(str::is_empty) {
        return fail("The address has no host.");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return fail("Leave the user name and password out of the address.");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return fail("Leave out what follows `?` or `#`: the caller's query is passed on.");
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_http_addresses_are_targets() {
        for (text, ok) in [
            ("http://127.0.0.1:9000", true),
            ("https://api.example/base/", true),
            ("ftp://api.example", false),
            ("file:///etc/passwd", false),
            ("api.example", false),
            ("http://user:pw@api.example", false),
            ("http://api.example?x=1", false),
            ("http://", false),
            ("", false),
        ] {
            assert_eq!(parse_target_url("upstream", text).is_ok(), ok, "{text}");
        }
    }
}
