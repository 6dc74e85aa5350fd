//! Buttons and links that look like buttons. One primary action a view; the words say what happens ("Create key").

use leptos::prelude::*;

use super::{Icon, IconName};

/// How much a button asks for attention.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ButtonKind {
    /// The one thing to do on this view.
    Primary,
    /// Everything else.
    #[default]
    Secondary,
    /// In bars and heads, where a frame would be loud.
    Quiet,
    /// Opens the dialog before harm.
    Danger,
    /// Does the harm, inside that dialog.
    DangerFill,
}

impl ButtonKind {
    const fn attribute(self) -> Option<&'static str> {
        match self {
            Self::Primary => Some("primary"),
            Self::Secondary => None,
            Self::Quiet => Some("quiet"),
            Self::Danger => Some("danger"),
            Self::DangerFill => Some("danger-fill"),
        }
    }
}

/// Height of a button.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ButtonSize {
    /// In rows and cards.
    Small,
    /// Everywhere else.
    #[default]
    Medium,
    /// On the home page.
    Large,
}

impl ButtonSize {
    const fn attribute(self) -> Option<&'static str> {
        match self {
            Self::Small => Some("sm"),
            Self::Medium => None,
            Self::Large => Some("lg"),
        }
    }
}

/// A button that submits its form; with `opens` it opens a [`super::Dialog`] instead.
#[component]
pub fn Button(
    /// How much it asks for attention.
    #[prop(optional)]
    kind: ButtonKind,
    /// Height.
    #[prop(optional)]
    size: ButtonSize,
    /// Icon before the words.
    #[prop(optional)]
    icon: Option<IconName>,
    /// Id of the dialog to open; the button then submits nothing.
    #[prop(optional, into)]
    opens: Option<String>,
    /// Id of the dialog to close; the button then submits nothing.
    #[prop(optional, into)]
    closes: Option<String>,
    /// Name sent with the form when this button is pressed.
    #[prop(optional, into)]
    name: Option<String>,
    /// Value sent with the form when this button is pressed.
    #[prop(optional, into)]
    value: Option<String>,
    /// Longer name for screen readers, where several buttons on the page share their words.
    #[prop(optional, into)]
    label: Option<String>,
    /// Not available now; the reason is written beside it.
    #[prop(optional)]
    disabled: bool,
    /// The words.
    children: Children,
) -> impl IntoView {
    let (command, target) = match (opens, closes) {
        (Some(id), _) => (Some("show-modal"), Some(id)),
        (None, Some(id)) => (Some("close"), Some(id)),
        (None, None) => (None, None),
    };
    view! {
        <button
            class="btn"
            type=if command.is_some() { "button" } else { "submit" }
            data-kind=kind.attribute()
            data-size=size.attribute()
            command=command
            commandfor=target
            name=name
            value=value
            aria-label=label
            disabled=disabled
        >
            {icon.map(|name| view! { <Icon name /> })}
            {children()}
        </button>
    }
}

/// A link that looks like a button: it goes somewhere, it changes nothing.
#[component]
pub fn LinkButton(
    /// Where it goes.
    #[prop(into)]
    href: String,
    /// How much it asks for attention.
    #[prop(optional)]
    kind: ButtonKind,
    /// Height.
    #[prop(optional)]
    size: ButtonSize,
    /// Icon before the words.
    #[prop(optional)]
    icon: Option<IconName>,
    /// Icon after the words, for "next".
    #[prop(optional)]
    end_icon: Option<IconName>,
    /// Longer name for screen readers, where several links on the page share their words.
    #[prop(optional, into)]
    label: Option<String>,
    /// File name: the browser saves the answer instead of showing it.
    #[prop(optional, into)]
    download: Option<String>,
    /// The words.
    children: Children,
) -> impl IntoView {
    view! {
        <a
            class="btn"
            href=href
            data-kind=kind.attribute()
            data-size=size.attribute()
            aria-label=label
            download=download
        >
            {icon.map(|name| view! { <Icon name /> })}
            {children()}
            {end_icon.map(|name| view! { <Icon name /> })}
        </a>
    }
}

/// Buttons side by side.
#[component]
pub fn ButtonRow(
    /// The buttons; the primary one last in dialogs, first in forms.
    children: Children,
) -> impl IntoView {
    view! { <div class="btn-row">{children()}</div> }
}
