//! The spec of a version: what is current, what came before, and the next one.

use domain::{catalog::query::VersionDetail, clock::Timestamp, plan::grouped};
use leptos::prelude::*;

use crate::features::console::spec_fields::SpecFields;
use crate::{
    form::FormState,
    href,
    ui::{
        Ago, Button, ButtonKind, Card, Column, Fact, Facts, IconName, LinkButton, MoreSummary, Row, Table, visible_text,
    },
};

#[component]
pub(super) fn SpecCard(
    /// The version.
    detail: VersionDetail,
    /// The form, if it was refused.
    form: Option<FormState>,
    /// Whether a new revision can be brought.
    may_edit: bool,
    /// The present moment.
    now: Timestamp,
) -> impl IntoView {
    let (org, api, version) = (
        detail.organization.slug.clone(),
        detail.api.slug.clone(),
        detail.version.name.clone(),
    );
    let current = detail.revisions.first().cloned();
    let overlays = current
        .as_ref()
        .map(|revision| revision.overlays.clone())
        .unwrap_or_default();
    let is_refused = form.is_some();
    let has_spec = current.is_some();
    let facts = current.map(|revision| {
        let names: Vec<_> = revision
            .overlays
            .iter()
            .map(|overlay| visible_text(&overlay.name))
            .collect();
        let names = (!names.is_empty()).then(|| names.join(", "));
        view! {
            <Facts inline=true>
                <Fact name="Title">{visible_text(&revision.title).into_owned()}</Fact>
                <Fact name="Document version">{visible_text(&revision.document_version).into_owned()}</Fact>
                <Fact name="Format">{revision.format.clone()}</Fact>
                <Fact name="Operations">{grouped(revision.operations.into())}</Fact>
                <Fact name="Revision">
                    {format!("{}, ", revision.number)} <Ago at=revision.created_at now />
                </Fact>
                <Fact name="Size">{format!("{} bytes", grouped(revision.size))}</Fact>
                {names.map(|names| view! { <Fact name="Overlays">{names}</Fact> })}
            </Facts>
        }
    });
    let history = (detail.revisions.len() > 1).then(|| {
        let rows = detail
            .revisions
            .iter()
            .map(|revision| {
                Row::new(revision.number.to_string())
                    .cell(visible_text(&revision.document_version).into_owned())
                    .cell(grouped(revision.operations.into()))
                    .cell(view! { <Ago at=revision.created_at now /> })
                    .cell(view! { <code class="mono small">{revision.sha256.chars().take(12).collect::<String>()}</code> })
            })
            .collect();
        view! {
            <details class="twin">
                <MoreSummary text=format!("All {} revisions", detail.revisions.len()) />
                <Table
                    caption="Revisions, newest first"
                    columns=vec![
                        Column::text("Revision"),
                        Column::text("Document version"),
                        Column::number("Operations"),
                        Column::text("Uploaded"),
                        Column::text("SHA-256"),
                    ]
                    rows=rows
                />
            </details>
        }
    });
    let upload = may_edit.then(|| {
        let action = href::version_action(&org, &api, &version, "spec");
        let fields = view! {
            <form method="post" action=action enctype="multipart/form-data" class="stack">
                <SpecFields form=form.unwrap_or_default() overlays />
                <div class="btn-row">
                    <Button kind=if has_spec { ButtonKind::Secondary } else { ButtonKind::Primary }>
                        {if has_spec { "Upload new revision" } else { "Import document" }}
                    </Button>
                </div>
            </form>
        };
        if has_spec {
            view! {
                <details class="twin" open=is_refused>
                    <MoreSummary text="Upload a new revision" />
                    {fields}
                </details>
            }
            .into_any()
        } else {
            fields.into_any()
        }
    });
    let download = has_spec.then(|| {
        view! {
            <LinkButton href=href::original(&org, &api, &version) icon=IconName::Download size=crate::ui::ButtonSize::Small>
                "Download"
            </LinkButton>
        }
        .into_any()
    });
    view! {
        <Card title="Specification" id="spec-card" actions=download.into_any()>
            <div class="stack">{facts} {history} {upload}</div>
        </Card>
    }
}
