//! A version's document, as gateways are told it.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The document of a version's current revision, as it was uploaded. Clones share the bytes.
///
/// Records are written with the hash alone: documents are large and seldom change. Who reads them back gives the bytes
/// with [`Self::with_bytes`].
#[derive(Clone, PartialEq, Eq)]
pub struct DocumentText {
    sha256: Arc<str>,
    bytes: Arc<[u8]>,
}

impl DocumentText {
    /// A document and the SHA-256 of its bytes in hexadecimal, which tells it from every other.
    pub fn new(sha256: impl Into<Arc<str>>, bytes: impl Into<Arc<[u8]>>) -> Self {
        Self {
            sha256: sha256.into(),
            bytes: bytes.into(),
        }
    }

    /// SHA-256 of the bytes in hexadecimal.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// As it was uploaded; empty where only the hash was read.
    pub fn bytes(&self) -> &Arc<[u8]> {
        &self.bytes
    }

    /// The same document with its bytes.
    #[must_use]
    pub fn with_bytes(&self, bytes: Arc<[u8]>) -> Self {
        Self {
            sha256: Arc::clone(&self.sha256),
            bytes,
        }
    }
}

/// Without the text, which may be megabytes.
impl fmt::Debug for DocumentText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DocumentText({}, {} bytes)", self.sha256, self.bytes.len())
    }
}

impl Serialize for DocumentText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.sha256)
    }
}

impl<'de> Deserialize<'de> for DocumentText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::new(String::deserialize(deserializer)?, []))
    }
}
