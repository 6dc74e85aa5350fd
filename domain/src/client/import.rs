//! Clients of a manifest, with fixed ids and secrets.

use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, Set};

use super::{
    Client, check_client_id,
    service::{Clients, describe},
};
use crate::{
    actor::Actor,
    application::owned,
    catalog::input,
    error::{DomainError, Result},
    id::{ApplicationId, ClientId},
    key::{KeyHash, KeyPlaintext, KeyState, service::NAME_MAX},
    store::{OrTaken, entity::oauth_client, unit::Change},
};

/// A client that a manifest names.
#[derive(Debug)]
pub struct FixedClient {
    /// What people call it.
    pub name: String,
    /// What it calls itself.
    pub client_id: String,
    /// Its secret.
    pub secret: KeyPlaintext,
}

/// What is known of a client beside what is listed.
#[derive(Clone, Debug)]
pub struct KnownClient {
    /// The client.
    pub client: Client,
    /// Hash of its secret.
    pub secret: KeyHash,
}

impl Clients {
    /// Makes a client of a manifest, or gives it another secret; says whether anything changed. One that was revoked is left
    /// as it is. Only for the installation itself.
    ///
    /// # Errors
    /// `Invalid` at `id` and `name`; `Conflict` if another application has a client of this id, and where the installation has
    /// no key to sign tokens with.
    pub async fn import(&self, actor: &Actor, application: ApplicationId, fixed: FixedClient) -> Result<bool> {
        only_installation(actor)?;
        self.require_key()?;
        let mut unit = self.cx.begin().await?;
        owned::to_change(&unit, actor, application).await?;
        check_client_id(&fixed.client_id).map_err(|error| DomainError::Invalid(vec![error]))?;
        let name = input::name(&fixed.name, NAME_MAX).map_err(|sentence| DomainError::field("name", sentence))?;
        let there = oauth_client::Entity::find()
            .filter(oauth_client::Column::ClientId.eq(&fixed.client_id))
            .one(&*unit)
            .await?;
        let taken = || DomainError::Conflict("Another application has a client of this id.".into());
        let hash = fixed.secret.hash();
        let client = match there {
            Some(row) if row.application_id != application => return Err(taken()),
            Some(row) => {
                let client = Client::try_from(row.clone())?;
                if client.state == KeyState::Revoked || row.secret_hash()? == hash {
                    return Ok(false);
                }
                let mut change = row.into_active_model();
                change.secret_hash = Set(hash.0.to_vec());
                change.update(&*unit).await?;
                client
            }
            None => {
                let client = Client {
                    id: ClientId::generate(),
                    application_id: application,
                    name,
                    client_id: fixed.client_id,
                    state: KeyState::Active,
                    created_at: unit.now(),
                    revoked_at: None,
                };
                oauth_client::row(&client, &hash).insert(&*unit).await.or_taken(taken)?;
                client
            }
        };
        unit.audit(actor, None, "client.import", client.id, describe(&client))
            .await?;
        unit.bump(&[Change::Identities]).await?;
        unit.commit().await?;
        Ok(true)
    }

    /// Every client that an application has or had. Only for the installation itself.
    pub async fn known(&self, actor: &Actor, application: ApplicationId) -> Result<Vec<KnownClient>> {
        only_installation(actor)?;
        let rows = oauth_client::Entity::find()
            .filter(oauth_client::Column::ApplicationId.eq(application))
            .all(self.cx.db.read())
            .await?;
        let known = rows.into_iter().map(|row| {
            let secret = row.secret_hash()?;
            let client = Client::try_from(row)?;
            Ok(KnownClient { client, secret })
        });
        Ok(crate::store::row::readable(known))
    }
}

fn only_installation(actor: &Actor) -> Result<()> {
    match actor {
        Actor::System => Ok(()),
        Actor::Anonymous => Err(DomainError::Unauthenticated),
        Actor::Account(_) => Err(DomainError::Forbidden),
    }
}
