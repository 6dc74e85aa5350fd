//! Use cases of a version on its way from draft to retirement: where its calls go, who may call, and how it ends.

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use time::{Duration, UtcOffset};

use super::{
    Api, Version, VersionState,
    input::Mistakes,
    load,
    service::{Catalog, refuse_retired, save, tell_gateways},
    version::Access,
};
use crate::{
    actor::Actor,
    authz::Action,
    deprecation::Deprecation,
    error::{DomainError, Result},
    id::VersionId,
    policy,
    store::{
        entity::{api, version},
        row::readable_as,
        unit::{Change, Unit},
    },
    upstream::{Upstream, address::AddressPolicy, resolve},
};

impl Catalog {
    /// Sets where calls go. Hosts are resolved and every address judged by the installation's address policy; the
    /// installation itself (a manifest) may name loopback and private addresses whatever the policy says.
    ///
    /// # Errors
    /// `Invalid` at `upstream`; `Conflict` for a retired version.
    pub async fn set_upstream(&self, actor: &Actor, version: VersionId, mut upstream: Upstream) -> Result<Version> {
        upstream.allow_private = matches!(actor, Actor::System);
        let current = load::version_to_read(self.cx.db.read(), actor, Action::EditApi, version).await?;
        if current.upstream.as_ref() == Some(&upstream) {
            return Ok(current);
        }
        refuse_retired(&current)?;
        // Before the transaction: nobody should wait for somebody's name server.
        let allow_private = self.cx.addresses.allow_private || upstream.allow_private;
        resolve::check(&upstream, AddressPolicy { allow_private }).await?;
        let mut unit = self.cx.begin().await?;
        let (api, mut version) = load::version_to_change(&unit, actor, Action::EditApi, version).await?;
        refuse_retired(&version)?;
        let urls: Vec<&str> = upstream.targets.iter().map(|target| target.url.as_str()).collect();
        let detail = format!("{}/{}: {}", api.slug, version.name, urls.join(", "));
        version.upstream = Some(upstream);
        save(&unit, &version).await?;
        unit.audit(actor, Some(api.organization_id), "version.upstream", version.id, detail)
            .await?;
        tell_gateways(&mut unit, &version).await?;
        unit.commit().await?;
        Ok(version)
    }

    /// Sets whether calls need a key.
    ///
    /// # Errors
    /// `Conflict` for a retired version.
    pub async fn set_access(&self, actor: &Actor, version: VersionId, access: Access) -> Result<Version> {
        let mut unit = self.cx.begin().await?;
        let (api, mut version) = load::version_to_change(&unit, actor, Action::EditApi, version).await?;
        if version.access == access {
            return Ok(version);
        }
        refuse_retired(&version)?;
        version.access = access;
        save(&unit, &version).await?;
        let detail = format!("{}/{}: {}", api.slug, version.name, access.as_str());
        unit.audit(actor, Some(api.organization_id), "version.access", version.id, detail)
            .await?;
        tell_gateways(&mut unit, &version).await?;
        unit.commit().await?;
        Ok(version)
    }

    /// Publishes a draft.
    ///
    /// # Errors
    /// `Conflict` without a spec; without an upstream, unless all of it is mocked; with a policy that does not fit an operation;
    /// or in another state.
    pub async fn publish(&self, actor: &Actor, version: VersionId) -> Result<Version> {
        let unit = self.cx.begin().await?;
        let (api, mut version) = load::version_to_change(&unit, actor, Action::PublishVersion, version).await?;
        version.state = version.state.publish()?;
        if version.revision_id.is_none() {
            return Err(DomainError::Conflict(
                "Give this version a specification before you publish it.".into(),
            ));
        }
        if version.upstream.is_none() && !is_mocked(&unit, &api, &version).await? {
            return Err(DomainError::Conflict(
                "Set the upstream of this version before you publish it.".into(),
            ));
        }
        let misfits = policy::document::misfits(&*unit, api.organization_id, &version).await?;
        if !misfits.is_empty() {
            let misfits: Vec<String> = misfits.iter().map(ToString::to_string).collect();
            return Err(DomainError::Conflict(misfits.join(" ")));
        }
        version.published_at.get_or_insert(unit.now());
        finish(unit, actor, &api, version, "version.publish").await
    }

    /// Announces the end of a version or changes the announcement.
    ///
    /// # Errors
    /// `Invalid` with the fields `since`, `sunset`, `successor`, `guide`: the sunset lies before the deprecation or in the past,
    /// the successor is not another listed version of the api (or is retired itself).
    pub async fn deprecate(&self, actor: &Actor, version: VersionId, deprecation: Deprecation) -> Result<Version> {
        let deprecation = cleaned(deprecation);
        let unit = self.cx.begin().await?;
        let (api, mut version) = load::version_to_change(&unit, actor, Action::PublishVersion, version).await?;
        if version.state == VersionState::Deprecated && version.deprecation.as_ref() == Some(&deprecation) {
            return Ok(version);
        }
        version.state = version.state.deprecate()?;
        check_deprecation(&unit, &version, &deprecation).await?;
        version.deprecation = Some(deprecation);
        finish(unit, actor, &api, version, "version.deprecate").await
    }

    /// Takes the announcement back.
    pub async fn restore(&self, actor: &Actor, version: VersionId) -> Result<Version> {
        let unit = self.cx.begin().await?;
        let (api, mut version) = load::version_to_change(&unit, actor, Action::PublishVersion, version).await?;
        version.state = version.state.restore()?;
        version.deprecation = None;
        finish(unit, actor, &api, version, "version.restore").await
    }

    /// Stops a version for good.
    pub async fn retire(&self, actor: &Actor, version: VersionId) -> Result<Version> {
        let unit = self.cx.begin().await?;
        let (api, mut version) = load::version_to_change(&unit, actor, Action::PublishVersion, version).await?;
        version.state = version.state.retire()?;
        finish(unit, actor, &api, version, "version.retire").await
    }

    /// Retires every version whose sunset has passed; returns how many. For the lifecycle task.
    pub async fn retire_sunset_versions(&self) -> Result<usize> {
        // Nearly always nothing is due: then nobody waits for a write transaction.
        if due(self.cx.db.read(), self.cx.clock.now(), Locked::No)
            .await?
            .is_empty()
        {
            return Ok(0);
        }
        let mut unit = self.cx.begin().await?;
        let due = due(&*unit, unit.now(), Locked::Yes).await?;
        for (version, api) in &due {
            let mut version = version.clone();
            version.state = version.state.retire()?;
            save(&unit, &version).await?;
            let detail = format!("{}/{}: sunset", api.slug, version.name);
            unit.audit(
                &Actor::System,
                Some(api.organization_id),
                "version.retire",
                version.id,
                detail,
            )
            .await?;
        }
        if !due.is_empty() {
            unit.bump(&[Change::Catalog]).await?;
        }
        unit.commit().await?;
        Ok(due.len())
    }
}

/// Whether gateways answer in the place of the whole version.
async fn is_mocked(unit: &Unit, api: &Api, version: &Version) -> Result<bool> {
    let policies = policy::load::in_force(&**unit, api.organization_id, api.id, version.id).await?;
    Ok(policies.mock().is_some())
}

/// Writes a transition that gateways must know.
async fn finish(mut unit: Unit, actor: &Actor, api: &Api, version: Version, action: &'static str) -> Result<Version> {
    save(&unit, &version).await?;
    let detail = format!("{}/{}", api.slug, version.name);
    unit.audit(actor, Some(api.organization_id), action, version.id, detail)
        .await?;
    unit.bump(&[Change::Catalog]).await?;
    unit.commit().await?;
    Ok(version)
}

/// The announcement in the form that is kept: times in UTC, empty texts left out.
fn cleaned(deprecation: Deprecation) -> Deprecation {
    let given = |text: Option<String>| text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    Deprecation {
        since: deprecation.since.to_offset(UtcOffset::UTC),
        sunset: deprecation.sunset.map(|sunset| sunset.to_offset(UtcOffset::UTC)),
        successor: given(deprecation.successor),
        guide: deprecation.guide.filter(|guide| !guide.trim().is_empty()),
    }
}

async fn check_deprecation(unit: &Unit, version: &Version, deprecation: &Deprecation) -> Result<()> {
    let mut mistakes = Mistakes::default();
    if let Err(error) = deprecation.check() {
        mistakes.add(&error.field, error.message);
    } else if deprecation.is_over(unit.now()) {
        mistakes.add(
            "sunset",
            "The sunset must lie in the future. To stop the version now, retire it.",
        );
    }
    if let Some(name) = &deprecation.successor {
        let successor = version::Entity::find()
            .filter(version::Column::ApiId.eq(version.api_id))
            .filter(version::Column::Name.eq(name))
            .one(&**unit)
            .await?;
        let message = match successor.map(|row| (row.id, VersionState::parse(&row.state))) {
            None => Some(format!("This API has no version `{name}`.")),
            Some((id, _)) if id == version.id => Some("A version cannot be its own successor.".to_owned()),
            Some((_, Some(VersionState::Published | VersionState::Deprecated))) => None,
            Some((_, Some(VersionState::Draft))) => {
                Some(format!("Publish `{name}` before you name it as the successor."))
            }
            Some((_, Some(VersionState::Retired) | None)) => Some(format!("`{name}` is retired.")),
        };
        if let Some(message) = message {
            mistakes.add("successor", message);
        }
    }
    mistakes.none()
}

/// Whether rows are read to be changed.
enum Locked {
    Yes,
    No,
}

/// Deprecated versions whose sunset has passed.
async fn due(
    db: &impl ConnectionTrait,
    now: crate::clock::Timestamp,
    locked: Locked,
) -> Result<Vec<(Version, api::Model)>> {
    // SQLite compares times as text, in which a whole second comes after its parts: a second more is read, and each is
    // judged exactly.
    let select = version::Entity::find()
        .filter(version::Column::State.eq(VersionState::Deprecated.as_str()))
        .filter(version::Column::SunsetAt.lte(now + Duration::SECOND));
    let rows = match locked {
        Locked::Yes => select.lock_exclusive().all(db).await?,
        Locked::No => select.all(db).await?,
    };
    let mut due = Vec::new();
    for version in readable_as::<Version, _>(rows) {
        if version
            .deprecation
            .as_ref()
            .is_some_and(|deprecation| deprecation.is_over(now))
            && let Some(api) = api::Entity::find_by_id(version.api_id).one(db).await?
        {
            due.push((version, api));
        }
    }
    Ok(due)
}
