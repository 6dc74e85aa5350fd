//! Protection against cross-site request forgery without tokens, by the rules of Go 1.25's `CrossOriginProtection`:
//! browsers say where a request comes from, and every browser since 2020 says it in a header that pages cannot forge.

use app::{
    page::Page,
    ui::{Failure, LinkButton},
};
use axum::{
    extract::Request,
    http::{HeaderMap, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use leptos::prelude::*;
use url::Url;

/// The layer: a request that could change something and that another site caused is answered 403.
pub async fn protect(request: Request, next: Next) -> Response {
    if is_allowed(
        request.method(),
        request.headers(),
        request.uri().authority().map(axum::http::uri::Authority::as_str),
    ) {
        next.run(request).await
    } else {
        tracing::warn!(
            path = request.uri().path(),
            "refused a request that another site caused"
        );
        refusal().into_response()
    }
}

fn refusal() -> Page {
    const TITLE: &str = "This request came from another site";
    let page = Page::new(TITLE, || {
        let status = StatusCode::FORBIDDEN.as_u16();
        let text = "Nothing was changed. Open the page here and send its form again.".to_owned();
        view! {
            <main id="main" class="wrap">
                <Failure title=TITLE text status>
                    <LinkButton href=app::href::home()>"Home"</LinkButton>
                </Failure>
            </main>
        }
    });
    page.status(StatusCode::FORBIDDEN).unlisted()
}

/// Whether a request comes from our own pages, from the address bar, or from something that is no browser.
///
/// `authority` is the host of the request target, which HTTP/2 has in place of `Host`.
fn is_allowed(method: &Method, headers: &HeaderMap, authority: Option<&str>) -> bool {
    // Reading must not change anything, so it may come from anywhere: links do.
    if [Method::GET, Method::HEAD, Method::OPTIONS].contains(method) {
        return true;
    }
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("invalid"));
    match text(header::HeaderName::from_static("sec-fetch-site")) {
        Some("same-origin" | "none") => return true,
        Some(_) => return false,
        None => {}
    }
    match text(header::ORIGIN) {
        // Neither header: not a browser, or one from before 2020, which SameSite=Lax cookies protect.
        None => true,
        Some(origin) => {
            let host = text(header::HOST).or(authority);
            host.is_some_and(|host| is_same_host(origin, host))
        }
    }
}

/// Compares host and port. Not the scheme: behind a proxy that ends TLS we don't know which one the browser used.
fn is_same_host(origin: &str, host: &str) -> bool {
    let Ok(origin) = Url::parse(origin) else { return false };
    let Ok(own) = Url::parse(&format!("{}://{host}", origin.scheme())) else {
        return false;
    };
    let key = |url: &Url| Some((url.host_str()?.to_ascii_lowercase(), url.port_or_known_default()?));
    key(&origin).is_some_and(|origin| Some(origin) == key(&own))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn only_our_own_pages_may_change_things() {
        for (name, method, pairs, allowed) in [
            (
                "reading from anywhere",
                "GET",
                vec![("sec-fetch-site", "cross-site")],
                true,
            ),
            (
                "our page",
                "POST",
                vec![("sec-fetch-site", "same-origin"), ("origin", "http://h:1")],
                true,
            ),
            ("address bar", "POST", vec![("sec-fetch-site", "none")], true),
            ("another site", "POST", vec![("sec-fetch-site", "cross-site")], false),
            ("a sibling host", "POST", vec![("sec-fetch-site", "same-site")], false),
            ("unknown word", "POST", vec![("sec-fetch-site", "whatever")], false),
            (
                "the header decides before the origin",
                "POST",
                vec![("sec-fetch-site", "cross-site"), ("origin", "http://h:1")],
                false,
            ),
            ("same origin", "POST", vec![("origin", "http://h:1")], true),
            ("scheme may differ", "POST", vec![("origin", "https://h:1")], true),
            ("capital letters", "DELETE", vec![("origin", "http://H:1")], true),
            ("other port", "POST", vec![("origin", "http://h:2")], false),
            ("other host", "POST", vec![("origin", "http://h.example:1")], false),
            ("opaque origin", "POST", vec![("origin", "null")], false),
            (
                "prefix of the host",
                "POST",
                vec![("origin", "http://h:1.evil.example")],
                false,
            ),
            ("no browser", "POST", vec![], true),
            ("no browser, any method", "PUT", vec![], true),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_static("h:1"));
            for (name, value) in pairs {
                headers.insert(name, HeaderValue::from_static(value));
            }
            assert_eq!(is_allowed(&method.parse().unwrap(), &headers, None), allowed, "{name}");
        }
    }

    #[test]
    fn the_host_of_http2_counts_and_a_missing_one_refuses() {
        let mut headers = HeaderMap::new();
        headers.insert(header::ORIGIN, HeaderValue::from_static("https://h.example"));
        assert!(is_allowed(&Method::POST, &headers, Some("h.example")));
        assert!(!is_allowed(&Method::POST, &headers, None));
    }
}
