//! Where versions answer beside their addresses, and whose a host is.

use domain::{
    actor::Actor,
    catalog::routing::{Paths, Routing, RoutingInput},
    error::ErrorCode,
    fixture::on_both_engines,
    gateway_config::ConfigUpdate,
};

use crate::catalog_samples::{code, fields, petstore};

fn routing(host: &str, base_path: &str) -> Routing {
    matched(host, base_path, "", "")
}

fn matched(host: &str, base_path: &str, header: &str, value: &str) -> Routing {
    Routing::read(&RoutingInput {
        host: host.into(),
        base_path: base_path.into(),
        header: header.into(),
        value: value.into(),
        paths: Paths::Strict,
    })
    .unwrap()
}

on_both_engines! {
    async fn a_host_belongs_to_who_has_it_first(world) {
        let catalog = &world.services.catalog;
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        let (_, pets) = world.published_api(&owner, acme.id, "pets").await;
        let (_, shop) = world.published_api(&owner, acme.id, "shop").await;
        let (other, stranger) = world.organization("other", "owner@other.example").await;
        let (_, theirs) = world.published_api(&stranger, other.id, "theirs").await;

        let before = world.services.gateway_config.revision().await.unwrap();
        let wanted = routing("API.acme.example", "/pets");
        let set = catalog.set_routing(&owner, pets.id, wanted.clone()).await.unwrap();
        assert_eq!(set.routing, wanted);
        assert_eq!(world.services.gateway_config.revision().await.unwrap(), before + 1);
        catalog.set_routing(&owner, pets.id, wanted.clone()).await.unwrap();
        assert_eq!(world.services.gateway_config.revision().await.unwrap(), before + 1, "the same once more");
        catalog.set_routing(&owner, shop.id, routing("api.acme.example", "/shop")).await.unwrap();

        let theirs_at = async |host: &str| catalog.set_routing(&stranger, theirs.id, routing(host, "")).await;
        for host in ["api.acme.example", "*.acme.example"] {
            assert_eq!(fields(theirs_at(host).await), ["host"], "{host}");
        }
        theirs_at("deep.api.acme.example").await.unwrap();
        theirs_at("*.other.example").await.unwrap();
        assert_eq!(
            fields(catalog.set_routing(&owner, shop.id, routing("x.other.example", "")).await),
            ["host"],
            "a name that their wildcard stands for"
        );
        // Nobody has the host any more: one has another, the other is retired.
        catalog.set_routing(&owner, shop.id, Routing::default()).await.unwrap();
        assert_eq!(fields(theirs_at("api.acme.example").await), ["host"]);
        catalog.retire(&owner, pets.id).await.unwrap();
        theirs_at("api.acme.example").await.unwrap();
        assert_eq!(
            code(catalog.set_routing(&owner, pets.id, Routing::default()).await),
            ErrorCode::Conflict,
            "a retired version"
        );

        let entries = world.services.audit.list(&owner, acme.id, None).await.unwrap().items;
        let entry = entries.iter().rfind(|entry| entry.action == "version.routing").expect("an audit entry");
        assert_eq!(entry.detail, "pets/v1: api.acme.example/pets, strict");
    }

    async fn a_place_has_one_version_unless_a_field_tells_them_apart(world) {
        let catalog = &world.services.catalog;
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        let (api, v1) = world.published_api(&owner, acme.id, "pets").await;
        let v2 = catalog.create_version(&owner, api.id, "v2", Some(petstore(2))).await.unwrap();
        let v3 = catalog.create_version(&owner, api.id, "v3", Some(petstore(3))).await.unwrap();
        let set = async |version, routing| catalog.set_routing(&owner, version, routing).await;
        set(v1.id, routing("a.example", "/pets")).await.unwrap();
        assert_eq!(fields(set(v2.id, routing("a.example", "/pets/")).await), ["host"], "a draft claims its place too");
        set(v2.id, matched("a.example", "/pets", "Api-Version", "2")).await.unwrap();
        assert_eq!(fields(set(v3.id, matched("a.example", "/pets", "api-version", "2")).await), ["match.value"]);
        assert_eq!(fields(set(v3.id, matched("a.example", "/pets", "X-Release", "3")).await), ["match.header"]);
        set(v3.id, matched("a.example", "/pets", "Api-Version", "3")).await.unwrap();
        set(v3.id, routing("a.example", "/pets/v3")).await.unwrap();
        set(v3.id, routing("", "/acme/pets")).await.unwrap();
        assert_eq!(fields(set(v2.id, routing("", "/acme/pets")).await), ["base_path"]);
    }

    async fn what_all_share_is_for_the_operator(world) {
        let catalog = &world.services.catalog;
        world.services.context.gateway_url.get_or_init(|| "https://gateway.example:8443".into());
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        let (_, version) = world.published_api(&owner, acme.id, "pets").await;
        for (routing, field) in [
            (routing("", "/"), "base_path"),
            (routing("", "/other/pets"), "base_path"),
            (routing("", "/acm"), "base_path"),
            (routing("portal.example", ""), "host"),
            (routing("gateway.example", ""), "host"),
        ] {
            assert_eq!(fields(catalog.set_routing(&owner, version.id, routing.clone()).await), [field], "{routing:?}");
            catalog.set_routing(&Actor::System, version.id, routing).await.unwrap();
        }
        catalog.set_routing(&owner, version.id, routing("", "/acme")).await.unwrap();

        let operator = world.operator("operator@turnpike.example").await;
        catalog.set_routing(&operator, version.id, routing("", "/")).await.unwrap();
        let viewer = world.account("viewer@acme.example").await;
        assert_eq!(code(catalog.set_routing(&viewer, version.id, Routing::default()).await), ErrorCode::NotFound);
        assert_eq!(code(catalog.set_routing(&Actor::Anonymous, version.id, Routing::default()).await), ErrorCode::NotFound);
    }

    async fn gateways_and_pages_are_told(world) {
        let services = &world.services;
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        let (_, version) = world.published_api(&owner, acme.id, "pets").await;
        let wanted = Routing { paths: Paths::Open, ..matched("*.acme.example", "/v1", "Api-Version", "2026-01") };
        services.catalog.set_routing(&owner, version.id, wanted.clone()).await.unwrap();
        let ConfigUpdate::Full(config) = services.gateway_config.read(None).await.unwrap() else {
            panic!("everything was asked for");
        };
        assert_eq!(config.catalog.versions[0].routing, wanted);
        let detail = services.catalog_reads.console_version(&owner, "acme", "pets", "v1").await.unwrap();
        assert_eq!(detail.version.routing, wanted);
    }
}
