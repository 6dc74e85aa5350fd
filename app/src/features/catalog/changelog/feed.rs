//! The changelog as a feed (Atom, RFC 4287), as everybody may read it.

use axum::{
    extract::Path,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use domain::{
    actor::Actor,
    catalog::{Visibility, reports::Changelog},
    clock::Timestamp,
};

use super::events::{Event, counts_in_words, events};
use crate::{
    cx::{Cx, Settings},
    error::PageError,
    href,
    ui::{
        moment::{long_date, machine},
        text::{short_text, visible_text},
    },
};

/// Most changes that are told of one document.
const SHOWN: usize = 50;

/// `GET /feeds/{organization}/{api}`
pub(in crate::features::catalog) async fn changelog_feed(
    cx: Cx,
    Path((organization, api)): Path<(String, String)>,
) -> Result<Response, PageError> {
    let reads = &cx.services().catalog_reads;
    // Feed readers have no session; whoever asks sees the same.
    let changelog = reads.changelog(&Actor::Anonymous, &organization, &api).await?;
    if changelog.detail.api.visibility != Visibility::Public {
        return Err(PageError::not_found("API"));
    }
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/atom+xml; charset=utf-8"),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300")),
    ];
    Ok((headers, feed(cx.settings(), changelog, cx.now())).into_response())
}

fn feed(settings: &Settings, changelog: Changelog, now: Timestamp) -> String {
    let (organization, api) = (changelog.detail.organization.clone(), changelog.detail.api.clone());
    let portal = &settings.portal_url;
    let page = format!("{portal}{}", href::changelog(&organization.slug, &api.slug));
    let own = format!("{portal}{}", href::changelog_feed(&organization.slug, &api.slug));
    // What has been announced for later is told with the announcement.
    let events: Vec<_> = events(changelog).into_iter().filter(|(at, _)| *at <= now).collect();
    let updated = events.first().map_or(api.created_at, |(at, _)| *at);
    let entries: String = events.iter().map(|(at, event)| entry(*at, event, &page)).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\n\
         <id>{page}</id>\n<title>{title}</title>\n<updated>{updated}</updated>\n\
         <author><name>{author}</name></author>\n<link href=\"{page}\"/>\n<link rel=\"self\" href=\"{own}\"/>\n{entries}</feed>\n",
        title = text(&format!("Changelog of {}", api.name)),
        author = text(&organization.name),
        updated = machine(updated),
        page = text(&page),
        own = text(&own),
    )
}

fn entry(at: Timestamp, event: &Event, page: &str) -> String {
    let (kind, version, title, content) = match event {
        Event::Published(version) => ("published", &version.name, "published".to_owned(), String::new()),
        Event::Ends(version) => (
            "ended",
            &version.name,
            "has ended".to_owned(),
            "<p>Calls are refused from now on.</p>".to_owned(),
        ),
        Event::Deprecated(version) => {
            let end = version.deprecation.as_ref().and_then(|end| end.sunset);
            let content = match end {
                Some(end) => format!("<p>It ends on {}.</p>", long_date(end)),
                None => "<p>Its last day is not set yet.</p>".to_owned(),
            };
            ("deprecated", &version.name, "deprecated".to_owned(), content)
        }
        Event::Changed(entry) => {
            let title = format!("changed: {}", counts_in_words(&entry.changes));
            let lines = entry.changes.list.iter().take(SHOWN).map(|line| {
                let place = line.operation.as_deref().unwrap_or("The whole API");
                let words = format!("{}: {}.", short_text(place, 300), short_text(&line.message, 600));
                format!("<li>{}</li>", text(&words))
            });
            let content = format!("<ul>{}</ul>", lines.collect::<String>());
            ("changed", &entry.version, title, content)
        }
    };
    let id = format!("{page}#{version}-{kind}-{}", at.unix_timestamp());
    format!(
        "<entry><id>{}</id><title>{}</title><updated>{}</updated><link href=\"{}\"/><content type=\"html\">{}</content></entry>\n",
        text(&id),
        text(&format!("{version} {title}")),
        machine(at),
        text(page),
        text(&content),
    )
}

/// Text in XML. Characters that XML can't have are written out.
fn text(words: &str) -> String {
    visible_text(words)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
