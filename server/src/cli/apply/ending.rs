//! How versions end: deprecation, restoration, retirement.

use anyhow::Result;
use domain::{
    actor::Actor,
    catalog::{Version, VersionState},
    deprecation::Deprecation,
    error::DomainError,
    id::VersionId,
};

use super::{
    Run,
    at::At,
    catalog::{Named, prepared},
    check::read_guide,
    manifest::DeprecationEntry,
    planned::States,
    read::Source,
};

/// Where the manifest wants a version.
enum Goal {
    Draft,
    Published,
    Deprecated(Deprecation),
    Retired(Option<Deprecation>),
}

impl Run<'_> {
    /// Brings a version from published to where the manifest wants it.
    pub(super) async fn finish(
        &mut self,
        source: &Source,
        named: &Named<'_, '_>,
        current: Option<Version>,
        states: &mut States,
    ) -> Result<()> {
        let at = &named.at;
        let state = prepared(named.entry, current.as_ref());
        let goal = self.goal(source, named, current.as_ref())?;
        let reached = match (state, &goal) {
            (VersionState::Retired, _) | (_, Goal::Retired(_)) => VersionState::Retired,
            (_, Goal::Draft) => VersionState::Draft,
            (_, Goal::Published) => VersionState::Published,
            (_, Goal::Deprecated(_)) => VersionState::Deprecated,
        };
        let id = current.as_ref().map(|version| version.id);
        match (state, goal) {
            // `prepare` has published drafts that should be.
            (VersionState::Draft, Goal::Draft | Goal::Published)
            | (VersionState::Published, Goal::Published)
            | (VersionState::Retired, Goal::Retired(_)) => Ok(()),
            // Its sunset came between two runs.
            (VersionState::Retired, Goal::Deprecated(d)) if d.is_over(self.services.context.clock.now()) => Ok(()),
            (VersionState::Published | VersionState::Deprecated | VersionState::Retired, Goal::Draft) => Err(at
                .field("state")
                .error(format!("the version is {} and cannot be a draft again", state.as_str()))),
            (VersionState::Retired, Goal::Published | Goal::Deprecated(_)) => Err(at
                .field("state")
                .error("the version is retired, which is for good; add a new version instead")),
            (VersionState::Deprecated, Goal::Published) => {
                self.change("restore", named, id, async |catalog, id| {
                    catalog.restore(&Actor::System, id).await
                })
                .await
            }
            (_, Goal::Deprecated(wanted)) => self.deprecate(named, current.as_ref(), wanted, states).await,
            (_, Goal::Retired(wanted)) => {
                if let Some(wanted) = wanted {
                    self.deprecate(named, current.as_ref(), wanted, states).await?;
                }
                self.change("retire", named, id, async |catalog, id| {
                    catalog.retire(&Actor::System, id).await
                })
                .await
            }
        }?;
        if reached == VersionState::Retired {
            // Others may have its place now.
            self.planned.claims.remove(&named.name);
        }
        states.set(&named.entry.name, reached);
        Ok(())
    }

    async fn deprecate(
        &mut self,
        named: &Named<'_, '_>,
        current: Option<&Version>,
        wanted: Deprecation,
        states: &States,
    ) -> Result<()> {
        if current.is_some_and(|version| version.deprecation.as_ref() == Some(&wanted)) {
            return Ok(());
        }
        self.judge_deprecation(named, &wanted, states)?;
        let id = current.map(|version| version.id);
        if !self.makes("deprecate", format!("version {}", named.name)) {
            return Ok(());
        }
        let Some(id) = id else { return Ok(()) };
        let done = self.services.catalog.deprecate(&Actor::System, id, wanted).await;
        done.map(drop)
            .map_err(|error| named.at.field("deprecation").refused(error))
    }

    /// Refuses what announcing this end would be refused for.
    fn judge_deprecation(&self, named: &Named<'_, '_>, wanted: &Deprecation, states: &States) -> Result<()> {
        let at = named.at.field("deprecation");
        wanted
            .check()
            .map_err(|error| at.field(&error.field).error(error.message))?;
        if wanted.is_over(self.services.context.clock.now()) {
            return Err(at
                .field("sunset")
                .error("the sunset must lie in the future; to stop the version now, let its state be `retired`"));
        }
        if let Some(successor) = &wanted.successor {
            let judged = states.check_successor(&named.entry.name, successor);
            judged.map_err(|sentence| at.field("successor").error(sentence))?;
        }
        Ok(())
    }

    async fn change(
        &mut self,
        verb: &'static str,
        named: &Named<'_, '_>,
        id: Option<VersionId>,
        change: impl AsyncFnOnce(&domain::catalog::service::Catalog, VersionId) -> Result<Version, DomainError>,
    ) -> Result<()> {
        if self.makes(verb, format!("version {}", named.name))
            && let Some(id) = id
        {
            change(&self.services.catalog, id)
                .await
                .map_err(|error| named.at.refused(error))?;
        }
        Ok(())
    }

    /// Where the manifest wants a version. A published version with a deprecation is a deprecated one.
    fn goal(&self, source: &Source, named: &Named<'_, '_>, current: Option<&Version>) -> Result<Goal> {
        let deprecation = match &named.entry.deprecation {
            Some(entry) => Some(self.deprecation(source, &named.at, entry, current)?),
            None => None,
        };
        Ok(match (named.entry.state, deprecation) {
            (VersionState::Draft, _) => Goal::Draft,
            (VersionState::Published | VersionState::Deprecated, Some(deprecation)) => Goal::Deprecated(deprecation),
            (VersionState::Published | VersionState::Deprecated, None) => Goal::Published,
            (VersionState::Retired, Some(mut deprecation)) => {
                // Announcing a moment that has passed is refused; the retirement itself says that it has.
                if deprecation.is_over(self.services.context.clock.now()) {
                    deprecation.sunset = None;
                }
                Goal::Retired(Some(deprecation))
            }
            (VersionState::Retired, None) => Goal::Retired(None),
        })
    }

    fn deprecation(
        &self,
        source: &Source,
        at: &At<'_>,
        entry: &DeprecationEntry,
        current: Option<&Version>,
    ) -> Result<Deprecation> {
        let at = at.field("deprecation").field("guide");
        let guide = entry
            .guide
            .as_ref()
            .map(|name| read_guide(&at, &source.neighbour(name)))
            .transpose()?;
        let known = current
            .and_then(|version| version.deprecation.as_ref())
            .map(|known| known.since);
        let since = entry
            .since
            .or(known)
            .unwrap_or_else(|| self.services.context.clock.now());
        Ok(Deprecation {
            since: since.to_offset(time::UtcOffset::UTC),
            sunset: entry.sunset.map(|sunset| sunset.to_offset(time::UtcOffset::UTC)),
            successor: entry.successor.as_deref().map(|name| name.trim().to_owned()),
            guide: guide.filter(|guide| !guide.trim().is_empty()),
        })
    }
}
