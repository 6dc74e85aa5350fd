//! The document as it holds at the gateway, and what is added to it, as downloads.

use std::sync::Arc;

use axum::{
    extract::Path,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use domain::catalog::run_time::Enriched;

use super::reading::Reading;
use crate::{cx::Cx, error::PageError};

/// The names in the path of a version.
type VersionPath = Path<(String, String, String)>;

/// A text of what was made, which stays where it is while it is sent.
struct Text(Arc<Enriched>, fn(&Enriched) -> &str);

impl AsRef<[u8]> for Text {
    fn as_ref(&self) -> &[u8] {
        self.1(&self.0).as_bytes()
    }
}

/// `GET …/openapi.json`: the document with everything that the gateway adds.
pub(super) async fn document(cx: Cx, Path(names): VersionPath, asked: HeaderMap) -> Result<Response, PageError> {
    let enriched = enriched(&cx, &names).await?;
    let tag = tag(&enriched.document_sha256);
    let text = Text(enriched, |enriched| &enriched.document);
    Ok(download("attachment; filename=\"openapi.json\"", text, tag, &asked))
}

/// `GET …/overlay.json`: what is added, as an OpenAPI Overlay.
pub(super) async fn overlay(cx: Cx, Path(names): VersionPath, asked: HeaderMap) -> Result<Response, PageError> {
    let enriched = enriched(&cx, &names).await?;
    let tag = tag(&enriched.overlay_sha256);
    let text = Text(enriched, |enriched| &enriched.overlay);
    Ok(download("attachment; filename=\"overlay.json\"", text, tag, &asked))
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

/// The strong tag of a text (RFC 9110 section 8.8.3).
fn tag(sha256: &str) -> Option<HeaderValue> {
    HeaderValue::from_str(&format!("\"{sha256}\"")).ok()
}

/// Whether the caller has the text with this tag already (RFC 9110 section 13.1.2).
fn is_known(tag: &HeaderValue, asked: &HeaderMap) -> bool {
    let Ok(tag) = tag.to_str() else { return false };
    let lists = asked.get_all(header::IF_NONE_MATCH).iter();
    let mut known = lists
        .filter_map(|list| list.to_str().ok())
        .flat_map(|list| list.split(','));
    known.any(|known| {
        let known = known.trim();
        known == "*" || known.trim_start_matches("W/") == tag
    })
}

/// A stranger's text: saved, never shown; and if something shows it, nothing in it runs.
fn download(disposition: &'static str, text: Text, tag: Option<HeaderValue>, asked: &HeaderMap) -> Response {
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
    let has_it = tag.as_ref().is_some_and(|tag| is_known(tag, asked));
    let mut response = if has_it {
        (StatusCode::NOT_MODIFIED, headers).into_response()
    } else {
        (headers, Bytes::from_owner(text)).into_response()
    };
    if let Some(tag) = tag {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}
