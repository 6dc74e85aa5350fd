//! Documents that gateways are told, kept between two reads: every change of the catalog tells the whole of it, and
//! documents are large.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use sea_orm::{ConnectionTrait, EntityTrait, QuerySelect};

use super::entity::spec_document;
use crate::{error::Result, gateway_config::DocumentText};

/// The documents of the last read. Clones share them.
#[derive(Clone, Default)]
pub(super) struct DocumentTexts(Arc<Mutex<HashMap<String, DocumentText>>>);

impl DocumentTexts {
    /// The documents of these hashes; those that are not asked for are forgotten. One that is not in the database is left
    /// out.
    pub(super) async fn read(
        &self,
        db: &impl ConnectionTrait,
        wanted: BTreeSet<String>,
    ) -> Result<HashMap<String, DocumentText>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut found = HashMap::with_capacity(wanted.len());
        // One at a time: each may have megabytes.
        for sha256 in wanted {
            let text = match known.get(&sha256) {
                Some(known) => Some(known.clone()),
                None => {
                    let bytes: Option<Vec<u8>> = spec_document::Entity::find_by_id(sha256.clone())
                        .select_only()
                        .column(spec_document::Column::Bytes)
                        .into_tuple()
                        .one(db)
                        .await?;
                    bytes.map(|bytes| DocumentText::new(sha256.as_str(), bytes))
                }
            };
            if let Some(text) = text {
                found.insert(sha256, text);
            }
        }
        found.clone_into(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(found)
    }
}
