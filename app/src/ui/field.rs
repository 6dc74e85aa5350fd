//! Form fields: label above, error and help under the control and linked to it, what was typed kept.
//!
//! `id` of the control is the field's name, so that an [`super::ErrorSummary`] can link to it.

use leptos::prelude::*;

use super::{Icon, IconName, with_code};

/// Ids of what describes a control, for `aria-describedby`.
fn described_by(id: &str, has_error: bool, has_help: bool) -> Option<String> {
    match (has_error, has_help) {
        (true, true) => Some(format!("{id}-error {id}-help")),
        (true, false) => Some(format!("{id}-error")),
        (false, true) => Some(format!("{id}-help")),
        (false, false) => None,
    }
}

/// Label, control, error and help in their order.
fn frame(
    id: &str,
    label: String,
    is_optional: bool,
    error: Option<String>,
    help: Option<String>,
    is_wide: bool,
    control: AnyView,
) -> impl IntoView + use<> {
    let optional = is_optional.then(|| view! { <span class="opt">"optional"</span> });
    let error = error.map(|text| {
        view! {
            <p class="error-text" id=format!("{id}-error")>
                <Icon name=IconName::Warn />
                <span>{with_code(&text)}</span>
            </p>
        }
    });
    let help = help.map(|text| view! { <p class="help" id=format!("{id}-help")>{with_code(&text)}</p> });
    view! {
        <div class=if is_wide { "field wide" } else { "field" }>
            <label class="label" for=id.to_owned()>
                {label}
                {optional}
            </label>
            {control}
            {error}
            {help}
        </div>
    }
}

/// What is typed into a [`TextField`]: decides keyboard, checks and what the browser fills in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InputKind {
    /// Any text.
    #[default]
    Text,
    /// An e-mail address of the person.
    Email,
    /// The password to sign in with.
    CurrentPassword,
    /// A password being chosen.
    NewPassword,
    /// A web address.
    Url,
    /// A whole number.
    Number,
    /// A moment, without a zone: read as UTC.
    DateTime,
    /// A search.
    Search,
    /// A person's name.
    PersonName,
}

impl InputKind {
    const fn input_type(self) -> &'static str {
        match self {
            Self::Text | Self::Number | Self::PersonName => "text",
            Self::Email => "email",
            Self::CurrentPassword | Self::NewPassword => "password",
            Self::Url => "url",
            Self::DateTime => "datetime-local",
            Self::Search => "search",
        }
    }

    const fn input_mode(self) -> Option<&'static str> {
        match self {
            Self::Number => Some("numeric"),
            _ => None,
        }
    }

    const fn autocomplete(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::CurrentPassword => "current-password",
            Self::NewPassword => "new-password",
            Self::PersonName => "name",
            _ => "off",
        }
    }
}

/// One line of text. Passwords are never filled in again.
#[expect(clippy::fn_params_excessive_bools, reason = "props are named where they are used")]
#[component]
pub fn TextField(
    /// Name in the form, and id.
    #[prop(into)]
    name: String,
    /// The label.
    #[prop(into)]
    label: String,
    /// What is typed.
    #[prop(optional)]
    kind: InputKind,
    /// What was typed before, or is stored.
    #[prop(optional, into)]
    value: String,
    /// What is wrong: `form.error("name")`.
    #[prop(optional_no_strip)]
    error: Option<String>,
    /// Help under the field.
    #[prop(optional, into)]
    help: Option<String>,
    /// May stay empty; the label says so. Fields are required otherwise.
    #[prop(optional)]
    optional: bool,
    /// An example, not a replacement for the label.
    #[prop(optional, into)]
    placeholder: Option<String>,
    /// Joined to the front of the field: `€`, `https://`.
    #[prop(optional, into)]
    prefix: Option<String>,
    /// Joined to the end of the field: `a month`.
    #[prop(optional, into)]
    suffix: Option<String>,
    /// Mono type, for slugs, paths and URLs.
    #[prop(optional)]
    mono: bool,
    /// Shown, cannot be changed.
    #[prop(optional)]
    readonly: bool,
    /// Takes the whole line of a form grid.
    #[prop(optional)]
    wide: bool,
    /// Longest text in characters.
    #[prop(optional)]
    max_length: Option<u32>,
) -> impl IntoView {
    let keeps_value = !matches!(kind, InputKind::CurrentPassword | InputKind::NewPassword);
    let control = view! {
        <input
            class="input"
            id=name.clone()
            name=name.clone()
            type=kind.input_type()
            inputmode=kind.input_mode()
            autocomplete=kind.autocomplete()
            value=keeps_value.then_some(value)
            placeholder=placeholder
            required=!optional
            readonly=readonly
            maxlength=max_length.map(|n| n.to_string())
            data-mono=mono
            aria-invalid=error.is_some().then_some("true")
            aria-describedby=described_by(&name, error.is_some(), help.is_some())
        />
    };
    let control = if prefix.is_some() || suffix.is_some() {
        view! {
            <div class="input-group">
                {prefix.map(|text| view! { <span class="affix">{text}</span> })}
                {control}
                {suffix.map(|text| view! { <span class="affix">{text}</span> })}
            </div>
        }
        .into_any()
    } else {
        control.into_any()
    };
    frame(&name, label, optional, error, help, wide, control)
}

/// Several lines of text.
#[component]
pub fn TextArea(
    /// Name in the form, and id.
    #[prop(into)]
    name: String,
    /// The label.
    #[prop(into)]
    label: String,
    /// What was typed before, or is stored.
    #[prop(optional, into)]
    value: String,
    /// What is wrong: `form.error("name")`.
    #[prop(optional_no_strip)]
    error: Option<String>,
    /// Help under the field.
    #[prop(optional, into)]
    help: Option<String>,
    /// May stay empty; the label says so.
    #[prop(optional)]
    optional: bool,
    /// Mono type, for documents.
    #[prop(optional)]
    mono: bool,
    /// Takes the whole line of a form grid.
    #[prop(optional)]
    wide: bool,
) -> impl IntoView {
    // The parser drops one line end after the tag; one more keeps a text that begins with one.
    let value = if value.starts_with('\n') {
        format!("\n{value}")
    } else {
        value
    };
    // Views leave what is inside this element as it is, and its end tag would end it.
    let value = value.replace('&', "&amp;").replace('<', "&lt;");
    let control = view! {
        <textarea
            class="textarea"
            id=name.clone()
            name=name.clone()
            required=!optional
            data-mono=mono
            spellcheck=if mono { "false" } else { "true" }
            aria-invalid=error.is_some().then_some("true")
            aria-describedby=described_by(&name, error.is_some(), help.is_some())
            inner_html=value
        ></textarea>
    }
    .into_any();
    frame(&name, label, optional, error, help, wide, control)
}

/// One of several values: for 2 to 4 with explanations take [`super::RadioCards`].
#[component]
pub fn SelectField(
    /// Name in the form, and id.
    #[prop(into)]
    name: String,
    /// The label.
    #[prop(into)]
    label: String,
    /// Value and words, in order.
    options: Vec<(String, String)>,
    /// The chosen value.
    #[prop(optional, into)]
    value: String,
    /// What is wrong: `form.error("name")`.
    #[prop(optional_no_strip)]
    error: Option<String>,
    /// Help under the field.
    #[prop(optional, into)]
    help: Option<String>,
    /// Takes the whole line of a form grid.
    #[prop(optional)]
    wide: bool,
) -> impl IntoView {
    let options = options
        .into_iter()
        .map(|(option, words)| {
            let is_chosen = option == value;
            view! { <option value=option selected=is_chosen>{words}</option> }
        })
        .collect_view();
    let control = view! {
        <select
            class="select"
            id=name.clone()
            name=name.clone()
            aria-invalid=error.is_some().then_some("true")
            aria-describedby=described_by(&name, error.is_some(), help.is_some())
        >
            {options}
        </select>
    }
    .into_any();
    frame(&name, label, false, error, help, wide, control)
}

/// A file to upload; its form needs `enctype="multipart/form-data"`.
#[component]
pub fn FileField(
    /// Name in the form, and id.
    #[prop(into)]
    name: String,
    /// The label.
    #[prop(into)]
    label: String,
    /// Accepted types: `.json,.yaml,.yml`.
    #[prop(optional, into)]
    accept: Option<String>,
    /// What is wrong: `form.error("name")`.
    #[prop(optional_no_strip)]
    error: Option<String>,
    /// Help under the field.
    #[prop(optional, into)]
    help: Option<String>,
    /// May stay empty; the label says so.
    #[prop(optional)]
    optional: bool,
    /// Takes the whole line of a form grid.
    #[prop(optional)]
    wide: bool,
    /// Takes several files.
    #[prop(optional)]
    multiple: bool,
) -> impl IntoView {
    let control = view! {
        <input
            class="input"
            type="file"
            multiple=multiple
            id=name.clone()
            name=name.clone()
            accept=accept
            required=!optional
            aria-invalid=error.is_some().then_some("true")
            aria-describedby=described_by(&name, error.is_some(), help.is_some())
        />
    }
    .into_any();
    frame(&name, label, optional, error, help, wide, control)
}

/// One thing that is on or off, or one of several values with the same name.
#[component]
pub fn CheckField(
    /// Name in the form.
    #[prop(into)]
    name: String,
    /// Value sent when it is on.
    #[prop(into, default = "on".to_owned())]
    value: String,
    /// The words beside it.
    #[prop(into)]
    label: String,
    /// Whether it is on.
    #[prop(optional)]
    checked: bool,
    /// Number at the end of the line, for facets.
    #[prop(optional)]
    count: Option<u64>,
    /// Help under the words.
    #[prop(optional, into)]
    help: Option<String>,
) -> impl IntoView {
    view! {
        <label class="check">
            <input type="checkbox" name=name value=value checked=checked />
            <span>{label}</span>
            {count.map(|count| view! { <span class="n">{domain::plan::grouped(count)}</span> })}
            {help.map(|text| view! { <span class="help">{with_code(&text)}</span> })}
        </label>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_does_not_end_the_field() {
        for (value, expected) in [
            ("a </textarea><form id=x>", ">a &lt;/textarea>&lt;form id=x></textarea>"),
            ("&lt; & <b>", ">&amp;lt; &amp; &lt;b></textarea>"),
            ("\n first line empty", ">\n\n first line empty</textarea>"),
        ] {
            let value = value.to_owned();
            let html = Owner::new().with(|| view! { <TextArea name="text" label="Text" value=value /> }.to_html());
            assert!(html.contains(expected), "{html}");
        }
    }
}
