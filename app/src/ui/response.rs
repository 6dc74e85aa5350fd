//! One answer of an operation: its status, when it comes, and its body on demand.

use leptos::prelude::*;

use super::{Icon, IconName, Status, text::visible_text};

/// One answer of an operation.
#[component]
pub fn ResponsePanel(
    /// As in the document: `201`, `4XX`, `default`.
    #[prop(into)]
    code: String,
    /// When it comes; one line.
    #[prop(into)]
    summary: String,
    /// Whether it is open at the start: the first success.
    #[prop(optional)]
    open: bool,
    /// Media type, headers, schema, example: [`super::SchemaTree`] reaches the frame, other things go into
    /// [`ResponseBody`].
    children: Children,
) -> impl IntoView {
    view! {
        <details class="response" open=open>
            <summary>
                <Status code />
                <span>{visible_text(&summary).into_owned()}</span>
                <Icon name=IconName::Down />
            </summary>
            {children()}
        </details>
    }
}

/// Words and code inside a [`ResponsePanel`].
#[component]
pub fn ResponseBody(
    /// What it holds.
    children: Children,
) -> impl IntoView {
    view! { <div class="response-body">{children()}</div> }
}
