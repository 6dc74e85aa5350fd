//! Use case: where a version answers beside its address, and whose a host is.

use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, ExprTrait, QueryFilter, QuerySelect};
use url::Url;

use super::{
    Api, Version, load,
    routing::{HostPattern, Routing},
    service::{Catalog, refuse_retired, tell_gateways},
};
use crate::{
    actor::Actor,
    authz::Action,
    error::{DomainError, Result},
    id::{OrganizationId, VersionId},
    organization::Organization,
    store::{
        OrTaken,
        entity::{api, config_state, organization, version},
        unit::Unit,
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
        let owner = organization::Entity::find_by_id(api.organization_id)
            .one(&*unit)
            .await?
            .ok_or(load::NO_VERSION)?
            .try_into()?;
        if !runs_installation(actor) {
            self.refuse_shared(&owner, &routing)?;
        }
        check_host(&unit, api.organization_id, &routing).await?;
        check_place(&unit, &api, version.id, &routing).await?;
        version.routing = routing;
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

/// Refuses a host that another organization has.
async fn check_host(unit: &Unit, organization: OrganizationId, routing: &Routing) -> Result<()> {
    let Some(host) = &routing.host else { return Ok(()) };
    let mut near = version::Column::Host.eq(host.as_str());
    if let Some(parent) = host.parent() {
        near = near.or(version::Column::Host.ends_with(format!(".{parent}")));
    } else if let Some((_, parent)) = host.as_str().split_once('.') {
        near = near.or(version::Column::Host.eq(format!("*.{parent}")));
    }
    let near: Vec<Option<String>> = version::Entity::find()
        .inner_join(api::Entity)
        .filter(near)
        .filter(api::Column::OrganizationId.ne(organization))
        .select_only()
        .column(version::Column::Host)
        .into_tuple()
        .all(&**unit)
        .await?;
    let is_taken = |other: String| HostPattern::read(&other).is_ok_and(|other| other.overlaps(host));
    if near.into_iter().flatten().any(is_taken) {
        return Err(DomainError::field("host", "This host belongs to another organization."));
    }
    Ok(())
}

/// Refuses a place that another version has, or whose versions are told apart by another field.
async fn check_place(unit: &Unit, api: &Api, id: VersionId, routing: &Routing) -> Result<()> {
    let (Some(place), Some(route)) = (routing.place(), routing.route()) else {
        return Ok(());
    };
    let rows = version::Entity::find()
        .find_also_related(api::Entity)
        .filter(version::Column::Route.starts_with(&place))
        .filter(version::Column::Id.ne(id))
        .all(&**unit)
        .await?;
    for (row, other_api) in rows {
        // Another place may begin with the same letters.
        let Ok(other) = Version::try_from(row) else { continue };
        if other.routing.place().as_ref() != Some(&place) {
            continue;
        }
        let is_same_organization = other_api
            .as_ref()
            .is_some_and(|other| other.organization_id == api.organization_id);
        let who = match other_api.filter(|_| is_same_organization) {
            Some(other_api) => format!("{}/{}", other_api.slug, other.name),
            None => "A version of another organization".into(),
        };
        if other.routing.route().as_ref() == Some(&route) {
            return Err(match (&routing.header, &routing.host) {
                (Some(field), _) => {
                    DomainError::field("match.value", format!("{who} answers calls with `{field}` there."))
                }
                (None, Some(_)) => DomainError::field("host", format!("{who} answers there.")),
                (None, None) => DomainError::field("base_path", format!("{who} answers there.")),
            });
        }
        if let (Some(ours), Some(theirs)) = (&routing.header, &other.routing.header)
            && !ours.header.eq_ignore_ascii_case(&theirs.header)
        {
            let message = format!("{who} is told apart by `{}` there. Use the same field.", theirs.header);
            return Err(DomainError::field("match.header", message));
        }
    }
    Ok(())
}
