//! Credentials of this installation: its keys, tokens of its own token endpoint, and the secrets of its OAuth clients. They
//! open the APIs of others too, so that no upstream may see one and no server that judges tokens, whatever is accepted.

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use domain::key::{KeyHash, KeyPlaintext};
use ring::digest::{SHA256, digest};

use super::places::is_basic;
use crate::{decision::RequestFacts, identity::claimed_issuer, snapshot::Snapshot};

/// As leniently as any server reads `Basic` credentials.
const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_allow_trailing_bits(true)
    .with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

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

    /// Whether there is one in the value of a field: alone, behind a scheme, or in `Basic` credentials.
    pub(super) fn are_in(self, value: &[u8]) -> bool {
        let is_one = |text: &[u8]| !text.is_empty() && (self.is_key(text) || self.is_token(text));
        let value = value.trim_ascii();
        let Some(space) = value.iter().position(u8::is_ascii_whitespace) else {
            return is_one(value);
        };
        let credentials = value[space..].trim_ascii();
        if !is_basic(value) {
            return is_one(credentials);
        }
        let read = STANDARD.decode(credentials).or_else(|_| URL_SAFE.decode(credentials));
        read.is_ok_and(|pair| {
            // The first colon ends the user name: a password may hold more of them.
            let mut parts = pair.splitn(2, |byte| *byte == b':');
            is_one(&pair) || parts.any(is_one)
        })
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
            (String::new(), false),
        ] {
            assert_eq!(ours.are_in(value.as_bytes()), is_ours, "{value}");
        }
        assert!(!Ours { issuer: None, ..ours }.are_in(own.as_bytes()));
    }
}
