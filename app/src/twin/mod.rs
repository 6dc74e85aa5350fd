//! Markdown twins: a page of the portal at its path with `.md` behind it, as Markdown, for programs that read.
//!
//! A page that has one says so with [`Page::with_twin`](crate::page::Page::with_twin). The twin is made of what the page is
//! made of, so it shows what the page shows and is hidden from whom the page is hidden. The page names it in its `Link`
//! header and its head (`rel="alternate"; type="text/markdown"`).

mod schema;
mod writer;

use axum::{
    extract::Request,
    http::{HeaderValue, Method, Uri, header},
    response::{IntoResponse, Response},
};

pub use schema::schema_list;
pub use writer::{Markdown, code_span, escape, link, with_code_spans};

/// The ending of a twin's path.
const ENDING: &str = ".md";
/// The media type of Markdown (RFC 7763).
const MEDIA_TYPE: &str = "text/markdown; charset=utf-8";

/// In a request's extensions: the twin of the page is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Wanted;

/// Where the twin of a page is.
pub fn href(page: &str) -> String {
    format!("{page}{ENDING}")
}

/// Takes the ending off the path of a request for a twin and notes in its extensions that the twin is [`Wanted`], so that
/// routes need not know of twins. Goes around the router.
pub fn strip_ending(mut request: Request) -> Request {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return request;
    }
    if let Some(uri) = page_of(request.uri()) {
        *request.uri_mut() = uri;
        request.extensions_mut().insert(Wanted);
    }
    request
}

/// The page whose twin the address is; `None` for addresses of no twin.
fn page_of(uri: &Uri) -> Option<Uri> {
    let page = uri.path().strip_suffix(ENDING)?;
    // A segment that is only the ending has no page.
    if page.ends_with('/') {
        return None;
    }
    let path_and_query = match uri.query() {
        Some(query) => format!("{page}?{query}"),
        None => page.to_owned(),
    };
    path_and_query.parse().ok()
}

/// The answer. Strangers' words are in it: nothing may make it something else than text.
pub(crate) fn response(text: String, is_private: bool) -> Response {
    let cache = if is_private { "no-store" } else { "no-cache" };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE)),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("sandbox; default-src 'none'"),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static(cache)),
    ];
    (headers, text).into_response()
}

/// The `Link` header of a page that has a twin (RFC 8288).
pub(crate) fn link_header(page: &str) -> Option<HeaderValue> {
    HeaderValue::from_str(&format!("<{}>; rel=\"alternate\"; type=\"text/markdown\"", href(page))).ok()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn stripped(method: Method, uri: &str) -> (String, bool) {
        let request = Request::builder().method(method).uri(uri).body(Body::empty()).unwrap();
        let request = strip_ending(request);
        (
            request.uri().to_string(),
            request.extensions().get::<Wanted>().is_some(),
        )
    }

    #[test]
    fn only_reads_of_a_page_with_the_ending_ask_for_a_twin() {
        for (method, uri, expected) in [
            (Method::GET, "/apis/acme/petstore.md", ("/apis/acme/petstore", true)),
            (
                Method::HEAD,
                "/apis/acme/petstore.md?a=b",
                ("/apis/acme/petstore?a=b", true),
            ),
            (
                Method::POST,
                "/apis/acme/petstore.md",
                ("/apis/acme/petstore.md", false),
            ),
            (Method::GET, "/apis/acme/petstore", ("/apis/acme/petstore", false)),
            (Method::GET, "/.md", ("/.md", false)),
            (Method::GET, "/apis/.md", ("/apis/.md", false)),
        ] {
            let (uri_after, is_wanted) = stripped(method, uri);
            assert_eq!((&*uri_after, is_wanted), expected, "{uri}");
        }
    }
}
