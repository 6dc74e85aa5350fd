//! Parts of forms: the summary of errors, groups of choices, and the form that asks for a name before harm.

use domain::error::FieldError;
use leptos::prelude::*;

use super::{Button, ButtonKind, Icon, IconName, with_code};

/// The errors of a form at its top; takes the focus when the page opens, its links lead to the fields. The error of the
/// form as a whole has the field `""` and is no link.
#[component]
pub fn ErrorSummary(
    /// What is wrong; nothing is rendered without errors.
    errors: Vec<FieldError>,
) -> impl IntoView {
    if errors.is_empty() {
        return ().into_any();
    }
    let title = match errors.len() {
        1 => "1 thing to correct".to_owned(),
        n => format!("{n} things to correct"),
    };
    let items = errors
        .into_iter()
        .map(|error| {
            if error.field.is_empty() {
                view! { <li>{with_code(&error.message)}</li> }.into_any()
            } else {
                view! { <li><a href=format!("#{}", error.field)><span>{with_code(&error.message)}</span></a></li> }
                    .into_any()
            }
        })
        .collect_view();
    view! {
        <div class="error-summary" role="alert" tabindex="-1" autofocus=true>
            <h2>{title}</h2>
            <ul>{items}</ul>
        </div>
    }
    .into_any()
}

/// Choices that belong together, under one name.
#[component]
pub fn Fieldset(
    /// The name of the group.
    #[prop(into)]
    legend: String,
    /// Id, so that an [`ErrorSummary`] can link to it: the field's name.
    #[prop(optional, into)]
    id: Option<String>,
    /// What is wrong: `form.error("name")`.
    #[prop(optional_no_strip)]
    error: Option<String>,
    /// [`super::CheckField`]s or radio buttons.
    children: Children,
) -> impl IntoView {
    let error = error.map(|text| {
        view! {
            <p class="error-text">
                <Icon name=IconName::Warn />
                <span>{with_code(&text)}</span>
            </p>
        }
    });
    view! {
        <fieldset class="fieldset" id=id>
            <legend>{legend}</legend>
            {error}
            {children()}
        </fieldset>
    }
}

/// One of [`RadioCards`].
#[derive(Clone, Debug)]
pub struct Choice {
    /// Sent with the form.
    pub value: String,
    /// The words.
    pub label: String,
    /// What it means.
    pub help: String,
}

impl Choice {
    /// A choice.
    pub fn new(value: impl Into<String>, label: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            value: value.into(),
            label: label.into(),
            help: help.into(),
        }
    }
}

/// One of 2 to 4 values, each with an explanation.
#[component]
pub fn RadioCards(
    /// What is chosen.
    #[prop(into)]
    legend: String,
    /// Name in the form.
    #[prop(into)]
    name: String,
    /// In order.
    choices: Vec<Choice>,
    /// The chosen value; the first one if it is none of them.
    #[prop(optional, into)]
    value: String,
    /// What is wrong: `form.error("name")`.
    #[prop(optional_no_strip)]
    error: Option<String>,
) -> impl IntoView {
    let chosen = choices.iter().position(|choice| choice.value == value).unwrap_or(0);
    let id = name.clone();
    let choices = choices
        .into_iter()
        .enumerate()
        .map(|(i, choice)| {
            view! {
                <label class="choice">
                    <input type="radio" name=name.clone() value=choice.value checked=i == chosen />
                    <span>
                        <span class="strong">{choice.label}</span>
                        <span class="help">{choice.help}</span>
                    </span>
                </label>
            }
        })
        .collect_view();
    view! {
        <Fieldset legend id error>
            <div class="choices">{choices}</div>
        </Fieldset>
    }
}

/// The form before harm that nothing brings back: what happens and to whom, then the name to type. The handler checks the
/// field `confirm` against the name. Works as a page of its own and inside a [`super::Dialog`].
#[component]
pub fn ConfirmByName(
    /// Where the form is sent.
    #[prop(into)]
    action: String,
    /// The name to type.
    #[prop(into)]
    name: String,
    /// What the typing does: "to revoke it".
    #[prop(into)]
    purpose: String,
    /// The button: "Revoke key".
    #[prop(into)]
    button: String,
    /// Where "keep" leads.
    #[prop(into)]
    cancel_href: String,
    /// The way out: "Keep the key".
    #[prop(into)]
    cancel: String,
    /// What is wrong: `form.error("confirm")`.
    #[prop(optional_no_strip)]
    error: Option<String>,
    /// What happens, to whom, by when, and that it cannot be undone.
    children: Children,
) -> impl IntoView {
    let described_by = error.is_some().then_some("confirm-error");
    view! {
        <form class="card stack" data-gap="sm" method="post" action=action>
            <div class="prose">{children()}</div>
            <div class="field">
                <label class="label" for="confirm">
                    <span>
                        "Type "
                        <code class="inline-code">{name}</code>
                        " "
                        {purpose}
                    </span>
                </label>
                <input
                    class="input"
                    id="confirm"
                    name="confirm"
                    autocomplete="off"
                    required=true
                    aria-invalid=error.is_some().then_some("true")
                    aria-describedby=described_by
                />
                {error
                    .map(|text| {
                        view! {
                            <p class="error-text" id="confirm-error">
                                <Icon name=IconName::Warn />
                                <span>{with_code(&text)}</span>
                            </p>
                        }
                    })}
            </div>
            <div class="btn-row">
                <a class="btn" href=cancel_href>{cancel}</a>
                <Button kind=ButtonKind::DangerFill>{button}</Button>
            </div>
        </form>
    }
}
