//! `/.well-known/api-catalog` (RFC 9727): what is published, as a linkset (RFC 9264).

use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use domain::catalog::{Version, published::PublishedApi};
use serde_json::{Value, json};

use super::{KEPT, published};
use crate::{
    cx::{Cx, Settings},
    document::{base_url, has_ended},
    error::PageError,
    href, twin,
    ui::visible_text,
};

/// The linkset's media type with the profile of api catalogs (RFC 9727 section 4.2).
const MEDIA_TYPE: &str = r#"application/linkset+json; profile="https://www.rfc-editor.org/info/rfc9727""#;
/// Where it is.
const PATH: &str = "/.well-known/api-catalog";

pub(super) async fn api_catalog(cx: Cx) -> Result<Response, PageError> {
    let apis = published(&cx).await?;
    let set = linkset(cx.settings(), &apis, cx.now());
    // RFC 9727 section 3: the answer to HEAD says the same of itself.
    let itself = format!("<{}{PATH}>; rel=\"api-catalog\"", cx.settings().portal_url);
    let mut response = set.to_string().into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    headers.insert(header::CACHE_CONTROL, KEPT);
    if let Ok(itself) = HeaderValue::from_str(&itself) {
        headers.insert(header::LINK, itself);
    }
    Ok(response)
}

fn linkset(settings: &Settings, apis: &[PublishedApi], now: domain::clock::Timestamp) -> Value {
    let answering: Vec<(&PublishedApi, &Version, String)> = apis
        .iter()
        .flat_map(|api| api.versions.iter().map(move |version| (api, version)))
        .filter(|(_, version)| version.revision_id.is_some() && !has_ended(version, now))
        .map(|(api, version)| {
            let base = base_url(&settings.gateway_url, &api.organization, &api.slug, version);
            (api, version, base)
        })
        .collect();
    let items: Vec<Value> = answering
        .iter()
        .map(|(api, version, base)| json!({"href": base, "title": title(api, version)}))
        .collect();
    let catalog = json!({"anchor": format!("{}{PATH}", settings.portal_url), "item": items});
    let each = answering
        .iter()
        .map(|(api, version, base)| links(settings, api, version, base));
    json!({"linkset": std::iter::once(catalog).chain(each).collect::<Vec<_>>()})
}

fn title(api: &PublishedApi, version: &Version) -> String {
    format!("{} {}", visible_text(&api.name), version.name)
}

/// What there is to a version: its document, its reference, and how to move off it.
fn links(settings: &Settings, api: &PublishedApi, version: &Version, base: &str) -> Value {
    let portal = &settings.portal_url;
    let place = (&api.organization, &api.slug, &version.name);
    let reference = href::reference(place.0, place.1, place.2);
    let mut links = json!({
        "anchor": base,
        "service-desc": [{
            "href": format!("{portal}{}", href::enriched(place.0, place.1, place.2)),
            "type": "application/json",
            "title": "OpenAPI document",
        }],
        "service-doc": [
            {"href": format!("{portal}{reference}"), "type": "text/html"},
            {"href": format!("{portal}{}", twin::href(&reference)), "type": "text/markdown"},
        ],
        "service-meta": [{"href": format!("{portal}{}", href::api(place.0, place.1)), "type": "text/html"}],
    });
    if version.deprecation.is_some() {
        let guide = format!("{portal}{}", href::deprecation_guide(place.0, place.1, place.2));
        // RFC 9745 section 3 and RFC 8594 section 6.
        links["deprecation"] = json!([{"href": guide, "type": "text/html"}]);
    }
    links
}
