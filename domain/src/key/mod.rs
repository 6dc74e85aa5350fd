//! API keys: credentials of an application.

#[cfg(feature = "store")]
mod import;
#[cfg(feature = "store")]
pub mod service;
pub mod text;

use serde::{Deserialize, Serialize};

pub use text::{KeyHash, KeyPlaintext};

use crate::{
    clock::Timestamp,
    id::{ApplicationId, KeyId},
};

/// A credential of an application, as it is listed: the text itself is gone once it was shown.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Key {
    /// Identifies the key.
    pub id: KeyId,
    /// Whose it is.
    pub application_id: ApplicationId,
    /// What the owner calls it; 1 to 60 characters.
    pub name: String,
    /// Its first characters, up to 12: enough to find it in a log.
    pub prefix: String,
    /// Its last characters: four, fewer of short fixed keys.
    pub last_four: String,
    /// Where it stands.
    pub state: KeyState,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used, to the minute; `None` if never.
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// Where a key stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyState {
    /// Accepted.
    Active,
    /// Refused for good.
    Revoked,
}

impl KeyState {
    /// The word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Revoked => "revoked",
        }
    }

    /// Reads the word in the database.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Active, Self::Revoked].into_iter().find(|s| s.as_str() == text)
    }
}
