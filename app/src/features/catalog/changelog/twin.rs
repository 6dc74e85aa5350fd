//! The Markdown twin of a changelog.

use domain::{catalog::reports::Changelog, clock::Timestamp};

use super::{
    SHOWN,
    events::{Event, counts_in_words, events},
};
use crate::{
    href,
    twin::{self, Markdown},
    ui::{moment::long_date, text::short_text},
};

/// What the page shows.
pub(super) fn changelog_twin(changelog: Changelog) -> String {
    let api = changelog.detail.api.clone();
    let organization = changelog.detail.organization.slug.clone();
    let mut text = Markdown::new().heading(1, &format!("Changelog of {}", api.name));
    let events = events(changelog);
    if events.is_empty() {
        text = text.paragraph("Nothing changed yet.");
    }
    for (at, event) in events {
        text = entry(text, at, event, organization.as_str(), api.slug.as_str());
    }
    text.finish()
}

fn entry(text: Markdown, at: Timestamp, event: Event, organization: &str, api: &str) -> Markdown {
    let heading = |text: Markdown, version: &str| text.heading(2, &format!("{}: {version}", long_date(at)));
    match event {
        Event::Published(version) => heading(text, version.name.as_str()).paragraph("Published."),
        Event::Ends(version) => {
            heading(text, version.name.as_str()).paragraph("Ends: calls are refused from this day on.")
        }
        Event::Deprecated(version) => {
            let guide = href::deprecation_guide(organization, api, &version.name);
            let guide = twin::link("What to do", &guide);
            heading(text, version.name.as_str()).block(&format!("Deprecated. {guide}"))
        }
        Event::Changed(entry) => {
            let document = twin::code_span(&short_text(&entry.document_version, 60));
            let counts = counts_in_words(&entry.changes);
            let lines = entry.changes.list.iter().take(SHOWN).map(|line| {
                let message = twin::with_code_spans(&short_text(&line.message, 600));
                match &line.operation {
                    Some(operation) => format!("{}: {message}", twin::code_span(&short_text(operation, 300))),
                    None => message,
                }
            });
            heading(text, entry.version.as_str())
                .block(&format!("New description, document version {document}: {counts}."))
                .list(lines)
        }
    }
}
