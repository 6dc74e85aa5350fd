//! What a plan has decided on so far: things that are not there yet, which later entries may build on.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use domain::{
    catalog::{VersionState, claim::Claim},
    id::SubscriptionId,
};

/// Everything that earlier entries of a plan make or end.
#[derive(Debug, Default)]
pub(super) struct Planned {
    /// Addresses of accounts, so that each is announced once.
    pub(super) accounts: BTreeSet<String>,
    /// Organizations by slug.
    pub(super) organizations: BTreeSet<String>,
    /// Apis as `organization/api`.
    pub(super) apis: BTreeSet<String>,
    /// What every plan of the manifests covers, by `organization/plan`. Apis are named by id, or as above if they are new.
    pub(super) plans: BTreeMap<String, BTreeSet<String>>,
    /// Subscriptions that go on under another plan.
    pub(super) moved: HashSet<SubscriptionId>,
    /// How many subscriptions each plan loses, by `organization/plan`.
    pub(super) ended: BTreeMap<String, u64>,
    /// Where versions answer beside their addresses at this point of the plan, by `organization/api/version`.
    pub(super) claims: BTreeMap<String, Claim>,
}

impl Planned {
    /// A plan that begins with what is there.
    pub(super) fn new(claims: Vec<Claim>) -> Self {
        let by_name = |claim: Claim| {
            let name = format!("{}/{}/{}", claim.organization, claim.api, claim.version);
            (name, claim)
        };
        Self {
            claims: claims.into_iter().map(by_name).collect(),
            ..Self::default()
        }
    }
}

/// The versions of one api with the states that they have at some point of a run.
#[derive(Debug, Default)]
pub(super) struct States(BTreeMap<String, VersionState>);

impl States {
    /// Notes the state of a version.
    pub(super) fn set(&mut self, version: &str, state: VersionState) {
        self.0.insert(version.to_owned(), state);
    }

    /// Whether `version` can name `successor` now.
    ///
    /// # Errors
    /// A sentence that says why not.
    pub(super) fn check_successor(&self, version: &str, successor: &str) -> Result<(), String> {
        match self.0.get(successor) {
            _ if version == successor => Err("A version cannot be its own successor.".into()),
            Some(VersionState::Published | VersionState::Deprecated) => Ok(()),
            Some(VersionState::Draft) => Err(format!("Publish `{successor}` before you name it as the successor.")),
            Some(VersionState::Retired) => Err(format!("`{successor}` is retired.")),
            None => Err(format!("This API has no version `{successor}`.")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn successors_are_other_listed_versions() {
        let mut states = States::default();
        for (name, state) in [
            ("v1", VersionState::Published),
            ("v2", VersionState::Deprecated),
            ("v3", VersionState::Draft),
            ("v4", VersionState::Retired),
        ] {
            states.set(name, state);
        }
        for (name, ok) in [("v1", false), ("v2", true), ("v3", false), ("v4", false), ("v5", false)] {
            assert_eq!(states.check_successor("v1", name).is_ok(), ok, "{name}");
        }
    }
}
