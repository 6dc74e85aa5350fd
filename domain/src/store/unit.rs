//! The unit of work: one use case, one transaction, and whom to tell after its commit.

use std::{fmt::Display, ops::Deref};

use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait, ExprTrait,
    QueryFilter, Set, Statement, TryInsertResult, sea_query::Expr,
};

use super::{
    entity::{audit_entry, config_change, config_state, outbox_mail},
    listen::CONFIG_CHANNEL,
};
use crate::{
    actor::Actor,
    clock::Timestamp,
    error::{DomainError, Result},
    gateway_config::{CachePurge, ConfigRevision},
    id::{AuditId, KeyId, MailId, OrganizationId, SubscriptionId},
    key::KeyHash,
    notify::Mail,
    services::Context,
};

/// How many configurations back the change log reaches; a gateway that is further behind reads everything.
const CHANGES_KEPT: ConfigRevision = 100_000;

/// Rows of one statement, far below the bound values that the engines take.
const CHANGES_PER_STATEMENT: usize = 1_000;

/// The log is cut once in so many configurations.
const PRUNE_EVERY: ConfigRevision = 1_000;

/// Something that a gateway must learn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// Versions or plans: gateways read the whole catalog again.
    Catalog,
    /// One subscription.
    Subscription(SubscriptionId),
    /// One key. The hash is kept too, as it is what a gateway drops when the row is gone.
    Key(KeyId, KeyHash),
    /// Clients of applications or identities that providers mapped: gateways read all of them again.
    Identities,
    /// Answers that gateways keep.
    Purge(CachePurge),
}

/// One use case in one transaction. Dropped without [`Unit::commit`], it leaves nothing behind.
///
/// Derefs to the transaction, for queries: `Entity::find().one(&*unit)`.
pub(crate) struct Unit {
    tx: DatabaseTransaction,
    cx: Context,
    now: Timestamp,
    revision: Option<ConfigRevision>,
    is_mail_queued: bool,
}

impl Deref for Unit {
    type Target = DatabaseTransaction;

    fn deref(&self) -> &DatabaseTransaction {
        &self.tx
    }
}

impl Context {
    /// Begins a unit of work.
    pub(crate) async fn begin(&self) -> Result<Unit> {
        let tx = self.db.write().await?;
        Ok(Unit {
            tx,
            cx: self.clone(),
            now: self.clock.now(),
            revision: None,
            is_mail_queued: false,
        })
    }
}

impl Unit {
    /// The moment of the use case: one for all its rows.
    pub(crate) const fn now(&self) -> Timestamp {
        self.now
    }

    /// Inserts a row unless one with the same values in these columns, which a unique index covers, is there; says
    /// whether it did. Of two units that try at once, one waits for the other and then learns that it came second.
    pub(crate) async fn insert_if_absent<A, C>(&self, row: A, columns: C) -> Result<bool>
    where
        A: ActiveModelTrait,
        C: IntoIterator<Item = <A::Entity as EntityTrait>::Column>,
    {
        let result = A::Entity::insert(row)
            .on_conflict_do_nothing_on(columns)
            .exec_without_returning(&self.tx)
            .await?;
        Ok(matches!(result, TryInsertResult::Inserted(rows) if rows > 0))
    }

    /// Notes what gateways must learn and gives the number of the configuration in which they do. Call it late: from
    /// here to the commit, other changes of the configuration wait on PostgreSQL.
    pub(crate) async fn bump(&mut self, changes: &[Change]) -> Result<ConfigRevision> {
        let bumped = config_state::Entity::update_many()
            .col_expr(
                config_state::Column::Revision,
                Expr::col(config_state::Column::Revision).add(1),
            )
            .filter(config_state::Column::Id.eq(1))
            .exec_with_returning(&self.tx)
            .await?;
        let revision = bumped
            .first()
            .ok_or_else(|| DomainError::internal("the row of `config_state` is missing"))?
            .revision;
        let rows = changes.iter().zip(0..).map(|(change, seq)| {
            let (kind, entity_id, key_hash) = match change {
                Change::Catalog => ("catalog", None, None),
                Change::Subscription(id) => ("subscription", Some(id.uuid()), None),
                Change::Key(id, hash) => ("key", Some(id.uuid()), Some(hash.0.to_vec())),
                Change::Identities => ("identity", None, None),
                Change::Purge(purge) => ("purge", Some(purge.version.uuid()), None),
            };
            let path_prefix = match change {
                Change::Purge(purge) => Some(purge.prefix.clone()),
                _ => None,
            };
            config_change::ActiveModel {
                revision: Set(revision),
                seq: Set(seq),
                kind: Set(kind.into()),
                entity_id: Set(entity_id),
                key_hash: Set(key_hash),
                path_prefix: Set(path_prefix),
            }
        });
        let rows: Vec<_> = rows.collect();
        for chunk in rows.chunks(CHANGES_PER_STATEMENT) {
            config_change::Entity::insert_many(chunk.iter().cloned())
                .exec_without_returning(&self.tx)
                .await?;
        }
        if revision % PRUNE_EVERY == 0 {
            config_change::Entity::delete_many()
                .filter(config_change::Column::Revision.lte(revision - CHANGES_KEPT))
                .exec(&self.tx)
                .await?;
        }
        self.revision = Some(revision);
        Ok(revision)
    }

    /// Writes an entry of the audit log. `detail` is for people and never holds a secret.
    pub(crate) async fn audit(
        &self,
        actor: &Actor,
        organization: Option<OrganizationId>,
        action: &'static str,
        target: impl Display,
        detail: impl Into<String>,
    ) -> Result<()> {
        let account = actor.account();
        audit_entry::ActiveModel {
            id: Set(AuditId::generate()),
            at: Set(self.now),
            account_id: Set(account.map(|account| account.id)),
            account_email: Set(account.map(|account| account.email.clone())),
            organization_id: Set(organization),
            action: Set(action.into()),
            target: Set(target.to_string()),
            detail: Set(detail.into()),
        }
        .insert(&self.tx)
        .await?;
        Ok(())
    }

    /// Puts a mail into the outbox; it is sent after the commit.
    pub(crate) async fn queue_mail(&mut self, mail: Mail) -> Result<MailId> {
        let id = MailId::generate();
        outbox_mail::ActiveModel {
            id: Set(id),
            recipient: Set(mail.to),
            subject: Set(mail.subject),
            body: Set(mail.body),
            created_at: Set(self.now),
            due_at: Set(self.now),
            attempts: Set(0),
            leased_until: Set(None),
            last_error: Set(None),
            state: Set(outbox_mail::QUEUED.into()),
        }
        .insert(&self.tx)
        .await?;
        self.is_mail_queued = true;
        Ok(id)
    }

    /// Takes a mail of this unit out of the outbox again.
    pub(crate) async fn take_mail_back(&mut self, id: MailId) -> Result<()> {
        outbox_mail::Entity::delete_by_id(id).exec(&self.tx).await?;
        Ok(())
    }

    /// Makes everything durable and then tells the tasks that wait for it.
    pub(crate) async fn commit(self) -> Result<()> {
        if let Some(revision) = self.revision
            && self.tx.get_database_backend() == DbBackend::Postgres
        {
            let values = [CONFIG_CHANNEL.into(), revision.to_string().into()];
            self.tx
                .execute_raw(Statement::from_sql_and_values(
                    DbBackend::Postgres,
                    "SELECT pg_notify($1, $2)",
                    values,
                ))
                .await?;
        }
        self.tx.commit().await?;
        if self.revision.is_some() {
            // Kept for the reconciler if it is busy: a permit is not lost, and it is the only one that waits.
            self.cx.config_changed.notify_one();
        }
        if self.is_mail_queued {
            self.cx.mail_queued.notify_one();
        }
        Ok(())
    }
}
