//! Plates: method, status, version, api and path. Each has one look everywhere.

use leptos::prelude::*;

use super::text::{initials, visible_text};

/// An HTTP method. `bare` is for the side navigation: no frame, `DELETE` and `OPTIONS` shortened.
#[component]
pub fn Method(
    /// `GET`; written in capitals whatever is passed.
    #[prop(into)]
    method: String,
    /// Without a frame.
    #[prop(optional)]
    bare: bool,
) -> impl IntoView {
    let method = visible_text(&method).to_ascii_uppercase();
    let shown = match (bare, method.as_str()) {
        (true, "DELETE") => "DEL".to_owned(),
        (true, "OPTIONS") => "OPT".to_owned(),
        _ => method.clone(),
    };
    view! { <span class="method" data-method=method data-bare=bare>{shown}</span> }
}

/// An HTTP status: `201`, `4XX` or `default`.
#[component]
pub fn Status(
    /// As in the document: `201`, `4XX`, `default`.
    #[prop(into)]
    code: String,
) -> impl IntoView {
    let class = match code.as_bytes().first() {
        Some(class @ b'1'..=b'5') => char::from(*class).to_string(),
        _ => "x".to_owned(),
    };
    view! { <span class="status" data-class=class>{visible_text(&code).into_owned()}</span> }
}

/// The plate of a version: `v2`; a link when it leads somewhere.
#[component]
pub fn VersionTag(
    /// `v2`.
    #[prop(into)]
    name: String,
    /// Page of the version.
    #[prop(optional, into)]
    href: Option<String>,
) -> impl IntoView {
    match href {
        Some(href) => view! { <a class="ver" href=href>{name}</a> }.into_any(),
        None => view! { <span class="ver">{name}</span> }.into_any(),
    }
}

/// Size of a [`Marker`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MarkerSize {
    /// In rows.
    Small,
    /// In cards.
    #[default]
    Medium,
    /// In page heads.
    Large,
}

/// The plate of an api: its initials, always beside the name itself, so hidden from screen readers.
#[component]
pub fn Marker(
    /// Name of the api.
    #[prop(into)]
    name: String,
    /// How large.
    #[prop(optional)]
    size: MarkerSize,
) -> impl IntoView {
    let size = match size {
        MarkerSize::Small => Some("sm"),
        MarkerSize::Medium => None,
        MarkerSize::Large => Some("lg"),
    };
    view! { <span class="marker" data-size=size aria-hidden="true">{initials(&name)}</span> }
}

/// A path template; its variables stand out: `/pets/{petId}`.
#[component]
pub fn PathTemplate(
    /// The template.
    #[prop(into)]
    path: String,
) -> impl IntoView {
    let path = visible_text(&path);
    let parts = split_template(&path)
        .into_iter()
        .map(|(is_variable, text)| {
            let text = text.to_owned();
            if is_variable {
                view! { <var>{text}</var> }.into_any()
            } else {
                text.into_any()
            }
        })
        .collect_view();
    view! { <span class="path">{parts}</span> }
}

/// A method and a path on one line, as the name of an operation.
#[component]
pub fn OperationLine(
    /// `GET`.
    #[prop(into)]
    method: String,
    /// `/pets/{petId}`.
    #[prop(into)]
    path: String,
) -> impl IntoView {
    view! {
        <span class="op-line">
            <Method method />
            " "
            <PathTemplate path />
        </span>
    }
}

/// Cuts a template into literal and variable parts; an unclosed brace is literal.
fn split_template(path: &str) -> Vec<(bool, &str)> {
    let mut parts = Vec::new();
    let mut rest = path;
    while let Some(open) = rest.find('{') {
        let Some(close) = rest[open..].find('}').map(|at| open + at + 1) else {
            break;
        };
        if open > 0 {
            parts.push((false, &rest[..open]));
        }
        parts.push((true, &rest[open..close]));
        rest = &rest[close..];
    }
    if !rest.is_empty() {
        parts.push((false, rest));
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_split_at_their_variables() {
        assert_eq!(split_template("/pets"), [(false, "/pets")]);
        assert_eq!(
            split_template("/p/{a}/{b}"),
            [(false, "/p/"), (true, "{a}"), (false, "/"), (true, "{b}")]
        );
        assert_eq!(split_template("/p/{a"), [(false, "/p/{a")]);
        assert_eq!(split_template("{a}.json"), [(true, "{a}"), (false, ".json")]);
    }
}
