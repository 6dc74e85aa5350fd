//! Frames: a card with a head, a page's head, a section's head, a list of facts.

use leptos::prelude::*;

/// A framed part of a page with its own heading.
#[component]
pub fn Card(
    /// The heading (`h2`).
    #[prop(into)]
    title: String,
    /// Unique on the page; the heading gets it.
    #[prop(into)]
    id: String,
    /// No padding: for tables and lists that reach the frame.
    #[prop(optional)]
    flush: bool,
    /// At the end of the head: a link, a badge, a button.
    #[prop(optional)]
    actions: Option<AnyView>,
    /// Below a line at the end.
    #[prop(optional)]
    foot: Option<AnyView>,
    /// What it frames.
    children: Children,
) -> impl IntoView {
    view! {
        <section class="card" data-flush=flush aria-labelledby=id.clone()>
            <div class="card-head">
                <h2 id=id.clone()>{title}</h2>
                {actions}
            </div>
            {children()}
            {foot.map(|foot| view! { <div class="card-foot">{foot}</div> })}
        </section>
    }
}

/// The head of a part of a page: heading, a short remark or link at its end.
#[component]
pub fn SectionHead(
    /// The heading (`h2`).
    #[prop(into)]
    title: String,
    /// Unique on the page; the section names it with `aria-labelledby`.
    #[prop(into)]
    id: String,
    /// At the end: a link or a remark.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="section-head">
            <h2 id=id>{title}</h2>
            {children.map(|children| children())}
        </div>
    }
}

/// The head of a page in dashboard and console: the one `h1`, what it is about, the primary action.
#[component]
pub fn PageTitle(
    /// The heading (`h1`).
    #[prop(into)]
    title: String,
    /// One line below it.
    #[prop(optional)]
    about: Option<AnyView>,
    /// Buttons at the end of the line.
    #[prop(optional)]
    actions: Option<AnyView>,
) -> impl IntoView {
    view! {
        <div class="row" data-between=true>
            <div class="stack" data-gap="xs">
                <h1>{title}</h1>
                {about.map(|about| view! { <div class="muted small row">{about}</div> })}
            </div>
            {actions.map(|actions| view! { <div class="btn-row">{actions}</div> })}
        </div>
    }
}

/// Names and values, one above the other; `inline` puts them side by side with lines between.
#[component]
pub fn Facts(
    /// Side by side, in a card.
    #[prop(optional)]
    inline: bool,
    /// [`Fact`]s.
    children: Children,
) -> impl IntoView {
    let class = if inline { "facts-list card" } else { "facts-list" };
    view! { <dl class=class data-inline=inline>{children()}</dl> }
}

/// One name with its value; inside [`Facts`].
#[component]
pub fn Fact(
    /// The name.
    #[prop(into)]
    name: String,
    /// The value.
    children: Children,
) -> impl IntoView {
    view! {
        <div>
            <dt>{name}</dt>
            <dd>{children()}</dd>
        </div>
    }
}
