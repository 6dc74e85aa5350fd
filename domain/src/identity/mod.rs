//! Identities that others vouch for: a provider says that calls with one are calls of a subscriber.

#[cfg(feature = "store")]
pub(crate) mod load;
#[cfg(feature = "store")]
pub mod service;

use std::{fmt, str::FromStr};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{
    clock::Timestamp,
    error::FieldError,
    id::{IdentityId, SubscriptionId},
};

/// Longest issuer or name, in characters.
const MAX_TEXT: usize = 500;
/// Longest text that a certificate is read from, in bytes.
const MAX_PEM: usize = 65_536;

/// Who somebody is by the word of another.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ExternalIdentity {
    /// Somebody whom an issuer of tokens knows.
    Subject {
        /// The claim `iss` of its tokens; of tokens that are introspected, the URL of the endpoint.
        issuer: String,
        /// What the policy's `consumer_claim` says.
        name: String,
    },
    /// A client certificate.
    Certificate {
        /// Which.
        thumbprint: Thumbprint,
    },
}

/// An identity that was mapped to a subscription.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MappedIdentity {
    /// Identifies the mapping.
    pub id: IdentityId,
    /// Whose calls they are: those of the subscription's application, within the organization of its plan.
    pub subscription_id: SubscriptionId,
    /// Who calls.
    pub identity: ExternalIdentity,
    /// When it was mapped.
    pub created_at: Timestamp,
}

/// SHA-256 of a certificate in DER (RFC 8705 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Thumbprint(pub [u8; 32]);

/// Why a text names no certificate; for the person who typed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ThumbprintError {
    /// Neither a thumbprint nor PEM.
    #[error("Paste a certificate in PEM, or its SHA-256 thumbprint: 64 hexadecimal digits.")]
    Form,
    /// More than one certificate.
    #[error("There is more than one certificate. Paste the client's own without its chain.")]
    Many,
    /// A certificate that cannot be read.
    #[error("The certificate between BEGIN and END cannot be read.")]
    Certificate,
    /// A private key.
    #[error("This is a private key. Paste the certificate only, and replace the key: others may have seen it.")]
    PrivateKey,
}

impl FromStr for Thumbprint {
    type Err = ThumbprintError;

    /// Reads a thumbprint, with or without colons, or takes that of one certificate in PEM.
    fn from_str(text: &str) -> Result<Self, ThumbprintError> {
        const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
        const END: &str = "-----END CERTIFICATE-----";
        if text.len() > MAX_PEM {
            return Err(ThumbprintError::Form);
        }
        if text.contains("PRIVATE KEY-----") {
            return Err(ThumbprintError::PrivateKey);
        }
        let Some((_, rest)) = text.split_once(BEGIN) else {
            return digits(text.trim()).map(Self).ok_or(ThumbprintError::Form);
        };
        let (body, after) = rest.split_once(END).ok_or(ThumbprintError::Certificate)?;
        if after.contains(BEGIN) {
            return Err(ThumbprintError::Many);
        }
        let body: String = body.split_ascii_whitespace().collect();
        let der = STANDARD.decode(body).map_err(|_| ThumbprintError::Certificate)?;
        if !is_one_sequence(&der) {
            return Err(ThumbprintError::Certificate);
        }
        Ok(Self(Sha256::digest(der).into()))
    }
}

impl fmt::Display for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl TryFrom<String> for Thumbprint {
    type Error = ThumbprintError;
    fn try_from(text: String) -> Result<Self, ThumbprintError> {
        text.parse()
    }
}

impl From<Thumbprint> for String {
    fn from(thumbprint: Thumbprint) -> Self {
        thumbprint.to_string()
    }
}

/// 32 bytes in hexadecimal.
fn digits(text: &str) -> Option<[u8; 32]> {
    let digits: Vec<u32> = text
        .chars()
        .filter(|c| *c != ':')
        .map(|c| c.to_digit(16))
        .collect::<Option<_>>()?;
    let bytes: Vec<u8> = digits
        .chunks(2)
        .map(|pair| (pair[0] << 4 | pair.get(1).unwrap_or(&0)) as u8)
        .collect();
    if digits.len() != 64 {
        return None;
    }
    bytes.try_into().ok()
}

/// Whether bytes are one DER SEQUENCE and nothing else, as every certificate is (X.690 §8.9).
fn is_one_sequence(der: &[u8]) -> bool {
    let length = match der {
        [0x30, short, rest @ ..] if *short < 0x80 => usize::from(*short) == rest.len(),
        [0x30, 0x81, a, rest @ ..] => usize::from(*a) == rest.len(),
        [0x30, 0x82, a, b, rest @ ..] => usize::from(u16::from_be_bytes([*a, *b])) == rest.len(),
        _ => false,
    };
    length && der.len() > 100
}

impl ExternalIdentity {
    /// A subject as people type it.
    pub fn subject(issuer: &str, name: &str) -> Self {
        Self::Subject {
            issuer: issuer.trim().to_owned(),
            name: name.trim().to_owned(),
        }
    }

    /// What is wrong; fields are `issuer` and `name`.
    pub fn validate(&self) -> Vec<FieldError> {
        let Self::Subject { issuer, name } = self else {
            return Vec::new();
        };
        let mut errors = Vec::new();
        for (field, text) in [("issuer", issuer), ("name", name)] {
            if text.is_empty() {
                errors.push(FieldError::new(field, "This is empty."));
            } else if text.chars().count() > MAX_TEXT || text.chars().any(char::is_control) {
                errors.push(FieldError::new(field, "Use at most 500 characters on one line."));
            }
        }
        errors
    }
}

impl fmt::Display for ExternalIdentity {
    /// For people: `billing of https://login.example.com`, `certificate 0a1b2c3d…`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Subject { issuer, name } => write!(f, "{name} of {issuer}"),
            Self::Certificate { thumbprint } => {
                f.write_str("certificate ")?;
                for byte in &thumbprint.0[..4] {
                    write!(f, "{byte:02x}")?;
                }
                f.write_str("…")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pem(der: &[u8]) -> String {
        format!(
            "subject=x\n-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
            STANDARD.encode(der)
        )
    }

    fn certificate() -> Vec<u8> {
        let mut der = vec![0x30, 0x81, 200];
        der.resize(203, 7);
        der
    }

    #[test]
    fn a_certificate_is_named_by_itself_or_its_thumbprint() {
        let der = certificate();
        let expected = Thumbprint(Sha256::digest(&der).into());
        assert_eq!(pem(&der).parse(), Ok(expected));
        let digits = expected.to_string();
        let colons: Vec<&str> = (0..32).map(|i| &digits[2 * i..2 * i + 2]).collect();
        for text in [
            digits.clone(),
            digits.to_uppercase(),
            colons.join(":"),
            format!(" {digits}\n"),
        ] {
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn mistakes_are_told_apart() {
        let good = pem(&certificate());
        for (text, error) in [
            (String::new(), ThumbprintError::Form),
            ("ab".repeat(31), ThumbprintError::Form),
            ("é".repeat(64), ThumbprintError::Form),
            (good.replace("END", "EMD"), ThumbprintError::Certificate),
            (pem(b"no certificate"), ThumbprintError::Certificate),
            (pem(&certificate()[..150]), ThumbprintError::Certificate),
            (format!("{good}{good}"), ThumbprintError::Many),
            (
                format!("{good}-----BEGIN EC PRIVATE KEY-----"),
                ThumbprintError::PrivateKey,
            ),
        ] {
            assert_eq!(text.parse::<Thumbprint>(), Err(error), "{text}");
        }
    }

    #[test]
    fn subjects_have_an_issuer_and_a_name() {
        assert!(
            ExternalIdentity::subject(" https://login.example.com ", "billing")
                .validate()
                .is_empty()
        );
        let errors = ExternalIdentity::subject("", "a\u{7}").validate();
        assert_eq!(
            errors.iter().map(|e| e.field.as_str()).collect::<Vec<_>>(),
            ["issuer", "name"]
        );
    }
}
