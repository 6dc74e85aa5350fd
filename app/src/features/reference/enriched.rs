//! The document as it holds at the gateway, and what is added to it, as downloads.

use std::sync::Arc;

use axum::{
    extract::Path,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use domain::catalog::run_time::Enriched;

use super::reading::Reading;
use crate::{cx::Cx, error::PageError};

/// The names in the path of a version.
type VersionPath = Path<(String, String, String)>;

/// `GET …/openapi.json`: the document with everything that the gateway adds.
pub(super) async fn document(cx: Cx, Path(names): VersionPath) -> Result<Response, PageError> {
    Ok(download(
        "attachment; filename=\"openapi.json\"",
        enriched(&cx, &names).await?.document.clone(),
    ))
}

/// `GET …/overlay.json`: what is added, as an OpenAPI Overlay.
pub(super) async fn overlay(cx: Cx, Path(names): VersionPath) -> Result<Response, PageError> {
    Ok(download(
        "attachment; filename=\"overlay.json\"",
        enriched(&cx, &names).await?.overlay.clone(),
    ))
}

async fn enriched(
    cx: &Cx,
    (organization, api, version): &(String, String, String),
) -> Result<Arc<Enriched>, PageError> {
    let reading = Reading::load(cx, organization, api, version).await?;
    let gateway_url = reading.settings.gateway_url.trim_end_matches('/').to_owned();
    let reads = &cx.services().catalog_reads;
    Ok(reads
        .enriched(&reading.reference, &reading.base_url(), &gateway_url)
        .await?)
}

/// A stranger's text: saved, never shown; and if something shows it, nothing in it runs.
fn download(disposition: &'static str, text: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static(disposition)),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("sandbox; default-src 'none'"),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    (headers, text).into_response()
}
