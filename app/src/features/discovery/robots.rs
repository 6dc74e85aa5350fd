//! `/robots.txt` (RFC 9309): what crawlers have no business with, and where the sitemap is.

use axum::response::Response;

use super::answer;
use crate::cx::Cx;

/// Parts of the site that need somebody signed in, or lead there.
const CLOSED: [&str; 7] = [
    "/console",
    "/dashboard",
    "/forgot-password",
    "/reset",
    "/signin",
    "/signup",
    "/subscribe",
];

pub(super) async fn robots(cx: Cx) -> Response {
    answer("text/plain; charset=utf-8", text(&cx.settings().portal_url))
}

fn text(portal_url: &str) -> String {
    let closed = CLOSED.map(|path| format!("Disallow: {path}\n")).concat();
    format!("User-agent: *\n{closed}\nSitemap: {portal_url}/sitemap.xml\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sitemap_is_named_with_its_whole_address() {
        let text = text("https://portal.example");
        assert!(text.starts_with("User-agent: *\nDisallow: /console\n"), "{text}");
        assert!(
            text.ends_with("\n\nSitemap: https://portal.example/sitemap.xml\n"),
            "{text}"
        );
    }
}
