//! The text of a key: how it is made, checked and hashed. Issuing and verifying share one hash.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::error::FieldError;

/// SHA-256 of a key's text: all that is kept. Keys have 190 bits of entropy, so a slow hash would add nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyHash(pub [u8; 32]);

impl KeyHash {
    /// Hash of a presented credential, byte for byte.
    pub fn of(presented: &[u8]) -> Self {
        Self(Sha256::digest(presented).into())
    }
}

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyHash({:02x}{:02x}…)", self.0[0], self.0[1])
    }
}

/// The text of a key, on its one way to the person who asked for it. Never printed by `Debug`.
pub struct KeyPlaintext(String);

/// 32 characters of base 62: 190 bits.
const RANDOM_LENGTH: usize = 32;
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

impl KeyPlaintext {
    /// What every issued key begins with, so that scanners can find leaks.
    pub const PREFIX: &'static str = "tp_live_";
    /// What the secret of an OAuth client begins with.
    pub const CLIENT_SECRET_PREFIX: &'static str = "tp_secret_";

    /// Makes a key of random bytes: `tp_live_` + 32 characters + 6 characters of checksum (CRC-32 in base 62), so that
    /// a typing mistake can be told from a revoked key. Bytes of 248 and above are skipped to keep every character
    /// equally likely; 64 bytes are practically always enough, and `None` asks for more.
    pub fn from_random(bytes: &[u8]) -> Option<Self> {
        Self::with_prefix(Self::PREFIX, bytes)
    }

    /// Makes the secret of an OAuth client in the same form; it begins with `tp_secret_`.
    pub fn client_secret_from_random(bytes: &[u8]) -> Option<Self> {
        Self::with_prefix(Self::CLIENT_SECRET_PREFIX, bytes)
    }

    fn with_prefix(prefix: &str, bytes: &[u8]) -> Option<Self> {
        let random: String = bytes
            .iter()
            .filter(|b| **b < 248)
            .take(RANDOM_LENGTH)
            .map(|b| char::from(ALPHABET[usize::from(b % 62)]))
            .collect();
        (random.len() == RANDOM_LENGTH).then(|| {
            let body = format!("{prefix}{random}");
            let check = checksum(&body);
            Self(body + &check)
        })
    }

    /// Takes a fixed key from a manifest: 8 to 128 visible ASCII characters.
    pub fn fixed(text: &str) -> Result<Self, FieldError> {
        if (8..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(FieldError::new(
                "value",
                "A fixed key has 8 to 128 visible ASCII characters.",
            ))
        }
    }

    /// What the database and the gateway keep.
    pub fn hash(&self) -> KeyHash {
        KeyHash::of(self.0.as_bytes())
    }

    /// First characters: 12 of an issued key, a quarter of a shorter one.
    pub fn prefix(&self) -> &str {
        let shown = if self.0.len() >= 36 { 12 } else { self.0.len() / 4 };
        &self.0[..shown]
    }

    /// Last characters: four, fewer of a fixed key with less than 16 characters, none of the shortest. Prefix and these
    /// are at most half of the text: what is listed must not make the rest easy to guess.
    pub fn last_four(&self) -> &str {
        let shown = if self.0.len() >= 16 {
            4
        } else {
            self.0.len().saturating_sub(8) / 4
        };
        &self.0[self.0.len() - shown..]
    }

    /// Gives the text away, once.
    pub fn expose_once(self) -> String {
        self.0
    }
}

impl fmt::Debug for KeyPlaintext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyPlaintext(****)")
    }
}

/// Whether a text has the form of an issued key and a checksum that fits.
pub fn is_well_formed(text: &str) -> bool {
    text.strip_prefix(KeyPlaintext::PREFIX).is_some_and(|rest| {
        rest.len() == RANDOM_LENGTH + 6
            && rest.is_ascii()
            && checksum(&text[..KeyPlaintext::PREFIX.len() + RANDOM_LENGTH]) == rest[RANDOM_LENGTH..]
    })
}

fn checksum(body: &str) -> String {
    let mut rest = crc32fast::hash(body.as_bytes());
    let mut digits = [b'0'; 6];
    for digit in digits.iter_mut().rev() {
        *digit = ALPHABET[(rest % 62) as usize];
        rest /= 62;
    }
    digits.iter().map(|b| char::from(*b)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn issued_keys_are_well_formed_and_typing_mistakes_are_seen() {
        let key = KeyPlaintext::from_random(&[7; 64]).unwrap();
        let text = key.0.clone();
        assert!(is_well_formed(&text), "{text}");
        assert_eq!(key.hash(), KeyHash::of(text.as_bytes()));
        assert_eq!((key.prefix().len(), key.last_four().len()), (12, 4));
        let typo = text.replacen('7', "8", 1);
        assert!(!is_well_formed(&typo), "{typo}");
        assert!(KeyPlaintext::from_random(&[255; 64]).is_none(), "no usable byte");
    }

    #[test]
    fn at_most_half_of_a_key_is_listed() {
        for length in 8..=128 {
            let key = KeyPlaintext::fixed(&"x".repeat(length)).unwrap();
            let shown = key.prefix().len() + key.last_four().len();
            assert!((2..=length / 2).contains(&shown), "{shown} of {length}");
        }
        let shortest = KeyPlaintext::fixed("k-1234567").unwrap();
        assert_eq!((shortest.prefix(), shortest.last_four()), ("k-", ""));
    }

    #[test]
    fn fixed_keys_have_bounds_and_secrets_are_not_printed() {
        for (text, ok) in [
            ("short", false),
            ("long-enough", true),
            ("with space!", false),
            ("ümlaut-key", false),
        ] {
            assert_eq!(KeyPlaintext::fixed(text).is_ok(), ok, "{text}");
        }
        assert_eq!(
            format!("{:?}", KeyPlaintext::fixed("long-enough").unwrap()),
            "KeyPlaintext(****)"
        );
    }
}
