//! `GET|POST …/policies/{policy}`: the editor of one policy.

use axum::extract::{Path, Query};
use domain::{
    authz::Action,
    catalog::VersionState,
    error::DomainError,
    policy::{PolicyName, PolicySet},
};
use leptos::prelude::*;

use super::{Names, OfOperation, Subject, level_in_words, list, yaml};
use crate::{
    cx::Cx,
    error::PageError,
    form::{FormData, FormState},
    page::{Page, PageResult, Reply, ReplyResult},
    ui::{Button, ButtonKind, Card, CodeBlock, Crumbs, ErrorSummary, PageTitle, Place, TextArea, visible_text},
};

pub(super) async fn show(cx: Cx, Path(names): Path<Names>, Query(query): Query<OfOperation>) -> PageResult {
    let subject = Subject::load(&cx, &names, &query.operation).await?;
    let name = policy(&cx, &names)?;
    page(&cx, subject, name, None).await
}

/// Saves what was typed, switches the policy off, or takes away what this level says, as the button says.
pub(super) async fn save(
    cx: Cx,
    Path(names): Path<Names>,
    Query(query): Query<OfOperation>,
    form: FormData,
) -> ReplyResult {
    let subject = Subject::load(&cx, &names, &query.operation).await?;
    let name = policy(&cx, &names)?;
    let text = form.raw(yaml::FIELD).replace("\r\n", "\n");
    let policies = &cx.services().policies;
    let done = match form.text("action") {
        "remove" => {
            let removed = policies.remove(cx.actor(), &subject.scope, name).await;
            removed.map(|_| format!("{name} is removed from this {}.", level_in_words(subject.scope.level())))
        }
        "off" => {
            let off = PolicySet::read(name, "off".into()).map_err(|error| DomainError::Invalid(vec![error]));
            match off {
                Ok(off) => policies
                    .save(cx.actor(), &subject.scope, off)
                    .await
                    .map(|_| format!("{name} is switched off.")),
                Err(error) => Err(error),
            }
        }
        _ => match yaml::read(name, &text) {
            Ok(said) => policies
                .save(cx.actor(), &subject.scope, said)
                .await
                .map(|_| format!("{name} is saved.")),
            Err(error) => Err(DomainError::Invalid(vec![error])),
        },
    };
    match done {
        Ok(sentence) => Ok(Reply::redirect(subject.href(None)).flash(sentence)),
        Err(error) => {
            let mut form = FormState::refused(form, error)?;
            let (at_field, others) = form
                .errors
                .into_iter()
                .partition(|error| error.field.starts_with("policies."));
            form.errors = others;
            form.errors.extend(yaml::located(name, &text, at_field));
            Ok(page(&cx, subject, name, Some(form)).await?.into())
        }
    }
}

/// The policy of a path; one that gateways do not act on is not there.
fn policy(cx: &Cx, names: &Names) -> Result<PolicyName, PageError> {
    let named = names.policy.as_deref().and_then(PolicyName::parse);
    named
        .filter(|name| cx.services().policies.enforced().any(|known| known == *name))
        .ok_or_else(|| PageError::not_found("policy"))
}

async fn page(cx: &Cx, subject: Subject, name: PolicyName, form: Option<FormState>) -> PageResult {
    let levels = cx.services().policies.levels(cx.actor(), &subject.scope).await?;
    let is_open = subject
        .version
        .as_ref()
        .is_none_or(|detail| detail.version.state != VersionState::Retired);
    let may_edit = is_open && cx.actor().require(Action::EditApi, subject.organization.id).is_ok();
    let status = form.as_ref().map_or(axum::http::StatusCode::OK, FormState::status);
    let (organization, section) = (subject.organization.clone(), subject.section());
    let page = Page::new(format!("{name}: {}", subject.label()), move || {
        let mut above = subject.above();
        above.push(Place::new("Policies", subject.href(None)));
        let own = levels.last().and_then(|own| list::as_text(&own.said, name));
        let from = list::source(&levels, name);
        let is_off = own.is_some() && from.is_some_and(|level| level.said.is_off(name));
        let state = view! {
            <span>{visible_text(&subject.label()).into_owned()}</span>
            {list::state(from, name)}
            {from.map(|level| view! { <span>{list::origin(&levels, level)}</span> })}
        };
        // What is inherited stands beside the editor, which begins with the example.
        let inherited = from
            .filter(|level| own.is_none() && !level.said.is_off(name))
            .and_then(|level| list::as_text(&level.said, name));
        let inherited = inherited.map(|text| view! { <CodeBlock title="Inherited" text /> });
        let typed = form
            .as_ref()
            .map(|form| form.values.raw(yaml::FIELD).to_owned())
            .filter(|text| !text.is_empty());
        let said = typed.or_else(|| own.clone().filter(|_| !is_off));
        let help = if said.is_some() {
            "YAML or JSON. It takes the place of whatever broader levels say."
        } else {
            "An example to begin with, in YAML; JSON will do too. Nothing of it holds until you save it. Then it takes the \
             place of whatever broader levels say."
        };
        let value = said.unwrap_or_else(|| name.example().to_owned());
        let (error, errors) = form.map(|form| (all_messages(&form), form.errors)).unwrap_or_default();
        let body = if may_edit {
            let action = subject.href(Some(name.as_str()));
            let can_be_off = !is_off;
            let has_own = own.is_some();
            view! {
                <Card title="What this level says" id="editor">
                    <div class="stack">
                    <form method="post" action=action.clone() class="stack">
                        <TextArea
                            name=yaml::FIELD
                            label="Policy"
                            value
                            error=error
                            mono=true
                            help
                        />
                        <div class="btn-row">
                            <Button kind=ButtonKind::Primary name="action" value="save">"Save policy"</Button>
                        </div>
                    </form>
                    <form method="post" action=action class="btn-row">
                        {can_be_off.then(|| view! { <Button name="action" value="off">"Switch off here"</Button> })}
                        {has_own
                            .then(|| view! { <Button kind=ButtonKind::Danger name="action" value="remove">"Remove from this level"</Button> })}
                    </form>
                    </div>
                </Card>
            }
            .into_any()
        } else {
            own.map(|text| view! { <CodeBlock title="What this level says" text /> })
                .into_any()
        };
        view! {
            <div class="stack" data-gap="lg">
                <Crumbs above current=name.as_str() />
                <PageTitle title=name.as_str() about=state.into_any() />
                <p class="muted">{name.summary()}</p>
                <ErrorSummary errors />
                {inherited}
                {body}
            </div>
        }
    });
    Ok(page.console(&organization, section).with_islands().status(status))
}

/// Everything that is wrong with the text.
fn all_messages(form: &FormState) -> Option<String> {
    let at = form.errors.iter().filter(|error| error.field == yaml::FIELD);
    let messages: Vec<_> = at.map(|error| error.message.as_str()).collect();
    (!messages.is_empty()).then(|| messages.join(" "))
}
