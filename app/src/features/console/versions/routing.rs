//! Where a version answers beside its address, and whether it is strict.

use domain::catalog::{
    query::VersionDetail,
    routing::{Paths, RoutingInput},
};
use leptos::prelude::*;

use crate::{
    form::{FormData, FormState},
    href,
    ui::{Button, Card, Choice, Fact, Facts, RadioCards, TextField},
};

/// What was typed.
pub(super) fn input_of(form: &FormData) -> RoutingInput {
    let text = |field: &str| form.text(field).to_owned();
    RoutingInput {
        host: text("host"),
        base_path: text("base_path"),
        header: text("match.header"),
        value: text("match.value"),
        paths: if form.text("paths") == Paths::Open.as_str() {
            Paths::Open
        } else {
            Paths::Strict
        },
    }
}

#[component]
pub(super) fn RoutingCard(
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
    let stored = detail.version.routing.to_input();
    if !may_edit {
        let fact = |name: &'static str, text: String| {
            (!text.is_empty()).then(|| view! { <Fact name=name><code class="mono">{text}</code></Fact> })
        };
        let field = detail.version.routing.header.as_ref().map(ToString::to_string);
        let words = match stored.paths {
            Paths::Strict => "Only operations of the document are passed on.",
            Paths::Open => "Paths that the document does not describe are passed on too.",
        };
        return view! {
            <Card title="Host and paths" id="routing-card">
                <Facts>
                    {fact("Host", stored.host)}
                    {fact("Base path", stored.base_path)}
                    {fact("Chosen by", field.unwrap_or_default())}
                    <Fact name="Paths">{words}</Fact>
                </Facts>
            </Card>
        }
        .into_any();
    }
    let RoutingInput {
        host,
        base_path,
        header,
        value,
        paths,
    } = form.as_ref().map_or(stored, |form| input_of(&form.values));
    let error = move |field: &str| form.as_ref().and_then(|form| form.error(field));
    let choices = vec![
        Choice::new(
            "strict",
            "Strict",
            "Calls that the document does not describe are refused.",
        ),
        Choice::new(
            "open",
            "Open",
            "Calls that the document does not describe are passed on too, under the policies of the version.",
        ),
    ];
    let base_path_help =
        format!("In place of /{org}/{api}/{version}, for example /{org}/{api} or, with a host, /{version}.");
    view! {
        <Card title="Host and paths" id="routing-card">
            <form method="post" action=href::version_action(&org, &api, &version, "routing") class="stack">
                <div class="form-grid">
                    <TextField
                        name="host"
                        label="Own host"
                        value=host
                        error=error("host")
                        optional=true
                        mono=true
                        help="For example api.example.com, or *.example.com for every name below. Its DNS must lead to the gateway."
                    />
                    <TextField
                        name="base_path"
                        label="Own base path"
                        value=base_path
                        error=error("base_path")
                        optional=true
                        mono=true
                        help=base_path_help
                    />
                    <TextField
                        name="match.header"
                        label="Chosen by header field"
                        value=header
                        error=error("match.header")
                        optional=true
                        mono=true
                        help="Tells versions at one host and base path apart, for example Api-Version. One without a field takes all other calls."
                    />
                    <TextField
                        name="match.value"
                        label="With the value"
                        value=value
                        error=error("match.value")
                        optional=true
                        mono=true
                    />
                </div>
                <RadioCards
                    legend="Calls that are not in the document"
                    name="paths"
                    choices
                    value=paths.as_str()
                    error=error("paths")
                />
                <div class="btn-row"><Button>"Save host and paths"</Button></div>
            </form>
        </Card>
    }
    .into_any()
}
