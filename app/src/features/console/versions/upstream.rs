//! Where calls go, and whether they need a key.

use domain::catalog::{query::VersionDetail, version::Access};
use leptos::prelude::*;

use super::upstream_form;
use crate::{
    form::FormState,
    href,
    ui::{Button, ButtonKind, Card, Choice, Fact, Facts, InputKind, MoreSummary, RadioCards, TextArea, TextField},
};

/// Targets as text; the first server of the document before there are any.
pub(super) fn targets_as_text(detail: &VersionDetail) -> String {
    detail.version.upstream.as_ref().map_or_else(
        || detail.suggested_upstream.clone().unwrap_or_default(),
        upstream_form::targets_text,
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
        let settings = stored_settings(&detail);
        return view! {
            <Card title="Upstream" id="upstream-card">
                <Facts>
                    <Fact name="Targets"><code class="mono">{targets}</code></Fact>
                    {(!settings.is_empty()).then(|| view! { <Fact name="Settings"><pre class="mono">{settings}</pre></Fact> })}
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
    let (targets, connect, response, settings) = match &form {
        Some(form) => (
            form.values.raw("upstream").to_owned(),
            form.value("connect_timeout_ms"),
            form.value("response_timeout_ms"),
            form.values.raw("settings").to_owned(),
        ),
        None => (
            targets_as_text(&detail),
            stored(|u| u.connect_timeout_ms, "5000"),
            stored(|u| u.response_timeout_ms, "30000"),
            stored_settings(&detail),
        ),
    };
    let error = move |field: &str| form.as_ref().and_then(|form| form.error(field));
    let are_open = !settings.is_empty();
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
                <details class="twin" open=are_open>
                    <MoreSummary text="Balance, health, retries and more" />
                    <TextArea
                        name="settings"
                        label="Settings"
                        value=settings
                        error=error("settings")
                        mono=true
                        optional=true
                        help="YAML with the names of the manifest, for example “balance: least_requests”. What is left out is off."
                    />
                </details>
                <div class="btn-row">
                    <Button kind=if is_set { ButtonKind::Secondary } else { ButtonKind::Primary }>"Save upstream"</Button>
                </div>
            </form>
        </Card>
    }
    .into_any()
}

fn stored_settings(detail: &VersionDetail) -> String {
    let upstream = detail.version.upstream.as_ref();
    upstream.map_or_else(String::new, |upstream| upstream_form::settings_text(&upstream.settings))
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
    if detail.has_access_policy {
        let policy = href::version_action(&org, &api, &version, "policies/access");
        return view! {
            <Card title="Access" id="access-card">
                <p>"The policy " <a href=policy>"access"</a> " says who may call, and with which credentials."</p>
            </Card>
        }
        .into_any();
    }
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
