//! Plans.

use std::collections::HashMap;

use anyhow::Result;
use domain::{
    actor::Actor,
    id::{ApiId, OrganizationId},
    plan::{Plan, service::PlanInput},
};

use super::{
    Run,
    at::At,
    manifest::{OrganizationEntry, PlanEntry},
};

impl Run<'_> {
    pub(super) async fn plans(
        &mut self,
        at: &At<'_>,
        id: Option<OrganizationId>,
        entry: &OrganizationEntry,
    ) -> Result<()> {
        if entry.plans.is_empty() {
            return Ok(());
        }
        let (apis, there) = match id {
            Some(id) => {
                let apis = self
                    .services
                    .catalog_reads
                    .console_apis(&Actor::System, &entry.slug)
                    .await;
                let apis = apis.map_err(|error| at.refused(error))?;
                let plans = self
                    .services
                    .plans
                    .list(&Actor::System, id)
                    .await
                    .map_err(|error| at.refused(error))?;
                (apis, plans.into_iter().map(|overview| overview.plan).collect())
            }
            None => (Vec::new(), Vec::new()),
        };
        let ids: HashMap<&str, ApiId> = apis
            .iter()
            .map(|known| (known.api.slug.as_str(), known.api.id))
            .collect();
        for (i, plan) in entry.plans.iter().enumerate() {
            let at = at.entry("plans", i);
            let current = there.iter().find(|known: &&Plan| known.slug.as_str() == plan.slug);
            self.plan(&at, id, entry, plan, current, &ids).await?;
        }
        Ok(())
    }

    async fn plan(
        &mut self,
        at: &At<'_>,
        id: Option<OrganizationId>,
        organization: &OrganizationEntry,
        entry: &PlanEntry,
        current: Option<&Plan>,
        ids: &HashMap<&str, ApiId>,
    ) -> Result<()> {
        let mut apis = Vec::new();
        for (i, slug) in entry.apis.iter().enumerate() {
            match ids.get(slug.as_str()) {
                Some(id) => apis.push(*id),
                // A plan does not make the apis of the manifests.
                None if self.planned.apis.contains(&format!("{}/{slug}", organization.slug)) => {}
                None => {
                    let known = organization
                        .apis
                        .iter()
                        .map(|api| api.slug.as_str())
                        .chain(ids.keys().copied());
                    return Err(at.entry("apis", i).error(unknown(slug, known)));
                }
            }
        }
        let name = format!("{}/{}", organization.slug, entry.slug);
        let covered = entry.apis.iter().map(|slug| {
            ids.get(slug.as_str())
                .map_or_else(|| format!("{}/{slug}", organization.slug), ToString::to_string)
        });
        let covered = covered.collect();
        self.planned.plans.insert(name.clone(), covered);
        let thing = format!("plan {name}");
        match current {
            None => {
                if self.makes("create", thing)
                    && let Some(id) = id
                {
                    let made = self.services.plans.create(&Actor::System, id, input(entry, apis)).await;
                    made.map_err(|error| at.refused(error))?;
                }
            }
            Some(current) => {
                let wanted = input(entry, apis);
                if !is_same(current, &wanted) && self.makes("update", thing) {
                    let made = self.services.plans.update(&Actor::System, current.id, wanted).await;
                    made.map_err(|error| at.refused(error))?;
                }
            }
        }
        Ok(())
    }
}

fn input(entry: &PlanEntry, apis: Vec<ApiId>) -> PlanInput {
    PlanInput {
        slug: entry.slug.clone(),
        name: entry.name.clone(),
        price: entry.price.0,
        rate_limits: entry
            .rate_limits
            .iter()
            .map(super::manifest::RateLimitEntry::to_limit)
            .collect(),
        quota: entry.to_quota(),
        approval: entry.approval,
        apis,
    }
}

fn is_same(current: &Plan, wanted: &PlanInput) -> bool {
    let sorted = |apis: &[ApiId]| {
        let mut apis = apis.to_vec();
        apis.sort_unstable();
        apis.dedup();
        apis
    };
    current.name == wanted.name.trim()
        && current.price == wanted.price
        && current.rate_limits == wanted.rate_limits
        && current.quota == wanted.quota
        && current.approval == wanted.approval
        && sorted(&current.apis) == sorted(&wanted.apis)
}

fn unknown<'a>(slug: &str, known: impl Iterator<Item = &'a str>) -> String {
    let near = known
        .map(|name| (strsim::jaro_winkler(slug, name), name))
        .filter(|(closeness, _)| *closeness > 0.7)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    match near {
        Some((_, near)) => format!("the organization has no api `{slug}`; did you mean `{near}`?"),
        None => format!("the organization has no api `{slug}`"),
    }
}
