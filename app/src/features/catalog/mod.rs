//! The catalog: home, list with facets, an api's overview, a provider's page.

use axum::{Router, routing::get};

use crate::cx::AppState;

mod api;
mod cards;
mod changelog;
mod facts;
mod home;
mod list;
mod plans;
mod provider;
mod quickstart;
mod twins;
mod versions;

/// Routes of this feature.
pub fn router() -> Router<AppState> {
    Router::new()
        .route("/", get(home::home_page))
        .route("/apis", get(list::list_page))
        .route("/apis/{organization}/{api}", get(api::api_page))
        .route("/apis/{organization}/{api}/changelog", get(changelog::changelog_page))
        .route("/feeds/{organization}/{api}", get(changelog::changelog_feed))
        .route("/providers/{organization}", get(provider::provider_page))
}
