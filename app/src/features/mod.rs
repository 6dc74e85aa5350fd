//! The pages, a folder for each feature. A feature imports `ui`, `layout`, `href`, `form`, `page`, `cx`; never another
//! feature.

use axum::{Router, extract::DefaultBodyLimit};

use crate::{cx::AppState, error::PageError, form};

pub mod account;
pub mod applications;
pub mod catalog;
pub mod console;
pub mod discovery;
pub mod problems;
pub mod reference;
pub mod settings;
pub mod subscriptions;
pub mod usage;

/// Every page of the user interface. Whoever serves it puts [`crate::render::render`] around it.
pub fn router(state: AppState) -> Router {
    // Leptos renders on the runtime that is there. It may have been told before, by another router of this process.
    let _ = any_spawner::Executor::init_tokio();
    Router::new()
        .merge(catalog::router())
        .merge(reference::router())
        .merge(discovery::router())
        .merge(problems::router())
        .merge(account::router())
        .merge(applications::router())
        .merge(subscriptions::router())
        .merge(usage::router())
        .merge(settings::router())
        .merge(console::router())
        .fallback(async || PageError::not_found("page"))
        .layer(DefaultBodyLimit::max(form::MAX_BYTES))
        .with_state(state)
}
