//! Apis of an organization.

mod edit;
mod list;
mod new;
mod show;

use axum::{Router, extract::DefaultBodyLimit, routing::get};

use crate::{cx::AppState, form};

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/console/{org}/apis", get(list::show))
        .route(
            "/console/{org}/apis/new",
            get(new::show)
                .post(new::create)
                .layer(DefaultBodyLimit::max(form::MAX_BYTES_WITH_SPEC)),
        )
        .route("/console/{org}/apis/{api}", get(show::show))
        .route("/console/{org}/apis/{api}/edit", get(edit::show).post(edit::save))
}

/// Tags as typed: separated by commas or spaces, empty ones left out.
fn tags_of(text: &str) -> Vec<String> {
    text.split([',', ' '])
        .map(str::trim)
        .filter(|tag| !tag.is_empty())
        .map(str::to_lowercase)
        .collect()
}
