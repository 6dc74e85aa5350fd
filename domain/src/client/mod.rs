//! OAuth clients: credentials with which an application asks the gateway for access tokens (RFC 6749 §4.4).

#[cfg(feature = "store")]
pub mod import;
pub mod scope;
#[cfg(feature = "store")]
pub mod service;

use serde::{Deserialize, Serialize};

use crate::{
    clock::Timestamp,
    error::FieldError,
    id::{ApplicationId, ClientId},
    key::KeyState,
};

/// A client of an application, as it is listed: the secret itself is gone once it was shown.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Client {
    /// Identifies the client.
    pub id: ClientId,
    /// Whose it is.
    pub application_id: ApplicationId,
    /// What the owner calls it; 1 to 60 characters.
    pub name: String,
    /// What it calls itself: `client_id`. Its own id, unless a manifest says otherwise.
    pub client_id: String,
    /// Where it stands.
    pub state: KeyState,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// Longest `client_id`, in characters.
const CLIENT_ID_MAX: usize = 100;

/// Judges a `client_id` of a manifest: 3 to 100 letters, digits and `-._~`, which mean themselves in every place that it is
/// sent in.
///
/// # Errors
/// At `id`.
pub fn check_client_id(text: &str) -> Result<(), FieldError> {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~');
    if (3..=CLIENT_ID_MAX).contains(&text.len()) && text.bytes().all(is_plain) {
        Ok(())
    } else {
        let message = "A client id has 3 to 100 letters, digits, hyphens, dots, underscores and tildes.";
        Err(FieldError::new("id", message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client_ids_need_no_escapes() {
        for (text, ok) in [
            ("billing", true),
            ("a.b_c~d-1", true),
            ("ab", false),
            ("a b c", false),
            ("a:b", false),
            ("a%20b", false),
        ] {
            assert_eq!(check_client_id(text).is_ok(), ok, "{text}");
        }
        assert!(check_client_id(&"a".repeat(101)).is_err());
    }
}
