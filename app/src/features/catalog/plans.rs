//! The plans of an api, side by side.

use domain::plan::{Approval, Plan, Price};
use leptos::prelude::*;

use super::api::Overview;
use crate::{
    href,
    ui::{Callout, LinkButton, PlanCard, Plans, SectionHead, Tone, text::visible_text},
};

/// The section; says so where there is no plan.
pub(super) fn section(overview: &Overview) -> impl IntoView + use<> {
    let organization = overview.detail.organization.slug.to_string();
    let cards = overview
        .detail
        .plans
        .iter()
        .map(|plan| {
            let href = href::subscribe(&organization, &plan.slug);
            let words = action(plan);
            let label = format!("{words}: {}", visible_text(&plan.name));
            let button = view! { <LinkButton href=href label=label>{words}</LinkButton> }.into_any();
            view! { <PlanCard plan=plan.clone() action=button /> }
        })
        .collect_view();
    let body = if overview.detail.plans.is_empty() {
        let text = format!(
            "{} has not opened it for subscriptions.",
            visible_text(&overview.detail.organization.name)
        );
        view! {
            <Callout tone=Tone::Info title="No plan yet">
                <p>{text}</p>
            </Callout>
        }
        .into_any()
    } else {
        view! { <Plans>{cards}</Plans> }.into_any()
    };
    view! {
        <section aria-labelledby="plans">
            <SectionHead title="Plans" id="plans">
                <p>"Rejected requests never count."</p>
            </SectionHead>
            {body}
        </section>
    }
}

const fn action(plan: &Plan) -> &'static str {
    match (plan.approval, plan.price) {
        (Approval::Automatic, Price::Free) => "Start free",
        (Approval::Manual, _) => "Request access",
    }
}
