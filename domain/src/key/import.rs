//! Fixed keys of a manifest, many at once.

use std::collections::HashSet;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, Set};

use super::{KeyHash, KeyPlaintext, KeyState, service::Keys};
use crate::{
    actor::Actor,
    application::owned,
    catalog::input,
    error::{DomainError, Result},
    id::{ApplicationId, KeyId},
    store::{OrTaken, entity::api_key, unit::Change},
};

/// Keys of one statement: below the number of parameters that SQLite takes.
const CHUNK: usize = 1_000;

impl Keys {
    /// Stores fixed keys for an application, all or none; those that it has or had are left as they are. Returns how many
    /// are new. There is no cap: whoever writes manifests runs the installation. Only for the installation itself.
    ///
    /// # Errors
    /// `Conflict` if another application has one of them; `Invalid` at `name`.
    pub async fn import_all(
        &self,
        actor: &Actor,
        application: ApplicationId,
        keys: Vec<(String, KeyPlaintext)>,
    ) -> Result<usize> {
        only_installation(actor)?;
        let mut unit = self.cx.begin().await?;
        let owner = owned::to_change(&unit, actor, application).await?;
        let mut known: HashSet<KeyHash> = hashes(&*unit, application)
            .await?
            .into_iter()
            .map(|(_, hash)| hash)
            .collect();
        let mut rows = Vec::new();
        let mut changes = Vec::new();
        for (name, plaintext) in keys {
            let hash = plaintext.hash();
            if !known.insert(hash) {
                continue;
            }
            let name = input::name(&name, super::service::NAME_MAX)
                .map_err(|sentence| DomainError::field("name", sentence))?;
            let id = KeyId::generate();
            rows.push(api_key::ActiveModel {
                id: Set(id),
                application_id: Set(application),
                name: Set(name),
                hash: Set(hash.0.to_vec()),
                prefix: Set(plaintext.prefix().to_owned()),
                last_four: Set(plaintext.last_four().to_owned()),
                state: Set(KeyState::Active.as_str().into()),
                created_at: Set(unit.now()),
                last_used_at: Set(None),
                revoked_at: Set(None),
            });
            changes.push(Change::Key(id, hash));
        }
        let count = rows.len();
        while !rows.is_empty() {
            let rest = rows.split_off(rows.len().min(CHUNK));
            let taken = || DomainError::Conflict("Another application has one of these keys.".into());
            api_key::Entity::insert_many(std::mem::replace(&mut rows, rest))
                .exec_without_returning(&*unit)
                .await
                .or_taken(taken)?;
        }
        for changes in changes.chunks(CHUNK) {
            unit.bump(changes).await?;
        }
        if count > 0 {
            unit.audit(
                actor,
                None,
                "key.import",
                application,
                format!("{}: {count}", owner.slug),
            )
            .await?;
            unit.commit().await?;
        }
        Ok(count)
    }

    /// Every key that an application has or had, by what is kept of its text. Only for the installation itself.
    pub async fn hashes(&self, actor: &Actor, application: ApplicationId) -> Result<Vec<(KeyId, KeyHash)>> {
        only_installation(actor)?;
        hashes(self.cx.db.read(), application).await
    }
}

async fn hashes(db: &impl sea_orm::ConnectionTrait, application: ApplicationId) -> Result<Vec<(KeyId, KeyHash)>> {
    let rows: Vec<(KeyId, Vec<u8>)> = api_key::Entity::find()
        .select_only()
        .columns([api_key::Column::Id, api_key::Column::Hash])
        .filter(api_key::Column::ApplicationId.eq(application))
        .into_tuple()
        .all(db)
        .await?;
    let hash = |(id, bytes): (KeyId, Vec<u8>)| Some((id, KeyHash(bytes.try_into().ok()?)));
    Ok(rows.into_iter().filter_map(hash).collect())
}

fn only_installation(actor: &Actor) -> Result<()> {
    match actor {
        Actor::System => Ok(()),
        Actor::Anonymous => Err(DomainError::Unauthenticated),
        Actor::Account(_) => Err(DomainError::Forbidden),
    }
}
