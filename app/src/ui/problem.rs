//! Parts of the pages that explain a problem, and of pages that could not be shown.

use leptos::prelude::*;

use super::{Icon, IconName, Markdown, Status};

/// A problem that gateways answer with: what it looks like, what happened, what to do.
#[component]
pub fn ProblemText(
    /// Title, as in the answer.
    #[prop(into)]
    title: String,
    /// Status of the answer.
    status: u16,
    /// What happened, in Markdown.
    #[prop(into)]
    explanation: String,
    /// What the caller can do, in Markdown.
    #[prop(into)]
    remedy: String,
) -> impl IntoView {
    view! {
        <div class="title">
            <Status code=status.to_string() />
            <h1>{title}</h1>
        </div>
        <section class="prose" aria-labelledby="happened">
            <h2 id="happened">"What happened"</h2>
            <Markdown source=explanation />
        </section>
        <section class="prose" aria-labelledby="next">
            <h2 id="next">"What you can do"</h2>
            <Markdown source=remedy />
        </section>
    }
}

/// A page that could not be shown: what happened, what to do next, the id to quote.
#[component]
pub fn Failure(
    /// What happened: "This page does not exist".
    #[prop(into)]
    title: String,
    /// Why, and what to do.
    #[prop(into)]
    text: String,
    /// Status of the answer.
    status: u16,
    /// Id of the request, for the support.
    #[prop(optional, into)]
    request_id: Option<String>,
    /// Where to go: buttons.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="failure">
            <p class="row">
                <Icon name=IconName::Warn />
                <Status code=status.to_string() />
            </p>
            <h1>{title}</h1>
            <p class="lead">{text}</p>
            {children.map(|children| view! { <div class="btn-row">{children()}</div> })}
            {request_id
                .map(|id| {
                    view! {
                        <p class="small muted">"Request " <span class="mono">{id}</span></p>
                    }
                })}
        </div>
    }
}
