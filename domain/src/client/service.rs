//! Use cases of OAuth clients.

use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QuerySelect, Set,
};

use super::Client;
use crate::{
    actor::Actor,
    application::owned,
    catalog::input,
    error::{DomainError, Result},
    gateway_config::ConfigRevision,
    id::{ApplicationId, ClientId},
    key::{KeyPlaintext, KeyState, service::NAME_MAX},
    services::Context,
    store::{
        entity::{config_state, oauth_client},
        unit::Change,
    },
};

/// Use cases of OAuth clients.
#[derive(Clone)]
pub struct Clients {
    pub(crate) cx: Context,
}

/// A client that was just made, with its secret for the one page that shows it.
#[derive(Debug)]
pub struct CreatedClient {
    /// The client.
    pub client: Client,
    /// Its secret.
    pub secret: KeyPlaintext,
    /// Configuration from which gateways give it tokens.
    pub revision: ConfigRevision,
}

/// Active clients that an application may have.
pub const MAX_ACTIVE: u64 = 10;

/// What strangers are told, whether the client exists or not.
const NOT_FOUND: DomainError = DomainError::NotFound { what: "client" };

impl Clients {
    /// Makes a client for one of the actor's applications; at most 10 active ones an application.
    ///
    /// # Errors
    /// `Invalid` at `client_name`; `Conflict` at the cap, and where the installation has no key to sign tokens with.
    pub async fn create(&self, actor: &Actor, application: ApplicationId, name: &str) -> Result<CreatedClient> {
        let mut unit = self.cx.begin().await?;
        owned::to_change(&unit, actor, application).await?;
        self.require_key()?;
        let name = input::name(name, NAME_MAX).map_err(|sentence| DomainError::field("client_name", sentence))?;
        let active = oauth_client::Entity::find()
            .filter(oauth_client::Column::ApplicationId.eq(application))
            .filter(oauth_client::Column::State.eq(KeyState::Active.as_str()))
            .count(&*unit)
            .await?;
        if active >= MAX_ACTIVE {
            return Err(DomainError::Conflict(format!(
                "An application can have {MAX_ACTIVE} active OAuth clients. Revoke one that is no longer used."
            )));
        }
        let secret = generate();
        let id = ClientId::generate();
        let client = Client {
            id,
            application_id: application,
            name,
            client_id: id.to_string(),
            state: KeyState::Active,
            created_at: unit.now(),
            revoked_at: None,
        };
        oauth_client::row(&client, &secret.hash()).insert(&*unit).await?;
        unit.audit(actor, None, "client.create", id, describe(&client)).await?;
        let revision = unit.bump(&[Change::Identities]).await?;
        unit.commit().await?;
        Ok(CreatedClient {
            client,
            secret,
            revision,
        })
    }

    /// Revokes a client: it gets no more tokens, and gateways refuse those that it has. Revoking twice is not an error.
    ///
    /// # Errors
    /// `NotFound` if it is no client of the actor's applications.
    pub async fn revoke(&self, actor: &Actor, id: ClientId) -> Result<ConfigRevision> {
        let mut unit = self.cx.begin().await?;
        let row = oauth_client::Entity::find_by_id(id)
            .lock_exclusive()
            .one(&*unit)
            .await?
            .ok_or(NOT_FOUND)?;
        // Not `to_change`: whoever owns a leaked secret may revoke it, verified or not.
        owned::to_read(&*unit, actor, row.application_id)
            .await
            .map_err(|error| error.missing_as("client"))?;
        let client = Client::try_from(row.clone())?;
        if client.state == KeyState::Revoked {
            let state = config_state::Entity::find().one(&*unit).await?;
            return Ok(state.map_or(0, |state| state.revision));
        }
        let mut change = row.into_active_model();
        change.state = Set(KeyState::Revoked.as_str().into());
        change.revoked_at = Set(Some(unit.now()));
        change.update(&*unit).await?;
        unit.audit(actor, None, "client.revoke", id, describe(&client)).await?;
        let revision = unit.bump(&[Change::Identities]).await?;
        unit.commit().await?;
        Ok(revision)
    }

    /// Gateways cannot give tokens without a key to sign them.
    pub(super) fn require_key(&self) -> Result<()> {
        if self.cx.installation_key.is_some() {
            return Ok(());
        }
        Err(DomainError::Conflict(
            "This installation has no key to sign tokens with. Whoever runs it starts it with --secret-key-file."
                .into(),
        ))
    }
}

pub(super) fn describe(client: &Client) -> String {
    format!("{} ({})", client.name, client.client_id)
}

fn generate() -> KeyPlaintext {
    loop {
        // Cryptographically strong and seeded by the operating system, as `rand::rng` promises.
        let bytes: [u8; 64] = std::array::from_fn(|_| rand::random());
        if let Some(secret) = KeyPlaintext::client_secret_from_random(&bytes) {
            return secret;
        }
    }
}
