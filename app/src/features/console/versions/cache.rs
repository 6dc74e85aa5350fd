//! Answers that gateways keep: forgetting them before their time.

use domain::catalog::query::VersionDetail;
use leptos::prelude::*;

use crate::{
    form::FormState,
    href,
    ui::{Button, Card, TextField},
};

#[component]
pub(super) fn CacheCard(
    /// The version.
    detail: VersionDetail,
    /// The form, if it was refused.
    form: Option<FormState>,
    /// Whether they can be purged.
    may_edit: bool,
) -> impl IntoView {
    let (org, api, version) = (
        detail.organization.slug.clone(),
        detail.api.slug.clone(),
        detail.version.name.clone(),
    );
    let policy = href::version_action(&org, &api, &version, "policies");
    let about = view! {
        <p>
            "Gateways keep answers by the policy " <a href=policy><code class="inline-code">"cache"</code></a>
            ". Purge them when the upstream has changed before they are over."
        </p>
    };
    if !may_edit {
        return view! { <Card title="Response cache" id="cache-card">{about}</Card> }.into_any();
    }
    let prefix = form
        .as_ref()
        .map(|form| form.values.text("prefix").to_owned())
        .unwrap_or_default();
    let error = form.as_ref().and_then(|form| form.error("prefix"));
    view! {
        <Card title="Response cache" id="cache-card">
            <form method="post" action=href::version_action(&org, &api, &version, "cache") class="stack">
                {about}
                <TextField
                    name="prefix"
                    label="Path begins with"
                    value=prefix
                    error=error
                    optional=true
                    mono=true
                    help="For example /pets: every path and query below the version's own that begins so. Empty for all answers."
                />
                <div class="btn-row"><Button>"Purge answers"</Button></div>
            </form>
        </Card>
    }
    .into_any()
}
