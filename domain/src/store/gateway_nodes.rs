//! Which gateways run, and which configuration each of them serves: so that a change can be waited for.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Set, sea_query::OnConflict};
use time::Duration;

use super::{entity::gateway_node, gateway_config::GatewayConfigReads};
use crate::{
    error::Result,
    gateway_config::{ConfigRevision, GatewayNode},
};

/// A gateway that has not reported for so long is gone: five missed reports.
const GONE_AFTER: Duration = Duration::seconds(10);

impl GatewayConfigReads {
    /// Notes that the gateway `name` runs and serves `revision`. Gateways report every change and every two seconds.
    pub async fn report_served(&self, name: &str, revision: ConfigRevision) -> Result<()> {
        let now = self.cx.clock.now();
        let tx = self.cx.db.write().await?;
        let row = gateway_node::ActiveModel {
            name: Set(name.to_owned()),
            served_revision: Set(revision),
            seen_at: Set(now),
        };
        gateway_node::Entity::insert(row)
            .on_conflict(
                OnConflict::column(gateway_node::Column::Name)
                    .update_columns([gateway_node::Column::ServedRevision, gateway_node::Column::SeenAt])
                    .to_owned(),
            )
            .exec_without_returning(&tx)
            .await?;
        gateway_node::Entity::delete_many()
            .filter(gateway_node::Column::SeenAt.lt(now - GONE_AFTER))
            .exec(&tx)
            .await?;
        Ok(tx.commit().await?)
    }

    /// Notes that the gateway `name` has stopped.
    pub async fn report_stopped(&self, name: &str) -> Result<()> {
        let tx = self.cx.db.write().await?;
        gateway_node::Entity::delete_by_id(name.to_owned()).exec(&tx).await?;
        Ok(tx.commit().await?)
    }

    /// Gateways that run.
    pub async fn nodes(&self) -> Result<Vec<GatewayNode>> {
        let since = self.cx.clock.now() - GONE_AFTER;
        let rows = gateway_node::Entity::find()
            .filter(gateway_node::Column::SeenAt.gte(since))
            .all(self.cx.db.read())
            .await?;
        Ok(rows
            .into_iter()
            .map(|row| GatewayNode {
                name: row.name,
                served: row.served_revision,
            })
            .collect())
    }
}
