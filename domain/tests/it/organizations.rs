//! Organizations and their members.

use domain::{
    account::SignUp,
    actor::Actor,
    authz::Role,
    catalog::{Visibility, service::ApiInput},
    error::ErrorCode,
    fixture::{PASSWORD, World, on_both_engines},
    id::AccountId,
};

use crate::fields;

fn id_of(actor: &Actor) -> AccountId {
    actor.account().unwrap().id
}

async fn roles(world: &World, actor: &Actor, organization: domain::id::OrganizationId) -> Vec<(String, Role)> {
    let members = world.services.organizations.members(actor, organization).await.unwrap();
    members.into_iter().map(|member| (member.name, member.role)).collect()
}

on_both_engines! {
    async fn whoever_makes_an_organization_owns_it(world) {
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        assert_eq!(owner.role_in(acme.id), Some(Role::Owner));
        let membership = &owner.account().unwrap().memberships[0];
        assert_eq!((membership.slug.as_str(), membership.name.as_str()), ("acme", "Acme"));
        assert_eq!(
            world
                .services
                .organizations
                .for_console(&owner, "acme")
                .await
                .unwrap()
                .id,
            acme.id
        );
        let entries = world.services.audit.list(&owner, acme.id, None).await.unwrap();
        assert_eq!(entries.items[0].action, "organization.create");
        assert_eq!(entries.items[0].account_email.as_deref(), Some("owner@acme.example"));
    }

    async fn slugs_are_checked_reserved_and_unique(world) {
        let (_, owner) = world.organization("acme", "owner@acme.example").await;
        let organizations = &world.services.organizations;
        for (slug, name, wrong) in [
            ("acme", "Acme", vec!["slug"]),
            ("console", "Console", vec!["slug"]),
            ("Not a slug", "", vec!["slug", "name"]),
            ("fine", " ", vec!["name"]),
        ] {
            let error = organizations.create(&owner, slug, name).await.unwrap_err();
            assert_eq!(fields(&error), wrong, "{slug}");
        }
        organizations.create(&owner, "acme-2", "Acme").await.unwrap();
    }

    async fn of_many_at_once_one_gets_the_slug(world) {
        let owner = world.account("owner@acme.example").await;
        let making = (0..6).map(|_| {
            let (organizations, owner) = (world.services.organizations.clone(), owner.clone());
            tokio::spawn(async move { organizations.create(&owner, "acme", "Acme").await })
        });
        let mut made = 0;
        for task in making.collect::<Vec<_>>() {
            match task.await.unwrap() {
                Ok(_) => made += 1,
                Err(error) => assert_eq!(fields(&error), ["slug"]),
            }
        }
        assert_eq!(made, 1);
    }

    async fn the_portal_shows_providers_with_something_to_see(world) {
        let organizations = &world.services.organizations;
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        let missing = organizations.for_portal(&Actor::Anonymous, "acme").await.unwrap_err();
        assert_eq!(missing.code(), ErrorCode::NotFound, "nothing is listed");
        organizations.for_portal(&owner, "acme").await.unwrap();
        world.draft_api(&owner, acme.id, "drafts").await;
        assert!(
            organizations.for_portal(&Actor::Anonymous, "acme").await.is_err(),
            "drafts are not listed"
        );
        let (api, _) = world.published_api(&owner, acme.id, "pets").await;
        assert_eq!(
            organizations.for_portal(&Actor::Anonymous, "acme").await.unwrap().id,
            acme.id
        );
        let private = ApiInput {
            name: "Pets".into(),
            visibility: Visibility::Private,
            ..ApiInput::default()
        };
        world
            .services
            .catalog
            .update_api(&owner, api.id, private)
            .await
            .unwrap();
        assert!(
            organizations.for_portal(&Actor::Anonymous, "acme").await.is_err(),
            "private apis are not listed"
        );
    }

    async fn members_are_added_changed_and_listed_owners_first(world) {
        let organizations = &world.services.organizations;
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        let viewer = world.account("ada@acme.example").await;
        let admin = world.account("zoe@acme.example").await;
        organizations
            .set_member(&owner, acme.id, id_of(&viewer), Role::Viewer)
            .await
            .unwrap();
        organizations
            .set_member(&owner, acme.id, id_of(&admin), Role::Publisher)
            .await
            .unwrap();
        organizations
            .set_member(&owner, acme.id, id_of(&admin), Role::Admin)
            .await
            .unwrap();
        let names =
            [("owner", Role::Owner), ("zoe", Role::Admin), ("ada", Role::Viewer)].map(|(n, r)| (n.to_owned(), r));
        assert_eq!(roles(&world, &owner, acme.id).await, names);

        let (viewer, admin) = (
            world.account("ada@acme.example").await,
            world.account("zoe@acme.example").await,
        );
        let refused = organizations
            .set_member(&viewer, acme.id, id_of(&viewer), Role::Admin)
            .await
            .unwrap_err();
        assert_eq!(refused.code(), ErrorCode::Forbidden, "viewers manage nobody");
        for (who, role) in [(&admin, Role::Owner), (&owner, Role::Viewer)] {
            let refused = organizations
                .set_member(&admin, acme.id, id_of(who), role)
                .await
                .unwrap_err();
            assert_eq!(
                refused.code(),
                ErrorCode::Forbidden,
                "admins neither name nor demote owners"
            );
        }
        organizations
            .set_member(&admin, acme.id, id_of(&viewer), Role::Publisher)
            .await
            .unwrap();
        let nobody = organizations
            .set_member(&owner, acme.id, AccountId::generate(), Role::Viewer)
            .await
            .unwrap_err();
        assert_eq!(nobody.code(), ErrorCode::NotFound);
        let input = SignUp {
            email: "new@acme.example".into(),
            name: "New".into(),
            password: PASSWORD.into(),
        };
        world.services.accounts.sign_up(input).await.unwrap();
        let new = world
            .services
            .accounts
            .by_email(&Actor::System, "new@acme.example")
            .await
            .unwrap()
            .unwrap();
        let unverified = organizations
            .set_member(&owner, acme.id, new.id, Role::Viewer)
            .await
            .unwrap_err();
        assert_eq!(unverified.code(), ErrorCode::Conflict);
    }

    async fn members_are_removed_by_those_who_manage_them(world) {
        let organizations = &world.services.organizations;
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        let mut people = Vec::new();
        for (email, role) in [
            ("ada@acme.example", Role::Viewer),
            ("zoe@acme.example", Role::Admin),
            ("second@acme.example", Role::Owner),
        ] {
            let id = id_of(&world.account(email).await);
            organizations.set_member(&owner, acme.id, id, role).await.unwrap();
            people.push(world.account(email).await);
        }
        let [viewer, admin, second] = &people[..] else { unreachable!() };
        let remove = async |actor: &Actor, who: &Actor| organizations.remove_member(actor, acme.id, id_of(who)).await;
        for (actor, who, code, why) in [
            (viewer, admin, ErrorCode::Forbidden, "viewers manage nobody"),
            (admin, second, ErrorCode::Forbidden, "admins remove no owners"),
        ] {
            assert_eq!(remove(actor, who).await.unwrap_err().code(), code, "{why}");
        }
        remove(admin, viewer).await.unwrap();
        assert_eq!(remove(admin, viewer).await.unwrap_err().code(), ErrorCode::NotFound, "gone");
        let viewer = world.account("ada@acme.example").await;
        assert_eq!(viewer.role_in(acme.id), None);
        // Each removes the other at once: one of them must stay.
        let (a, b) = tokio::join!(remove(&owner, second), remove(second, &owner));
        assert!(a.is_ok() != b.is_ok(), "{a:?} {b:?}");
        let left = roles(&world, &Actor::System, acme.id).await;
        assert_eq!(left.iter().map(|(_, role)| *role).collect::<Vec<_>>(), [Role::Owner, Role::Admin]);
        let log = world.services.audit.list(&Actor::System, acme.id, None).await.unwrap();
        assert_eq!((log.items[0].action.as_str(), log.items[1].detail.as_str()), ("member.remove", "ada@acme.example: viewer"));
    }

    async fn the_last_owner_stays(world) {
        let organizations = &world.services.organizations;
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        let alone = organizations
            .set_member(&owner, acme.id, id_of(&owner), Role::Admin)
            .await
            .unwrap_err();
        assert_eq!(alone.code(), ErrorCode::Conflict);
        let second = world.account("second@acme.example").await;
        organizations
            .set_member(&owner, acme.id, id_of(&second), Role::Owner)
            .await
            .unwrap();
        let second = world.account("second@acme.example").await;
        // Each demotes the other at once: one of them must stay.
        let (a, b) = tokio::join!(
            organizations.set_member(&owner, acme.id, id_of(&second), Role::Viewer),
            organizations.set_member(&second, acme.id, id_of(&owner), Role::Viewer),
        );
        assert!(a.is_ok() != b.is_ok(), "{a:?} {b:?}");
        let owners = roles(&world, &Actor::System, acme.id)
            .await
            .into_iter()
            .filter(|(_, role)| *role == Role::Owner);
        assert_eq!(owners.count(), 1);
    }

    async fn a_name_can_be_changed(world) {
        let organizations = &world.services.organizations;
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        assert_eq!(
            fields(&organizations.rename(&owner, acme.id, "").await.unwrap_err()),
            ["name"]
        );
        organizations.rename(&owner, acme.id, " Acme Inc. ").await.unwrap();
        assert_eq!(
            organizations.for_console(&owner, "acme").await.unwrap().name,
            "Acme Inc."
        );
    }

    async fn the_audit_log_comes_in_pages(world) {
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        for n in 0..60 {
            world
                .services
                .organizations
                .rename(&owner, acme.id, &format!("Acme {n}"))
                .await
                .unwrap();
        }
        let first = world.services.audit.list(&owner, acme.id, None).await.unwrap();
        assert_eq!(
            (first.items.len(), first.items[0].detail.as_str()),
            (50, "Acme 58 → Acme 59")
        );
        let second = world
            .services
            .audit
            .list(&owner, acme.id, first.next.as_deref())
            .await
            .unwrap();
        assert_eq!((second.items.len(), second.next), (11, None));
        assert_eq!(second.items[10].action, "organization.create");
        assert_eq!(
            fields(&world.services.audit.list(&owner, acme.id, Some("x")).await.unwrap_err()),
            ["cursor"]
        );
    }
}
