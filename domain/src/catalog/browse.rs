//! The rows behind a search: the small columns of every api that the actor sees, and the cards of one page.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QuerySelect};

use super::{Api, Version, VersionState, Visibility, load, query::ApiCard, search::Entry};
use crate::{
    actor::Actor,
    error::Result,
    id::{ApiId, RevisionId},
    plan,
    store::{
        entity::{api, organization, revision},
        row::readable,
    },
};

/// Every api that the actor sees in the catalog: public ones with a listed version, and those of their organizations.
pub(super) async fn entries(db: &impl ConnectionTrait, actor: &Actor) -> Result<Vec<Entry>> {
    #[derive(FromQueryResult)]
    struct Row {
        id: ApiId,
        slug: String,
        name: String,
        summary: String,
        tags: serde_json::Value,
        organization_slug: String,
        organization_name: String,
    }
    let rows = api::Entity::find()
        .inner_join(organization::Entity)
        .select_only()
        .columns([
            api::Column::Id,
            api::Column::Slug,
            api::Column::Name,
            api::Column::Summary,
            api::Column::Tags,
        ])
        .column_as(organization::Column::Slug, "organization_slug")
        .column_as(organization::Column::Name, "organization_name")
        .filter(organization::Column::State.eq(organization::ACTIVE))
        .filter(seen_by(actor))
        .into_model::<Row>()
        .all(db)
        .await?;
    let entry = |row: Row| Entry {
        id: row.id,
        slug: row.slug,
        name: row.name,
        summary: row.summary,
        // Tags that cannot be read find nothing; the rest of the api is as good as before.
        tags: serde_json::from_value(row.tags).unwrap_or_default(),
        organization_slug: row.organization_slug,
        organization_name: row.organization_name,
    };
    Ok(rows.into_iter().map(entry).collect())
}

fn seen_by(actor: &Actor) -> Condition {
    let listed = Condition::all()
        .add(api::Column::Visibility.eq(Visibility::Public.as_str()))
        .add(api::Column::Id.in_subquery(load::listed_apis()));
    match actor {
        Actor::Anonymous => listed,
        Actor::System => Condition::all(),
        Actor::Account(account) if account.is_operator => Condition::all(),
        Actor::Account(account) => {
            let own = account.memberships.iter().map(|membership| membership.organization_id);
            Condition::any().add(listed).add(api::Column::OrganizationId.is_in(own))
        }
    }
}

/// The cards of apis, in the order of `ids`.
pub(super) async fn cards(db: &impl ConnectionTrait, actor: &Actor, ids: &[ApiId]) -> Result<Vec<ApiCard>> {
    let rows = api::Entity::find()
        .find_also_related(organization::Entity)
        .filter(api::Column::Id.is_in(ids.iter().copied()))
        .all(db)
        .await?;
    let mut apis: HashMap<ApiId, _> = HashMap::with_capacity(rows.len());
    for (api, organization) in rows {
        if let Some(organization) = organization {
            apis.insert(api.id, (api, organization));
        }
    }
    let mut versions = load::versions(db, ids).await?;
    let mut plans = plan::load::covering(db, ids).await?;
    let mut cards = Vec::with_capacity(ids.len());
    for id in ids {
        let Some((api, organization)) = apis.remove(id) else {
            continue;
        };
        let read = readable([Api::try_from(api).and_then(|api| Ok((api, organization.try_into()?)))]);
        let Some((api, organization)) = read.into_iter().next() else {
            continue;
        };
        let versions = load::visible(actor, &api, versions.remove(id).unwrap_or_default());
        let Some(version) = first_to_read(versions) else {
            continue;
        };
        cards.push(ApiCard {
            organization,
            api,
            version,
            operations: 0,
            plans: plans.remove(id).unwrap_or_default(),
        });
    }
    let counts = operation_counts(db, cards.iter().filter_map(|card| card.version.revision_id)).await?;
    for card in &mut cards {
        let count = card.version.revision_id.and_then(|id| counts.get(&id));
        card.operations = count.copied().unwrap_or_default();
    }
    Ok(cards)
}

/// The version a reader should start with: the newest published one, else deprecated, else retired, else a draft.
/// `versions` are in order, newest first.
fn first_to_read(versions: Vec<Version>) -> Option<Version> {
    versions.into_iter().min_by_key(|version| match version.state {
        VersionState::Published => 0,
        VersionState::Deprecated => 1,
        VersionState::Retired => 2,
        VersionState::Draft => 3,
    })
}

async fn operation_counts(
    db: &impl ConnectionTrait,
    revisions: impl Iterator<Item = RevisionId>,
) -> Result<HashMap<RevisionId, u32>> {
    let rows: Vec<(RevisionId, i32)> = revision::Entity::find()
        .select_only()
        .columns([revision::Column::Id, revision::Column::OperationCount])
        .filter(revision::Column::Id.is_in(revisions))
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows
        .into_iter()
        .map(|(id, count)| (id, u32::try_from(count).unwrap_or_default()))
        .collect())
}
