//! A configuration and its changes as bytes, frame by frame. Versions, plans and identities are JSON; subscriptions and keys
//! are packed.

use std::fmt::Write as _;

use domain::{
    gateway_config::{CatalogRecords, ConfigChanges, GatewayConfig, IdentityRecord},
    id::SubscriptionId,
    installation_key::{InstallationKey, SealError},
    key::KeyHash,
};
use serde::{Deserialize, Serialize};

use super::{
    catalog::{documents, put_document, read_catalog, sealed_catalog},
    frame::{Kind, frame},
    packed::{Bytes, KEY, SUBSCRIPTION, key, put_all, put_key, put_list, put_subscription, subscription},
};

/// Names the file and its format; the last two bytes are the format's number.
pub(super) const MAGIC: &[u8; 8] = b"TPGWCF03";

/// What wrote a file. Another version may know rules that this one would not keep.
pub(super) const PROGRAM: &str = env!("CARGO_PKG_VERSION");

/// Records in one frame.
const RECORDS_PER_FRAME: usize = 32 * 1_024;

/// What a base says of itself.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Begin {
    pub(super) program: String,
    pub(super) installation: String,
    pub(super) revision: i64,
    pub(super) subscriptions: usize,
    pub(super) keys: usize,
    pub(super) identities: usize,
}

/// A whole file without a journal.
pub(super) fn base(config: &GatewayConfig, installation: &[u8; 32], key: Option<&InstallationKey>) -> Vec<u8> {
    let GatewayConfig {
        revision,
        catalog,
        subscriptions,
        keys,
        identities,
    } = config;
    let mut bytes = Vec::with_capacity(4_096 + subscriptions.len() * SUBSCRIPTION + keys.len() * KEY);
    bytes.extend_from_slice(MAGIC);
    let begin = Begin {
        program: PROGRAM.into(),
        installation: hexadecimal(installation),
        revision: *revision,
        subscriptions: subscriptions.len(),
        keys: keys.len(),
        identities: identities.len(),
    };
    let mut sum = frame(&mut bytes, 0, Kind::Begin, &json(&begin));
    for document in documents(catalog) {
        sum = frame(&mut bytes, sum, Kind::Document, &put_document(&document));
    }
    sum = frame(&mut bytes, sum, Kind::Catalog, &sealed_catalog(catalog, key));
    let mut payload = Vec::new();
    for records in subscriptions.chunks(RECORDS_PER_FRAME) {
        payload.clear();
        put_all(&mut payload, records, put_subscription);
        sum = frame(&mut bytes, sum, Kind::Subscriptions, &payload);
    }
    for records in keys.chunks(RECORDS_PER_FRAME) {
        payload.clear();
        put_all(&mut payload, records, put_key);
        sum = frame(&mut bytes, sum, Kind::Keys, &payload);
    }
    for records in identities.chunks(RECORDS_PER_FRAME) {
        sum = frame(&mut bytes, sum, Kind::Identities, &json(&records));
    }
    frame(&mut bytes, sum, Kind::End, &[]);
    bytes
}

/// The payload of a `Changes` frame: the number, then six lists, each behind its count. Catalog and identities are lists
/// of bytes, empty if they did not change.
pub(super) fn changes(changes: &ConfigChanges, key: Option<&InstallationKey>) -> Vec<u8> {
    let ConfigChanges {
        revision,
        catalog,
        subscriptions,
        ended_subscriptions,
        keys,
        revoked_keys,
        identities,
        // A gateway that starts has an empty cache.
        purges: _,
    } = changes;
    let mut bytes = revision.to_le_bytes().to_vec();
    let catalog = catalog
        .as_ref()
        .map(|catalog| sealed_catalog(catalog, key))
        .unwrap_or_default();
    put_list(&mut bytes, &catalog, |bytes, byte| bytes.push(*byte));
    put_list(&mut bytes, subscriptions, put_subscription);
    put_list(&mut bytes, ended_subscriptions, |bytes, id| {
        bytes.extend_from_slice(id.uuid().as_bytes());
    });
    put_list(&mut bytes, keys, put_key);
    put_list(&mut bytes, revoked_keys, |bytes, hash| bytes.extend_from_slice(&hash.0));
    let identities = identities.as_ref().map(json).unwrap_or_default();
    put_list(&mut bytes, &identities, |bytes, byte| bytes.push(*byte));
    bytes
}

/// Why a payload cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// It is not as it was written.
    Damaged,
    /// It was sealed with a key that is not here.
    Sealed(SealError),
}

/// Reads the payload of a `Changes` frame.
pub(super) fn read_changes(payload: &[u8], key: Option<&InstallationKey>) -> Result<ConfigChanges, Unreadable> {
    let mut bytes = Bytes(payload);
    let revision = bytes.array().map(i64::from_le_bytes).ok_or(Unreadable::Damaged)?;
    let catalog = bytes.count().and_then(|length| bytes.take(length));
    let catalog = match catalog.ok_or(Unreadable::Damaged)? {
        [] => None,
        catalog => Some(read_catalog(catalog, key)?),
    };
    read_lists(&mut bytes, revision, catalog).ok_or(Unreadable::Damaged)
}

/// What comes after the catalog.
fn read_lists(bytes: &mut Bytes<'_>, revision: i64, catalog: Option<CatalogRecords>) -> Option<ConfigChanges> {
    let changes = ConfigChanges {
        revision,
        catalog,
        subscriptions: bytes.list(subscription)?,
        ended_subscriptions: bytes.list(|bytes| Some(SubscriptionId::from_uuid(bytes.uuid()?)))?,
        keys: bytes.list(key)?,
        revoked_keys: bytes.list(|bytes| Some(KeyHash(bytes.array()?)))?,
        identities: bytes.json(read_identities)?,
        purges: Vec::new(),
    };
    bytes.0.is_empty().then_some(changes)
}

/// Reads identities.
pub(super) fn read_identities(payload: &[u8]) -> Option<Vec<IdentityRecord>> {
    serde_json::from_slice(payload).ok()
}

pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Records always are JSON; an empty payload would be refused at reading.
pub(super) fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}
