//! Accounts: people who sign in.

#[cfg(feature = "store")]
pub(crate) mod mail;
#[cfg(feature = "store")]
pub mod password;
#[cfg(feature = "store")]
pub mod service;
pub mod throttle;
#[cfg(feature = "store")]
pub(crate) mod token;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    clock::Timestamp,
    error::FieldError,
    id::{AccountId, SessionId},
};

/// A person who signs in.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Account {
    /// Identifies the account.
    pub id: AccountId,
    /// Address, in lower case; unique.
    pub email: String,
    /// Name shown to others.
    pub name: String,
    /// When the address was verified.
    pub verified_at: Option<Timestamp>,
    /// Whether the account runs the installation.
    pub is_operator: bool,
    /// When the account was made.
    pub created_at: Timestamp,
}

/// What a visitor types to sign up. `Debug` does not tell the password.
#[derive(Clone, Default)]
pub struct SignUp {
    /// Address; surrounding space and capital letters do not matter.
    pub email: String,
    /// Name shown to others; at most 100 characters.
    pub name: String,
    /// Plain password, 10 to 128 characters.
    pub password: String,
}

impl fmt::Debug for SignUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignUp")
            .field("email", &self.email)
            .field("name", &self.name)
            .field("password", &"****")
            .finish()
    }
}

/// A session that has just begun: the token goes into the cookie and nowhere else.
pub struct NewSession {
    /// Identifies the session in lists.
    pub id: SessionId,
    /// 256 random bits in base64url; the database keeps only its SHA-256.
    pub token: String,
    /// When the session ends even if it is used.
    pub expires_at: Timestamp,
}

/// A signed-in browser, as its owner sees it.
#[derive(Clone, Debug)]
pub struct SessionView {
    /// Identifies the session.
    pub id: SessionId,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_seen_at: Timestamp,
    /// The browser's own description, shortened.
    pub user_agent: String,
    /// Whether it is the one asking.
    pub is_current: bool,
}

/// Shortest password accepted, in characters.
pub const PASSWORD_MIN: usize = 10;
/// Longest password accepted, in characters; argon2 would take more, a form should not.
pub const PASSWORD_MAX: usize = 128;

/// The stored form of an address: trimmed, lower case.
pub fn normalize_email(text: &str) -> String {
    text.trim().to_lowercase()
}

/// Checks an address for shape (one `@`, a dot after it, no space or control character, at most 254 bytes): whether it
/// exists only a mail can tell.
pub fn check_email(email: &str) -> Result<(), FieldError> {
    let ok = email.len() <= 254
        && !email.chars().any(|c| c.is_whitespace() || c.is_control())
        && email.split_once('@').is_some_and(|(local, host)| {
            !local.is_empty()
                && local.len() <= 64
                && !host.contains('@')
                && host.split('.').count() > 1
                && host.split('.').all(|label| !label.is_empty())
        });
    if ok {
        Ok(())
    } else {
        Err(FieldError::new(
            "email",
            "Enter an e-mail address, for example name@example.com.",
        ))
    }
}

/// Checks a new password: length only, as NIST SP 800-63B §5.1.1.2 advises, and that it is not the address itself.
pub fn check_password(password: &str, email: &str) -> Result<(), FieldError> {
    let length = password.chars().count();
    if length < PASSWORD_MIN {
        Err(FieldError::new(
            "password",
            format!("Use at least {PASSWORD_MIN} characters."),
        ))
    } else if length > PASSWORD_MAX {
        Err(FieldError::new(
            "password",
            format!("Use at most {PASSWORD_MAX} characters."),
        ))
    } else if normalize_email(password) == email {
        Err(FieldError::new(
            "password",
            "Choose something other than your e-mail address.",
        ))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_not_printed() {
        let input = SignUp {
            password: "correct horse".into(),
            ..SignUp::default()
        };
        assert!(!format!("{input:?}").contains("horse"), "{input:?}");
    }

    #[test]
    fn addresses_have_a_shape() {
        for (text, ok) in [
            ("a@b.example", true),
            ("a.b+c@d.e.example", true),
            ("", false),
            ("a", false),
            ("a@b", false),
            ("@b.example", false),
            ("a@b..example", false),
            ("a b@c.example", false),
            ("a@b@c.example", false),
        ] {
            assert_eq!(check_email(text).is_ok(), ok, "{text}");
        }
    }

    #[test]
    fn passwords_are_judged_by_length_and_not_the_address() {
        for (password, ok) in [("short", false), ("long enough", true), ("me@here.example", false)] {
            assert_eq!(check_password(password, "me@here.example").is_ok(), ok, "{password}");
        }
    }
}
