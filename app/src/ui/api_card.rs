//! An api in the catalog.

use leptos::prelude::*;

use super::{Marker, State, StateBadge, VersionTag, text::visible_text};

/// What a card shows of an api.
#[derive(Clone, Debug)]
pub struct ApiSummary {
    /// Its name.
    pub name: String,
    /// Its page.
    pub href: String,
    /// Name of its provider.
    pub provider: String,
    /// Plain text; three lines are shown.
    pub summary: String,
    /// The newest version that can be used.
    pub version: Option<String>,
    /// Shown in place of the price when it is not simply published.
    pub state: Option<State>,
    /// One line: `Free`, `19 operations`. The first is in bold.
    pub facts: Vec<String>,
}

/// Cards of the catalog side by side.
#[component]
pub fn ApiGrid(
    /// In the list's order.
    apis: Vec<ApiSummary>,
) -> impl IntoView {
    let cards = apis
        .into_iter()
        .map(|api| view! { <li><ApiCard api /></li> })
        .collect_view();
    view! { <ul class="api-grid" role="list">{cards}</ul> }
}

/// One api of the catalog; the whole card is its link.
#[component]
pub fn ApiCard(
    /// The api.
    api: ApiSummary,
) -> impl IntoView {
    let name = visible_text(&api.name).into_owned();
    let mut facts = api.facts.into_iter();
    let first = match api.state {
        Some(state) => view! { <StateBadge state /> }.into_any(),
        None => facts.next().map(|fact| view! { <b>{fact}</b> }).into_any(),
    };
    let facts = facts.map(|fact| view! { <span>{fact}</span> }).collect_view();
    view! {
        <article class="api-card">
            <div class="head">
                <Marker name=name.clone() />
                <div>
                    <h3><a href=api.href>{name}</a></h3>
                    <p class="by">{visible_text(&api.provider).into_owned()}</p>
                </div>
                {api.version.map(|name| view! { <VersionTag name /> })}
            </div>
            <p>{visible_text(&api.summary).into_owned()}</p>
            <div class="meta">
                {first}
                {facts}
            </div>
        </article>
    }
}
