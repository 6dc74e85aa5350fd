//! The provider's console: organizations, apis, versions and their lifecycle, plans, subscribers, audit log.

mod apis;
mod audit;
mod organizations;
mod overview;
mod plans;
mod policies;
mod rules;
mod settings;
mod spec_fields;
mod subscriber;
mod subscribers;
mod versions;

use axum::Router;

use crate::cx::AppState;

/// Routes of this feature.
pub fn router() -> Router<AppState> {
    Router::new()
        .merge(organizations::router())
        .merge(overview::router())
        .merge(apis::router())
        .merge(versions::router())
        .merge(plans::router())
        .merge(policies::router())
        .merge(rules::router())
        .merge(subscribers::router())
        .merge(subscriber::router())
        .merge(audit::router())
        .merge(settings::router())
}
