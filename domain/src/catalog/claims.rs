//! Use case: where a version answers beside its address, and whose a host is.

use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, JoinType, QueryFilter,
    QuerySelect, RelationTrait, prelude::Json,
};
use url::Url;

use super::{
    Version,
    claim::Claim,
    load,
    routing::{HostPattern, Routing},
    service::{Catalog, refuse_retired, tell_gateways},
};
use crate::{
    actor::Actor,
    authz::Action,
    error::{DomainError, Result},
    id::VersionId,
    organization::Organization,
    store::{
        OrTaken,
        entity::{api, config_state, organization, version},
    },
};

/// Whether the actor runs the installation, and so decides over what its organizations share.
fn runs_installation(actor: &Actor) -> bool {
    match actor {
        Actor::Anonymous => false,
        Actor::System => true,
        Actor::Account(account) => account.is_operator && account.is_verified,
    }
}

impl Catalog {
    /// Sets where a version answers beside its address, and whether it is strict.
    ///
    /// A host belongs to the organization that has it first, with every name that its wildcard stands for, until none of
    /// its versions has it any more; retired versions have none. The hosts of portal and gateway, and base paths without a
    /// host that begin with anything but the organization's own short name, are for those who run the installation.
    ///
    /// # Errors
    /// `Invalid` at `host`, `base_path`, `match.header` and `match.value`; `Conflict` for a retired version.
    pub async fn set_routing(&self, actor: &Actor, version: VersionId, routing: Routing) -> Result<Version> {
        let mut unit = self.cx.begin().await?;
        let (api, mut version) = load::version_to_change(&unit, actor, Action::EditApi, version).await?;
        if version.routing == routing {
            return Ok(version);
        }
        refuse_retired(&version)?;
        // One at a time: what belongs to whom is not a matter of single rows.
        config_state::Entity::find_by_id(1).lock_exclusive().one(&*unit).await?;
        let owner: Organization = organization::Entity::find_by_id(api.organization_id)
            .one(&*unit)
            .await?
            .ok_or(load::NO_VERSION)?
            .try_into()?;
        if !runs_installation(actor) {
            self.refuse_shared(&owner, &routing)?;
        }
        let claim = Claim {
            organization: owner.slug.to_string(),
            api: api.slug.to_string(),
            version: version.name.to_string(),
            routing,
        };
        if !claim.routing.is_shared() {
            let near = claims(&*unit, near(&claim.routing)).await?;
            claim
                .check(near.iter())
                .map_err(|error| DomainError::Invalid(vec![error]))?;
        }
        version.routing = claim.routing;
        // Nobody can have been quicker; should somebody be, the index knows.
        let taken = || DomainError::field("host", "Another version answers there.");
        version::ActiveModel::from(&version)
            .update(&*unit)
            .await
            .or_taken(taken)?;
        let place = version.routing.route().unwrap_or_else(|| "its address".into());
        let detail = format!(
            "{}/{}: {place}, {}",
            api.slug,
            version.name,
            version.routing.paths.as_str()
        );
        unit.audit(actor, Some(api.organization_id), "version.routing", version.id, detail)
            .await?;
        tell_gateways(&mut unit, &version).await?;
        unit.commit().await?;
        Ok(version)
    }

    /// What the versions of all organizations claim beside their addresses; nothing for whoever does not run the
    /// installation.
    ///
    /// # Errors
    /// Only of the database.
    pub async fn claims(&self, actor: &Actor) -> Result<Vec<Claim>> {
        if runs_installation(actor) {
            claims(self.cx.db.read(), Condition::all()).await
        } else {
            Ok(Vec::new())
        }
    }

    /// Keeps to those who run the installation what all organizations share.
    fn refuse_shared(&self, owner: &Organization, routing: &Routing) -> Result<()> {
        let Some(host) = &routing.host else {
            let is_own = |first: &str| first == owner.slug.as_str();
            return match &routing.base_path {
                Some(base_path) if !is_own(base_path.first_segment()) => Err(DomainError::field(
                    "base_path",
                    format!("Without a host of its own, begin it with /{}.", owner.slug),
                )),
                _ => Ok(()),
            };
        };
        let gateway_url = self.cx.gateway_url.get().map(AsRef::as_ref);
        let is_ours = [Some(&*self.cx.portal_url), gateway_url]
            .into_iter()
            .flatten()
            .filter_map(|url| HostPattern::read(Url::parse(url).ok()?.host_str()?).ok())
            .any(|ours| ours.overlaps(host));
        if is_ours {
            return Err(DomainError::field(
                "host",
                "This is the host of the portal or of the gateway, which all organizations share.",
            ));
        }
        // Machines and services of a network are called so, the gateway among them.
        if !host.as_str().contains('.')
            || [".localhost", ".local", ".internal"]
                .iter()
                .any(|end| host.as_str().ends_with(end))
        {
            return Err(DomainError::field(
                "host",
                "Names of a local network belong to those who run the installation. Use a public name.",
            ));
        }
        Ok(())
    }
}

/// A row's claim, and what it is known by.
#[derive(FromQueryResult)]
struct Claimed {
    organization: String,
    api: String,
    version: String,
    host: Option<String>,
    routing: Option<Json>,
}

impl From<Claimed> for Claim {
    fn from(row: Claimed) -> Self {
        let routing = row.routing.and_then(|routing| serde_json::from_value(routing).ok());
        Self {
            organization: row.organization,
            api: row.api,
            version: row.version,
            // Of one that cannot be read, whose host it is still counts.
            routing: routing.unwrap_or_else(|| Routing {
                host: row.host.and_then(|host| HostPattern::read(&host).ok()),
                ..Routing::default()
            }),
        }
    }
}

/// What versions claim, of rows that a filter leaves.
async fn claims(db: &impl ConnectionTrait, filter: Condition) -> Result<Vec<Claim>> {
    let rows = version::Entity::find()
        .inner_join(api::Entity)
        .join(JoinType::InnerJoin, api::Relation::Organization.def())
        .filter(version::Column::Route.is_not_null())
        .filter(filter)
        .select_only()
        .column_as(organization::Column::Slug, "organization")
        .column_as(api::Column::Slug, "api")
        .column_as(version::Column::Name, "version")
        .column(version::Column::Host)
        .column(version::Column::Routing)
        .into_model::<Claimed>()
        .all(db)
        .await?;
    Ok(rows.into_iter().map(Claim::from).collect())
}

/// Rows that may be in the way of a routing, and a few more.
fn near(routing: &Routing) -> Condition {
    let mut near = Condition::any();
    if let Some(place) = routing.place() {
        near = near.add(version::Column::Route.starts_with(place));
    }
    if let Some(host) = &routing.host {
        near = near.add(version::Column::Host.eq(host.as_str()));
        if let Some(parent) = host.parent() {
            near = near.add(version::Column::Host.ends_with(format!(".{parent}")));
        } else if let Some((_, parent)) = host.as_str().split_once('.') {
            near = near.add(version::Column::Host.eq(format!("*.{parent}")));
        }
    }
    near
}
