//! Whom a credential that is no key speaks for.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{id::ApplicationId, key::KeyHash};

/// Says that calls with an identity are calls of an application: its subscriptions, limits and usage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentityRecord {
    /// Whose calls they are.
    pub application_id: ApplicationId,
    /// Slug of the organization whose versions accept it; `None` where all do. Subjects and certificates hold within the
    /// organization whose people mapped them; nobody else's word is taken on them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// What calls say of themselves.
    pub identity: Identity,
}

/// Who somebody is, by a credential that is no key.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Identity {
    /// A client of the gateway's own token endpoint (RFC 6749 §4.4).
    Client {
        /// `client_id`.
        id: String,
        /// Hash of `client_secret`.
        #[serde(with = "hexadecimal")]
        secret: KeyHash,
    },
    /// Somebody whom an issuer of tokens knows.
    Subject {
        /// The claim `iss` of its tokens; of tokens that are introspected, the URL of the endpoint.
        issuer: String,
        /// What the policy's `consumer_claim` says.
        name: String,
    },
    /// A client certificate (RFC 8705 §2.2): a pinned one.
    Certificate {
        /// SHA-256 of the certificate in DER.
        #[serde(with = "hexadecimal")]
        thumbprint: [u8; 32],
    },
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client { id, .. } => f.debug_struct("Client").field("id", id).finish_non_exhaustive(),
            Self::Subject { issuer, name } => {
                let mut subject = f.debug_struct("Subject");
                subject.field("issuer", issuer).field("name", name).finish()
            }
            Self::Certificate { thumbprint } => {
                let [first, second, ..] = thumbprint;
                write!(f, "Certificate({first:02x}{second:02x}…)")
            }
        }
    }
}

impl From<[u8; 32]> for KeyHash {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl From<KeyHash> for [u8; 32] {
    fn from(hash: KeyHash) -> Self {
        hash.0
    }
}

/// A hash as 64 hexadecimal digits.
mod hexadecimal {
    use std::fmt::Write as _;

    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(
        hash: &(impl Copy + Into<[u8; 32]>),
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let mut text = String::with_capacity(64);
        for byte in (*hash).into() {
            // Writing to a String can't fail.
            let _ = write!(text, "{byte:02x}");
        }
        serializer.serialize_str(&text)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>, T: From<[u8; 32]>>(deserializer: D) -> Result<T, D::Error> {
        let text = String::deserialize(deserializer)?;
        let expected = || D::Error::custom("a hash has 64 hexadecimal digits");
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        let mut hash = [0; 32];
        if pairs.len() != hash.len() || !rest.is_empty() {
            return Err(expected());
        }
        for (byte, [high, low]) in hash.iter_mut().zip(pairs) {
            let digit = |digit: u8| char::from(digit).to_digit(16).ok_or_else(expected);
            *byte = (digit(*high)? << 4 | digit(*low)?) as u8;
        }
        Ok(hash.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_read_as_they_were_written() {
        let records = [
            Identity::Client {
                id: "client".into(),
                secret: KeyHash::of(b"secret"),
            },
            Identity::Subject {
                issuer: "https://login.example.com/".into(),
                name: "billing".into(),
            },
            Identity::Certificate { thumbprint: [0xAB; 32] },
        ]
        .map(|identity| IdentityRecord {
            application_id: ApplicationId::NIL,
            organization: Some("acme".into()),
            identity,
        });
        let text = serde_json::to_string(&records).unwrap();
        assert_eq!(serde_json::from_str::<Vec<IdentityRecord>>(&text).unwrap(), records);
        for (digits, is_hash) in [
            ("ab".repeat(32), true),
            ("ab".repeat(31), false),
            ("é".repeat(32), false),
        ] {
            let read =
                serde_json::from_value::<Identity>(serde_json::json!({ "certificate": { "thumbprint": digits } }));
            assert_eq!(read.is_ok(), is_hash, "{digits}");
        }
        assert!(!format!("{:?}", records[0]).contains("secret"));
    }
}
