//! Where calls go, and whether they need a key.

use domain::catalog::{query::VersionDetail, version::Access};
use leptos::prelude::*;

use crate::{
    form::FormState,
    href,
    ui::{Button, ButtonKind, Card, Choice, Fact, Facts, InputKind, RadioCards, TextArea, TextField},
};

/// Targets as text: one a line, its weight behind it where it is not 1.
pub(super) fn targets_as_text(detail: &VersionDetail) -> String {
    detail.version.upstream.as_ref().map_or_else(
        || detail.suggested_upstream.clone().unwrap_or_default(),
        |upstream| {
            let lines: Vec<String> = upstream
                .targets
                .iter()
                .map(|target| match target.weight {
                    1 => target.url.to_string(),
                    weight => format!("{} {weight}", target.url),
                })
                .collect();
            lines.join("\n")
        },
    )
}

#[component]
pub(super) fn UpstreamCard(
    /// The version.
    detail: VersionDetail,
    /// The form, if it was refused.
    form: Option<FormState>,
    /// Whether it can be changed.
    may_edit: bool,
) -> impl IntoView {
    let (org, api, version) = (
        detail.organization.slug.clone(),
        detail.api.slug.clone(),
        detail.version.name.clone(),
    );
    if !may_edit {
        let targets = targets_as_text(&detail);
        return view! {
            <Card title="Upstream" id="upstream-card">
                <Facts>
                    <Fact name="Targets"><code class="mono">{targets}</code></Fact>
                </Facts>
            </Card>
        }
        .into_any();
    }
    let is_set = detail.version.upstream.is_some();
    let stored = |read: fn(&domain::upstream::Upstream) -> u32, or: &str| {
        detail
            .version
            .upstream
            .as_ref()
            .map_or_else(|| or.to_owned(), |u| read(u).to_string())
    };
    let (targets, connect, response) = match &form {
        Some(form) => (
            form.values.raw("upstream").to_owned(),
            form.value("connect_timeout_ms"),
            form.value("response_timeout_ms"),
        ),
        None => (
            targets_as_text(&detail),
            stored(|u| u.connect_timeout_ms, "5000"),
            stored(|u| u.response_timeout_ms, "30000"),
        ),
    };
    let error = move |field: &str| form.as_ref().and_then(|form| form.error(field));
    view! {
        <Card title="Upstream" id="upstream-card">
            <form method="post" action=href::version_action(&org, &api, &version, "upstream") class="stack">
                <TextArea
                    name="upstream"
                    label="Address of your server"
                    value=targets
                    error=error("upstream")
                    mono=true
                    help="One http or https address a line; a number behind it is its share of the calls. A path in it is put before the operation's path."
                />
                <div class="form-grid">
                    <TextField
                        name="connect_timeout_ms"
                        label="Connect within"
                        kind=InputKind::Number
                        value=connect
                        error=error("connect_timeout_ms")
                        suffix="ms"
                    />
                    <TextField
                        name="response_timeout_ms"
                        label="First byte within"
                        kind=InputKind::Number
                        value=response
                        error=error("response_timeout_ms")
                        suffix="ms"
                    />
                </div>
                <div class="btn-row">
                    <Button kind=if is_set { ButtonKind::Secondary } else { ButtonKind::Primary }>"Save upstream"</Button>
                </div>
            </form>
        </Card>
    }
    .into_any()
}

#[component]
pub(super) fn AccessCard(
    /// The version.
    detail: VersionDetail,
    /// The form, if it was refused.
    form: Option<FormState>,
    /// Whether it can be changed.
    may_edit: bool,
) -> impl IntoView {
    let (org, api, version) = (
        detail.organization.slug.clone(),
        detail.api.slug.clone(),
        detail.version.name.clone(),
    );
    if !may_edit {
        let words = match detail.version.access {
            Access::Key => "Calls need a key.",
            Access::Anonymous => "Calls without a key pass.",
        };
        return view! { <Card title="Access" id="access-card"><p>{words}</p></Card> }.into_any();
    }
    let choices = vec![
        Choice::new("key", "Key", "Calls need a key of an application with a subscription."),
        Choice::new(
            "anonymous",
            "Anonymous",
            "Calls without a key pass too. Keys are still checked and counted.",
        ),
    ];
    let error = form.as_ref().and_then(|form| form.error("access"));
    view! {
        <Card title="Access" id="access-card">
            <form method="post" action=href::version_action(&org, &api, &version, "access") class="stack">
                <RadioCards
                    legend="Who may call"
                    name="access"
                    choices
                    value=detail.version.access.as_str()
                    error=error
                />
                <div class="btn-row"><Button>"Save access"</Button></div>
            </form>
        </Card>
    }
    .into_any()
}
