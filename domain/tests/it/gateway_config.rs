//! What gateways are told: changes must lead to the same configuration as reading everything.

use std::collections::BTreeMap;

use domain::{
    actor::Actor,
    catalog::{VersionState, version::Access},
    deprecation::Deprecation,
    fixture::{SPEC, Subscribed, World, on_both_engines, plan_input},
    gateway_config::{ConfigChanges, ConfigRevision, ConfigUpdate, GatewayConfig},
    organization::Organization,
    plan::{Period, Plan, Quota, service::PlanInput},
    subscription::SubscriptionState,
};
use sea_orm::{ConnectionTrait, Database as Connection};

use crate::catalog_samples::{local, petstore, upload, words};

on_both_engines! {
    async fn a_gateway_is_told_what_it_needs(world) {
        let services = &world.services;
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        let (api, version) = world.published_api(&owner, acme.id, "pets").await;
        world.draft_api(&owner, acme.id, "draft").await;
        let quota = Some(Quota { requests: 100, per: Period::Day });
        let plan = world.plan_with(&owner, acme.id, PlanInput { quota, ..plan_input("free", &[api.id]) }).await;
        let consumer = world.subscribed("dev@consumer.example", &plan).await;
        let config = full(&world).await;
        assert_eq!(config.revision, services.gateway_config.revision().await.unwrap());
        let [record] = config.catalog.versions.as_slice() else { panic!("{config:?}") };
        let path = [record.organization.as_str(), record.api.as_str(), record.name.as_str()];
        assert_eq!((record.id, path, record.state), (version.id, ["acme", "pets", "v1"], VersionState::Published));
        assert_eq!((record.access, record.upstream.is_some(), record.operations.len()), (Access::Key, true, 2));
        assert_eq!((config.catalog.plans.len(), &config.catalog.plans[0].apis, config.catalog.plans[0].quota), (1, &vec![api.id], quota));
        let [subscription] = config.subscriptions.as_slice() else { panic!("{config:?}") };
        assert_eq!((subscription.id, subscription.state), (consumer.subscription.id, SubscriptionState::Active));
        assert_eq!(subscription.used.period_start, Period::Day.start(world.clock.now()));
        let [key] = config.keys.as_slice() else { panic!("{config:?}") };
        assert_eq!((key.hash, key.application_id), (consumer.key.plaintext.hash(), consumer.application.id));
    }

    async fn a_new_key_is_all_that_is_read(world) {
        let scene = Scene::new(&world).await;
        let consumer = scene.subscribe("dev@consumer.example").await;
        let before = full(&world).await.revision;
        let key = world.services.keys.create(&consumer.consumer, consumer.application.id, "second").await.unwrap();
        let changes = changes_since(&world, before).await;
        assert_eq!(changes.revision, key.revision);
        assert_eq!(changes.keys.iter().map(|k| k.id).collect::<Vec<_>>(), [key.key.id]);
        assert!(changes.catalog.is_none() && changes.subscriptions.is_empty() && changes.revoked_keys.is_empty());
        let revoked_at = world.services.keys.revoke(&consumer.consumer, key.key.id).await.unwrap();
        let changes = changes_since(&world, before).await;
        assert_eq!((changes.revision, changes.keys.len()), (revoked_at, 0));
        assert_eq!(changes.revoked_keys, [key.plaintext.hash()]);
        assert!(changes_since(&world, revoked_at).await.revoked_keys.is_empty(), "nothing since");
    }

    async fn a_gateway_from_elsewhere_reads_everything(world) {
        Scene::new(&world).await;
        let newest = world.services.gateway_config.revision().await.unwrap();
        for since in [None, Some(newest + 1), Some(-5), Some(0), Some(i64::MAX), Some(i64::MIN)] {
            let update = world.services.gateway_config.read(since).await.unwrap();
            assert!(matches!(update, ConfigUpdate::Full(_)), "{since:?}");
        }
    }

    async fn changes_lead_where_reading_everything_leads(world) {
        let mut scene = Scene::new(&world).await;
        let mut known = vec![full(&world).await];
        let mut chance = Chance(7);
        for step in 0..60 {
            let did = scene.change(&mut chance).await;
            let newest = full(&world).await;
            let expected = state(&newest);
            for older in [&known[known.len() - 1], &known[chance.below(known.len())]] {
                let mut reached = older.clone();
                apply(&mut reached, changes_since(&world, older.revision).await);
                assert!(state(&reached) == expected, "step {step} ({did}) from {}", older.revision);
            }
            known.push(newest);
        }
    }

    async fn a_bad_row_hurts_only_itself(world) {
        let scene = Scene::new(&world).await;
        let consumer = scene.subscribe("dev@consumer.example").await;
        world.services.keys.create(&consumer.consumer, consumer.application.id, "bad").await.unwrap();
        let before = full(&world).await;
        // What a later version or a hand on the database may leave behind.
        let db = Connection::connect(world.url()).await.unwrap();
        for statement in [
            r#"UPDATE plan SET rate_limits = '{"no": "list"}' WHERE slug = 'large'"#,
            "UPDATE api_key SET hash = 'short' WHERE name = 'bad'",
        ] {
            db.execute_unprepared(statement).await.unwrap();
        }
        db.close().await.unwrap();
        let config = full(&world).await;
        assert_eq!((before.catalog.plans.len(), before.keys.len()), (2, 2));
        let plans: Vec<_> = config.catalog.plans.iter().map(|plan| plan.id).collect();
        assert_eq!(plans, [scene.plans[0].id]);
        let keys: Vec<_> = config.keys.iter().map(|key| key.id).collect();
        assert_eq!(keys, [consumer.key.key.id]);
        assert_eq!(config.catalog.versions.len(), before.catalog.versions.len());
        assert_eq!(config.subscriptions.len(), before.subscriptions.len());
    }
}

async fn full(world: &World) -> GatewayConfig {
    match world.services.gateway_config.read(None).await.unwrap() {
        ConfigUpdate::Full(config) => *config,
        ConfigUpdate::Changes(changes) => panic!("asked for everything, got {changes:?}"),
    }
}

async fn changes_since(world: &World, since: ConfigRevision) -> ConfigChanges {
    match world.services.gateway_config.read(Some(since)).await.unwrap() {
        ConfigUpdate::Changes(changes) => *changes,
        ConfigUpdate::Full(config) => panic!("the log reaches back to {since}, got {config:?}"),
    }
}

/// What a gateway does with changes.
fn apply(config: &mut GatewayConfig, changes: ConfigChanges) {
    config.revision = changes.revision;
    if let Some(catalog) = changes.catalog {
        config.catalog = catalog;
    }
    let is_touched = |id| changes.subscriptions.iter().any(|s| s.id == id) || changes.ended_subscriptions.contains(&id);
    config.subscriptions.retain(|subscription| !is_touched(subscription.id));
    config.subscriptions.extend(changes.subscriptions.clone());
    let is_changed = |hash| changes.keys.iter().any(|k| k.hash == hash) || changes.revoked_keys.contains(&hash);
    config.keys.retain(|key| !is_changed(key.hash));
    config.keys.extend(changes.keys.clone());
}

/// A configuration in a form that can be compared: order does not matter.
fn state(
    config: &GatewayConfig,
) -> (
    ConfigRevision,
    String,
    BTreeMap<String, String>,
    BTreeMap<String, String>,
) {
    let subscriptions = config
        .subscriptions
        .iter()
        .map(|s| (s.id.to_string(), format!("{s:?}")))
        .collect();
    let keys = config
        .keys
        .iter()
        .map(|k| (k.id.to_string(), format!("{k:?}")))
        .collect();
    (config.revision, format!("{:?}", config.catalog), subscriptions, keys)
}

/// Numbers that look random and are the same in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }
}

/// A provider with two apis and two plans, and consumers that come and go.
struct Scene<'w> {
    world: &'w World,
    organization: Organization,
    owner: Actor,
    plans: [Plan; 2],
    consumers: Vec<Subscribed>,
    count: u32,
}

impl<'w> Scene<'w> {
    async fn new(world: &'w World) -> Self {
        let (organization, owner) = world.organization("acme", "owner@acme.example").await;
        let (api, _) = world.published_api(&owner, organization.id, "pets").await;
        let small = world.plan(&owner, organization.id, "small", &[api.id]).await;
        let large = world.plan(&owner, organization.id, "large", &[api.id]).await;
        Self {
            world,
            organization,
            owner,
            plans: [small, large],
            consumers: Vec::new(),
            count: 0,
        }
    }

    async fn subscribe(&self, email: &str) -> Subscribed {
        self.world.subscribed(email, &self.plans[0]).await
    }

    /// One change of any kind; what it was, for the failure. A refused one is as good: then nothing may have changed.
    async fn change(&mut self, chance: &mut Chance) -> &'static str {
        let services = &self.world.services;
        self.count += 1;
        let n = self.count;
        if self.consumers.is_empty() || chance.below(4) == 0 {
            self.consumers
                .push(self.subscribe(&format!("dev{n}@consumer.example")).await);
            return "subscribe";
        }
        let at = chance.below(self.consumers.len());
        let Subscribed {
            consumer,
            application,
            subscription,
            key,
        } = &self.consumers[at];
        let (subscriptions, catalog) = (&services.subscriptions, &services.catalog);
        match chance.below(12) {
            0 => {
                let _ = services.keys.create(consumer, application.id, "more").await;
                "create a key"
            }
            1 => {
                let _ = services.keys.revoke(consumer, key.key.id).await;
                "revoke a key"
            }
            2 => {
                let _ = subscriptions.suspend(&self.owner, subscription.id).await;
                "suspend"
            }
            3 => {
                let _ = subscriptions.resume(&self.owner, subscription.id).await;
                "resume"
            }
            4 => {
                let _ = subscriptions.cancel(consumer, subscription.id).await;
                "cancel"
            }
            5 => {
                let plan = &self.plans[chance.below(2)];
                let _ = subscriptions.change_plan(consumer, subscription.id, plan.id).await;
                "change the plan"
            }
            6 => {
                let _ = services.applications.delete(consumer, application.id).await;
                "delete an application"
            }
            7 => {
                let plan = &self.plans[chance.below(2)];
                let quota = Some(Quota {
                    requests: u64::from(n),
                    per: Period::ALL[chance.below(3)],
                });
                let input = PlanInput {
                    quota,
                    ..plan_input("", &plan.apis)
                };
                let input = PlanInput {
                    name: "Plan".into(),
                    ..input
                };
                services.plans.update(&self.owner, plan.id, input).await.unwrap();
                "change a plan"
            }
            8 => {
                let slug = format!("api{n}");
                let (_, draft) = self.world.draft_api(&self.owner, self.organization.id, &slug).await;
                catalog.set_upstream(&self.owner, draft.id, local(9)).await.unwrap();
                catalog.publish(&self.owner, draft.id).await.unwrap();
                "publish"
            }
            9 => {
                let reads = &services.catalog_reads;
                let version = reads.api(&self.owner, "acme", "pets").await.unwrap().versions.remove(0);
                let end = Deprecation {
                    since: self.world.clock.now(),
                    sunset: None,
                    successor: None,
                    guide: None,
                };
                let _ = catalog.deprecate(&self.owner, version.id, end).await;
                let _ = catalog.add_revision(&self.owner, version.id, petstore(n)).await;
                "deprecate with another spec"
            }
            10 => {
                let version = services
                    .catalog_reads
                    .api(&self.owner, "acme", "pets")
                    .await
                    .unwrap()
                    .versions
                    .remove(0);
                let _ = catalog.restore(&self.owner, version.id).await;
                let _ = catalog.set_access(&self.owner, version.id, Access::Anonymous).await;
                "restore"
            }
            _ => {
                let draft = SPEC.replace("Petstore", &n.to_string());
                let input = words(&format!("draft{n}"), "Draft");
                let spec = Some(upload(&draft));
                catalog
                    .create_api(&self.owner, self.organization.id, input, "v1", spec)
                    .await
                    .unwrap();
                "draft"
            }
        }
    }
}
