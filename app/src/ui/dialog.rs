//! The dialog before harm, or for a short form. Native: a [`super::Button`] with `opens=id` opens it and keeps the page
//! behind inert; Escape closes it. A browser that does not know `command` leaves it closed, so what it does must also be
//! reachable as a page of its own.

use leptos::prelude::*;

/// A dialog; rendered closed.
#[component]
pub fn Dialog(
    /// Unique on the page; the opening button names it.
    #[prop(into)]
    id: String,
    /// What it asks: "Revoke “web server”".
    #[prop(into)]
    title: String,
    /// Buttons, the one that acts last. They may belong to a form in the body with the attribute `form`.
    #[prop(optional)]
    actions: Option<AnyView>,
    /// What happens, to whom, and the name to type.
    children: Children,
) -> impl IntoView {
    let title_id = format!("{id}-title");
    view! {
        <dialog class="dialog" id=id aria-labelledby=title_id.clone()>
            <header>
                <h2 id=title_id.clone()>{title}</h2>
            </header>
            <div class="dialog-body">{children()}</div>
            {actions.map(|actions| view! { <footer>{actions}</footer> })}
        </dialog>
    }
}
