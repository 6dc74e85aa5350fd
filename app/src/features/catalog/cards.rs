//! Apis as cards, and the state where there are none.

use domain::{
    actor::Actor,
    catalog::{VersionState, Visibility, query::ApiCard},
    plan::{Plan, Price},
};
use leptos::prelude::*;

use crate::{
    href,
    ui::{ApiSummary, ButtonKind, ButtonRow, Empty, LinkButton, Shape, State, Tone, text::counted},
};

/// What a card shows of an api.
pub(super) fn summary(card: &ApiCard) -> ApiSummary {
    let mut facts: Vec<String> = price_line(&card.plans).map(str::to_owned).into_iter().collect();
    facts.push(counted(card.operations.into(), "operation", "operations"));
    let state = match (card.version.state, card.api.visibility) {
        (VersionState::Published, Visibility::Public) => None,
        (VersionState::Published, Visibility::Private) => Some(State::new(Shape::Draft, "Private", Tone::Idle)),
        (state, _) => Some(state.into()),
    };
    ApiSummary {
        name: card.api.name.clone(),
        href: href::api(&card.organization.slug, &card.api.slug),
        provider: card.organization.name.clone(),
        summary: card.api.summary.clone(),
        version: Some(card.version.name.to_string()),
        state,
        facts,
    }
}

/// What the cheapest plan costs; `None` without a plan.
pub(super) fn price_line(plans: &[Plan]) -> Option<&'static str> {
    plans.first().map(|plan| match plan.price {
        Price::Free => "Free",
    })
}

/// Nothing is published yet: what the reader can do about it.
pub(super) fn nothing_published(actor: &Actor) -> AnyView {
    let (text, buttons) = match actor.account() {
        None => (
            "Providers publish their APIs here. Create an account to publish the first one.",
            view! {
                <LinkButton href=href::sign_up() kind=ButtonKind::Primary>"Create account"</LinkButton>
                <LinkButton href=href::sign_in(Some(&href::console()))>"Sign in"</LinkButton>
            }
            .into_any(),
        ),
        Some(account) => match account.memberships.first() {
            None => (
                "An organization publishes APIs. Create one, then drop in an OpenAPI document.",
                view! { <LinkButton href=href::new_organization() kind=ButtonKind::Primary>"Create organization"</LinkButton> }
                    .into_any(),
            ),
            Some(membership) => (
                "Drop in an OpenAPI document, set where calls go, and publish its first version.",
                view! {
                    <LinkButton href=href::new_api(&membership.slug) kind=ButtonKind::Primary>"Create API"</LinkButton>
                    <LinkButton href=href::console_overview(&membership.slug)>"Open the console"</LinkButton>
                }
                .into_any(),
            ),
        },
    };
    view! {
        <Empty title="No API is published yet" text=text>
            <ButtonRow>{buttons}</ButtonRow>
        </Empty>
    }
    .into_any()
}
