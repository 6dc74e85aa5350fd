//! The empty state: says what to do next, with the button.

use leptos::prelude::*;

/// Nothing here yet: what belongs here, and how to get it.
#[component]
pub fn Empty(
    /// What is missing: "No application yet".
    #[prop(into)]
    title: String,
    /// What it is for and how to begin.
    #[prop(into)]
    text: String,
    /// The button.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="empty">
            <svg viewBox="0 0 80 48" fill="none" stroke="currentColor" stroke-width="1.5" aria-hidden="true">
                <path d="M4 40h72" stroke-dasharray="8 6"></path>
                <path d="M18 40V14M18 18l46-9"></path>
                <circle cx="18" cy="12" r="3"></circle>
            </svg>
            <h3>{title}</h3>
            <p>{text}</p>
            {children.map(|children| children())}
        </div>
    }
}
