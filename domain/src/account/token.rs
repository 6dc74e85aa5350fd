//! Tokens of sessions and mails: random text on one side, its SHA-256 on ours.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

/// A token that was just made.
pub(crate) struct Token {
    /// What its owner gets: 256 random bits in base64url.
    pub(crate) text: String,
    /// What the database keeps.
    pub(crate) hash: Vec<u8>,
}

impl Token {
    /// Makes a token.
    pub(crate) fn generate() -> Self {
        // Seeded by the operating system and cryptographically strong, as `rand::rng` promises.
        let bytes: [u8; 32] = rand::random();
        let text = URL_SAFE_NO_PAD.encode(bytes);
        let hash = hash_of(&text);
        Self { text, hash }
    }
}

/// What the database keeps of a token. A fast hash is enough for 256 random bits.
pub(crate) fn hash_of(text: &str) -> Vec<u8> {
    Sha256::digest(text.as_bytes()).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_fit_into_urls_and_cookies_and_differ() {
        let token = Token::generate();
        assert_eq!(token.text.len(), 43);
        assert!(
            token
                .text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'),
            "{}",
            token.text
        );
        assert_eq!(token.hash, hash_of(&token.text));
        assert_ne!(token.text, Token::generate().text);
    }
}
