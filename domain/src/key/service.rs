//! Use cases of keys.

use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QuerySelect, Set,
};

use super::{Key, KeyPlaintext, KeyState};
use crate::{
    actor::Actor,
    application::owned,
    catalog::input,
    error::{DomainError, Result},
    gateway_config::ConfigRevision,
    id::{ApplicationId, KeyId},
    services::Context,
    store::{
        entity::{api_key, config_state},
        unit::{Change, Unit},
    },
};

/// Use cases of keys.
#[derive(Clone)]
pub struct Keys {
    pub(crate) cx: Context,
}

/// A key that was just made, with its text for the one page that shows it.
#[derive(Debug)]
pub struct CreatedKey {
    /// The key.
    pub key: Key,
    /// Its text.
    pub plaintext: KeyPlaintext,
    /// Configuration from which gateways accept it.
    pub revision: ConfigRevision,
}

/// Active keys that an application may have: enough for one a service and a rotation of each.
const MAX_ACTIVE: u64 = 20;

/// Longest name of a key, in characters.
pub const NAME_MAX: usize = 60;

impl Keys {
    /// Makes a key for one of the actor's applications; at most 20 active keys an application.
    ///
    /// # Errors
    /// `Invalid` at `name`; `Conflict` at the cap.
    pub async fn create(&self, actor: &Actor, application: ApplicationId, name: &str) -> Result<CreatedKey> {
        let mut unit = self.cx.begin().await?;
        owned::to_change(&unit, actor, application).await?;
        let plaintext = generate();
        let (key, revision) = insert(&mut unit, actor, application, name, &plaintext).await?;
        unit.commit().await?;
        Ok(CreatedKey {
            key,
            plaintext,
            revision,
        })
    }

    /// Revokes a key; gateways refuse it within 100 ms of the returned revision. Revoking twice is not an error.
    ///
    /// # Errors
    /// `NotFound` if it is no key of the actor's applications.
    pub async fn revoke(&self, actor: &Actor, id: KeyId) -> Result<ConfigRevision> {
        let mut unit = self.cx.begin().await?;
        let row = api_key::Entity::find_by_id(id)
            .lock_exclusive()
            .one(&*unit)
            .await?
            .ok_or(DomainError::NotFound { what: "key" })?;
        // Not `to_change`: whoever owns a leaked key may revoke it, verified or not.
        owned::to_read(&*unit, actor, row.application_id)
            .await
            .map_err(|error| error.missing_as("key"))?;
        let hash = row.key_hash()?;
        let key = Key::try_from(row.clone())?;
        if key.state == KeyState::Revoked {
            let state = config_state::Entity::find().one(&*unit).await?;
            return Ok(state.map_or(0, |state| state.revision));
        }
        let mut change = row.into_active_model();
        change.state = Set(KeyState::Revoked.as_str().into());
        change.revoked_at = Set(Some(unit.now()));
        change.update(&*unit).await?;
        unit.audit(actor, None, "key.revoke", id, describe(&key)).await?;
        let revision = unit.bump(&[Change::Key(id, hash)]).await?;
        unit.commit().await?;
        Ok(revision)
    }
}

/// Inserts a key of an application whose row the unit has locked, so that the cap cannot be passed by two at once.
async fn insert(
    unit: &mut Unit,
    actor: &Actor,
    application: ApplicationId,
    name: &str,
    plaintext: &KeyPlaintext,
) -> Result<(Key, ConfigRevision)> {
    let name = input::name(name, NAME_MAX).map_err(|sentence| DomainError::field("name", sentence))?;
    let active = api_key::Entity::find()
        .filter(api_key::Column::ApplicationId.eq(application))
        .filter(api_key::Column::State.eq(KeyState::Active.as_str()))
        .count(&**unit)
        .await?;
    if active >= MAX_ACTIVE {
        return Err(DomainError::Conflict(format!(
            "An application can have {MAX_ACTIVE} active keys. Revoke one that is no longer used."
        )));
    }
    let key = Key {
        id: KeyId::generate(),
        application_id: application,
        name,
        prefix: plaintext.prefix().to_owned(),
        last_four: plaintext.last_four().to_owned(),
        state: KeyState::Active,
        created_at: unit.now(),
        last_used_at: None,
        revoked_at: None,
    };
    let hash = plaintext.hash();
    api_key::ActiveModel {
        id: Set(key.id),
        application_id: Set(application),
        name: Set(key.name.clone()),
        hash: Set(hash.0.to_vec()),
        prefix: Set(key.prefix.clone()),
        last_four: Set(key.last_four.clone()),
        state: Set(key.state.as_str().into()),
        created_at: Set(key.created_at),
        last_used_at: Set(None),
        revoked_at: Set(None),
    }
    .insert(&**unit)
    .await?;
    unit.audit(actor, None, "key.create", key.id, describe(&key)).await?;
    let revision = unit.bump(&[Change::Key(key.id, hash)]).await?;
    Ok((key, revision))
}

fn describe(key: &Key) -> String {
    format!("{} ({}…{})", key.name, key.prefix, key.last_four)
}

fn generate() -> KeyPlaintext {
    loop {
        // Cryptographically strong and seeded by the operating system, as `rand::rng` promises.
        let bytes: [u8; 64] = std::array::from_fn(|_| rand::random());
        if let Some(key) = KeyPlaintext::from_random(&bytes) {
            return key;
        }
    }
}
