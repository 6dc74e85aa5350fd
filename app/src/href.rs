//! Every URL of the user interface, as functions: a link to a page that does not exist does not compile.
//!
//! Path parameters are slugs, version names, operation slugs and ids, all of which are plain ASCII that needs no
//! escaping; query values go through [`with_query`].

use std::fmt::Display;

use domain::id::{ApplicationId, ClientId, IdentityId, KeyId, SessionId, SubscriptionId};

/// Puts query parameters behind a path, percent-encoded; pairs with an empty value are left out.
pub fn with_query(path: &str, pairs: &[(&str, &str)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
        query.append_pair(name, value);
    }
    let query = query.finish();
    if query.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{query}")
    }
}

// === portal ===

/// The home page.
pub fn home() -> String {
    "/".into()
}

/// The catalog; see [`with_query`] for `q`, `tag`, `provider`, `after`.
pub fn catalog() -> String {
    "/apis".into()
}

/// An api's overview.
pub fn api(organization: impl Display, api: impl Display) -> String {
    format!("/apis/{organization}/{api}")
}

/// The changelog as a feed.
pub fn changelog_feed(organization: impl Display, api: impl Display) -> String {
    format!("/feeds/{organization}/{api}")
}

/// The reference of a version: its operations by tag.
pub fn reference(organization: impl Display, api: impl Display, version: impl Display) -> String {
    format!("/apis/{organization}/{api}/{version}")
}

/// The page of one operation.
pub fn operation(
    organization: impl Display,
    api: impl Display,
    version: impl Display,
    operation: impl Display,
) -> String {
    format!("/apis/{organization}/{api}/{version}/operations/{operation}")
}

/// The page that says how to move off a deprecated version; gateways link to it.
pub fn deprecation_guide(organization: impl Display, api: impl Display, version: impl Display) -> String {
    format!("/apis/{organization}/{api}/{version}/deprecation")
}

/// What changed in an api, for its callers.
pub fn changelog(organization: impl Display, api: impl Display) -> String {
    format!("/apis/{organization}/{api}/changelog")
}

/// The uploaded document, byte for byte.
pub fn original(organization: impl Display, api: impl Display, version: impl Display) -> String {
    format!("/apis/{organization}/{api}/{version}/original")
}

/// The document with what the gateway adds to it.
pub fn enriched(organization: impl Display, api: impl Display, version: impl Display) -> String {
    format!("/apis/{organization}/{api}/{version}/openapi.json")
}

/// What the gateway adds to the document, as an OpenAPI Overlay.
pub fn overlay(organization: impl Display, api: impl Display, version: impl Display) -> String {
    format!("/apis/{organization}/{api}/{version}/overlay.json")
}

/// A provider's page.
pub fn provider(organization: impl Display) -> String {
    format!("/providers/{organization}")
}

/// All problems a gateway answers with.
pub fn problems() -> String {
    "/problems".into()
}

/// One of them.
pub fn problem(slug: impl Display) -> String {
    format!("/problems/{slug}")
}

// === account ===

/// Create an account.
pub fn sign_up() -> String {
    "/signup".into()
}

/// Create an account on the way to a path of this site.
pub fn sign_up_then(next: &str) -> String {
    with_query("/signup", &[("next", next)])
}

/// Says that a mail is on its way.
pub fn check_mail() -> String {
    "/signup/check-mail".into()
}

/// Sign in; `next` is where to go afterwards, a path of this site.
pub fn sign_in(next: Option<&str>) -> String {
    with_query("/signin", &[("next", next.unwrap_or_default())])
}

/// Sign out (POST).
pub fn sign_out() -> String {
    "/signout".into()
}

/// The link of the verification mail.
pub fn verify() -> String {
    "/verify".into()
}

/// Sends the verification mail again (POST).
pub fn resend_verification() -> String {
    "/verify/resend".into()
}

/// Ask for a mail to reset the password.
pub fn forgot_password() -> String {
    "/forgot-password".into()
}

/// The link of that mail.
pub fn reset_password() -> String {
    "/reset".into()
}

// === dashboard ===

/// The consumer's first page.
pub fn dashboard() -> String {
    "/dashboard".into()
}

/// Create an application.
pub fn new_application() -> String {
    "/dashboard/applications/new".into()
}

/// An application: subscriptions, keys, usage.
pub fn application(id: ApplicationId) -> String {
    format!("/dashboard/applications/{id}")
}

/// Create a key (POST); the answer is the page that shows it once.
pub fn create_key(id: ApplicationId) -> String {
    format!("/dashboard/applications/{id}/keys")
}

/// Asks before a key is revoked; POST revokes it.
pub fn revoke_key(application: ApplicationId, key: KeyId) -> String {
    format!("/dashboard/applications/{application}/keys/{key}/revoke")
}

/// Create an OAuth client (POST); the answer is the page that shows its secret once.
pub fn create_client(id: ApplicationId) -> String {
    format!("/dashboard/applications/{id}/clients")
}

/// Asks before an OAuth client is revoked; POST revokes it.
pub fn revoke_client(application: ApplicationId, client: ClientId) -> String {
    format!("/dashboard/applications/{application}/clients/{client}/revoke")
}

/// Change name and description of an application.
pub fn edit_application(id: ApplicationId) -> String {
    format!("/dashboard/applications/{id}/edit")
}

/// Asks before an application is deleted; POST deletes it.
pub fn delete_application(id: ApplicationId) -> String {
    format!("/dashboard/applications/{id}/delete")
}

/// Asks before a subscription is canceled; POST cancels it.
pub fn cancel_subscription(application: ApplicationId, subscription: SubscriptionId) -> String {
    format!("/dashboard/applications/{application}/subscriptions/{subscription}/cancel")
}

/// Choose another plan for a subscription; POST changes it.
pub fn change_plan(application: ApplicationId, subscription: SubscriptionId) -> String {
    format!("/dashboard/applications/{application}/subscriptions/{subscription}/plan")
}

/// Subscribe to a plan: choose the application; POST subscribes.
pub fn subscribe(organization: impl Display, plan: impl Display) -> String {
    format!("/subscribe/{organization}/{plan}")
}

/// The consumer's usage.
pub fn usage() -> String {
    "/dashboard/usage".into()
}

/// Profile, password, sessions.
pub fn settings() -> String {
    "/dashboard/settings".into()
}

/// Ends one session (POST).
pub fn end_session(id: SessionId) -> String {
    format!("/dashboard/settings/sessions/{id}/end")
}

// === console ===

/// The organizations of the actor.
pub fn console() -> String {
    "/console".into()
}

/// Create an organization.
pub fn new_organization() -> String {
    "/console/new".into()
}

/// An organization's overview.
pub fn console_overview(organization: impl Display) -> String {
    format!("/console/{organization}")
}

/// Its apis.
pub fn console_apis(organization: impl Display) -> String {
    format!("/console/{organization}/apis")
}

/// Create an api.
pub fn new_api(organization: impl Display) -> String {
    format!("/console/{organization}/apis/new")
}

/// An api: its versions.
pub fn console_api(organization: impl Display, api: impl Display) -> String {
    format!("/console/{organization}/apis/{api}")
}

/// Name, summary, visibility, tags of an api.
pub fn edit_api(organization: impl Display, api: impl Display) -> String {
    format!("/console/{organization}/apis/{api}/edit")
}

/// Add a version.
pub fn new_version(organization: impl Display, api: impl Display) -> String {
    format!("/console/{organization}/apis/{api}/versions/new")
}

/// A version: spec, operations, diagnostics, upstream, lifecycle.
pub fn console_version(organization: impl Display, api: impl Display, version: impl Display) -> String {
    format!("/console/{organization}/apis/{api}/versions/{version}")
}

/// A part of a version's page that has a form of its own: `spec`, `upstream`, `access`, `routing`, `publish`,
/// `deprecate`, `restore`, `retire`; or a page of its own: `policies`, `checks`, `changes`.
pub fn version_action(
    organization: impl Display,
    api: impl Display,
    version: impl Display,
    action: &'static str,
) -> String {
    format!("/console/{organization}/apis/{api}/versions/{version}/{action}")
}

/// Policies of an organization.
pub fn organization_policies(organization: impl Display) -> String {
    format!("/console/{organization}/policies")
}

/// The rules that an organization holds its documents to.
pub fn organization_rules(organization: impl Display) -> String {
    format!("/console/{organization}/rules")
}

/// Policies of an api.
pub fn api_policies(organization: impl Display, api: impl Display) -> String {
    format!("/console/{organization}/apis/{api}/policies")
}

/// Plans of an organization.
pub fn console_plans(organization: impl Display) -> String {
    format!("/console/{organization}/plans")
}

/// Create a plan.
pub fn new_plan(organization: impl Display) -> String {
    format!("/console/{organization}/plans/new")
}

/// Change a plan.
pub fn edit_plan(organization: impl Display, plan: impl Display) -> String {
    format!("/console/{organization}/plans/{plan}")
}

/// Asks before a plan is deleted; POST deletes it.
pub fn delete_plan(organization: impl Display, plan: impl Display) -> String {
    format!("/console/{organization}/plans/{plan}/delete")
}

/// Subscribers and approvals.
pub fn subscribers(organization: impl Display) -> String {
    format!("/console/{organization}/subscribers")
}

/// A decision about a subscription (POST): `approve`, `refuse`, `suspend`, `resume`.
pub fn subscriber_action(organization: impl Display, id: SubscriptionId, action: &'static str) -> String {
    format!("/console/{organization}/subscribers/{id}/{action}")
}

/// One subscriber: scopes and identities.
pub fn subscriber(organization: impl Display, id: SubscriptionId) -> String {
    format!("/console/{organization}/subscribers/{id}")
}

/// Grants scopes to a subscriber (POST).
pub fn subscriber_scopes(organization: impl Display, id: SubscriptionId) -> String {
    format!("/console/{organization}/subscribers/{id}/scopes")
}

/// Maps an identity to a subscriber (POST).
pub fn subscriber_identities(organization: impl Display, id: SubscriptionId) -> String {
    format!("/console/{organization}/subscribers/{id}/identities")
}

/// Takes an identity away from a subscriber (POST).
pub fn remove_identity(organization: impl Display, id: SubscriptionId, identity: IdentityId) -> String {
    format!("/console/{organization}/subscribers/{id}/identities/{identity}/remove")
}

/// The audit log.
pub fn audit(organization: impl Display) -> String {
    format!("/console/{organization}/audit")
}

/// Name and members of an organization.
pub fn organization_settings(organization: impl Display) -> String {
    format!("/console/{organization}/settings")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_encoded_and_empty_values_left_out() {
        assert_eq!(with_query("/apis", &[("q", "a b&c"), ("tag", "")]), "/apis?q=a+b%26c");
        assert_eq!(with_query("/apis", &[("q", "")]), "/apis");
    }
}
