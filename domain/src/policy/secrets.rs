//! Secrets of policies in the database: sealed with the installation's key, bound to the place that they stand at.

use sea_orm::prelude::Uuid;

use super::{MASK, PolicyName, PolicySet};
use crate::{
    error::FieldError,
    installation_key::{InstallationKey, Purpose, SealError},
};

/// What a sealed secret belongs to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SecretPlace<'a> {
    /// The row's organization, api or version.
    pub(crate) scope: Uuid,
    /// The row's operation, empty for all but operations.
    pub(crate) operation: &'a str,
}

impl SecretPlace<'_> {
    fn owner(self, name: PolicyName, field: &str) -> String {
        format!("policy {} {} {name}.{field}", self.scope.simple(), self.operation)
    }
}

/// What is done about a secret that cannot be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unopened {
    /// It is an error: what it is for must not happen without it.
    Refuse,
    /// It stands masked, so that its policy can be seen, and saved with another secret.
    Mask,
}

/// Opens stored policies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Opener<'a> {
    pub(crate) key: Option<&'a InstallationKey>,
    pub(crate) unopened: Unopened,
}

impl Opener<'_> {
    /// Opens the secrets of what a row says.
    pub(crate) fn open(self, place: SecretPlace<'_>, said: &mut PolicySet) -> Result<(), SealError> {
        said.each_secret(|name, field, secret| {
            let opened = match self.key {
                Some(key) => key.open_text(Purpose::Policies, &place.owner(name, field), secret),
                None => Err(SealError::NoKey),
            };
            match (opened, self.unopened) {
                (Ok(opened), _) => *secret = opened,
                (Err(_), Unopened::Mask) => MASK.clone_into(secret),
                (Err(error), Unopened::Refuse) => return Err(error),
            }
            Ok(())
        })
    }
}

/// Seals the secrets of what is to be stored.
pub(super) fn seal(
    key: Option<&InstallationKey>,
    place: SecretPlace<'_>,
    said: &mut PolicySet,
) -> Result<(), SealError> {
    said.each_secret(|name, field, secret| {
        let key = key.ok_or(SealError::NoKey)?;
        *secret = key.seal_text(Purpose::Policies, &place.owner(name, field), secret)?;
        Ok(())
    })
}

/// What is wrong with secrets where nothing can seal them.
pub(super) fn unsealable(key: Option<&InstallationKey>, said: &PolicySet) -> Option<FieldError> {
    if key.is_some() {
        return None;
    }
    said.clone()
        .each_secret(|name, field, _| {
            let message = "The installation has no key to seal this secret with. Whoever runs it starts it with \
                           --secret-key-file.";
            Err(FieldError::new(format!("policies.{name}.{field}"), message))
        })
        .err()
}

/// Whether a stored secret was sealed with an earlier key.
pub(super) fn is_outdated(key: &InstallationKey, stored: &PolicySet) -> bool {
    let look = |secret: &str| {
        if key.is_sealed_by_newest(secret) {
            Ok(())
        } else {
            Err(())
        }
    };
    stored.clone().each_secret(|_, _, secret| look(secret)).is_err()
}
