//! `GET …/policies`: what is in force and where it comes from.

use axum::extract::{Path, Query};
use domain::policy::{OperationKey, PolicyName, PolicySet, service::LevelPolicies};
use leptos::prelude::*;

use super::{Names, OfOperation, Subject, level_in_words};
use crate::{
    cx::Cx,
    page::{Page, PageResult},
    ui::{Badge, Button, Card, Column, Crumbs, Empty, PageTitle, Row, SelectField, Table, Tone, visible_text},
};

pub(super) async fn show(cx: Cx, Path(names): Path<Names>, Query(query): Query<OfOperation>) -> PageResult {
    let subject = Subject::load(&cx, &names, &query.operation).await?;
    let policies = &cx.services().policies;
    let levels = policies.levels(cx.actor(), &subject.scope).await?;
    let enforced: Vec<_> = policies.enforced().collect();
    let own = match &subject.version {
        Some(detail) => {
            let said = policies.operations(cx.actor(), detail.version.id).await?;
            detail
                .operations
                .iter()
                .filter_map(|operation| {
                    let said = said.get(&OperationKey::of(operation))?;
                    Some((operation.clone(), said.names().collect::<Vec<_>>()))
                })
                .collect()
        }
        None => Vec::new(),
    };
    let (organization, section) = (subject.organization.clone(), subject.section());
    let title = match subject.api {
        Some(_) => format!("Policies of {}", subject.label()),
        None => "Policies".to_owned(),
    };
    let page = Page::new(title.clone(), move || {
        let body = if enforced.is_empty() {
            view! {
                <Empty
                    title="No policies"
                    text="The gateways of this version of Turnpike act on no policies."
                />
            }
            .into_any()
        } else {
            let rows = enforced.iter().map(|name| row(&subject, &levels, *name)).collect();
            view! {
                <div class="card" data-flush=true>
                    <Table
                        caption="Policies"
                        columns=vec![Column::text("Policy"), Column::text("State"), Column::text("From"), Column::text("What it does")]
                        rows=rows
                    />
                </div>
            }
            .into_any()
        };
        let above = subject.above();
        let crumbs = (!above.is_empty()).then(|| view! { <Crumbs above current="Policies" /> });
        view! {
            <div class="stack" data-gap="lg">
                {crumbs}
                <PageTitle
                    title=visible_text(&title).into_owned()
                    about=view! { <span>"The narrower level wins: operation, version, API, organization."</span> }.into_any()
                />
                {body}
                {(!enforced.is_empty()).then(|| operations(&subject, own))}
            </div>
        }
    });
    Ok(page.console(&organization, section))
}

/// Who says something of a policy: the narrowest level that does.
pub(super) fn source(levels: &[LevelPolicies], name: PolicyName) -> Option<&LevelPolicies> {
    levels.iter().rev().find(|level| level.said.said(name).is_some())
}

/// Where a policy comes from, seen from the narrowest of the levels.
pub(super) fn origin(levels: &[LevelPolicies], from: &LevelPolicies) -> String {
    let level = level_in_words(from.level);
    if levels.last().is_some_and(|own| own.level == from.level) {
        format!("This {level}")
    } else {
        format!("Inherited from the {level}")
    }
}

/// What the level that decides says: in force, off, or nothing at all.
pub(super) fn state(from: Option<&LevelPolicies>, name: PolicyName) -> impl IntoView + use<> {
    match from {
        None => view! { <Badge word="Not set" outline=true /> },
        Some(level) if level.said.is_off(name) => view! { <Badge tone=Tone::Warn word="Off" /> },
        Some(_) => view! { <Badge tone=Tone::Ok word="In force" /> },
    }
}

fn row(subject: &Subject, levels: &[LevelPolicies], name: PolicyName) -> Row {
    let from = source(levels, name);
    let origin = from.map_or_else(|| "–".to_owned(), |level| origin(levels, level));
    Row::linked(name.as_str(), subject.href(Some(name.as_str())))
        .cell(state(from, name))
        .cell(origin)
        .cell(name.summary())
}

/// On a version's page: operations with policies of their own, and the way to the others.
fn operations(
    subject: &Subject,
    own: Vec<(domain::gateway_config::OperationRecord, Vec<PolicyName>)>,
) -> Option<AnyView> {
    let detail = subject
        .version
        .as_ref()
        .filter(|detail| !detail.operations.is_empty())?;
    let version = Subject {
        organization: subject.organization.clone(),
        api: subject.api.clone(),
        version: Some(detail.clone()),
        operation: None,
        scope: subject.scope.clone(),
    };
    let chosen = subject
        .operation
        .as_ref()
        .map_or_else(String::new, |operation| operation.slug.clone());
    let whole = (String::new(), "The whole version".to_owned());
    let options = detail.operations.iter().map(|operation| {
        let words = format!("{} {}", operation.method, operation.path);
        (operation.slug.clone(), visible_text(&words).into_owned())
    });
    let options = std::iter::once(whole).chain(options).collect();
    let items = own
        .into_iter()
        .map(|(operation, names)| {
            let of_operation = crate::href::with_query(&version.href(None), &[("operation", &operation.slug)]);
            let words = format!("{} {}", operation.method, operation.path);
            let names: Vec<_> = names.into_iter().map(PolicyName::as_str).collect();
            view! {
                <li>
                    <a href=of_operation><code class="mono">{visible_text(&words).into_owned()}</code></a>
                    ": "
                    {names.join(", ")}
                </li>
            }
        })
        .collect_view();
    let view = view! {
        <Card title="One operation" id="operations">
            <div class="stack">
                <form method="get" action=version.href(None) class="stack">
                    <SelectField
                        name="operation"
                        label="Operation"
                        options
                        value=chosen
                        help="An operation can have policies of its own, or switch off what its version has."
                    />
                    <div class="btn-row"><Button>"Show its policies"</Button></div>
                </form>
                <ul>{items}</ul>
            </div>
        </Card>
    };
    Some(view.into_any())
}

/// What a level says of a policy, as text to edit.
pub(super) fn as_text(said: &PolicySet, name: PolicyName) -> Option<String> {
    said.said(name).and_then(|body| yaml_serde::to_string(&body).ok())
}
