//! How targets are connected to. Two upstreams that differ here share no connections.

use std::{net::IpAddr, ops::RangeInclusive};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};

use super::{Say, span::Span, wrong_number};

/// Connections to a target, or idle ones.
pub const CONNECTIONS: RangeInclusive<u32> = 1..=100_000;
/// How old a connection can become.
pub const AGES: RangeInclusive<Span> = Span::s(1)..=Span::s(86_400);
/// How long what a name leads to is believed.
pub const REFRESHES: RangeInclusive<Span> = Span::s(1)..=Span::s(3_600);
/// Length of the certificates of an authority, in characters.
pub const MAX_CA: usize = 64_000;

/// The version of HTTP that targets are spoken to with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// On TLS what the target chooses of both by ALPN, on plain connections HTTP/1.1.
    #[default]
    Auto,
    /// HTTP/1.1 only.
    Http1,
    /// HTTP/2 only: by ALPN on TLS, with prior knowledge on plain connections.
    Http2,
}

/// TLS to targets with an https address.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// Certificates of the authorities that are trusted, in PEM; those that browsers trust where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<String>,
    /// Name that is asked for (SNI) and that the certificate must have; the host of the address where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_name: Option<String>,
    /// Name of the certificate that is shown, if the target asks for one: one of those that gateways were started with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_certificate: Option<String>,
    /// Whether the certificate is looked at. Without it anybody on the way can read and change calls.
    #[serde(default = "yes")]
    pub verify: bool,
}

impl Default for Tls {
    fn default() -> Self {
        Self {
            ca: None,
            server_name: None,
            client_certificate: None,
            verify: true,
        }
    }
}

fn yes() -> bool {
    true
}

impl Tls {
    pub(super) fn check(&self, say: Say<'_>) {
        if let Some(ca) = &self.ca {
            if ca.len() > MAX_CA {
                say("tls.ca", "Use certificates of at most 64,000 characters in all.".into());
            } else if let Err(error) = certificates(ca) {
                say("tls.ca", error.to_string());
            }
            if !self.verify {
                say(
                    "tls.ca",
                    "Leave it out: `verify` is false, so no certificate is looked at.".into(),
                );
            }
        }
        if let Some(name) = &self.server_name
            && name.parse::<IpAddr>().is_err()
            && !is_host_name(name)
        {
            say(
                "tls.server_name",
                "Write a host name, for example api.internal.example.".into(),
            );
        }
        if let Some(name) = &self.client_certificate
            && !is_certificate_name(name)
        {
            let message = "Write the name that the gateway has for it: small letters, digits and hyphens.";
            say("tls.client_certificate", message.into());
        }
    }
}

/// Whether a text can be the name of a client certificate: 1 to 63 of `a-z`, `0-9` and `-`.
pub fn is_certificate_name(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&text.len()) && text.bytes().all(is_plain)
}

/// What is wrong with the certificates of authorities. They are counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthorityError {
    /// There is none.
    #[error("Paste certificates in PEM: each begins with a line -----BEGIN CERTIFICATE-----.")]
    Missing,
    /// A key was pasted, which nobody but its owner should have.
    #[error("Paste certificates only: this has a private key, which doesn't belong here.")]
    PrivateKey,
    /// It ends early, or is not Base64.
    #[error("Certificate {0} is no PEM: paste it whole, from its BEGIN line to its END line.")]
    Pem(usize),
    /// It is PEM, but what is in it is none, or was cut.
    #[error("Certificate {0} is no X.509 certificate, or a part of it is missing: paste it whole.")]
    Certificate(usize),
}

/// The certificates of a PEM text (RFC 7468), in DER. Each is one that the TLS library takes as an authority.
///
/// # Errors
/// There is none, or the first that can't be used.
pub fn certificates(pem: &str) -> Result<Vec<Vec<u8>>, AuthorityError> {
    const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
    const END: &str = "-----END CERTIFICATE-----";
    if pem.contains("PRIVATE KEY-----") {
        return Err(AuthorityError::PrivateKey);
    }
    let mut found = Vec::new();
    let mut rest = pem;
    while let Some((_, after)) = rest.split_once(BEGIN) {
        let number = found.len() + 1;
        let (body, after) = after.split_once(END).ok_or(AuthorityError::Pem(number))?;
        let text: String = body.chars().filter(|c| !c.is_ascii_whitespace()).collect();
        let der = STANDARD.decode(text).map_err(|_| AuthorityError::Pem(number))?;
        webpki::anchor_from_trusted_cert(&der.as_slice().into()).map_err(|_| AuthorityError::Certificate(number))?;
        found.push(der);
        rest = after;
    }
    if found.is_empty() {
        return Err(AuthorityError::Missing);
    }
    Ok(found)
}

fn is_host_name(name: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    name.len() <= 253 && name.split('.').all(is_label)
}

/// Bounds on the connections of one gateway process to each target.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Connections {
    /// Open at once; one of [`CONNECTIONS`]. A call that would need one more is answered with 503.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<u32>,
    /// Kept open for the next call; one of [`CONNECTIONS`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_idle: Option<u32>,
    /// Age after which a connection carries no further call; one of [`AGES`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<Span>,
}

impl Connections {
    pub(super) fn check(&self, say: Say<'_>) {
        for (field, wrong) in [
            ("max", self.max.and_then(|max| wrong_number(max, &CONNECTIONS))),
            (
                "max_idle",
                self.max_idle.and_then(|max| wrong_number(max, &CONNECTIONS)),
            ),
            ("max_age", self.max_age.and_then(|age| age.outside(&AGES))),
        ] {
            if let Some(message) = wrong {
                say(&format!("connections.{field}"), message);
            }
        }
    }
}

/// How host names are resolved.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dns {
    /// How long addresses of a name are used before it is looked up again, beside the calls; one of [`REFRESHES`]. Where it
    /// is left out, a name is looked up for each new connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh: Option<Span>,
}

impl Dns {
    pub(super) fn check(&self, say: Say<'_>) {
        if let Some(message) = self.refresh.and_then(|refresh| refresh.outside(&REFRESHES)) {
            say("dns.refresh", message);
        }
    }
}
