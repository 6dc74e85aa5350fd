//! Organizations and their members.

use std::collections::HashSet;

use anyhow::Result;
use domain::{
    account::normalize_email,
    actor::Actor,
    authz::Role,
    id::{AccountId, OrganizationId},
    policy::PolicyScope,
};

use super::{Person, Run, at::At, found, manifest::OrganizationEntry, read::Source};
use crate::config::Secret;

impl Run<'_> {
    pub(super) async fn organizations(&mut self, source: &Source) -> Result<()> {
        for (i, entry) in source.manifest.organizations.iter().enumerate() {
            let at = At::file(&source.path).entry("organizations", i);
            let id = self.organization(&at, entry).await?;
            self.members(&at, id, entry).await?;
            // Before the apis: none is open for a moment to what the organization closes.
            let scope = id.map(PolicyScope::Organization);
            // Boxed, as everywhere: what is said of every policy is large for a future.
            Box::pin(self.set_policies(&at, scope.as_ref(), &entry.slug, &entry.policies)).await?;
            // Before the documents that are judged by it.
            self.ruleset(source, &at, id, entry).await?;
            self.apis(source, &at, id, entry).await?;
            self.plans(&at, id, entry).await?;
        }
        Ok(())
    }

    /// The organization's id. `None` where a dry run would make it.
    async fn organization(&mut self, at: &At<'_>, entry: &OrganizationEntry) -> Result<Option<OrganizationId>> {
        let organizations = &self.services.organizations;
        let there =
            found(organizations.for_console(&Actor::System, &entry.slug).await).map_err(|error| at.refused(error))?;
        let Some(there) = there else {
            // Another file of the same plan may have announced it.
            let is_announced = !self.planned.organizations.insert(entry.slug.clone());
            if is_announced || !self.makes("create", format!("organization {}", entry.slug)) {
                return Ok(None);
            }
            let made = organizations.create(&Actor::System, &entry.slug, &entry.name).await;
            return made
                .map(|organization| Some(organization.id))
                .map_err(|error| at.refused(error));
        };
        if there.name != entry.name.trim() && self.makes("rename", format!("organization {}", entry.slug)) {
            organizations
                .rename(&Actor::System, there.id, &entry.name)
                .await
                .map_err(|error| at.refused(error))?;
        }
        Ok(Some(there.id))
    }

    async fn members(&mut self, at: &At<'_>, id: Option<OrganizationId>, entry: &OrganizationEntry) -> Result<()> {
        let there = match id {
            Some(id) => self
                .services
                .organizations
                .members(&Actor::System, id)
                .await
                .map_err(|error| at.refused(error))?,
            None => Vec::new(),
        };
        let mut owners: HashSet<AccountId> = there
            .iter()
            .filter(|known| known.role == Role::Owner)
            .map(|known| known.account_id)
            .collect();
        // Owners first: who was the only one may then get another role, wherever the two are written.
        let mut members: Vec<_> = entry.members.iter().enumerate().collect();
        members.sort_by_key(|(_, member)| member.role != Role::Owner);
        for (i, member) in members {
            let at = at.entry("members", i);
            let person = Person {
                email: &member.email,
                name: member.name.as_deref(),
                password: member.password.as_ref().map(Secret::expose),
            };
            let account = self.account(&at, person).await?;
            let is_there = account.as_ref().is_some_and(|account| {
                there
                    .iter()
                    .any(|known| known.account_id == account.id && known.role == member.role)
            });
            if is_there {
                continue;
            }
            if let Some(account) = &account {
                if account.verified_at.is_none() {
                    return Err(at.error(format!("{} has not verified this address yet", account.email)));
                }
                if member.role == Role::Owner {
                    owners.insert(account.id);
                } else if owners.remove(&account.id) && owners.is_empty() && !self.makes_owner(entry) {
                    return Err(at
                        .field("role")
                        .error("an organization needs an owner; name another one"));
                }
            }
            let thing = format!("{} of {}: {}", member.role.as_str(), entry.slug, member.email);
            if self.makes("set", thing)
                && let (Some(id), Some(account)) = (id, account)
            {
                let set = self
                    .services
                    .organizations
                    .set_member(&Actor::System, id, account.id, member.role)
                    .await;
                set.map_err(|error| at.refused(error))?;
            }
        }
        Ok(())
    }

    /// Whether a plan makes the account of an owner, who cannot be counted before they are there.
    fn makes_owner(&self, entry: &OrganizationEntry) -> bool {
        let is_new = |email: &str| self.planned.accounts.contains(&normalize_email(email));
        let owners = entry.members.iter().filter(|member| member.role == Role::Owner);
        self.mode.is_dry_run && owners.map(|member| member.email.as_str()).any(is_new)
    }
}
