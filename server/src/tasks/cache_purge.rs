//! What a gateway must forget of its response cache with an update of its configuration.

use domain::{
    gateway_config::{CachePurge, ConfigRevision, ConfigUpdate},
    services::Services,
};
use gateway::CacheHandle;

/// Purges in one update from which on everything goes: each of them looks at every answer that is kept.
const MANY_PURGES: usize = 100;

/// What must be forgotten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Forgotten {
    /// Answers of versions.
    Some(Vec<CachePurge>),
    /// Everything: nobody knows what was purged.
    Everything,
}

/// What a gateway serves when an update comes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Served {
    /// Its configuration; `None` before the first.
    pub(super) revision: Option<ConfigRevision>,
    /// Whether that is from the disk: then it may be of a database that has since gone back to a backup.
    pub(super) is_from_disk: bool,
}

impl Forgotten {
    /// What an update asks for. A whole configuration does not say what was purged: the log of changes does where it reaches
    /// back to what was served.
    pub(super) async fn with(update: &ConfigUpdate, served: Served, services: &Services) -> Self {
        match (update, served.revision) {
            (ConfigUpdate::Changes(changes), _) => Self::of(changes.purges.clone()),
            (ConfigUpdate::Full(_), None) => Self::Some(Vec::new()),
            (ConfigUpdate::Full(config), Some(since)) if !served.is_from_disk && since <= config.revision => {
                match services.gateway_config.purges(since).await {
                    Ok(Some(purges)) => Self::of(purges),
                    Ok(None) | Err(_) => Self::Everything,
                }
            }
            (ConfigUpdate::Full(_), Some(_)) => Self::Everything,
        }
    }

    fn of(purges: Vec<CachePurge>) -> Self {
        if purges.len() > MANY_PURGES {
            Self::Everything
        } else {
            Self::Some(purges)
        }
    }

    /// Forgets it.
    pub(super) fn forget(&self, cache: &CacheHandle) {
        match self {
            Self::Everything => {
                let answers = cache.clear();
                tracing::info!(answers, "emptied the response cache, as what was purged is not known");
            }
            Self::Some(purges) => {
                for CachePurge { version, prefix } in purges {
                    let answers = cache.purge_path(*version, prefix);
                    tracing::info!(%version, prefix, answers, "purged the response cache");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::{
        fixture::{Engine, World},
        gateway_config::{ConfigChanges, GatewayConfig},
        id::VersionId,
    };

    use super::*;

    fn purge() -> CachePurge {
        CachePurge {
            version: VersionId::generate(),
            prefix: "/pets".into(),
        }
    }

    fn full(revision: ConfigRevision) -> ConfigUpdate {
        ConfigUpdate::Full(Box::new(GatewayConfig {
            revision,
            ..GatewayConfig::default()
        }))
    }

    fn served(revision: ConfigRevision) -> Served {
        Served {
            revision: Some(revision),
            is_from_disk: false,
        }
    }

    #[tokio::test]
    async fn what_is_not_known_to_be_good_is_forgotten() {
        let world = World::new(Engine::Sqlite).await;
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        let (_, version) = world.published_api(&owner, acme.id, "pets").await;
        let config = &world.services.gateway_config;
        let before = config.revision().await.unwrap();
        let newest = world
            .services
            .catalog
            .purge_cache(&owner, version.id, "/pets")
            .await
            .unwrap();
        let forgotten = async |update: &ConfigUpdate, served| Forgotten::with(update, served, &world.services).await;

        let expected = Forgotten::Some(vec![CachePurge {
            version: version.id,
            prefix: "/pets".into(),
        }]);
        let changes = config.read(Some(before)).await.unwrap();
        assert_eq!(forgotten(&changes, served(before)).await, expected);
        assert_eq!(
            forgotten(&full(newest), served(before)).await,
            expected,
            "the log tells"
        );
        let nothing = Forgotten::Some(Vec::new());
        assert_eq!(forgotten(&full(newest), served(newest)).await, nothing);
        let first = Served {
            revision: None,
            is_from_disk: false,
        };
        assert_eq!(forgotten(&full(newest), first).await, nothing, "nothing was kept");

        let from_disk = Served {
            is_from_disk: true,
            ..served(before)
        };
        for (update, served) in [
            (full(newest), from_disk),
            // Further back than the log reaches.
            (full(newest), served(0)),
            // A backup was restored.
            (full(before), served(newest)),
            (full(before), served(newest + 1)),
        ] {
            assert_eq!(forgotten(&update, served).await, Forgotten::Everything, "{served:?}");
        }
        let many = ConfigUpdate::Changes(Box::new(ConfigChanges {
            revision: newest,
            purges: (0..=MANY_PURGES).map(|_| purge()).collect(),
            ..ConfigChanges::default()
        }));
        assert_eq!(forgotten(&many, served(before)).await, Forgotten::Everything);
    }
}
