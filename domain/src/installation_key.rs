//! The installation's key: seals secrets that are stored, and is what signing keys are derived from.
//!
//! A sealed secret is ChaCha20-Poly1305 (RFC 8439) under a key that HKDF-SHA-256 (RFC 5869) derives for one [`Purpose`],
//! with a random nonce. What it belongs to is authenticated with it, so that a sealed secret that is copied to another row
//! cannot be opened there:
//!
//! | bytes | |
//! |---|---|
//! | 1 | version of this format: 1 |
//! | 4 | which key sealed it |
//! | 12 | nonce |
//! | … | ciphertext and its tag of 16 bytes |
//!
//! # Rotation
//!
//! The text of a key may have several lines. The first is the newest: it seals, and signing keys come from it. The others only
//! open what they sealed.

use std::fmt;

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD},
};
use ring::{
    aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hkdf::{HKDF_SHA256, KeyType, Salt},
};

/// Bytes of a key.
const KEY: usize = 32;
/// Version of the format of what is sealed.
const FORMAT: u8 = 1;
/// Bytes that name the key that sealed something.
const NAME: usize = 4;
/// What a sealed secret begins with where it stands as text.
const TEXT_PREFIX: &str = "sealed:";

/// What a derived key is for. Keys of different purposes say nothing about each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Secrets in policies.
    Policies,
    /// The last good configuration of a gateway on its disk.
    Snapshot,
    /// The signature of the access tokens that the gateway issues.
    Tokens,
}

impl Purpose {
    const fn label(self) -> &'static [u8] {
        match self {
            Self::Policies => b"turnpike policies",
            Self::Snapshot => b"turnpike snapshot",
            Self::Tokens => b"turnpike tokens",
        }
    }
}

/// The keys of an installation, newest first. Never printed by `Debug`.
pub struct InstallationKey {
    newest: [u8; KEY],
    earlier: Vec<[u8; KEY]>,
}

/// Why a text is not a key; for the person who wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// There is nothing in it.
    #[error("there is no key in it; make one with `openssl rand -base64 32`")]
    Empty,
    /// A line is no key.
    #[error("line {line} is not 32 bytes in Base64; make a key with `openssl rand -base64 32`")]
    Line {
        /// Which, from 1 on.
        line: usize,
    },
}

/// Why something that was sealed cannot be opened, or something cannot be sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The installation was started without its key.
    #[error("the installation's key is not there (--secret-key-file)")]
    NoKey,
    /// It was sealed with a key that is not among those of the installation.
    #[error("the installation's key is not the one that it was sealed with (--secret-key-file)")]
    OtherKey,
    /// It was changed, belongs to something else, or is no sealed secret.
    #[error("it is not what was sealed here")]
    Damaged,
}

impl InstallationKey {
    /// Makes a key of random bytes of the operating system.
    pub fn generate() -> Self {
        Self {
            newest: std::array::from_fn(|_| rand::random()),
            earlier: Vec::new(),
        }
    }

    /// Reads a key: 32 bytes in Base64, and below it earlier keys, one a line. Empty lines and lines that begin with `#` say
    /// nothing.
    ///
    /// # Errors
    /// [`KeyError`]; the key itself is not in it.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let mut keys = Vec::new();
        for (line, text) in (1..).zip(text.lines()) {
            let text = text.trim();
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            let bytes = STANDARD_NO_PAD.decode(text.trim_end_matches('='));
            let key = bytes.ok().and_then(|bytes| <[u8; KEY]>::try_from(bytes).ok());
            keys.push(key.ok_or(KeyError::Line { line })?);
        }
        let mut keys = keys.into_iter();
        Ok(Self {
            newest: keys.next().ok_or(KeyError::Empty)?,
            earlier: keys.collect(),
        })
    }

    /// The newest key as [`Self::parse`] reads it, for the file that keeps it.
    pub fn expose(&self) -> String {
        STANDARD.encode(self.newest)
    }

    /// Derives a key for one purpose from the newest key.
    pub fn derive(&self, purpose: Purpose) -> [u8; KEY] {
        derive(&self.newest, purpose.label())
    }

    /// Seals `clear`, which belongs to what `owner` names.
    ///
    /// # Errors
    /// [`SealError::Damaged`] for more than a cipher takes, 256 GiB.
    pub fn seal(&self, purpose: Purpose, owner: &str, clear: &[u8]) -> Result<Vec<u8>, SealError> {
        let nonce: [u8; NONCE_LEN] = std::array::from_fn(|_| rand::random());
        let mut sealed = Vec::with_capacity(1 + NAME + NONCE_LEN + clear.len() + CHACHA20_POLY1305.tag_len());
        sealed.push(FORMAT);
        sealed.extend_from_slice(&name(&self.newest));
        sealed.extend_from_slice(&nonce);
        let at = sealed.len();
        sealed.extend_from_slice(clear);
        let tag = cipher(&self.newest, purpose)?
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(owner.as_bytes()),
                &mut sealed[at..],
            )
            .map_err(|_| SealError::Damaged)?;
        sealed.extend_from_slice(tag.as_ref());
        Ok(sealed)
    }

    /// Opens what [`Self::seal`] made for the same purpose and owner.
    ///
    /// # Errors
    /// [`SealError`], never `NoKey`.
    pub fn open(&self, purpose: Purpose, owner: &str, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let (sealer, rest) = split(sealed)?;
        let mut keys = std::iter::once(&self.newest).chain(&self.earlier);
        let key = keys.find(|key| name(key) == *sealer).ok_or(SealError::OtherKey)?;
        let (nonce, rest) = rest.split_first_chunk::<NONCE_LEN>().ok_or(SealError::Damaged)?;
        let mut bytes = rest.to_vec();
        let length = cipher(key, purpose)?
            .open_in_place(
                Nonce::assume_unique_for_key(*nonce),
                Aad::from(owner.as_bytes()),
                &mut bytes,
            )
            .map_err(|_| SealError::Damaged)?
            .len();
        bytes.truncate(length);
        Ok(bytes)
    }

    /// Seals a text into one that says that it is sealed.
    ///
    /// # Errors
    /// As [`Self::seal`].
    pub fn seal_text(&self, purpose: Purpose, owner: &str, clear: &str) -> Result<String, SealError> {
        let sealed = self.seal(purpose, owner, clear.as_bytes())?;
        Ok(format!("{TEXT_PREFIX}{}", STANDARD_NO_PAD.encode(sealed)))
    }

    /// Opens a text that [`Self::seal_text`] made. A text that is not sealed is an error: nothing is stored like that.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_text(&self, purpose: Purpose, owner: &str, sealed: &str) -> Result<String, SealError> {
        let clear = self.open(purpose, owner, &sealed_bytes(sealed)?)?;
        String::from_utf8(clear).map_err(|_| SealError::Damaged)
    }

    /// Whether a sealed text was sealed with the newest key.
    pub fn is_sealed_by_newest(&self, sealed: &str) -> bool {
        sealed_bytes(sealed).is_ok_and(|bytes| split(&bytes).is_ok_and(|(sealer, _)| *sealer == name(&self.newest)))
    }
}

impl fmt::Debug for InstallationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InstallationKey(****)")
    }
}

fn sealed_bytes(text: &str) -> Result<Vec<u8>, SealError> {
    let text = text.strip_prefix(TEXT_PREFIX).ok_or(SealError::Damaged)?;
    STANDARD_NO_PAD.decode(text).map_err(|_| SealError::Damaged)
}

/// Which key sealed something, and the rest.
fn split(sealed: &[u8]) -> Result<(&[u8; NAME], &[u8]), SealError> {
    sealed
        .strip_prefix(&[FORMAT])
        .and_then(|rest| rest.split_first_chunk())
        .ok_or(SealError::Damaged)
}

/// What tells keys apart; says nothing about the key.
fn name(key: &[u8; KEY]) -> [u8; NAME] {
    let [a, b, c, d, ..] = derive(key, b"turnpike key name");
    [a, b, c, d]
}

fn cipher(key: &[u8; KEY], purpose: Purpose) -> Result<LessSafeKey, SealError> {
    let key = UnboundKey::new(&CHACHA20_POLY1305, &derive(key, purpose.label()));
    key.map(LessSafeKey::new).map_err(|_| SealError::Damaged)
}

struct Length;

impl KeyType for Length {
    fn len(&self) -> usize {
        KEY
    }
}

fn derive(key: &[u8; KEY], label: &[u8]) -> [u8; KEY] {
    let mut derived = [0; KEY];
    Salt::new(HKDF_SHA256, b"turnpike")
        .extract(key)
        .expand(&[label], Length)
        .and_then(|derived_key| derived_key.fill(&mut derived))
        .expect("HKDF gives 32 bytes of SHA-256 whatever it is asked for");
    derived
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: &str = "policy 1 introspection.client_secret";

    #[test]
    fn what_is_sealed_is_opened_where_it_belongs() {
        let key = InstallationKey::generate();
        let sealed = key.seal_text(Purpose::Policies, POLICY, "s3cret").unwrap();
        assert!(
            sealed.starts_with(TEXT_PREFIX) && !sealed.contains("s3cret"),
            "{sealed}"
        );
        assert_eq!(key.open_text(Purpose::Policies, POLICY, &sealed).unwrap(), "s3cret");
        assert_ne!(
            sealed,
            key.seal_text(Purpose::Policies, POLICY, "s3cret").unwrap(),
            "nonces"
        );
        for (purpose, owner) in [(Purpose::Snapshot, POLICY), (Purpose::Policies, "policy 2")] {
            assert_eq!(key.open_text(purpose, owner, &sealed), Err(SealError::Damaged));
        }
        assert_eq!(
            key.open_text(Purpose::Policies, POLICY, "s3cret"),
            Err(SealError::Damaged)
        );
        assert!(!format!("{key:?}").contains(&key.expose()));
    }

    #[test]
    fn every_byte_counts() {
        let key = InstallationKey::generate();
        let sealed = key.seal(Purpose::Snapshot, "", b"everything").unwrap();
        for at in 0..sealed.len() {
            let mut bad = sealed.clone();
            bad[at] ^= 1;
            assert!(key.open(Purpose::Snapshot, "", &bad).is_err(), "byte {at}");
            assert!(key.open(Purpose::Snapshot, "", &sealed[..at]).is_err(), "{at} bytes");
        }
    }

    #[test]
    fn earlier_keys_open_and_the_newest_seals() {
        let (old, new) = (InstallationKey::generate(), InstallationKey::generate());
        let sealed = old.seal_text(Purpose::Policies, POLICY, "s3cret").unwrap();
        assert_eq!(
            new.open_text(Purpose::Policies, POLICY, &sealed),
            Err(SealError::OtherKey)
        );
        let both = InstallationKey::parse(&format!("# new\n{}\n\n{}\n", new.expose(), old.expose())).unwrap();
        assert_eq!(both.open_text(Purpose::Policies, POLICY, &sealed).unwrap(), "s3cret");
        assert!(!both.is_sealed_by_newest(&sealed) && old.is_sealed_by_newest(&sealed));
        assert_eq!(both.derive(Purpose::Tokens), new.derive(Purpose::Tokens));
        assert_ne!(new.derive(Purpose::Tokens), new.derive(Purpose::Policies));
    }

    #[test]
    fn keys_are_32_bytes() {
        for (text, error) in [
            ("", KeyError::Empty),
            ("# nothing\n", KeyError::Empty),
            ("c2hvcnQ=", KeyError::Line { line: 1 }),
            ("\nno key", KeyError::Line { line: 2 }),
        ] {
            assert_eq!(InstallationKey::parse(text).unwrap_err(), error, "{text}");
        }
    }
}
