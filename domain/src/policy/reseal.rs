//! Use case: secrets of stored policies are sealed with the newest key, so that earlier keys can go.

use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, FromQueryResult, QueryFilter, QuerySelect, sea_query::Expr,
};
use serde_json::Value;

use super::{
    secrets::{self, Opener, SecretPlace, Unopened},
    service::Policies,
};
use crate::{
    error::{DomainError, Result},
    installation_key::InstallationKey,
    store::entity::policy::{self, Column},
};

/// A row as it was read.
#[derive(Debug, FromQueryResult)]
struct Stored {
    #[sea_orm(nested)]
    row: policy::Model,
    /// The body letter by letter: the engines compare texts, PostgreSQL no JSON.
    text: String,
}

/// A row that an earlier key sealed, and its body sealed with the newest.
struct Outdated {
    stored: Stored,
    body: Value,
}

fn body_text() -> Expr {
    Expr::col((policy::Entity, Column::Body)).cast_as("text")
}

impl Policies {
    /// Seals with the newest key what an earlier one sealed, so that the earlier one can go. Returns how many policies that
    /// were. What cannot be opened stays as it is, and so does what somebody saved in the meantime: that is sealed with the
    /// newest key already, or the next start finds it.
    pub async fn reseal(&self) -> Result<usize> {
        let Some(key) = self.key() else { return Ok(0) };
        let mut count = 0;
        for outdated in outdated(self.cx.db.read(), key).await? {
            count += usize::from(self.replace(outdated).await?);
        }
        Ok(count)
    }

    /// Stores a body in place of the one that it was made of; whether that was still there. In a unit of its own: it never
    /// holds one row while it waits for another.
    async fn replace(&self, Outdated { stored, body }: Outdated) -> Result<bool> {
        let Stored { row, text } = stored;
        let unit = self.cx.begin().await?;
        let updated = policy::Entity::update_many()
            .col_expr(Column::Body, Expr::value(body))
            .filter(Column::ScopeId.eq(row.scope_id))
            .filter(Column::Operation.eq(row.operation))
            .filter(Column::Name.eq(row.name))
            .filter(body_text().eq(text))
            .exec(&*unit)
            .await?;
        unit.commit().await?;
        Ok(updated.rows_affected > 0)
    }
}

/// Rows that an earlier key sealed and that can be opened.
async fn outdated(db: &impl ConnectionTrait, key: &InstallationKey) -> Result<Vec<Outdated>> {
    let rows = policy::Entity::find()
        .expr_as(body_text(), "text")
        .into_model::<Stored>()
        .all(db)
        .await?;
    let opener = Opener {
        key: Some(key),
        unopened: Unopened::Refuse,
    };
    let mut found = Vec::new();
    for stored in rows {
        let Ok((name, mut said)) = stored.row.sealed() else {
            continue;
        };
        let place = SecretPlace {
            scope: stored.row.scope_id,
            operation: &stored.row.operation,
        };
        if !secrets::is_outdated(key, &said) || opener.open(place, &mut said).is_err() {
            continue;
        }
        secrets::seal(Some(key), place, &mut said).map_err(DomainError::internal)?;
        let body = said.said(name).unwrap_or_default();
        found.push(Outdated { stored, body });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::{
        fixture::{INSTALLATION_KEY, on_both_engines},
        policy::{PolicyLevel, PolicyName, PolicyScope, PolicySet},
        services::Services,
        upstream::address::AddressPolicy,
    };

    fn with(secret: &str) -> PolicySet {
        let introspection = json!({ "endpoint": "https://a.example/", "client_id": "a", "client_secret": secret });
        serde_json::from_value(json!({ "introspection": introspection })).unwrap()
    }

    on_both_engines! {
        async fn what_is_saved_in_the_meantime_stays(world) {
            let (acme, owner) = world.organization("acme", "owner@acme.example").await;
            let (pets, _) = world.published_api(&owner, acme.id, "pets").await;
            let (changed, removed) = (PolicyScope::Organization(acme.id), PolicyScope::Api(pets.id));
            for scope in [&changed, &removed] {
                world.services.policies.save(&owner, scope, with("first")).await.unwrap();
            }
            let newest = InstallationKey::generate().expose();
            let both = Arc::new(InstallationKey::parse(&format!("{newest}\n{INSTALLATION_KEY}")).unwrap());
            let node = Services::open(world.url(), "", AddressPolicy::default(), Some(Arc::clone(&both))).await.unwrap();
            let rows = outdated(node.context.db.read(), &both).await.unwrap();
            assert_eq!(rows.len(), 2);

            // A node that still has the earlier key only.
            let policies = &world.services.policies;
            policies.save(&owner, &changed, with("second")).await.unwrap();
            policies.remove(&owner, &removed, PolicyName::Introspection).await.unwrap();
            for row in rows {
                assert!(!node.policies.replace(row).await.unwrap(), "what it was made of is gone");
            }

            assert_eq!(node.policies.reseal().await.unwrap(), 1, "what the other node saved");
            assert_eq!(node.policies.reseal().await.unwrap(), 0);
            node.context.db.close().await;
            let newest = Arc::new(InstallationKey::parse(&newest).unwrap());
            let node = Services::open(world.url(), "", AddressPolicy::default(), Some(newest)).await.unwrap();
            let said = node.policies.levels(&crate::actor::Actor::System, &removed).await.unwrap();
            assert_eq!((said[0].level, &said[0].said), (PolicyLevel::Organization, &with("second")));
            assert!(said[1].said.is_empty());
            node.context.db.close().await;
        }
    }
}
