//! Organizations: the providers.

#[cfg(feature = "store")]
pub mod ruleset;
#[cfg(feature = "store")]
pub mod service;

use serde::{Deserialize, Serialize};

use crate::{authz::Role, clock::Timestamp, id::AccountId, id::OrganizationId, slug::Slug};

/// A provider: owns apis and plans.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Organization {
    /// Identifies the organization.
    pub id: OrganizationId,
    /// Short name in URLs; unique in the installation.
    pub slug: Slug,
    /// Name for people; 1 to 100 characters.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Which rules an organization holds its documents to, in the place of the default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganizationRuleset {
    /// The ruleset as it was written: YAML or JSON, see [`openapi::lint::Ruleset`].
    pub source: String,
    /// SHA-256 of that, in hexadecimal.
    pub sha256: String,
    /// When it was saved.
    pub updated_at: Timestamp,
}

/// A member, as the console lists it.
#[derive(Clone, Debug)]
pub struct Member {
    /// The account.
    pub account_id: AccountId,
    /// Its address.
    pub email: String,
    /// Its name.
    pub name: String,
    /// What it may do.
    pub role: Role,
}

/// Slugs that would collide with pages or the gateway's own paths.
pub const RESERVED_SLUGS: [&str; 13] = [
    "admin",
    "api",
    "apis",
    "assets",
    "console",
    "dashboard",
    "demo",
    "health",
    "healthz",
    "oauth2",
    "pkg",
    "problems",
    "turnpike",
];
