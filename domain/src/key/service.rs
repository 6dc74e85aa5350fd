//! Use cases of keys.

use super::{Key, KeyPlaintext};
use crate::{actor::Actor, error::Result, gateway_config::ConfigRevision, id::{ApplicationId, KeyId}, services::Context};

/// Use cases of keys.
#[derive(Clone)]
pub struct Keys { pub(crate) cx: Context }

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

impl Keys {
    /// Makes a key for one of the actor's applications; at most 20 active keys an application.
    ///
    /// # Errors
    /// `Invalid` at `name`; `Conflict` at the cap.
    pub async fn create(&self, actor: &Actor, application: ApplicationId, name: &str) -> Result<CreatedKey> { unimplemented!() }

    /// Stores a fixed key of a manifest; one that the application already has is left as it is. Only for the installation itself.
    ///
    /// # Errors
    /// `Conflict` if another application has it; `Invalid` at `value`.
    pub async fn import(&self, actor: &Actor, application: ApplicationId, name: &str, key: KeyPlaintext) -> Result<Key> { unimplemented!() }

    /// Revokes a key; gateways refuse it within 100 ms of the returned revision. Revoking twice is not an error.
    pub async fn revoke(&self, actor: &Actor, id: KeyId) -> Result<ConfigRevision> { unimplemented!() }
}
