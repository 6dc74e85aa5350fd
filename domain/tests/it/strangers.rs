//! What those who are none of its business get from each use case of accounts, organizations, applications,
//! subscriptions and keys.

use domain::{
    account::{SignUp, service::ProfileChange},
    actor::Actor,
    authz::Role,
    error::{
        DomainError,
        ErrorCode::{self, Conflict, Forbidden, NotFound, Unauthenticated},
    },
    fixture::{PASSWORD, Subscribed, World, on_both_engines},
    id::{OrganizationId, SessionId},
    key::KeyPlaintext,
    plan::Plan,
};

/// The answers of every use case to one actor, by name.
async fn answers(
    world: &World,
    actor: &Actor,
    organization: OrganizationId,
    plan: &Plan,
    ada: &Subscribed,
) -> Vec<(&'static str, Option<ErrorCode>)> {
    fn of<T>(result: Result<T, DomainError>) -> Option<ErrorCode> {
        result.err().map(|error| error.code())
    }
    let services = &world.services;
    let (application, subscription, key) = (ada.application.id, ada.subscription.id, ada.key.key.id);
    let account = ada.consumer.account().unwrap().id;
    let other = SignUp {
        email: "new@example.com".into(),
        name: "New".into(),
        password: PASSWORD.into(),
    };
    let fixed = KeyPlaintext::fixed("demo-key-0001").unwrap();
    let change = ProfileChange {
        name: "Name".into(),
        password: None,
    };
    vec![
        (
            "accounts.create_verified",
            of(services.accounts.create_verified(actor, other, true).await),
        ),
        (
            "accounts.by_email",
            of(services.accounts.by_email(actor, "ada@example.com").await),
        ),
        (
            "accounts.resend_verification",
            of(services.accounts.resend_verification(actor).await),
        ),
        (
            "accounts.sessions",
            of(services.accounts.sessions(actor, SessionId::NIL).await),
        ),
        (
            "accounts.end_session",
            of(services.accounts.end_session(actor, SessionId::NIL).await),
        ),
        (
            "accounts.update_profile",
            of(services.accounts.update_profile(actor, SessionId::NIL, change).await),
        ),
        (
            "organizations.create",
            of(services
                .organizations
                .create(actor, &format!("o{}", rand_word()), "O")
                .await),
        ),
        (
            "organizations.for_console",
            of(services.organizations.for_console(actor, "acme").await),
        ),
        (
            "organizations.rename",
            of(services.organizations.rename(actor, organization, "Other").await),
        ),
        (
            "organizations.ruleset",
            of(services.organizations.ruleset(actor, organization).await),
        ),
        (
            "organizations.set_ruleset",
            of(services
                .organizations
                .set_ruleset(actor, organization, "extends: turnpike")
                .await),
        ),
        (
            "organizations.members",
            of(services.organizations.members(actor, organization).await),
        ),
        (
            "organizations.set_member",
            of(services
                .organizations
                .set_member(actor, organization, account, Role::Viewer)
                .await),
        ),
        (
            "organizations.remove_member",
            of(services.organizations.remove_member(actor, organization, account).await),
        ),
        ("audit.list", of(services.audit.list(actor, organization, None).await)),
        (
            "applications.create",
            of(services.applications.create(actor, "App", "", "").await),
        ),
        (
            "applications.update",
            of(services.applications.update(actor, application, "App", "").await),
        ),
        (
            "applications.delete",
            of(services.applications.delete(actor, application).await),
        ),
        ("applications.list", of(services.applications.list(actor).await)),
        (
            "applications.detail",
            of(services.applications.detail(actor, application).await),
        ),
        (
            "subscriptions.subscribe",
            of(services.subscriptions.subscribe(actor, application, plan.id).await),
        ),
        (
            "subscriptions.cancel",
            of(services.subscriptions.cancel(actor, subscription).await),
        ),
        (
            "subscriptions.change_plan",
            of(services.subscriptions.change_plan(actor, subscription, plan.id).await),
        ),
        (
            "subscriptions.subscribers",
            of(services.subscriptions.subscribers(actor, organization).await),
        ),
        (
            "subscriptions.approve",
            of(services.subscriptions.approve(actor, subscription).await),
        ),
        (
            "subscriptions.refuse",
            of(services.subscriptions.refuse(actor, subscription).await),
        ),
        (
            "subscriptions.suspend",
            of(services.subscriptions.suspend(actor, subscription).await),
        ),
        (
            "subscriptions.resume",
            of(services.subscriptions.resume(actor, subscription).await),
        ),
        ("keys.create", of(services.keys.create(actor, application, "key").await)),
        (
            "keys.import_all",
            of(services
                .keys
                .import_all(actor, application, vec![("key".into(), fixed)])
                .await),
        ),
        ("keys.revoke", of(services.keys.revoke(actor, key).await)),
    ]
}

/// A short name that no other call of this process gets.
fn rand_word() -> u32 {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

on_both_engines! {
    async fn each_use_case_refuses_those_it_is_not_for(world) {
        let (acme, owner) = world.organization("acme", "owner@acme.example").await;
        let (pets, _) = world.published_api(&owner, acme.id, "pets").await;
        let plan = world.plan(&owner, acme.id, "free", &[pets.id]).await;
        let ada = world.subscribed("ada@example.com", &plan).await;
        let viewer = world.account("viewer@acme.example").await;
        world
            .services
            .organizations
            .set_member(&owner, acme.id, viewer.account().unwrap().id, Role::Viewer)
            .await
            .unwrap();
        let viewer = world.account("viewer@acme.example").await;
        let stranger = world.account("stranger@example.com").await;
        let unverified = world.unverified("unverified@example.com").await;

        let anonymous = answers(&world, &Actor::Anonymous, acme.id, &plan, &ada).await;
        let stranger = answers(&world, &stranger, acme.id, &plan, &ada).await;
        let unverified = answers(&world, &unverified, acme.id, &plan, &ada).await;
        let viewer = answers(&world, &viewer, acme.id, &plan, &ada).await;
        let table: Vec<_> = anonymous
            .iter()
            .zip(&stranger)
            .zip(&unverified)
            .zip(&viewer)
            .map(|(((a, s), u), v)| (a.0, a.1, s.1, u.1, v.1))
            .collect();
        let (none, missing, forbidden) = (None, Some(NotFound), Some(Forbidden));
        let (unauthenticated, conflict) = (Some(Unauthenticated), Some(Conflict));
        // What nobody, a stranger, an unverified stranger and a viewer of the provider get.
        assert_eq!(
            table,
            [
                (
                    "accounts.create_verified",
                    unauthenticated,
                    forbidden,
                    forbidden,
                    forbidden
                ),
                ("accounts.by_email", unauthenticated, forbidden, forbidden, forbidden),
                (
                    "accounts.resend_verification",
                    unauthenticated,
                    conflict,
                    conflict,
                    conflict
                ),
                ("accounts.sessions", unauthenticated, none, none, none),
                ("accounts.end_session", unauthenticated, missing, missing, missing),
                ("accounts.update_profile", unauthenticated, none, conflict, none),
                ("organizations.create", unauthenticated, none, conflict, none),
                ("organizations.for_console", missing, missing, missing, none),
                ("organizations.rename", missing, missing, missing, forbidden),
                ("organizations.ruleset", missing, missing, missing, none),
                ("organizations.set_ruleset", missing, missing, missing, forbidden),
                ("organizations.members", missing, missing, missing, none),
                ("organizations.set_member", missing, missing, missing, forbidden),
                ("organizations.remove_member", missing, missing, missing, forbidden),
                ("audit.list", missing, missing, missing, forbidden),
                ("applications.create", unauthenticated, none, conflict, none),
                ("applications.update", unauthenticated, missing, conflict, missing),
                ("applications.delete", unauthenticated, missing, conflict, missing),
                ("applications.list", unauthenticated, none, none, none),
                ("applications.detail", unauthenticated, missing, missing, missing),
                ("subscriptions.subscribe", unauthenticated, missing, conflict, missing),
                ("subscriptions.cancel", unauthenticated, missing, conflict, missing),
                ("subscriptions.change_plan", unauthenticated, missing, conflict, missing),
                ("subscriptions.subscribers", missing, missing, missing, none),
                ("subscriptions.approve", missing, missing, missing, forbidden),
                ("subscriptions.refuse", missing, missing, missing, forbidden),
                ("subscriptions.suspend", missing, missing, missing, forbidden),
                ("subscriptions.resume", missing, missing, missing, forbidden),
                ("keys.create", unauthenticated, missing, conflict, missing),
                ("keys.import_all", unauthenticated, forbidden, forbidden, forbidden),
                ("keys.revoke", unauthenticated, missing, missing, missing),
            ]
        );
    }
}
