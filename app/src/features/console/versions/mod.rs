//! A version: its spec, where its calls go, and its lifecycle.

mod actions;
mod cache;
mod changes;
mod checks;
mod deprecation;
mod lifecycle;
mod new;
mod operations;
mod routing;
mod show;
mod spec;
mod upstream;
mod upstream_form;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    routing::{get, post},
};

use crate::{cx::AppState, form};

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route(
            "/console/{org}/apis/{api}/versions/new",
            get(new::show)
                .post(new::create)
                .layer(DefaultBodyLimit::max(form::MAX_BYTES_WITH_SPEC)),
        )
        .route("/console/{org}/apis/{api}/versions/{version}", get(show::show))
        .route(
            "/console/{org}/apis/{api}/versions/{version}/spec",
            get(actions::back)
                .post(actions::add_revision)
                .layer(DefaultBodyLimit::max(form::MAX_BYTES_WITH_SPEC)),
        )
        .route(
            "/console/{org}/apis/{api}/versions/{version}/checks",
            get(checks::show).post(checks::check_again),
        )
        .route(
            "/console/{org}/apis/{api}/versions/{version}/changes",
            get(changes::show),
        )
        .route(
            "/console/{org}/apis/{api}/versions/{version}/upstream",
            get(actions::back).post(actions::set_upstream),
        )
        .route(
            "/console/{org}/apis/{api}/versions/{version}/access",
            get(actions::back).post(actions::set_access),
        )
        .route(
            "/console/{org}/apis/{api}/versions/{version}/routing",
            get(actions::back).post(actions::set_routing),
        )
        .route(
            "/console/{org}/apis/{api}/versions/{version}/cache",
            get(actions::back).post(actions::purge_cache),
        )
        .route(
            "/console/{org}/apis/{api}/versions/{version}/publish",
            get(actions::back).post(actions::publish),
        )
        .route(
            "/console/{org}/apis/{api}/versions/{version}/deprecate",
            get(actions::back)
                .post(actions::deprecate)
                .layer(DefaultBodyLimit::max(form::MAX_BYTES_WITH_GUIDE)),
        )
        .route(
            "/console/{org}/apis/{api}/versions/{version}/restore",
            post(actions::restore),
        )
        .route(
            "/console/{org}/apis/{api}/versions/{version}/retire",
            get(lifecycle::ask_retire).post(lifecycle::retire),
        )
}
