//! The Markdown twin of an api's overview.

use domain::{
    catalog::{Version, VersionState},
    plan::Price,
};

use super::api::Overview;
use crate::{
    document::{authentication_in_markdown, base_url, curl, has_ended, lifecycle_in_words, quickstart_operation},
    href,
    twin::{self, Markdown},
    ui::{limits_in_words, moment::long_date, text::short_text},
};

/// What the page shows, except the operations, which the version's twin lists.
pub(super) fn api_twin(overview: &Overview) -> String {
    let api = &overview.detail.api;
    let mut text = Markdown::new().heading(1, &api.name);
    if !api.summary.trim().is_empty() {
        text = text.block(&format!("> {}", twin::escape(&api.summary)));
    }
    text = text.list(facts(overview));
    let notice = overview.shown.as_ref().filter(|version| is_ending(version));
    if let Some(version) = notice {
        let (title, words) = lifecycle_in_words(version, overview.now);
        text = text.block(&format!("**{}.** {}", twin::escape(&title), twin::escape(&words)));
    }
    let description = overview
        .reference
        .as_ref()
        .and_then(|reference| reference.document.description());
    if let Some(description) = description.filter(|text| text.trim() != api.summary.trim()) {
        text = text.heading(2, "What it does").source(description, 2);
    }
    text = quickstart(overview, text);
    text = plans(overview, text);
    versions(overview, text).finish()
}

const fn is_ending(version: &Version) -> bool {
    matches!(version.state, VersionState::Deprecated | VersionState::Retired)
}

fn facts(overview: &Overview) -> Vec<String> {
    let organization = &overview.detail.organization;
    let mut facts = vec![format!(
        "Provider: {}",
        twin::link(&organization.name, &href::provider(&organization.slug))
    )];
    let Some(version) = &overview.shown else {
        return facts;
    };
    let [organization, api, name] = overview.place(version);
    if overview.reference.is_some() {
        let reference = twin::href(&href::reference(&organization, &api, &name));
        facts.push(format!(
            "Reference: {}, {}",
            twin::link(&name, &reference),
            version.state.as_str()
        ));
    }
    if version.state.is_listed() && !has_ended(version, overview.now) {
        let base = base_url(&overview.settings.gateway_url, &organization, &api, version);
        facts.push(format!("Base URL: {}", twin::code_span(&base)));
        if let Some(reference) = &overview.reference {
            let words = authentication_in_markdown(&reference.accepted());
            facts.push(format!("Authentication: {words}"));
        }
    }
    facts
}

fn quickstart(overview: &Overview, text: Markdown) -> Markdown {
    let shown = overview.shown.as_ref().zip(overview.reference.as_ref());
    let Some((version, reference)) = shown else {
        return text;
    };
    let is_answered = version.state.is_listed() && !has_ended(version, overview.now);
    let Some(operation) = quickstart_operation(&reference.document).filter(|_| is_answered) else {
        return text;
    };
    let [organization, api, name] = overview.place(version);
    let base = base_url(&overview.settings.gateway_url, &organization, &api, version);
    let page = twin::href(&href::operation(&organization, &api, &name, &operation.entry().slug));
    let title = short_text(&operation.entry().title(), 100);
    let access = reference.accepted_by(operation.entry());
    text.heading(2, "Quickstart")
        .block(&format!("Calls {}.", twin::link(&title, &page)))
        .code("sh", &curl(&operation, &base, &access))
}

fn plans(overview: &Overview, mut text: Markdown) -> Markdown {
    text = text.heading(2, "Plans");
    if overview.detail.plans.is_empty() {
        return text.paragraph("It has not been opened for subscriptions.");
    }
    for plan in &overview.detail.plans {
        let price = match plan.price {
            Price::Free => "Free",
        };
        let subscribe = href::subscribe(&overview.detail.organization.slug, &plan.slug);
        let lines = std::iter::once(price.to_owned())
            .chain(limits_in_words(plan).into_iter().map(|line| twin::escape(&line)))
            .chain([twin::link("Subscribe", &subscribe)]);
        text = text.heading(3, &plan.name).list(lines);
    }
    text
}

fn versions(overview: &Overview, text: Markdown) -> Markdown {
    let lines = overview.detail.versions.iter().map(|version| {
        let [organization, api, name] = overview.place(version);
        let name = match version.revision_id {
            Some(_) => twin::link(&name, &twin::href(&href::reference(organization, api, &name))),
            None => twin::escape(&name),
        };
        let end = version.deprecation.as_ref().and_then(|end| end.sunset);
        let end = end.map_or_else(String::new, |at| format!(", ends on {}", long_date(at)));
        format!("{name}: {}{end}", version.state.as_str())
    });
    text.heading(2, "Versions").list(lines)
}
