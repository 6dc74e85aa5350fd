//! The stylesheet, images and browser bundle, compiled into the binary by `build.rs`.
//!
//! A path with a content hash (`/assets/site.3fa9c14d02be.css`, `/pkg/…/islands.js`) never changes its meaning and is
//! cached for ever; the same file under its plain name (`/assets/site.css`) is revalidated by `ETag`.

use axum::{Router, extract::Request, response::IntoResponse, response::Response, routing::get};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{
        ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
        X_CONTENT_TYPE_OPTIONS,
    },
};

mod embedded {
    use super::Asset;
    include!(concat!(env!("OUT_DIR"), "/assets.rs"));
}

/// One path that the binary can answer by itself.
#[derive(Debug)]
pub struct Asset {
    /// As in the request line, without query.
    path: &'static str,
    /// Start of the content's SHA-256, hexadecimal.
    hash: &'static str,
    content_type: &'static str,
    bytes: &'static [u8],
    /// Only where it saves at least a tenth.
    gzip: Option<&'static [u8]>,
    /// The path holds a content hash.
    immutable: bool,
}

/// URL of the stylesheet: all of `style/*.css` as one.
pub fn stylesheet() -> &'static str {
    embedded::STYLESHEET
}

/// URL of the script that wakes islands; `None` when the binary was built without the browser bundle.
pub fn islands_js() -> Option<&'static str> {
    url("pkg/islands.js")
}

/// URL of a file by its path below `public/`, e.g. `favicon.svg`.
pub fn url(name: &str) -> Option<&'static str> {
    let index = embedded::URLS.binary_search_by(|(known, _)| known.cmp(&name)).ok()?;
    Some(embedded::URLS[index].1)
}

/// Serves every asset: `/assets/…`, `/pkg/…`, and `/favicon.ico` where it exists. 404 otherwise.
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let mut router = Router::new()
        .route("/assets/{*path}", get(serve))
        .route("/pkg/{*path}", get(serve));
    for asset in embedded::ASSETS.iter().filter(|asset| asset.path.rfind('/') == Some(0)) {
        router = router.route(asset.path, get(serve));
    }
    router
}

async fn serve(request: Request) -> Response {
    match find(request.uri().path()) {
        Some(asset) => answer(asset, request.headers()),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn find(path: &str) -> Option<&'static Asset> {
    let index = embedded::ASSETS.binary_search_by(|asset| asset.path.cmp(path)).ok()?;
    Some(&embedded::ASSETS[index])
}

fn answer(asset: &'static Asset, request: &HeaderMap) -> Response {
    let packed = asset.gzip.filter(|_| accepts_gzip(request));
    // Two representations, two strong validators (RFC 9110 section 8.8.3).
    let suffix = if packed.is_some() { "-gz" } else { "" };
    let etag = format!("\"{}{suffix}\"", asset.hash);
    let mut headers = HeaderMap::with_capacity(6);
    let cache = if asset.immutable {
        "public, max-age=31536000, immutable"
    } else {
        "public, no-cache"
    };
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache));
    if asset.gzip.is_some() {
        headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    }
    let unchanged = is_current(request, &etag);
    if let Ok(etag) = HeaderValue::try_from(etag) {
        headers.insert(ETAG, etag);
    }
    if unchanged {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if packed.is_some() {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    (headers, packed.unwrap_or(asset.bytes)).into_response()
}

/// `If-None-Match` names this representation (weak comparison, RFC 9110 section 13.1.2).
fn is_current(request: &HeaderMap, etag: &str) -> bool {
    request
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|candidate| candidate.trim().trim_start_matches("W/"))
        .any(|candidate| candidate == etag || candidate == "*")
}

/// `Accept-Encoding` allows gzip: by name or `*`, unless its weight is zero (RFC 9110 section 12.5.3).
fn accepts_gzip(request: &HeaderMap) -> bool {
    let mut any = false;
    for value in request
        .get_all(ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
    {
        for coding in value.split(',') {
            let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
            let weight = weight
                .trim()
                .strip_prefix("q=")
                .map_or(Some(1.0), |weight| weight.trim().parse::<f32>().ok());
            let wanted = weight.is_some_and(|weight| weight > 0.0);
            match name.trim() {
                name if name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip") => return wanted,
                "*" => any = wanted,
                _ => {}
            }
        }
    }
    any
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(path: &str, headers: &[(http::HeaderName, &str)]) -> Response {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(name, HeaderValue::from_str(value).unwrap());
        }
        answer(find(path).unwrap(), &map)
    }

    #[test]
    fn the_stylesheet_is_served_for_ever_under_its_hash() {
        let response = get(stylesheet(), &[]);
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()[CONTENT_TYPE], "text/css; charset=utf-8");
        assert_eq!(response.headers()[CACHE_CONTROL], "public, max-age=31536000, immutable");
        assert_eq!(response.headers()[X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert_eq!(url("site.css"), Some(stylesheet()));
    }

    #[test]
    fn plain_names_are_revalidated_and_unknown_ones_unknown() {
        let etag = get("/assets/site.css", &[]).headers()[ETAG]
            .to_str()
            .unwrap()
            .to_owned();
        let again = get("/assets/site.css", &[(IF_NONE_MATCH, &format!("\"other\", W/{etag}"))]);
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(again.headers()[CACHE_CONTROL], "public, no-cache");
        assert!(find("/assets/site.000000000000.css").is_none());
        assert!(find("/assets/../Cargo.toml").is_none());
    }

    #[test]
    fn every_named_url_is_served_and_immutable() {
        for (name, path) in embedded::URLS {
            assert!(find(path).is_some_and(|asset| asset.immutable), "{name} at {path}");
        }
        assert!(embedded::ASSETS.is_sorted_by_key(|asset| asset.path));
    }

    #[test]
    fn gzip_is_negotiated() {
        for (header, expected) in [
            ("gzip", true),
            ("br, gzip;q=0.5", true),
            ("GZIP", true),
            ("*", true),
            ("*;q=0", false),
            ("gzip;q=0, *", false),
            ("br", false),
            ("identity", false),
            ("gzip;q=x", false),
        ] {
            let mut map = HeaderMap::new();
            map.insert(ACCEPT_ENCODING, HeaderValue::from_static(header));
            assert_eq!(accepts_gzip(&map), expected, "{header}");
        }
        assert!(!accepts_gzip(&HeaderMap::new()));
    }
}
