//! Applications: what a consumer registers.

#[cfg(feature = "store")]
pub(crate) mod owned;
#[cfg(feature = "store")]
pub mod service;

use serde::{Deserialize, Serialize};

use crate::{
    clock::Timestamp,
    id::{AccountId, ApplicationId},
    slug::Slug,
};

/// What a consumer registers; owns subscriptions and keys.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Application {
    /// Identifies the application.
    pub id: ApplicationId,
    /// The account it belongs to.
    pub owner_id: AccountId,
    /// Short name; unique for its owner.
    pub slug: Slug,
    /// Name for people; 1 to 100 characters.
    pub name: String,
    /// What it is for; at most 500 characters, may be empty.
    pub description: String,
    /// When it was made.
    pub created_at: Timestamp,
}
