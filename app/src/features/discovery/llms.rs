//! `/llms.txt`: the portal for language models, a heading, a summary and lists of links to Markdown.

use axum::response::Response;
use domain::catalog::published::PublishedApi;

use super::{answer, published};
use crate::{
    cx::{Cx, Settings},
    document::shown_version,
    error::PageError,
    href,
    twin::{self, Markdown},
    ui::text::short_text,
};

pub(super) async fn llms(cx: Cx) -> Result<Response, PageError> {
    let apis = published(&cx).await?;
    Ok(answer("text/markdown; charset=utf-8", text(cx.settings(), &apis)))
}

fn text(settings: &Settings, apis: &[PublishedApi]) -> String {
    let portal = &settings.portal_url;
    let absolute = |path: &str| format!("{portal}{path}");
    let text = Markdown::new()
        .heading(1, &settings.name)
        .block("> HTTP APIs with their references, plans and keys. Each page of an API has a Markdown twin at its address with `.md` behind it.")
        .list([
            format!("Gateway that answers the calls: {}", twin::code_span(&settings.gateway_url)),
            format!("Keys: {} and subscribe an application to a plan.", twin::link("create an account", &absolute(&href::sign_up()))),
        ]);
    let text = if apis.is_empty() {
        text.paragraph("No API is published yet.")
    } else {
        text.heading(2, "APIs").list(apis.iter().map(|api| line(portal, api)))
    };
    text.heading(2, "Optional")
        .list([
            format!(
                "{}: what the gateway answers when it refuses a call",
                twin::link("Problems", &absolute(&href::problems()))
            ),
            format!(
                "{}: the same list for programs, as a linkset (RFC 9727)",
                twin::link("API catalog", &absolute("/.well-known/api-catalog"))
            ),
        ])
        .finish()
}

/// An api: its overview's twin, what it does, and the twin of the version to start with.
fn line(portal: &str, api: &PublishedApi) -> String {
    let overview = twin::href(&href::api(&api.organization, &api.slug));
    let name = format!("{} by {}", api.name, api.provider);
    let mut line = twin::link(&name, &format!("{portal}{overview}"));
    let summary = short_text(&api.summary, 300);
    if !summary.is_empty() {
        line = format!("{line}: {}", twin::escape(&summary));
    }
    let version = shown_version(&api.versions).filter(|version| version.revision_id.is_some());
    if let Some(version) = version {
        let reference = twin::href(&href::reference(&api.organization, &api.slug, &version.name));
        line = format!("{line} ({})", twin::link("reference", &format!("{portal}{reference}")));
    }
    line
}
