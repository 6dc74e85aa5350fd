//! Where versions answer beside their addresses.

use anyhow::Result;
use domain::{
    actor::Actor,
    catalog::{
        Version,
        claim::Claim,
        routing::{Routing, RoutingInput},
    },
    error::DomainError,
};

use super::{
    Run,
    at::At,
    catalog::{Named, refuse_retired},
    manifest::VersionEntry,
};

/// What an entry says, read.
///
/// # Errors
/// The first thing that is wrong, at its field.
pub(super) fn read(at: &At<'_>, entry: &VersionEntry) -> Result<Routing> {
    let given = |text: &Option<String>| text.clone().unwrap_or_default();
    let field = entry.r#match.as_ref();
    let read = Routing::read(&RoutingInput {
        host: given(&entry.host),
        base_path: given(&entry.base_path),
        header: field.map(|field| field.header.clone()).unwrap_or_default(),
        value: field.map(|field| field.value.clone()).unwrap_or_default(),
        paths: entry.paths,
    });
    read.map_err(|errors| at.refused(DomainError::Invalid(errors)))
}

impl Run<'_> {
    /// Lets a version answer where its entry says. `None` in a dry run that would have made the version.
    pub(super) async fn routing(&mut self, named: &Named<'_, '_>, current: Option<Version>) -> Result<Option<Version>> {
        let at = &named.at;
        let wanted = read(at, named.entry)?;
        let there = current
            .as_ref()
            .map(|version| version.routing.clone())
            .unwrap_or_default();
        if wanted == there {
            return Ok(current);
        }
        if let Some(version) = &current {
            refuse_retired(&at.field("host"), version)?;
        }
        if !self.makes("set", format!("routing of {}", named.name)) {
            self.plan_routing(named, wanted)?;
            return Ok(current);
        }
        let Some(version) = &current else { return Ok(None) };
        let set = self
            .services
            .catalog
            .set_routing(&Actor::System, version.id, wanted)
            .await;
        set.map(Some).map_err(|error| at.refused(error))
    }

    /// Notes in a plan where a version will answer.
    ///
    /// # Errors
    /// What setting it would be refused for, after all that the plan has decided on so far.
    fn plan_routing(&mut self, named: &Named<'_, '_>, routing: Routing) -> Result<()> {
        let mut parts = named.name.splitn(3, '/').map(ToOwned::to_owned);
        let mut part = || parts.next().unwrap_or_default();
        let claim = Claim {
            organization: part(),
            api: part(),
            version: part(),
            routing,
        };
        let claims = &mut self.planned.claims;
        let judged = claim.check(claims.values());
        judged.map_err(|error| named.at.refused(DomainError::Invalid(vec![error])))?;
        claims.insert(named.name.clone(), claim);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
