//! Credentials of this installation: its keys, tokens of its own token endpoint, and the secrets of its OAuth clients. They
//! open the APIs of others too, so that no upstream may see one and no server that judges tokens, whatever is accepted.

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use domain::key::{KeyHash, KeyPlaintext};
use ring::digest::{SHA256, digest};

use crate::{decision::RequestFacts, identity::claimed_issuer, snapshot::Snapshot};

/// As leniently as any server reads `Basic` credentials.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
const BASIC: &[u8] = b"basic";
/// Most pieces of one value that are looked at.
const MOST_PIECES: usize = 64;

/// Knows them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ours<'a> {
    snapshot: &'a Snapshot,
    /// Who the tokens of the own token endpoint are of.
    issuer: Option<&'a str>,
}

impl<'a> Ours<'a> {
    pub(super) fn new(snapshot: &'a Snapshot, head: &RequestFacts<'a>) -> Self {
        Self {
            snapshot,
            issuer: head.own_issuer,
        }
    }

    /// Whether a text is a key or a client's secret, or looks like one that was revoked.
    pub(super) fn is_key(self, text: &[u8]) -> bool {
        let prefixes = [KeyPlaintext::PREFIX, KeyPlaintext::CLIENT_SECRET_PREFIX];
        if prefixes.iter().any(|prefix| text.starts_with(prefix.as_bytes())) {
            return true;
        }
        let hash = hash(text);
        self.snapshot.key(&hash).is_some() || self.snapshot.identities.is_secret(&hash)
    }

    /// Whether a text is a token of the own token endpoint, or says that it is.
    pub(super) fn is_token(self, text: &[u8]) -> bool {
        let is_own = |issuer: &str| claimed_issuer(text).is_some_and(|claimed| claimed == issuer);
        self.issuer.is_some_and(is_own)
    }

    /// Whether there is one anywhere in the value of a field: alone, behind a scheme, in a list or a parameter, or in `Basic`
    /// credentials, also in such as only a lenient server reads. What can't be read in full may hold one.
    pub(super) fn are_in(self, value: &[u8]) -> bool {
        let value = value.trim_ascii();
        if self.is_one(value) {
            return true;
        }
        let is_separator = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b',' | b';' | b'"' | b'\'');
        let pieces = || value.split(is_separator).filter(|piece| !piece.is_empty());
        if pieces().nth(MOST_PIECES).is_some() {
            return true;
        }
        let is_in_piece = |piece: &[u8]| {
            let parameter = piece.iter().position(|byte| *byte == b'=').map(|at| &piece[at + 1..]);
            self.is_one(piece) || parameter.is_some_and(|text| self.is_one(text))
        };
        if pieces().any(is_in_piece) {
            return true;
        }
        let basic = value
            .windows(BASIC.len())
            .position(|word| word.eq_ignore_ascii_case(BASIC));
        basic.is_some_and(|at| {
            let credentials = &value[at + BASIC.len()..];
            let whole: Vec<u8> = credentials
                .iter()
                .filter(|byte| !byte.is_ascii_whitespace())
                .copied()
                .collect();
            self.are_in_pair(&whole) || credentials.split(is_separator).any(|piece| self.are_in_pair(piece))
        })
    }

    fn is_one(self, text: &[u8]) -> bool {
        !text.is_empty() && (self.is_key(text) || self.is_token(text))
    }

    /// Whether there is one in a pair of user name and password that is base64 at its beginning.
    fn are_in_pair(self, encoded: &[u8]) -> bool {
        let standard = |byte: &u8| match byte {
            b'-' => b'+',
            b'_' => b'/',
            other => *other,
        };
        let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
        let mut encoded: Vec<u8> = encoded.iter().map(standard).take_while(is_base64).collect();
        // A last character alone is no byte.
        if encoded.len() % 4 == 1 {
            encoded.pop();
        }
        let Ok(pair) = LENIENT.decode(encoded) else {
            return false;
        };
        // By the standard the first colon ends the user name, and a password may hold more of them.
        let after_first = pair
            .iter()
            .position(|byte| *byte == b':')
            .map(|colon| &pair[colon + 1..]);
        let parts = pair.split(|byte| *byte == b':').take(MOST_PIECES);
        let mut texts = parts.chain(after_first).chain([&*pair]);
        texts.any(|text| self.is_one(text) || self.is_one(text.trim_ascii()))
    }
}

/// The same hash as [`KeyHash::of`], by assembly that is several times faster.
pub(super) fn hash(text: &[u8]) -> KeyHash {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, text).as_ref());
    KeyHash(hash)
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD as STRICT, URL_SAFE_NO_PAD};

    use super::*;

    #[test]
    fn both_hashes_are_the_same() {
        assert_eq!(hash(b"tp_live_x"), KeyHash::of(b"tp_live_x"));
    }

    #[test]
    fn ours_are_found_wherever_they_stand_in_a_value() {
        let snapshot = Snapshot::default();
        let ours = Ours {
            snapshot: &snapshot,
            issuer: Some("https://own.example"),
        };
        let token = |issuer: &str| format!("e30.{}.x", URL_SAFE_NO_PAD.encode(format!(r#"{{"iss":"{issuer}"}}"#)));
        let basic = |pair: &str| format!("Basic {}", STRICT.encode(pair));
        let (own, other) = (token("https://own.example"), token("https://id.example"));
        for (value, is_ours) in [
            ("tp_live_x".to_owned(), true),
            ("tp_secret_x".to_owned(), true),
            (own.clone(), true),
            (format!("Bearer\t{own} "), true),
            (format!("Token   {own}"), true),
            (basic(&format!("user:{own}")), true),
            (basic(&format!("{own}:")), true),
            (basic("tp_live_x:other"), true),
            (basic("client:tp_secret_x"), true),
            (basic("tp_live_x").trim_end_matches('=').to_owned(), true),
            (format!("basic  {}", URL_SAFE_NO_PAD.encode("??>:tp_live_x")), true),
            (other.clone(), false),
            (format!("Bearer {other}"), false),
            (basic(&format!("user:{other}")), false),
            (basic("user:password"), false),
            ("Basic !".to_owned(), false),
            (basic("user:tp_live_x\n"), true),
            (basic(" user: tp_live_x"), true),
            (basic("a:tp_live_x:"), true),
            (basic("a:b:tp_live_x"), true),
            (format!("Basic\t{}", STRICT.encode("u:tp_live_x")), true),
            (format!("{} more", basic("u:tp_live_x")), true),
            (format!("{}x", basic("u:tp_live_x").trim_end_matches('=')), true),
            (basic("user:tp_live_x").replace("Basic d", "Basic d "), true),
            ("Basic eDp5, Bearer tp_live_x".to_owned(), true),
            ("Token token=tp_live_x".to_owned(), true),
            ("Digest username=\"tp_live_x\", realm=\"r\"".to_owned(), true),
            ("tp_live_x,".to_owned(), true),
            ("\"tp_live_x\"".to_owned(), true),
            ("a ".repeat(100), true),
            ("Digest username=\"user\", realm=\"r\"".to_owned(), false),
            (String::new(), false),
        ] {
            assert_eq!(ours.are_in(value.as_bytes()), is_ours, "{value}");
        }
        assert!(!Ours { issuer: None, ..ours }.are_in(own.as_bytes()));
    }
}
