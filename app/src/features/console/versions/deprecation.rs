//! The announced end of a version: one form from which headers, banner and the final 410 come.

use domain::{catalog::query::VersionDetail, clock::Timestamp, error::FieldError};
use leptos::prelude::*;
use time::{OffsetDateTime, PrimitiveDateTime, format_description::FormatItem, macros::format_description};

use crate::{
    form::FormState,
    href,
    ui::{Button, ButtonKind, Card, InputKind, MoreSummary, SelectField, TextArea, TextField},
};

/// What `<input type="datetime-local">` sends; read as UTC.
const LOCAL: &[FormatItem<'static>] = format_description!("[year]-[month]-[day]T[hour]:[minute]");
const LOCAL_WITH_SECONDS: &[FormatItem<'static>] = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");

/// A moment as the form sends it.
pub(super) fn parse_moment(field: &'static str, text: &str) -> Result<Option<Timestamp>, FieldError> {
    if text.is_empty() {
        return Ok(None);
    }
    PrimitiveDateTime::parse(text, LOCAL)
        .or_else(|_| PrimitiveDateTime::parse(text, LOCAL_WITH_SECONDS))
        .map(|moment| Some(moment.assume_utc()))
        .map_err(|_| FieldError::new(field, "Enter a date and a time, for example 2027-05-01T00:00."))
}

fn as_local(at: Timestamp) -> String {
    at.to_offset(time::UtcOffset::UTC).format(LOCAL).unwrap_or_default()
}

#[component]
pub(super) fn DeprecationCard(
    /// The version.
    detail: VersionDetail,
    /// The form, if it was refused.
    form: Option<FormState>,
    /// Whether it can be changed.
    may_publish: bool,
    /// The present moment.
    now: OffsetDateTime,
) -> impl IntoView {
    if !may_publish {
        return ().into_any();
    }
    let (org, api, version) = (
        detail.organization.slug.clone(),
        detail.api.slug.clone(),
        detail.version.name.clone(),
    );
    let stored = detail.version.deprecation.clone();
    let is_deprecated = stored.is_some();
    let value = |field: &str, from_stored: String| {
        form.as_ref()
            .map_or(from_stored, |form| form.values.raw(field).to_owned())
    };
    let error = |field: &str| form.as_ref().and_then(|form| form.error(field));
    let since = value("since", as_local(stored.as_ref().map_or(now, |d| d.since)));
    let sunset = value(
        "sunset",
        stored.as_ref().and_then(|d| d.sunset).map(as_local).unwrap_or_default(),
    );
    let successor = value(
        "successor",
        stored.as_ref().and_then(|d| d.successor.clone()).unwrap_or_default(),
    );
    let guide = value(
        "guide",
        stored.as_ref().and_then(|d| d.guide.clone()).unwrap_or_default(),
    );
    let successors = std::iter::once((String::new(), "None".to_owned()))
        .chain(detail.siblings.iter().map(|v| (v.name.to_string(), v.name.to_string())))
        .collect();
    let restore = is_deprecated.then(|| {
        view! {
            <form method="post" action=href::version_action(&org, &api, &version, "restore")>
                <Button>"Take the deprecation back"</Button>
            </form>
        }
    });
    let fields = view! {
        <form method="post" action=href::version_action(&org, &api, &version, "deprecate") class="stack">
            <p class="muted small">
                "Every answer carries Deprecation, Sunset and Link headers from then on, the portal shows a banner, and after the sunset calls get 410."
            </p>
            <div class="form-grid">
                <TextField
                    name="since"
                    label="Deprecated since"
                    kind=InputKind::DateTime
                    value=since
                    error=error("since")
                    help="UTC; may lie in the future."
                />
                <TextField
                    name="sunset"
                    label="Sunset"
                    kind=InputKind::DateTime
                    value=sunset
                    error=error("sunset")
                    optional=true
                    help="UTC; the version is retired by itself at that moment."
                />
                <SelectField
                    name="successor"
                    label="Successor"
                    options=successors
                    value=successor
                    error=error("successor")
                    help="The version to move to."
                />
                <TextArea
                    name="guide"
                    label="How to move"
                    value=guide
                    error=error("guide")
                    optional=true
                    wide=true
                    help="Markdown; shown on a page that the answers link to."
                />
            </div>
            <div class="btn-row">
                <Button kind=if is_deprecated { ButtonKind::Secondary } else { ButtonKind::Danger }>
                    {if is_deprecated { "Save announcement" } else { "Announce the end" }}
                </Button>
            </div>
        </form>
    };
    let body = if is_deprecated || form.is_some() {
        view! { <div class="stack">{fields} {restore}</div> }.into_any()
    } else {
        view! {
            <details class="twin">
                <MoreSummary text="Deprecate this version" />
                {fields}
            </details>
        }
        .into_any()
    };
    view! { <Card title="Deprecation" id="deprecation-card">{body}</Card> }.into_any()
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn moments_are_read_as_utc() {
        for (text, moment) in [
            ("", Ok(None)),
            ("2027-05-01T00:00", Ok(Some(datetime!(2027-05-01 0:00 UTC)))),
            ("2027-05-01T08:30:15", Ok(Some(datetime!(2027-05-01 8:30:15 UTC)))),
        ] {
            assert_eq!(parse_moment("sunset", text), moment, "{text}");
        }
        assert!(parse_moment("sunset", "tomorrow").is_err());
    }
}
