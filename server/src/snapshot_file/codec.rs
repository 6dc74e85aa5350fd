//! Records as bytes. Versions, plans and identities are JSON; subscriptions and keys, of which there may be millions, are
//! packed.

use std::{
    collections::{BTreeMap, HashMap},
    fmt::Write as _,
};

use domain::{
    clock::Timestamp,
    gateway_config::{
        CatalogRecords, ConfigChanges, DocumentText, GatewayConfig, IdentityRecord, KeyRecord, QuotaStart,
        SubscriptionRecord,
    },
    id::{ApplicationId, KeyId, PlanId, SubscriptionId},
    installation_key::{InstallationKey, Purpose, SealError},
    key::KeyHash,
    subscription::SubscriptionState,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Names the file and its format; the last two bytes are the format's number.
pub(super) const MAGIC: &[u8; 8] = b"TPGWCF03";

/// What wrote a file. Another version may know rules that this one would not keep.
pub(super) const PROGRAM: &str = env!("CARGO_PKG_VERSION");

/// Records in one frame.
const RECORDS_PER_FRAME: usize = 32 * 1_024;

/// Bytes of a subscription at least: three ids, state, period, units, length of the scopes.
pub(super) const SUBSCRIPTION: usize = 16 * 3 + 1 + 8 + 8 + 2;
/// Bytes of a key: id, hash, application.
pub(super) const KEY: usize = 16 + 32 + 16;

/// Kinds of frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    Begin = 1,
    Catalog = 2,
    Subscriptions = 3,
    Keys = 4,
    End = 5,
    Changes = 6,
    Document = 7,
    Identities = 8,
}

impl Kind {
    pub(super) fn parse(byte: u8) -> Option<Self> {
        [
            Self::Begin,
            Self::Catalog,
            Self::Subscriptions,
            Self::Keys,
            Self::End,
            Self::Changes,
            Self::Document,
            Self::Identities,
        ]
        .into_iter()
        .find(|kind| *kind as u8 == byte)
    }
}

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

/// The checksum of everything up to and with `part`, going on from the one before.
pub(super) fn checksum(before: u32, part: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(before);
    hasher.update(part);
    hasher.finalize()
}

/// Adds a frame and returns its checksum.
pub(super) fn frame(bytes: &mut Vec<u8>, before: u32, kind: Kind, payload: &[u8]) -> u32 {
    let [a, b, c, d] = (payload.len() as u32).to_le_bytes();
    let head = [a, b, c, d, kind as u8];
    let sum = checksum(before, &head);
    bytes.extend_from_slice(&head);
    bytes.extend_from_slice(&sum.to_le_bytes());
    let sum = checksum(sum, payload);
    bytes.extend_from_slice(payload);
    bytes.extend_from_slice(&sum.to_le_bytes());
    sum
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

/// The documents that a catalog goes by, each once.
pub(super) fn documents(catalog: &CatalogRecords) -> Vec<DocumentText> {
    let documents = catalog.versions.iter().filter_map(|version| version.document.clone());
    let by_hash: BTreeMap<String, DocumentText> = documents.map(|text| (text.sha256().to_owned(), text)).collect();
    by_hash.into_values().collect()
}

/// The payload of a `Document` frame: the length of the hash, the hash, the text.
pub(super) fn put_document(document: &DocumentText) -> Vec<u8> {
    let hash = document.sha256().as_bytes();
    let length = (hash.len() as u32).to_le_bytes();
    [&length, hash, document.bytes()].concat()
}

/// Reads the payload of a `Document` frame; `None` if it is not one.
pub(super) fn read_document(payload: &[u8]) -> Option<DocumentText> {
    let mut bytes = Bytes(payload);
    let length = bytes.count()?;
    let hash = std::str::from_utf8(bytes.take(length)?).ok()?;
    Some(DocumentText::new(hash, bytes.0))
}

/// Gives the versions of a catalog their documents; `None` if one is missing.
pub(super) fn give_documents(catalog: &mut CatalogRecords, documents: &HashMap<String, DocumentText>) -> Option<()> {
    for document in catalog
        .versions
        .iter_mut()
        .filter_map(|version| version.document.as_mut())
    {
        *document = documents.get(document.sha256())?.clone();
    }
    Some(())
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

/// First byte of a catalog: as it is, or sealed with the installation's key.
const CLEAR: u8 = 0;
const SEALED: u8 = 1;

/// Versions and plans. What policies need to ask others is in them, so they are sealed wherever there is a key; without one
/// no such secret is told to gateways.
fn sealed_catalog(catalog: &CatalogRecords, key: Option<&InstallationKey>) -> Vec<u8> {
    let (kind, bytes) = match key {
        None => (CLEAR, json(catalog)),
        // An empty payload would be refused at reading, as unsealed JSON would be.
        Some(key) => (
            SEALED,
            key.seal(Purpose::Snapshot, CATALOG, &json(catalog)).unwrap_or_default(),
        ),
    };
    let mut payload = vec![kind];
    payload.extend(bytes);
    payload
}

/// What a sealed catalog belongs to.
const CATALOG: &str = "catalog";

/// Reads versions and plans.
pub(super) fn read_catalog(payload: &[u8], key: Option<&InstallationKey>) -> Result<CatalogRecords, Unreadable> {
    let read = |json: &[u8]| serde_json::from_slice(json).map_err(|_| Unreadable::Damaged);
    match payload.split_first() {
        Some((&CLEAR, json)) => read(json),
        Some((&SEALED, sealed)) => {
            let key = key.ok_or(Unreadable::Sealed(SealError::NoKey))?;
            let json = key
                .open(Purpose::Snapshot, CATALOG, sealed)
                .map_err(Unreadable::Sealed)?;
            read(&json)
        }
        _ => Err(Unreadable::Damaged),
    }
}

/// Reads identities.
pub(super) fn read_identities(payload: &[u8]) -> Option<Vec<IdentityRecord>> {
    serde_json::from_slice(payload).ok()
}

/// Reads a frame of records of one size.
pub(super) fn read_records<T>(payload: &[u8], read: fn(&mut Bytes<'_>) -> Option<T>, into: &mut Vec<T>) -> Option<()> {
    let mut bytes = Bytes(payload);
    while !bytes.0.is_empty() {
        into.push(read(&mut bytes)?);
    }
    Some(())
}

pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Records always are JSON; an empty payload would be refused at reading.
fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

fn put_list<T>(bytes: &mut Vec<u8>, list: &[T], put: fn(&mut Vec<u8>, &T)) {
    bytes.extend_from_slice(&(list.len() as u32).to_le_bytes());
    put_all(bytes, list, put);
}

fn put_all<T>(bytes: &mut Vec<u8>, list: &[T], put: fn(&mut Vec<u8>, &T)) {
    for record in list {
        put(bytes, record);
    }
}

fn put_subscription(bytes: &mut Vec<u8>, record: &SubscriptionRecord) {
    let SubscriptionRecord {
        id,
        application_id,
        plan_id,
        state,
        used: QuotaStart { period_start, units },
        scopes,
    } = record;
    for id in [id.uuid(), application_id.uuid(), plan_id.uuid()] {
        bytes.extend_from_slice(id.as_bytes());
    }
    bytes.push(match state {
        SubscriptionState::Pending => 1,
        SubscriptionState::Active => 2,
        SubscriptionState::Suspended => 3,
        SubscriptionState::Canceled => 4,
    });
    bytes.extend_from_slice(&period_start.unix_timestamp().to_le_bytes());
    bytes.extend_from_slice(&units.to_le_bytes());
    // At most 50 scopes of 128 characters without spaces.
    let scopes = scopes.join(" ");
    bytes.extend_from_slice(&(scopes.len() as u16).to_le_bytes());
    bytes.extend_from_slice(scopes.as_bytes());
}

fn put_key(bytes: &mut Vec<u8>, record: &KeyRecord) {
    let KeyRecord {
        id,
        hash,
        application_id,
    } = record;
    bytes.extend_from_slice(id.uuid().as_bytes());
    bytes.extend_from_slice(&hash.0);
    bytes.extend_from_slice(application_id.uuid().as_bytes());
}

/// What is left to be read; every read is bounded by it.
pub(super) struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn count(&mut self) -> Option<usize> {
        Some(u32::from_le_bytes(self.array()?) as usize)
    }

    fn uuid(&mut self) -> Option<Uuid> {
        Some(Uuid::from_bytes(self.array()?))
    }

    /// JSON behind its length; nothing where the length is 0.
    #[expect(clippy::option_option, reason = "unreadable, not there and there are three answers")]
    fn json<T>(&mut self, read: fn(&[u8]) -> Option<T>) -> Option<Option<T>> {
        let length = self.count()?;
        let payload = self.take(length)?;
        if payload.is_empty() {
            return Some(None);
        }
        read(payload).map(Some)
    }

    fn list<T>(&mut self, read: fn(&mut Bytes<'_>) -> Option<T>) -> Option<Vec<T>> {
        let count = self.count()?;
        // Not allocated in advance: the count is only believed as far as the bytes go.
        let mut list = Vec::new();
        for _ in 0..count {
            list.push(read(self)?);
        }
        Some(list)
    }
}

/// Reads a subscription.
pub(super) fn subscription(bytes: &mut Bytes<'_>) -> Option<SubscriptionRecord> {
    Some(SubscriptionRecord {
        id: SubscriptionId::from_uuid(bytes.uuid()?),
        application_id: ApplicationId::from_uuid(bytes.uuid()?),
        plan_id: PlanId::from_uuid(bytes.uuid()?),
        state: match bytes.array::<1>()? {
            [1] => SubscriptionState::Pending,
            [2] => SubscriptionState::Active,
            [3] => SubscriptionState::Suspended,
            [4] => SubscriptionState::Canceled,
            _ => return None,
        },
        used: QuotaStart {
            period_start: Timestamp::from_unix_timestamp(i64::from_le_bytes(bytes.array()?)).ok()?,
            units: u64::from_le_bytes(bytes.array()?),
        },
        scopes: {
            let length = u16::from_le_bytes(bytes.array()?);
            let text = std::str::from_utf8(bytes.take(length.into())?).ok()?;
            text.split_ascii_whitespace().map(ToOwned::to_owned).collect()
        },
    })
}

/// Reads a key.
pub(super) fn key(bytes: &mut Bytes<'_>) -> Option<KeyRecord> {
    Some(KeyRecord {
        id: KeyId::from_uuid(bytes.uuid()?),
        hash: KeyHash(bytes.array()?),
        application_id: ApplicationId::from_uuid(bytes.uuid()?),
    })
}
