//! A plan as a card: one clear price line, limits in plain words, one button.

use domain::plan::{Approval, Plan, Price};
use leptos::prelude::*;

use super::{Badge, Icon, IconName, Tone};

/// Plan cards side by side.
#[component]
pub fn Plans(
    /// [`PlanCard`]s.
    children: Children,
) -> impl IntoView {
    view! { <div class="plans">{children()}</div> }
}

/// One plan.
#[component]
pub fn PlanCard(
    /// The plan.
    plan: Plan,
    /// Whether the reader is subscribed to it.
    #[prop(optional)]
    is_current: bool,
    /// The button: "Start free", "Request access", "Manage plan".
    #[prop(optional)]
    action: Option<AnyView>,
) -> impl IntoView {
    let (price, note) = match plan.price {
        Price::Free => ("Free", "for ever"),
    };
    let lines = limits_in_words(&plan)
        .into_iter()
        .map(|line| {
            view! {
                <li>
                    <Icon name=IconName::Check />
                    <span>{line}</span>
                </li>
            }
        })
        .collect_view();
    view! {
        <article class="plan" data-current=is_current>
            <h3>
                {plan.name}
                {is_current.then(|| view! { <Badge tone=Tone::Accent word="Your plan" /> })}
            </h3>
            <p class="price">
                {price}
                <small>{note}</small>
            </p>
            <ul>{lines}</ul>
            {action}
        </article>
    }
}

/// What a plan allows, a sentence each: quota, rate limits, approval.
pub fn limits_in_words(plan: &Plan) -> Vec<String> {
    let mut lines = Vec::with_capacity(plan.rate_limits.len() + 2);
    lines.push(
        plan.quota
            .map_or_else(|| "No monthly limit".to_owned(), |quota| quota.in_words()),
    );
    lines.extend(plan.rate_limits.iter().map(domain::plan::RateLimit::in_words));
    if plan.quota.is_some() {
        lines.push("Stops at the limit, costs nothing".to_owned());
    }
    lines.push(
        match plan.approval {
            Approval::Automatic => "Starts at once",
            Approval::Manual => "The provider approves each application",
        }
        .to_owned(),
    );
    lines
}
