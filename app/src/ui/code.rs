//! Code: a block with a bar, language tabs, and one-line values to copy.

use leptos::prelude::*;

use super::{
    Icon, IconName, IconSize,
    highlight::{Language, Token, highlight},
};
use crate::islands::{CopyButton, CopyCode};

/// Source text with its tokens coloured.
fn colored(language: Language, text: &str) -> impl IntoView + use<> {
    highlight(language, text)
        .into_iter()
        .map(|(token, part)| {
            let part = part.to_owned();
            match token {
                Token::Plain => part.into_any(),
                token => view! { <span class=token.class()>{part}</span> }.into_any(),
            }
        })
        .collect_view()
}

/// A block of code. Its copy button appears when the page's islands are live.
#[component]
pub fn CodeBlock(
    /// What it is: `Shell`, `application/json`. Names the copy button too.
    #[prop(into)]
    title: String,
    /// How to colour it.
    #[prop(optional)]
    language: Language,
    /// Before the title: a status plate.
    #[prop(optional)]
    lead: Option<AnyView>,
    /// The text.
    #[prop(into)]
    text: String,
) -> impl IntoView {
    let label = format!("Copy: {title}");
    view! {
        <div class="code">
            <div class="code-bar">
                {lead}
                <span>{title}</span>
                <span class="end"><CopyCode label /></span>
            </div>
            <pre tabindex="0"><code>{colored(language, &text)}</code></pre>
        </div>
    }
}

/// One panel of [`CodeTabs`].
#[derive(Clone, Debug)]
pub struct Sample {
    /// Name of the tab: `Python`.
    pub label: String,
    /// How to colour it.
    pub language: Language,
    /// The text.
    pub text: String,
}

/// The same request in several languages. The tabs are radio buttons: they switch without a script. At most nine.
#[component]
pub fn CodeTabs(
    /// Unique on the page: the radio buttons' name.
    #[prop(into)]
    name: String,
    /// In order; the first is shown.
    samples: Vec<Sample>,
) -> impl IntoView {
    let tabs = samples
        .iter()
        .take(MAX_TABS)
        .enumerate()
        .map(|(i, sample)| {
            view! {
                <label>
                    <input
                        type="radio"
                        name=name.clone()
                        value=(i + 1).to_string()
                        checked=i == 0
                        autocomplete="off"
                    />
                    {sample.label.clone()}
                </label>
            }
        })
        .collect_view();
    let panels = samples
        .iter()
        .take(MAX_TABS)
        .enumerate()
        .map(|(i, sample)| {
            view! {
                <div data-panel=(i + 1).to_string()>
                    <pre tabindex="0" aria-label=sample.label.clone()>
                        <code>{colored(sample.language, &sample.text)}</code>
                    </pre>
                </div>
            }
        })
        .collect_view();
    view! {
        <div class="code code-tabs">
            <div class="code-bar">
                <fieldset class="code-langs">
                    <legend class="visually-hidden">"Language"</legend>
                    {tabs}
                </fieldset>
                <CopyCode label="Copy sample".to_owned() />
            </div>
            {panels}
        </div>
    }
}

/// The style sheet knows nine panels.
const MAX_TABS: usize = 9;

/// A value on one line with a copy button: a URL, an id, a path.
#[component]
pub fn Copyline(
    /// The value.
    #[prop(into)]
    text: String,
    /// What it is, for the button: "Copy the base URL".
    #[prop(into)]
    label: String,
    /// Before the value: a method plate.
    #[prop(optional)]
    lead: Option<AnyView>,
) -> impl IntoView {
    view! {
        <div class="copyline">
            {lead}
            <code>{text.clone()}</code>
            <CopyButton text label />
        </div>
    }
}

/// A secret, shown this once: masked until opened, to be copied without being seen. The page that shows it must not be
/// kept: answer with `Cache-Control: no-store`.
#[component]
pub fn Secret(
    /// The secret.
    #[prop(into)]
    text: String,
    /// The same with its middle masked: `tp_live_••••Qm41`.
    #[prop(into)]
    masked: String,
    /// What it is, for the button: "Copy the key".
    #[prop(into)]
    label: String,
    /// What to do with it.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="secret">
            <p>
                <strong>"This is the only time you see it."</strong>
                " Store it now, for example in your secret manager."
            </p>
            <div class="copyline">
                <code>{masked}</code>
                <CopyButton text=text.clone() label />
            </div>
            <details class="secret-show">
                <summary class="btn" data-size="sm">
                    <Icon name=IconName::Eye size=IconSize::Small />
                    "Show"
                </summary>
                <pre class="secret-text" tabindex="0"><code>{text}</code></pre>
            </details>
            {children.map(|children| children())}
        </div>
    }
}
