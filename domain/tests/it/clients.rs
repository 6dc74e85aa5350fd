//! OAuth clients, granted scopes and mapped identities: who may do what, and what gateways are told.

use domain::{
    actor::Actor,
    client::import::FixedClient,
    error::ErrorCode,
    fixture::{Subscribed, World, on_both_engines},
    gateway_config::{ConfigUpdate, Identity, IdentityRecord},
    id::OrganizationId,
    identity::{ExternalIdentity, Thumbprint},
    key::{KeyPlaintext, KeyState},
};

/// What gateways are told about whom they speak for, and the scopes of the only subscription.
async fn told(world: &World) -> (Vec<IdentityRecord>, Vec<String>) {
    match world.services.gateway_config.read(None).await.unwrap() {
        ConfigUpdate::Full(config) => {
            let scopes = config.subscriptions.first().map(|record| record.scopes.clone());
            (config.identities, scopes.unwrap_or_default())
        }
        ConfigUpdate::Changes(changes) => panic!("{changes:?}"),
    }
}

/// What changed since a revision.
async fn identities_since(world: &World, since: i64) -> Option<Vec<IdentityRecord>> {
    match world.services.gateway_config.read(Some(since)).await.unwrap() {
        ConfigUpdate::Changes(changes) => {
            assert!(changes.catalog.is_none() && changes.keys.is_empty());
            changes.identities
        }
        ConfigUpdate::Full(config) => panic!("{config:?}"),
    }
}

fn code<T: std::fmt::Debug>(result: domain::error::Result<T>) -> Option<ErrorCode> {
    result.err().map(|error| error.code())
}

/// A provider with a subscriber.
async fn scene(world: &World) -> (OrganizationId, Actor, Subscribed) {
    let (acme, owner) = world.organization("acme", "owner@acme.example").await;
    let (api, _) = world.published_api(&owner, acme.id, "pets").await;
    let plan = world.plan(&owner, acme.id, "free", &[api.id]).await;
    (acme.id, owner, world.subscribed("dev@consumer.example", &plan).await)
}

fn scopes(list: &[&str]) -> Vec<String> {
    list.iter().map(ToString::to_string).collect()
}

fn subject(name: &str) -> ExternalIdentity {
    ExternalIdentity::subject("https://login.example.com/", name)
}

on_both_engines! {
    async fn a_client_is_made_shown_once_and_revoked(world) {
        let (_, _, consumer) = scene(&world).await;
        let clients = &world.services.clients;
        let (actor, application) = (&consumer.consumer, consumer.application.id);
        let before = world.services.gateway_config.revision().await.unwrap();
        let created = clients.create(actor, application, " billing ").await.unwrap();
        assert_eq!((created.client.name.as_str(), created.client.state), ("billing", KeyState::Active));
        assert_eq!(created.client.client_id, created.client.id.to_string());
        let secret = created.secret.hash();
        assert!(created.secret.expose_once().starts_with("tp_secret_"));
        let record = IdentityRecord {
            application_id: application,
            organization: None,
            identity: Identity::Client { id: created.client.client_id.clone(), secret },
        };
        assert_eq!(identities_since(&world, before).await.as_deref(), Some(&[record.clone()][..]));
        assert_eq!(told(&world).await.0, [record]);
        let detail = world.services.applications.detail(actor, application).await.unwrap();
        assert_eq!(detail.clients.len(), 1);

        let revoked_at = clients.revoke(actor, created.client.id).await.unwrap();
        assert_eq!(clients.revoke(actor, created.client.id).await.unwrap(), revoked_at, "twice is not an error");
        assert_eq!(identities_since(&world, before).await, Some(Vec::new()));
        let detail = world.services.applications.detail(actor, application).await.unwrap();
        assert_eq!(detail.clients[0].state, KeyState::Revoked);
    }

    async fn strangers_find_no_clients(world) {
        let (_, owner, consumer) = scene(&world).await;
        let clients = &world.services.clients;
        let created = clients.create(&consumer.consumer, consumer.application.id, "a").await.unwrap();
        let stranger = world.account("eve@example.com").await;
        for (actor, expected) in [
            (&stranger, ErrorCode::NotFound),
            (&owner, ErrorCode::NotFound),
            (&Actor::Anonymous, ErrorCode::Unauthenticated),
        ] {
            assert_eq!(code(clients.create(actor, consumer.application.id, "b").await), Some(expected));
            assert_eq!(code(clients.revoke(actor, created.client.id).await), Some(expected));
        }
        assert_eq!(code(clients.create(&consumer.consumer, consumer.application.id, "").await), Some(ErrorCode::Invalid));
        for _ in 1..10 {
            clients.create(&consumer.consumer, consumer.application.id, "a").await.unwrap();
        }
        let eleventh = clients.create(&consumer.consumer, consumer.application.id, "a").await;
        assert_eq!(code(eleventh), Some(ErrorCode::Conflict));
    }

    async fn clients_of_a_manifest_keep_their_ids(world) {
        let (_, _, consumer) = scene(&world).await;
        let clients = &world.services.clients;
        let fixed = |secret: &str| FixedClient {
            name: "Billing".into(),
            client_id: "billing".into(),
            secret: KeyPlaintext::fixed(secret).unwrap(),
        };
        let application = consumer.application.id;
        assert!(clients.import(&Actor::System, application, fixed("first-secret")).await.unwrap());
        assert!(!clients.import(&Actor::System, application, fixed("first-secret")).await.unwrap());
        assert!(clients.import(&Actor::System, application, fixed("other-secret")).await.unwrap());
        let other = world.application(&consumer.consumer, "Other").await;
        assert_eq!(code(clients.import(&Actor::System, other.id, fixed("first-secret")).await), Some(ErrorCode::Conflict));
        assert_eq!(
            code(clients.import(&consumer.consumer, application, fixed("first-secret")).await),
            Some(ErrorCode::Forbidden)
        );
        let known = clients.known(&Actor::System, application).await.unwrap();
        assert_eq!(known[0].secret, KeyPlaintext::fixed("other-secret").unwrap().hash());
        clients.revoke(&Actor::System, known[0].client.id).await.unwrap();
        assert!(!clients.import(&Actor::System, application, fixed("first-secret")).await.unwrap(), "revoked for good");
    }

    async fn a_provider_grants_scopes(world) {
        let (_, owner, consumer) = scene(&world).await;
        let (service, id) = (&world.services.subscriptions, consumer.subscription.id);
        let granted = service.grant_scopes(&owner, id, scopes(&["pets:read", "pets:write"])).await.unwrap();
        assert_eq!(granted.scopes, ["pets:read", "pets:write"]);
        assert_eq!(told(&world).await.1, ["pets:read", "pets:write"]);
        assert_eq!(code(service.grant_scopes(&owner, id, scopes(&["a b"])).await), Some(ErrorCode::Invalid));
        assert_eq!(code(service.grant_scopes(&consumer.consumer, id, scopes(&["a"])).await), Some(ErrorCode::NotFound));
        // A suspension keeps them; the end does not, and who subscribes again begins anew.
        service.suspend(&owner, id).await.unwrap();
        assert_eq!(service.resume(&owner, id).await.unwrap().scopes.len(), 2);
        service.cancel(&consumer.consumer, id).await.unwrap();
        assert_eq!(code(service.grant_scopes(&owner, id, scopes(&["a"])).await), Some(ErrorCode::Conflict));
        let again = service.subscribe(&consumer.consumer, consumer.application.id, consumer.subscription.plan_id).await.unwrap();
        assert_eq!((again.id, again.scopes.len()), (id, 0));
        assert!(told(&world).await.1.is_empty());
    }

    async fn a_provider_maps_identities(world) {
        let (acme, owner, consumer) = scene(&world).await;
        let (identities, id) = (&world.services.identities, consumer.subscription.id);
        let thumbprint = Thumbprint([7; 32]);
        let billing = identities.add(&owner, id, subject("billing")).await.unwrap();
        identities.add(&owner, id, ExternalIdentity::Certificate { thumbprint }).await.unwrap();
        let record = |identity| IdentityRecord {
            application_id: consumer.application.id,
            organization: Some("acme".into()),
            identity,
        };
        let certificate = record(Identity::Certificate { thumbprint: [7; 32] });
        let named = record(Identity::Subject { issuer: "https://login.example.com/".into(), name: "billing".into() });
        assert_eq!(told(&world).await.0, [named, certificate.clone()]);
        assert_eq!(identities.of(&owner, id).await.unwrap().len(), 2);

        // Once in an organization, but in each.
        assert_eq!(code(identities.add(&owner, id, subject("billing")).await), Some(ErrorCode::Conflict));
        let (globex, other) = world.organization("globex", "owner@globex.example").await;
        let (api, _) = world.published_api(&other, globex.id, "maps").await;
        let plan = world.plan(&other, globex.id, "free", &[api.id]).await;
        let elsewhere = world.services.subscriptions.subscribe(&consumer.consumer, consumer.application.id, plan.id).await.unwrap();
        identities.add(&other, elsewhere.id, subject("billing")).await.unwrap();
        assert_eq!(code(identities.add(&owner, id, subject("")).await), Some(ErrorCode::Invalid));
        for stranger in [&other, &consumer.consumer] {
            assert_eq!(code(identities.of(stranger, id).await), Some(ErrorCode::NotFound));
            assert_eq!(code(identities.add(stranger, id, subject("x")).await), Some(ErrorCode::NotFound));
            assert_eq!(code(identities.remove(stranger, billing.id).await), Some(ErrorCode::NotFound));
        }
        identities.remove(&owner, billing.id).await.unwrap();
        assert_eq!(code(identities.remove(&owner, billing.id).await), Some(ErrorCode::NotFound));
        assert_eq!(told(&world).await.0[0], certificate);
        let log = world.services.audit.list(&owner, acme, None).await.unwrap().items;
        assert_eq!(log.iter().filter(|entry| entry.action.starts_with("identity.")).count(), 3);

        // They end with the subscription.
        world.services.subscriptions.cancel(&consumer.consumer, id).await.unwrap();
        assert_eq!(told(&world).await.0.len(), 1);
        identities.add(&other, elsewhere.id, ExternalIdentity::Certificate { thumbprint }).await.unwrap();
    }

    async fn nothing_is_left_of_a_deleted_application(world) {
        let (_, owner, consumer) = scene(&world).await;
        world.services.clients.create(&consumer.consumer, consumer.application.id, "a").await.unwrap();
        world.services.identities.add(&owner, consumer.subscription.id, subject("billing")).await.unwrap();
        let before = world.services.gateway_config.revision().await.unwrap();
        world.services.applications.delete(&consumer.consumer, consumer.application.id).await.unwrap();
        assert!(told(&world).await.0.is_empty());
        let update = world.services.gateway_config.read(Some(before)).await.unwrap();
        assert!(matches!(update, ConfigUpdate::Changes(changes) if changes.identities == Some(Vec::new())));
    }
}
