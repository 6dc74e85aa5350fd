//! Plans of an organization.

mod delete;
mod fields;
mod list;
mod save;

use axum::{Router, routing::get};

use crate::cx::AppState;

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/console/{org}/plans", get(list::show))
        .route("/console/{org}/plans/new", get(save::show_new).post(save::create))
        .route("/console/{org}/plans/{plan}", get(save::show_edit).post(save::update))
        .route(
            "/console/{org}/plans/{plan}/delete",
            get(delete::ask).post(delete::delete),
        )
}
