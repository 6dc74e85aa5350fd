//! The versions of an api with their states and dates.

use domain::{
    catalog::{Version, VersionState},
    clock::Timestamp,
};
use leptos::prelude::*;

use super::api::Overview;
use crate::{
    document::{base_url, has_ended},
    ui::{Column, Day, Row, SectionHead, StateBadge, Table},
};

/// The section.
pub(super) fn section(overview: &Overview) -> AnyView {
    if overview.detail.versions.is_empty() {
        return ().into_any();
    }
    let rows = overview
        .detail
        .versions
        .iter()
        .map(|version| row(overview, version))
        .collect();
    let columns = ["Version", "State", "Published", "Ends", "Base URL"]
        .into_iter()
        .map(Column::text)
        .collect::<Vec<_>>();
    view! {
        <section aria-labelledby="versions">
            <SectionHead title="Versions" id="versions" />
            <div class="card" data-flush=true>
                <Table caption="Versions of this API" columns=columns rows=rows />
            </div>
        </section>
    }
    .into_any()
}

fn row(overview: &Overview, version: &Version) -> Row {
    let published = match version.published_at {
        Some(at) => view! { <Day at /> }.into_any(),
        None => "Not yet".into_any(),
    };
    let end = version.deprecation.as_ref().and_then(|end| end.sunset);
    let ends = match (version.state, end) {
        (_, Some(at)) => view! { <Day at /> }.into_any(),
        (VersionState::Retired, None) => "Has ended".into_any(),
        (VersionState::Deprecated, None) => "Not set yet".into_any(),
        (VersionState::Draft | VersionState::Published, None) => "Not planned".into_any(),
    };
    let base = if has_ended(version, overview.now) {
        "410 Gone".to_owned()
    } else {
        let [organization, api, _] = overview.place(version);
        // Addresses are short without what they all begin with.
        let gateway_url = match version.routing.host {
            Some(_) => overview.settings.gateway_url.as_str(),
            None => "",
        };
        base_url(gateway_url, &organization, &api, version)
    };
    let head = match version.revision_id {
        Some(_) => Row::linked(version.name.to_string(), overview.reference_href(version)),
        None => Row::new(version.name.to_string()),
    };
    head.cell(view! { <StateBadge state=version.state /> })
        .cell(published)
        .cell(ends)
        .cell(view! { <code>{base}</code> })
}

/// The deprecated version whose last day comes first.
pub(super) fn next_to_end(versions: &[Version], now: Timestamp) -> Option<&Version> {
    versions
        .iter()
        .filter(|version| version.state == VersionState::Deprecated && !has_ended(version, now))
        .filter_map(|version| Some((version.deprecation.as_ref()?.sunset?, version)))
        .min_by_key(|(sunset, _)| *sunset)
        .map(|(_, version)| version)
}
