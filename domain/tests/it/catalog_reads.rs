//! What visitors, members and operators see of the catalog.

use domain::{
    actor::Actor,
    catalog::{
        VersionState, Visibility,
        query::{CatalogAnswer, CatalogFilter},
        service::ApiInput,
    },
    deprecation::Deprecation,
    error::ErrorCode,
    fixture::{World, on_both_engines},
};

use crate::catalog_samples::{code, local, petstore, words};

on_both_engines! {
    async fn strangers_see_public_apis_with_a_listed_version(world) {
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        world.published_api(&owner, acme.id, "open").await;
        world.draft_api(&owner, acme.id, "draft").await;
        let (secret, _) = world.published_api(&owner, acme.id, "secret").await;
        let private = ApiInput { visibility: Visibility::Private, ..words("", "Secret") };
        world.services.catalog.update_api(&owner, secret.id, private).await.unwrap();
        let (gone, version) = world.published_api(&owner, acme.id, "gone").await;
        world.services.catalog.retire(&owner, version.id).await.unwrap();

        let stranger = world.account("stranger@elsewhere.example").await;
        let operator = world.operator("operator@turnpike.example").await;
        for (actor, seen) in [
            (&Actor::Anonymous, vec!["gone", "open"]),
            (&stranger, vec!["gone", "open"]),
            (&owner, vec!["draft", "gone", "open", "secret"]),
            (&operator, vec!["draft", "gone", "open", "secret"]),
        ] {
            assert_eq!(slugs(&search(&world, actor, "").await), seen, "{actor:?}");
            for slug in ["open", "draft", "secret", "gone"] {
                let found = world.services.catalog_reads.api(actor, "acme", slug).await;
                assert_eq!(found.is_ok(), seen.contains(&slug), "{slug} for {actor:?}");
                if let Err(error) = found {
                    assert_eq!(error.code(), ErrorCode::NotFound);
                }
            }
        }
        assert_eq!(gone.slug.as_str(), "gone");
    }

    async fn cards_begin_with_the_newest_published_version(world) {
        let catalog = &world.services.catalog;
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        let (api, v1) = world.published_api(&owner, acme.id, "pets").await;
        world.plan(&owner, acme.id, "free", &[api.id]).await;
        let card = async |actor: &Actor| search(&world, actor, "pets").await.apis.items.pop().unwrap();
        let first = card(&Actor::Anonymous).await;
        assert_eq!((first.version.name.as_str(), first.operations, first.plans.len()), ("v1", 2, 1));
        world.advance(std::time::Duration::from_secs(1));
        let v2 = catalog.create_version(&owner, api.id, "v2", Some(petstore(2))).await.unwrap();
        assert_eq!(card(&owner).await.version.name.as_str(), "v1", "a draft is nothing to begin with");
        catalog.set_upstream(&owner, v2.id, local(1)).await.unwrap();
        catalog.publish(&owner, v2.id).await.unwrap();
        let newest = card(&Actor::Anonymous).await;
        assert_eq!((newest.version.name.as_str(), newest.operations), ("v2", 3));
        let end = Deprecation { since: world.clock.now(), sunset: None, successor: None, guide: None };
        catalog.deprecate(&owner, v2.id, end).await.unwrap();
        assert_eq!(card(&Actor::Anonymous).await.version.name.as_str(), "v1", "rather published than deprecated");
        catalog.retire(&owner, v1.id).await.unwrap();
        assert_eq!(card(&Actor::Anonymous).await.version.state, VersionState::Deprecated, "rather that than retired");
        let detail = world.services.catalog_reads.api(&Actor::Anonymous, "acme", "pets").await.unwrap();
        assert_eq!(detail.versions.iter().map(|v| v.name.as_str()).collect::<Vec<_>>(), ["v2", "v1"], "newest first");
    }

    async fn search_ranks_and_counts(world) {
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        let (zoo, keeper) = world.organization("zoo", "keeper@zoo.example").await;
        for (organization, actor, slug, name, summary, tags) in [
            (acme.id, &owner, "weather", "Weather", "Sun for every pet owner.", &["forecast"][..]),
            (zoo.id, &keeper, "animals", "Animals", "All of them.", &["pets", "zoo"]),
            (acme.id, &owner, "petstore", "Pétstore", "Buy and sell.", &["shop"]),
            (acme.id, &owner, "registry", "The Pet Registry", "Who owns whom.", &["pets"]),
        ] {
            let (api, _) = world.published_api(actor, organization, slug).await;
            let mut input = words("", name);
            input.summary = summary.into();
            input.tags = tags.iter().map(|&tag| tag.to_owned()).collect();
            world.services.catalog.update_api(actor, api.id, input).await.unwrap();
        }
        let found = search(&world, &Actor::Anonymous, "PET").await;
        assert_eq!(slugs(&found), ["petstore", "registry", "animals", "weather"]);
        let facet = |counts: &[domain::catalog::query::FacetCount]| {
            counts.iter().map(|f| (f.value.clone(), f.label.clone(), f.count)).collect::<Vec<_>>()
        };
        assert_eq!(found.total, 4);
        assert_eq!(facet(&found.tags)[0], ("pets".into(), "pets".into(), 2));
        assert_eq!(facet(&found.providers), [("acme".into(), "Acme".into(), 3), ("zoo".into(), "Zoo".into(), 1)]);
        let filter = CatalogFilter { tag: Some("pets".into()), provider: Some("zoo".into()), ..CatalogFilter::default() };
        let narrowed = world.services.catalog_reads.search(&Actor::Anonymous, &filter).await.unwrap();
        assert_eq!(slugs(&narrowed), ["animals"]);
        assert_eq!(slugs(&search(&world, &Actor::Anonymous, "acme sell").await), ["petstore"]);
        assert!(slugs(&search(&world, &Actor::Anonymous, "%_'\"").await).is_empty(), "no pattern, no quote");
    }

    async fn the_console_is_for_members(world) {
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        let (api, _) = world.draft_api(&owner, acme.id, "pets").await;
        let reads = &world.services.catalog_reads;
        let apis = reads.console_apis(&owner, "acme").await.unwrap();
        assert_eq!((apis.len(), apis[0].api.id, apis[0].versions.len(), apis[0].calls_24h), (1, api.id, 1, 0));
        for actor in [Actor::Anonymous, world.account("stranger@elsewhere.example").await] {
            assert_eq!(code(reads.console_apis(&actor, "acme").await), ErrorCode::NotFound);
            assert_eq!(code(reads.console_api(&actor, "acme", "pets").await), ErrorCode::NotFound);
            let detail = reads.console_version(&actor, "acme", "pets", "v1").await;
            assert_eq!(detail.err().unwrap().code(), ErrorCode::NotFound);
        }
    }
}

async fn search(world: &World, actor: &Actor, text: &str) -> CatalogAnswer {
    let filter = CatalogFilter {
        text: text.into(),
        ..CatalogFilter::default()
    };
    world.services.catalog_reads.search(actor, &filter).await.unwrap()
}

fn slugs(answer: &CatalogAnswer) -> Vec<&str> {
    answer.apis.items.iter().map(|card| card.api.slug.as_str()).collect()
}
