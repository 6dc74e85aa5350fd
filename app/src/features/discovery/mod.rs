//! Lists of what is published, for programs: search engines, language models, clients that look for apis.
//!
//! Only what everybody may see is in them, whoever asks.

use axum::{
    Router,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
    routing::get,
};

use crate::{
    cx::{AppState, Cx},
    error::PageError,
};

mod api_catalog;
mod llms;
mod robots;
mod sitemap;

/// Routes of this feature.
pub fn router() -> Router<AppState> {
    Router::new()
        .route("/robots.txt", get(robots::robots))
        .route("/llms.txt", get(llms::llms))
        .route("/sitemap.xml", get(sitemap::index))
        .route("/sitemaps/portal", get(sitemap::portal))
        .route("/sitemaps/{organization}/{api}", get(sitemap::api))
        .route("/.well-known/api-catalog", get(api_catalog::api_catalog))
}

/// Most apis that one list has: as many as a sitemap's index may have entries.
const MOST: usize = 50_000;
/// How long a list may be kept, in seconds: it changes seldom, and making one reads the whole catalog.
const KEPT: HeaderValue = HeaderValue::from_static("public, max-age=300");

/// The apis of a list.
async fn published(cx: &Cx) -> Result<Vec<domain::catalog::published::PublishedApi>, PageError> {
    Ok(cx.services().catalog_reads.published(MOST).await?)
}

/// A list as the answer.
fn answer(media_type: &'static str, text: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
        (header::CACHE_CONTROL, KEPT),
    ];
    (headers, text).into_response()
}
