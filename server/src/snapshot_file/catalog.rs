//! Versions and plans, sealed where there is a key, and the documents that they go by.

use std::collections::{BTreeMap, HashMap};

use domain::{
    gateway_config::{CatalogRecords, DocumentText},
    installation_key::{InstallationKey, Purpose, SealError},
};

use super::{
    codec::{Unreadable, json},
    packed::Bytes,
};

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

/// First byte of a catalog: as it is, or sealed with the installation's key.
const CLEAR: u8 = 0;
const SEALED: u8 = 1;

/// Versions and plans. What policies need to ask others is in them, so they are sealed wherever there is a key; without one
/// no such secret is told to gateways.
pub(super) fn sealed_catalog(catalog: &CatalogRecords, key: Option<&InstallationKey>) -> Vec<u8> {
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
