//! Sitemaps (sitemaps.org protocol 0.9): an index, one for the portal's own pages, one for each api.

use std::fmt::Write as _;

use axum::{extract::Path, response::Response};
use domain::{
    actor::Actor,
    catalog::{Version, Visibility, query::ApiDetail},
};

use super::{answer, published};
use crate::{cx::Cx, error::PageError, href};

const MEDIA_TYPE: &str = "application/xml; charset=utf-8";
/// Most addresses of one sitemap, by its protocol.
const MOST: usize = 50_000;
const NAMESPACE: &str = "http://www.sitemaps.org/schemas/sitemap/0.9";

/// The index.
pub(super) async fn index(cx: Cx) -> Result<Response, PageError> {
    let apis = published(&cx).await?;
    let portal = &cx.settings().portal_url;
    let maps = std::iter::once("/sitemaps/portal".to_owned())
        .chain(
            apis.iter()
                .map(|api| format!("/sitemaps/{}/{}", api.organization, api.slug)),
        )
        .take(MOST);
    Ok(answer(MEDIA_TYPE, document("sitemapindex", "sitemap", portal, maps)))
}

/// Pages that are no api's.
pub(super) async fn portal(cx: Cx) -> Result<Response, PageError> {
    let apis = published(&cx).await?;
    let mut providers: Vec<_> = apis.iter().map(|api| api.organization.as_str()).collect();
    providers.dedup();
    let problems = cx
        .settings()
        .problems
        .iter()
        .map(|problem| href::problem(&problem.slug));
    let pages = [href::home(), href::catalog()]
        .into_iter()
        .chain(providers.into_iter().map(href::provider))
        .chain([href::problems()])
        .chain(problems)
        .take(MOST);
    Ok(answer(
        MEDIA_TYPE,
        document("urlset", "url", &cx.settings().portal_url, pages),
    ))
}

/// An api: its overview, its versions and their operations.
pub(super) async fn api(cx: Cx, Path((organization, api)): Path<(String, String)>) -> Result<Response, PageError> {
    let reads = &cx.services().catalog_reads;
    // As everybody sees it, whoever asks.
    let detail = reads.api(&Actor::Anonymous, &organization, &api).await?;
    if detail.api.visibility != Visibility::Public {
        return Err(PageError::not_found("API"));
    }
    let mut pages = vec![href::api(&organization, &api)];
    for version in detail.versions.iter().filter(|version| version.revision_id.is_some()) {
        pages.extend(of_version(&cx, &detail, version).await?);
    }
    pages.truncate(MOST);
    let portal = &cx.settings().portal_url;
    Ok(answer(MEDIA_TYPE, document("urlset", "url", portal, pages.into_iter())))
}

async fn of_version(cx: &Cx, detail: &ApiDetail, version: &Version) -> Result<Vec<String>, PageError> {
    let (organization, api, name) = (&detail.organization.slug, &detail.api.slug, &version.name);
    let reads = &cx.services().catalog_reads;
    let reference = reads
        .reference(&Actor::Anonymous, organization.as_str(), api.as_str(), name.as_str())
        .await?;
    let operations = reference.document.operations().iter();
    let pages = operations.map(|entry| href::operation(organization, api, name, &entry.slug));
    Ok(std::iter::once(href::reference(organization, api, name))
        .chain(pages)
        .collect())
}

/// A sitemap or an index of them.
fn document(root: &str, entry: &str, portal: &str, paths: impl Iterator<Item = String>) -> String {
    let mut text = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{root} xmlns=\"{NAMESPACE}\">\n");
    for path in paths {
        let address = escaped(&format!("{portal}{path}"));
        let _ = writeln!(text, "<{entry}><loc>{address}</loc></{entry}>");
    }
    let _ = writeln!(text, "</{root}>");
    text
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_whole_and_escaped() {
        let paths = ["/apis/a/b".to_owned(), "/x?a=1&b=<2>".to_owned()].into_iter();
        assert_eq!(
            document("urlset", "url", "https://portal.example", paths),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n\
             <url><loc>https://portal.example/apis/a/b</loc></url>\n\
             <url><loc>https://portal.example/x?a=1&amp;b=&lt;2&gt;</loc></url>\n\
             </urlset>\n"
        );
    }
}
