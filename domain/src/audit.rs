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
mod reads {
    use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

    use super::{AuditEntry, AuditId, AuditLog, OrganizationId};
    use crate::{
        actor::Actor,
        authz::Action,
        error::{DomainError, Result},
        page::{DEFAULT_PAGE_SIZE, Page},
        store::entity::audit_entry::{Column, Entity},
    };

    impl AuditLog {
        /// Entries of an organization, newest first.
        ///
        /// # Errors
        /// `Invalid` at `cursor` for a text that no page contained.
        pub async fn list(
            &self,
            actor: &Actor,
            organization: OrganizationId,
            cursor: Option<&str>,
        ) -> Result<Page<AuditEntry>> {
            actor.require(Action::ReadAudit, organization)?;
            let mut select = Entity::find().filter(Column::OrganizationId.eq(organization));
            if let Some(cursor) = cursor {
                let after: AuditId = cursor
                    .parse()
                    .map_err(|_| DomainError::field("cursor", "This page does not exist."))?;
                select = select.filter(Column::Id.lt(after));
            }
            // Ids sort by time. One more than a page tells whether there is a next one.
            let limit = DEFAULT_PAGE_SIZE + 1;
            let rows = select
                .order_by_desc(Column::Id)
                .limit(limit)
                .all(self.cx.db.read())
                .await?;
            let mut items: Vec<AuditEntry> = rows.into_iter().map(AuditEntry::from).collect();
            let is_full = items.len() as u64 == limit;
            items.truncate(DEFAULT_PAGE_SIZE as usize);
            let next = items.last().filter(|_| is_full).map(|entry| entry.id.to_string());
            Ok(Page { items, next })
        }
    }
}
