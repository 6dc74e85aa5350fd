//! `GET /console/{org}/apis/{api}`: an api and its versions.

use axum::extract::Path;
use domain::authz::Action;
use leptos::prelude::*;

use crate::{
    cx::Cx,
    href,
    page::{ConsoleSection, Page, PageResult},
    ui::{Ago, ButtonKind, Card, Column, Crumbs, IconName, LinkButton, PageTitle, Place, Row, StateBadge, Table},
};

pub(super) async fn show(cx: Cx, Path((org, api)): Path<(String, String)>) -> PageResult {
    let detail = cx.services().catalog_reads.console_api(cx.actor(), &org, &api).await?;
    let may_edit = cx.actor().require(Action::EditApi, detail.organization.id).is_ok();
    let organization = detail.organization.clone();
    let now = cx.now();
    let page = Page::new(detail.api.name.clone(), move || {
        let is_listed = detail.versions.iter().any(|v| v.state.is_listed());
        let rows = detail
            .versions
            .iter()
            .map(|version| {
                Row::linked(
                    version.name.to_string(),
                    href::console_version(&org, &api, &version.name),
                )
                .cell(view! { <StateBadge state=version.state /> })
                .cell(version.published_at.map(|at| view! { <Ago at now /> }))
                .cell(
                    version
                        .deprecation
                        .as_ref()
                        .and_then(|d| d.sunset)
                        .map(|at| view! { <Ago at now /> }),
                )
            })
            .collect();
        let plans = if detail.plans.is_empty() {
            view! {
                <p class="muted">
                    "No plan covers this API yet. Without one nobody can subscribe. "
                    <a href=href::new_plan(&org)>"Create a plan"</a>
                </p>
            }
            .into_any()
        } else {
            let items = detail
                .plans
                .iter()
                .map(|plan| view! { <li><a href=href::edit_plan(&org, &plan.slug)>{plan.name.clone()}</a></li> })
                .collect_view();
            view! { <ul>{items}</ul> }.into_any()
        };
        let actions = view! {
            {is_listed.then(|| view! { <LinkButton href=href::api(&org, &api) icon=IconName::Eye>"View in portal"</LinkButton> })}
            <LinkButton href=href::api_policies(&org, &api) icon=IconName::Shield>"Policies"</LinkButton>
            {may_edit.then(|| view! {
                <LinkButton href=href::edit_api(&org, &api) icon=IconName::Gear>"Edit"</LinkButton>
                <LinkButton href=href::new_version(&org, &api) kind=ButtonKind::Primary icon=IconName::Plus>"New version"</LinkButton>
            })}
        };
        view! {
            <div class="stack" data-gap="lg">
                <Crumbs above=vec![Place::new("APIs", href::console_apis(&org))] current=detail.api.name.clone() />
                <PageTitle
                    title=detail.api.name.clone()
                    about=view! { <span>{detail.api.summary.clone()}</span> }.into_any()
                    actions=actions.into_any()
                />
                <Card title="Versions" id="versions" flush=true>
                    <Table
                        caption="Versions"
                        columns=vec![
                            Column::text("Version"),
                            Column::text("State"),
                            Column::text("Published"),
                            Column::text("Sunset"),
                        ]
                        rows=rows
                    />
                </Card>
                <Card title="Plans" id="plans">{plans}</Card>
            </div>
        }
    });
    Ok(page.console(&organization, ConsoleSection::Apis))
}
