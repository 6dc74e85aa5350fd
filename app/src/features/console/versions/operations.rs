//! What the current spec publishes: its routes.

use domain::catalog::query::VersionDetail;
use leptos::prelude::*;

use crate::{
    href,
    ui::{Card, OperationLine, visible_text},
};

/// Routes listed on the page; the reference shows the rest.
const SHOWN: usize = 100;

#[component]
pub(super) fn OperationsCard(
    /// The version.
    detail: VersionDetail,
) -> impl IntoView {
    if detail.operations.is_empty() {
        return ().into_any();
    }
    let (org, api, version) = (
        detail.organization.slug.clone(),
        detail.api.slug.clone(),
        detail.version.name.clone(),
    );
    let count = detail.operations.len();
    let items = detail
        .operations
        .iter()
        .take(SHOWN)
        .map(|operation| {
            view! {
                <li>
                    <a class="op-link" href=href::operation(&org, &api, &version, &operation.slug)>
                        <OperationLine
                            method=operation.method.clone()
                            path=visible_text(&operation.path).into_owned()
                        />
                    </a>
                </li>
            }
        })
        .collect_view();
    let more = (count > SHOWN).then(|| {
        view! {
            <p class="small">
                <a href=href::reference(&org, &api, &version)>{format!("All {count} operations in the reference")}</a>
            </p>
        }
    });
    let title = if count == 1 {
        "1 operation".to_owned()
    } else {
        format!("{} operations", domain::plan::grouped(count as u64))
    };
    view! {
        <Card title=title id="operations">
            <ul class="op-list" role="list">{items}</ul>
            {more}
        </Card>
    }
    .into_any()
}
