//! Messages: about this page ([`Callout`]), about an end ([`Barrier`]), about what was just done ([`Toast`]).

use leptos::prelude::*;

use super::{Icon, IconName, Tone};

const fn tone_icon(tone: Tone) -> IconName {
    match tone {
        Tone::Ok => IconName::Check,
        Tone::Warn => IconName::Warn,
        Tone::Danger => IconName::Ban,
        Tone::Info | Tone::Idle | Tone::Accent => IconName::Info,
    }
}

/// Tells something about this page: a limit near, a thing refused, a hint. What was just done is a [`Toast`]; that
/// something ends is a [`Barrier`].
#[component]
pub fn Callout(
    /// How serious; [`Tone::Idle`] and [`Tone::Accent`] look like [`Tone::Info`].
    #[prop(optional)]
    tone: Tone,
    /// What happened, in a few words.
    #[prop(into)]
    title: String,
    /// Id of the request, for the support.
    #[prop(optional, into)]
    request_id: Option<String>,
    /// What to do, and buttons.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let tone_name = tone.attribute().filter(|name| *name != "accent").unwrap_or("info");
    view! {
        <div class="callout" data-tone=tone_name>
            <Icon name=tone_icon(tone) />
            <div>
                <strong>{title}</strong>
                {children.map(|children| children())}
                {request_id
                    .map(|id| {
                        view! {
                            <p class="small muted">"Request " <span class="mono">{id}</span></p>
                        }
                    })}
            </div>
        </div>
    }
}

/// Says that a road closes: deprecated, retired, breaking. Nothing else uses its stripes.
#[component]
pub fn Barrier(
    /// What ends and when.
    #[prop(into)]
    title: String,
    /// Unique on the page; the title gets it.
    #[prop(into)]
    id: String,
    /// Already closed: red instead of amber.
    #[prop(optional)]
    is_closed: bool,
    /// Where to go instead: buttons and links.
    #[prop(optional)]
    actions: Option<AnyView>,
    /// Who is affected and what happens then.
    children: Children,
) -> impl IntoView {
    view! {
        <section class="barrier" data-tone=is_closed.then_some("danger") aria-labelledby=id.clone()>
            <div>
                <h2 id=id.clone()>{title}</h2>
                <div class="small muted">{children()}</div>
            </div>
            {actions.map(|actions| view! { <div class="btn-row">{actions}</div> })}
        </section>
    }
}

/// Confirms what was just done, in a polite live region; shown once, on the page after a change.
#[component]
pub fn Toast(
    /// Whether it went well.
    is_ok: bool,
    /// One sentence.
    #[prop(into)]
    text: String,
) -> impl IntoView {
    let (icon, tone) = if is_ok {
        (IconName::Check, None)
    } else {
        (IconName::Warn, Some("danger"))
    };
    view! {
        <div class="toast" data-tone=tone role="status">
            <Icon name=icon />
            <p>{text}</p>
        </div>
    }
}
