//! The reference: a version's operations, a page for each, the guide off a deprecated version, the uploaded document.

use axum::{Router, routing::get};

use crate::cx::AppState;

mod bodies;
mod deprecation;
mod enriched;
mod navigation;
mod operation;
mod operation_list;
mod original;
mod parameters;
mod reading;
mod responses;
mod security;
mod side;
mod trees;
mod twins;
mod version;

#[cfg(test)]
mod tests;

/// Routes of this feature.
pub fn router() -> Router<AppState> {
    Router::new()
        .route("/apis/{organization}/{api}/{version}", get(version::version_page))
        .route(
            "/apis/{organization}/{api}/{version}/operations/{operation}",
            get(operation::operation_page),
        )
        .route(
            "/apis/{organization}/{api}/{version}/deprecation",
            get(deprecation::deprecation_page),
        )
        .route("/apis/{organization}/{api}/{version}/original", get(original::original))
        .route(
            "/apis/{organization}/{api}/{version}/openapi.json",
            get(enriched::document),
        )
        .route(
            "/apis/{organization}/{api}/{version}/overlay.json",
            get(enriched::overlay),
        )
}
