//! Applications with their subscriptions and keys.

use std::collections::{BTreeSet, HashSet};

use anyhow::Result;
use domain::{
    account::Account,
    actor::Actor,
    application::{
        Application,
        service::{ApplicationDetail, SubscriptionView},
    },
    id::{ApiId, ApplicationId},
    key::{KeyHash, KeyPlaintext},
    plan::Plan,
    subscription::SubscriptionState,
};

use super::{Person, Run, at::At, check::split_plan, found, manifest::ApplicationEntry, read::Source};
use crate::config::Secret;

impl Run<'_> {
    pub(super) async fn applications(&mut self, source: &Source) -> Result<()> {
        for (i, entry) in source.manifest.applications.iter().enumerate() {
            let at = At::file(&source.path).entry("applications", i);
            let owner = &entry.owner;
            let person = Person {
                email: &owner.email,
                name: owner.name.as_deref(),
                password: owner.password.as_ref().map(Secret::expose),
            };
            let owner = self.account(&at.field("owner"), person).await?;
            let detail = match &owner {
                Some(owner) if owner.verified_at.is_none() => {
                    return Err(at
                        .field("owner")
                        .error(format!("{} has not verified this address yet", owner.email)));
                }
                Some(owner) => self.application(&at, owner, entry).await?,
                None => {
                    self.makes("create", thing(entry));
                    None
                }
            };
            self.subscriptions(&at, detail.as_ref(), entry).await?;
            self.keys(&at, detail.as_ref(), entry).await?;
            Box::pin(self.clients(&at, detail.as_ref(), entry)).await?;
            Box::pin(self.grants(&at, detail.as_ref(), entry)).await?;
        }
        Ok(())
    }

    /// The application with all it has. `None` where a dry run would make it.
    async fn application(
        &mut self,
        at: &At<'_>,
        owner: &Account,
        entry: &ApplicationEntry,
    ) -> Result<Option<ApplicationDetail>> {
        let applications = &self.services.applications;
        let name = entry.name.as_deref().unwrap_or(&entry.slug);
        let id = match self
            .find_application(owner, &entry.slug)
            .await
            .map_err(|error| at.refused(error))?
        {
            Some(there) => {
                let is_same = there.name == name.trim() && there.description == entry.description.trim();
                if !is_same && self.makes("update", thing(entry)) {
                    let updated = applications
                        .update(&Actor::System, there.id, name, &entry.description)
                        .await;
                    updated.map_err(|error| at.refused(error))?;
                }
                there.id
            }
            None => {
                if !self.makes("create", thing(entry)) {
                    return Ok(None);
                }
                // Made on behalf of its owner, as if they had filled in the form.
                let actor = self
                    .services
                    .accounts
                    .actor_of(owner.id)
                    .await
                    .map_err(|error| at.refused(error))?;
                let made = applications.create(&actor, name, &entry.slug, &entry.description).await;
                made.map_err(|error| at.refused(error))?.id
            }
        };
        applications
            .detail(&Actor::System, id)
            .await
            .map(Some)
            .map_err(|error| at.refused(error))
    }

    /// An application of an account by its slug.
    pub(super) async fn find_application(
        &self,
        owner: &Account,
        slug: &str,
    ) -> Result<Option<Application>, domain::error::DomainError> {
        let actor = self.services.accounts.actor_of(owner.id).await?;
        let list = self.services.applications.list(&actor).await?;
        Ok(list
            .into_iter()
            .map(|overview| overview.application)
            .find(|known| known.slug.as_str() == slug))
    }

    async fn subscriptions(
        &mut self,
        at: &At<'_>,
        detail: Option<&ApplicationDetail>,
        entry: &ApplicationEntry,
    ) -> Result<()> {
        let mut covered = HashSet::new();
        for (i, wanted) in entry.subscriptions.iter().enumerate() {
            let at = at.entry("subscriptions", i).field("plan");
            if !self
                .covers(&at, &wanted.plan)
                .await?
                .into_iter()
                .all(|api| covered.insert(api))
            {
                return Err(at.error("another subscription of this application covers one of its apis"));
            }
            let is_there = detail.is_some_and(|detail| {
                detail.subscriptions.iter().any(|known| {
                    known.subscription.state != SubscriptionState::Canceled && full_name(known) == wanted.plan
                })
            });
            if is_there {
                continue;
            }
            let makes = self.makes("subscribe", format!("{} to {}", thing(entry), wanted.plan));
            if let Some(detail) = detail.filter(|_| makes) {
                let plan = self.plan_of(&at, &wanted.plan).await?;
                let in_the_way = in_the_way(detail, entry, |api| plan.apis.iter().any(|covered| covered == api));
                self.subscribe(detail, &plan, in_the_way)
                    .await
                    .map_err(|error| at.refused(error))?;
            } else if let Some(detail) = detail {
                let covered = self.covers(&at, &wanted.plan).await?;
                if let Some(known) = in_the_way(detail, entry, |api| covered.contains(&api.to_string())) {
                    self.planned.moved.insert(known.subscription.id);
                    *self.planned.ended.entry(full_name(known)).or_default() += 1;
                }
            }
        }
        Ok(())
    }

    /// Subscribes, or moves the subscription that is in the way.
    async fn subscribe(
        &self,
        detail: &ApplicationDetail,
        plan: &Plan,
        in_the_way: Option<&SubscriptionView>,
    ) -> Result<(), domain::error::DomainError> {
        let subscriptions = &self.services.subscriptions;
        match in_the_way {
            Some(known) => {
                subscriptions
                    .change_plan(&Actor::System, known.subscription.id, plan.id)
                    .await?
            }
            None => {
                subscriptions
                    .subscribe(&Actor::System, detail.application.id, plan.id)
                    .await?
            }
        };
        Ok(())
    }

    /// The apis of a plan that is there or that the manifests make.
    async fn covers(&self, at: &At<'_>, name: &str) -> Result<BTreeSet<String>> {
        match self.planned.plans.get(name) {
            Some(apis) => Ok(apis.clone()),
            None => {
                let plan = self.plan_of(at, name).await?;
                Ok(plan.apis.iter().map(ToString::to_string).collect())
            }
        }
    }

    async fn plan_of(&self, at: &At<'_>, name: &str) -> Result<Plan> {
        let (organization, plan) = split_plan(name).ok_or_else(|| at.error("write it as `organization/plan`"))?;
        let owner = found(
            self.services
                .organizations
                .for_console(&Actor::System, organization)
                .await,
        );
        let owner = owner.map_err(|error| at.refused(error))?;
        let no_plan = || at.error(format!("the organization `{organization}` has no plan `{plan}`"));
        let owner = owner.ok_or_else(|| {
            if self.planned.organizations.contains(organization) {
                no_plan()
            } else {
                at.error(format!("there is no organization `{organization}`"))
            }
        })?;
        let there = found(self.services.plans.by_slug(&Actor::System, owner.id, plan).await);
        let there = there.map_err(|error| at.refused(error))?;
        there.ok_or_else(no_plan)
    }

    async fn keys(&mut self, at: &At<'_>, detail: Option<&ApplicationDetail>, entry: &ApplicationEntry) -> Result<()> {
        if entry.keys.is_empty() {
            return Ok(());
        }
        let known = match detail {
            Some(detail) => self.known_keys(at, detail.application.id).await?,
            None => HashSet::new(),
        };
        let mut new = Vec::new();
        for (i, key) in entry.keys.iter().enumerate() {
            let value = KeyPlaintext::fixed(&key.value).map_err(|error| at.entry("keys", i).error(error.message))?;
            if !known.contains(&value.hash()) {
                new.push((key.name.clone().unwrap_or_else(|| format!("Key {}", i + 1)), value));
            }
        }
        if new.is_empty() {
            return Ok(());
        }
        let count = if new.len() == 1 {
            "1 key".into()
        } else {
            format!("{} keys", new.len())
        };
        let makes = self.makes("import", format!("{count} of {}", thing(entry)));
        if let Some(detail) = detail.filter(|_| makes) {
            let imported = self
                .services
                .keys
                .import_all(&Actor::System, detail.application.id, new)
                .await;
            imported.map_err(|error| at.field("keys").refused(error))?;
        }
        Ok(())
    }

    /// Hashes of every key that an application ever had: a revoked one is not brought back.
    async fn known_keys(&self, at: &At<'_>, application: ApplicationId) -> Result<HashSet<KeyHash>> {
        let hashes = self.services.keys.hashes(&Actor::System, application).await;
        Ok(hashes
            .map_err(|error| at.refused(error))?
            .into_iter()
            .map(|(_, hash)| hash)
            .collect())
    }
}

/// The subscription that the manifest no longer names and that covers one of the apis of a new one.
fn in_the_way<'d>(
    detail: &'d ApplicationDetail,
    entry: &ApplicationEntry,
    is_covered: impl Fn(&ApiId) -> bool,
) -> Option<&'d SubscriptionView> {
    detail.subscriptions.iter().find(|known| {
        known.subscription.state != SubscriptionState::Canceled
            && known.plan.apis.iter().any(&is_covered)
            && !entry.subscriptions.iter().any(|named| named.plan == full_name(known))
    })
}

/// The plan of a subscription as manifests name it.
pub(super) fn full_name(known: &SubscriptionView) -> String {
    format!("{}/{}", known.organization.slug, known.plan.slug)
}

/// `application demo-app of dev@consumer.example`.
pub(super) fn thing(entry: &ApplicationEntry) -> String {
    format!("application {} of {}", entry.slug, entry.owner.email)
}
