//! The audit log: who did what to which thing, written in the same transaction as the change.

use serde::{Deserialize, Serialize};

use crate::{
    clock::Timestamp,
    id::{AccountId, AuditId, OrganizationId},
};

/// One line of the audit log.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Identifies the entry.
    pub id: AuditId,
    /// When it happened.
    pub at: Timestamp,
    /// Who did it; `None` for the installation itself (a manifest, a background task).
    pub account_id: Option<AccountId>,
    /// Address of that account at the time, for reading.
    pub account_email: Option<String>,
    /// Organization that it concerns, if any.
    pub organization_id: Option<OrganizationId>,
    /// Dotted verb: `version.publish`, `key.revoke`.
    pub action: String,
    /// Text form of the id of the thing, with its prefix.
    pub target: String,
    /// Short words for people: a slug, a name, old and new value. Never a secret.
    pub detail: String,
}

/// Reads of the audit log.
#[cfg(feature = "store")]
#[derive(Clone)]
pub struct AuditLog {
    pub(crate) cx: crate::services::Context,
}

#[cfg(feature = "store")]
impl AuditLog {
    /// Entries of an organization, newest first.
    pub async fn list(
        &self,
        actor: &crate::actor::Actor,
        organization: OrganizationId,
        cursor: Option<&str>,
    ) -> crate::error::Result<crate::page::Page<AuditEntry>> {
        unimplemented!()
    }
}
