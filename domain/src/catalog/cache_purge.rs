//! Use case: gateways forget answers of a version that they keep.

use super::{VersionState, load, service::Catalog};
use crate::{
    actor::Actor,
    authz::Action,
    error::{DomainError, Result},
    gateway_config::{CachePurge, ConfigRevision},
    id::VersionId,
    store::unit::Change,
};

/// Longest beginning of path and query, in bytes.
const PREFIX_MAX: usize = 2_000;

impl Catalog {
    /// Makes every gateway forget the answers of a version that its policy `cache` keeps: those whose path and query, below
    /// the version's own path, begin with `prefix`, or all of them for an empty one. Returns the number of the configuration
    /// with which gateways do so.
    ///
    /// # Errors
    /// `Invalid` at `prefix`; `Conflict` for a draft, which no gateway serves; `NotFound` for strangers.
    pub async fn purge_cache(&self, actor: &Actor, version: VersionId, prefix: &str) -> Result<ConfigRevision> {
        let mut unit = self.cx.begin().await?;
        let (api, version) = load::version_to_change(&unit, actor, Action::EditApi, version).await?;
        check_prefix(prefix)?;
        if version.state == VersionState::Draft {
            return Err(DomainError::Conflict(
                "This version is a draft: no gateway keeps answers of it.".into(),
            ));
        }
        let what = if prefix.is_empty() { "everything" } else { prefix };
        let detail = format!("{}/{}: {what}", api.slug, version.name);
        unit.audit(
            actor,
            Some(api.organization_id),
            "version.purge_cache",
            version.id,
            detail,
        )
        .await?;
        let purge = CachePurge {
            version: version.id,
            prefix: prefix.to_owned(),
        };
        let revision = unit.bump(&[Change::Purge(purge)]).await?;
        unit.commit().await?;
        Ok(revision)
    }
}

fn check_prefix(prefix: &str) -> Result<()> {
    let message = if !prefix.is_empty() && !prefix.starts_with('/') {
        "Begin with a slash, for example /pets."
    } else if !prefix.bytes().all(|byte| byte.is_ascii_graphic()) {
        "Write the path as it is sent: letters, digits and signs, everything else percent-encoded."
    } else if prefix.len() > PREFIX_MAX {
        "Use at most 2,000 characters."
    } else {
        return Ok(());
    };
    Err(DomainError::field("prefix", message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_the_beginning_of_a_request_target() {
        let longest = format!("/{}", "a".repeat(PREFIX_MAX - 1));
        for prefix in ["", "/", "/pets", "/pets?limit=1", "/caf%C3%A9", &longest] {
            assert!(check_prefix(prefix).is_ok(), "{prefix}");
        }
        let too_long = format!("{longest}a");
        for prefix in ["pets", " ", "/a b", "/café", "/a\0", "/a\n", "?a", &too_long] {
            assert!(check_prefix(prefix).is_err(), "{prefix}");
        }
    }
}
