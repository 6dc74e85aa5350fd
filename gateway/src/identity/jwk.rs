//! Public keys that verify signatures: JSON Web Keys (RFC 7517) with the algorithms of RFC 7518 and RFC 8037.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    hmac,
    signature::{
        self, ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
        RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384,
        RSA_PSS_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey,
    },
};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Longest key set read, in bytes.
pub(crate) const MAX_SET_BYTES: usize = 512 << 10;
/// Most keys of one set; large issuers have a dozen.
const MAX_KEYS: usize = 100;
/// Longest key id, in bytes.
const MAX_KID_BYTES: usize = 512;
/// Shortest secret for HS256, in bytes: the length of the hash (RFC 7518 §3.2).
const MIN_SECRET_BYTES: usize = 32;

/// Signature algorithms (RFC 7518 §3.1, RFC 8037 §3.1). `none` is not among them and can't be configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// RSASSA-PSS with SHA-384.
    Ps384,
    /// RSASSA-PSS with SHA-512.
    Ps512,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// Ed25519.
    EdDsa,
    /// HMAC with SHA-256: only with a secret that was configured.
    Hs256,
}

impl Algorithm {
    /// All of them.
    pub(crate) const ALL: [Self; 10] = [
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Es256,
        Self::Es384,
        Self::EdDsa,
        Self::Hs256,
    ];

    /// As `alg` says it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::EdDsa => "EdDSA",
            Self::Hs256 => "HS256",
        }
    }

    /// The algorithm of a name, written exactly so. RFC 9864 calls Ed25519 by its own name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let name = if name == "Ed25519" { "EdDSA" } else { name };
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }
}

/// A key that verifies.
#[derive(Clone, Debug)]
pub(crate) struct VerifyingKey {
    id: Option<String>,
    /// The only algorithm it may be used with, where its owner says so.
    algorithm: Option<Algorithm>,
    material: Material,
}

#[derive(Clone, Debug)]
enum Material {
    Rsa(RsaPublicKeyComponents<Vec<u8>>),
    /// An uncompressed point.
    P256([u8; 65]),
    P384([u8; 97]),
    Ed25519([u8; 32]),
    Secret(hmac::Key),
}

/// The keys of one issuer.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeySet {
    keys: Vec<VerifyingKey>,
    skipped: usize,
}

/// Why there is no key set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum KeySetError {
    /// Not `{"keys": […]}`.
    #[error("this is not a key set")]
    Form,
    /// More than 512 KiB or more than 100 keys.
    #[error("the key set is too large")]
    TooLarge,
    /// Below 32 bytes.
    #[error("the secret is shorter than 32 bytes")]
    ShortSecret,
}

#[derive(Deserialize)]
struct SetDocument {
    keys: Vec<Value>,
}

/// A member that is there, whatever it says.
pub(super) fn is_present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    serde::de::IgnoredAny::deserialize(deserializer).map(|_| true)
}

#[derive(Deserialize)]
struct KeyDocument {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
    #[serde(default, deserialize_with = "is_present", rename = "d")]
    is_private: bool,
}

impl KeySet {
    /// Reads a key set (RFC 7517 §5). Keys of kinds not known here, for encryption, symmetric, malformed, or published
    /// with their private half are left out, as §5 asks; [`Self::skipped`] counts them.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, KeySetError> {
        if bytes.len() > MAX_SET_BYTES {
            return Err(KeySetError::TooLarge);
        }
        let document: SetDocument = serde_json::from_slice(bytes).map_err(|_| KeySetError::Form)?;
        let count = document.keys.len();
        if count > MAX_KEYS {
            return Err(KeySetError::TooLarge);
        }
        let read = |value| VerifyingKey::read(serde_json::from_value(value).ok()?);
        let keys: Vec<VerifyingKey> = document.keys.into_iter().filter_map(read).collect();
        let skipped = count - keys.len();
        Ok(Self { keys, skipped })
    }

    /// A set of Ed25519 keys with their ids.
    pub(crate) fn of_ed25519(keys: impl IntoIterator<Item = (String, [u8; 32])>) -> Self {
        let keys = keys.into_iter().map(|(id, key)| VerifyingKey {
            id: Some(id),
            algorithm: Some(Algorithm::EdDsa),
            material: Material::Ed25519(key),
        });
        Self {
            keys: keys.collect(),
            skipped: 0,
        }
    }

    /// A set of one secret for HS256. It comes from the configuration; key sets that are fetched never hold one.
    #[cfg_attr(
        not(any(test, feature = "fuzzing")),
        expect(dead_code, reason = "no policy has a shared secret; published examples do")
    )]
    pub(crate) fn of_secret(id: Option<String>, secret: &[u8]) -> Result<Self, KeySetError> {
        if secret.len() < MIN_SECRET_BYTES {
            return Err(KeySetError::ShortSecret);
        }
        let key = VerifyingKey {
            id,
            algorithm: Some(Algorithm::Hs256),
            material: Material::Secret(hmac::Key::new(hmac::HMAC_SHA256, secret)),
        };
        Ok(Self {
            keys: vec![key],
            skipped: 0,
        })
    }

    /// Keys that were left out.
    pub(crate) fn skipped(&self) -> usize {
        self.skipped
    }

    /// Keys that can be used.
    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    /// The keys that a token with this key id and algorithm may be verified with. A token that names a key is verified
    /// with that one only; a key without id serves tokens that name none.
    pub(crate) fn candidates<'a>(
        &'a self,
        id: Option<&'a str>,
        algorithm: Algorithm,
    ) -> impl Iterator<Item = &'a VerifyingKey> + 'a {
        let fits = move |key: &&VerifyingKey| (id.is_none() || key.id.as_deref() == id) && key.may_verify(algorithm);
        self.keys.iter().filter(fits)
    }
}

impl VerifyingKey {
    fn read(document: KeyDocument) -> Option<Self> {
        let is_for_signatures = document.usage.as_deref().is_none_or(|usage| usage == "sig")
            && document
                .key_ops
                .is_none_or(|operations| operations.iter().any(|one| one == "verify"));
        let is_id_short = document.kid.as_ref().is_none_or(|id| id.len() <= MAX_KID_BYTES);
        if !is_for_signatures || !is_id_short || document.is_private {
            return None;
        }
        let (x, y) = (document.x.as_deref(), document.y.as_deref());
        let material = match (document.kty.as_str(), document.crv.as_deref()) {
            ("RSA", _) => rsa(document.n.as_deref()?, document.e.as_deref()?)?,
            ("EC", Some("P-256")) => Material::P256(point(x?, y?)?),
            ("EC", Some("P-384")) => Material::P384(point(x?, y?)?),
            ("OKP", Some("Ed25519")) => Material::Ed25519(decode(x?)?.try_into().ok()?),
            _ => return None,
        };
        // An algorithm not known here: the key is for something else.
        let algorithm = match document.alg.as_deref() {
            Some(name) => Some(Algorithm::named(name)?),
            None => None,
        };
        let key = Self {
            id: document.kid,
            algorithm,
            material,
        };
        algorithm
            .is_none_or(|algorithm| key.may_verify(algorithm))
            .then_some(key)
    }

    /// Whether kind and owner allow the algorithm: no public key is ever taken for the secret of an HMAC.
    pub(crate) fn may_verify(&self, algorithm: Algorithm) -> bool {
        use Algorithm::{EdDsa, Es256, Es384, Hs256, Ps256, Ps384, Ps512, Rs256, Rs384, Rs512};
        let is_of_kind = match &self.material {
            Material::Rsa(_) => matches!(algorithm, Rs256 | Rs384 | Rs512 | Ps256 | Ps384 | Ps512),
            Material::P256(_) => algorithm == Es256,
            Material::P384(_) => algorithm == Es384,
            Material::Ed25519(_) => algorithm == EdDsa,
            Material::Secret(_) => algorithm == Hs256,
        };
        is_of_kind && self.algorithm.is_none_or(|own| own == algorithm)
    }

    /// Whether the signature is right. Signatures of ECDSA are the two numbers side by side (RFC 7518 §3.4).
    pub(crate) fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        if !self.may_verify(algorithm) {
            return false;
        }
        let verify = |with: &'static dyn signature::VerificationAlgorithm, key: &[u8]| {
            UnparsedPublicKey::new(with, key).verify(message, signature).is_ok()
        };
        match &self.material {
            Material::Rsa(key) => {
                rsa_parameters(algorithm).is_some_and(|with| key.verify(with, message, signature).is_ok())
            }
            Material::P256(point) => verify(&ECDSA_P256_SHA256_FIXED, point),
            Material::P384(point) => verify(&ECDSA_P384_SHA384_FIXED, point),
            Material::Ed25519(key) => verify(&ED25519, key),
            Material::Secret(key) => hmac::verify(key, message, signature).is_ok(),
        }
    }
}

/// ring refuses keys below 2048 bits (RFC 7518 §3.3) and above 8192.
fn rsa_parameters(algorithm: Algorithm) -> Option<&'static RsaParameters> {
    match algorithm {
        Algorithm::Rs256 => Some(&RSA_PKCS1_2048_8192_SHA256),
        Algorithm::Rs384 => Some(&RSA_PKCS1_2048_8192_SHA384),
        Algorithm::Rs512 => Some(&RSA_PKCS1_2048_8192_SHA512),
        Algorithm::Ps256 => Some(&RSA_PSS_2048_8192_SHA256),
        Algorithm::Ps384 => Some(&RSA_PSS_2048_8192_SHA384),
        Algorithm::Ps512 => Some(&RSA_PSS_2048_8192_SHA512),
        _ => None,
    }
}

fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

fn rsa(n: &str, e: &str) -> Option<Material> {
    // Some issuers write the sign byte of ASN.1.
    let number = |text: &str| {
        let bytes = decode(text)?;
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        Some(bytes[zeros..].to_vec())
    };
    let (n, e) = (number(n)?, number(e)?);
    let is_of_length = (256..=1024).contains(&n.len()) && (1..=5).contains(&e.len());
    is_of_length.then_some(Material::Rsa(RsaPublicKeyComponents { n, e }))
}

/// Both coordinates in full length (RFC 7518 §6.2.1.2), as the uncompressed form of SEC 1 §2.3.3.
fn point<const N: usize>(x: &str, y: &str) -> Option<[u8; N]> {
    let (x, y) = (decode(x)?, decode(y)?);
    if x.len() != y.len() {
        return None;
    }
    [vec![4], x, y].concat().try_into().ok()
}

#[cfg(test)]
mod tests;
