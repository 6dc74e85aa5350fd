//! The consumer's applications: subscriptions, keys, calls.

mod application;
mod ask;
mod change_plan;
mod clients;
mod credentials;
mod delete;
mod edit;
mod keys;
mod new;
mod overview;
mod subscription;

use axum::{Router, routing::get};

use crate::cx::AppState;

/// Routes of this feature.
pub fn router() -> Router<AppState> {
    Router::new()
        .route("/dashboard", get(overview::show))
        .route("/dashboard/applications/new", get(new::show).post(new::create))
        .route("/dashboard/applications/{id}", get(application::show))
        .route("/dashboard/applications/{id}/edit", get(edit::show).post(edit::save))
        .route(
            "/dashboard/applications/{id}/delete",
            get(delete::ask).post(delete::delete),
        )
        .route("/dashboard/applications/{id}/keys", get(keys::back).post(keys::create))
        .route(
            "/dashboard/applications/{id}/keys/{key}/revoke",
            get(keys::ask_revoke).post(keys::revoke),
        )
        .route(
            "/dashboard/applications/{id}/clients",
            get(clients::back).post(clients::create),
        )
        .route(
            "/dashboard/applications/{id}/clients/{client}/revoke",
            get(clients::ask_revoke).post(clients::revoke),
        )
        .route(
            "/dashboard/applications/{id}/subscriptions/{subscription}/plan",
            get(change_plan::choose).post(change_plan::change),
        )
        .route(
            "/dashboard/applications/{id}/subscriptions/{subscription}/cancel",
            get(subscription::ask_cancel).post(subscription::cancel),
        )
}

/// An application's id in a path; anything else is "not found", like a stranger's.
fn application_id(text: &str) -> Result<domain::id::ApplicationId, crate::error::PageError> {
    text.parse()
        .map_err(|_| crate::error::PageError::not_found("application"))
}
