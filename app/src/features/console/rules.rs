//! The rules that an organization holds its documents to: an editor, and what holds without one.

use axum::{
    Router,
    extract::{DefaultBodyLimit, Path},
    routing::get,
};
use domain::{
    authz::Action,
    error::FieldError,
    organization::{Organization, OrganizationRuleset, ruleset},
};
use leptos::prelude::*;
use openapi::lint::{Origin, Ruleset, rules};

use super::policies::yaml;
use crate::{
    cx::{AppState, Cx},
    form::{self, FormData, FormState},
    href,
    page::{ConsoleSection, Page, PageResult, Reply, ReplyResult},
    ui::{Button, ButtonKind, Card, CodeBlock, Column, ErrorSummary, MoreSummary, PageTitle, Row, Table, TextArea},
};

/// What the editor begins with.
const EXAMPLE: &str = "\
extends: turnpike            # Spectral's rules for OpenAPI, and Turnpike's own
rules:
  info-contact: off
  operation-description: error
  paths-begin-with-version:
    description: Paths begin with the version.
    severity: warn
    given: $.paths
    then:
      field: \"@key\"
      function: pattern
      functionOptions: { match: \"^/v[0-9]+/\" }
exceptions:
  - rule: paths-begin-with-version
    path: /paths/~1health
    reason: Load balancers ask for it.
";

pub(super) fn router() -> Router<AppState> {
    Router::new().route(
        "/console/{org}/rules",
        get(show)
            .post(save)
            .layer(DefaultBodyLimit::max(form::MAX_BYTES_WITH_GUIDE)),
    )
}

/// `GET /console/{org}/rules`
async fn show(cx: Cx, Path(slug): Path<String>) -> PageResult {
    let organization = cx.services().organizations.for_console(cx.actor(), &slug).await?;
    page(&cx, &organization, None).await
}

/// `POST /console/{org}/rules`: saves what was typed, or goes back to the default.
async fn save(cx: Cx, Path(slug): Path<String>, form: FormData) -> ReplyResult {
    let organizations = &cx.services().organizations;
    let organization = organizations.for_console(cx.actor(), &slug).await?;
    let text = match form.text("action") {
        "default" => String::new(),
        _ => form.raw(ruleset::FIELD).replace("\r\n", "\n"),
    };
    match organizations.set_ruleset(cx.actor(), organization.id, &text).await {
        Ok(_) => {
            let sentence = if text.trim().is_empty() {
                "The default rules hold again. Documents are judged by them when they are checked next."
            } else {
                "Rules saved. Documents are judged by them when they are checked next."
            };
            Ok(Reply::redirect(href::organization_rules(&slug)).flash(sentence))
        }
        Err(error) => {
            let mut form = FormState::refused(form, error)?;
            let errors = std::mem::take(&mut form.errors);
            form.errors = errors.into_iter().map(|error| located(&text, error)).collect();
            Ok(page(&cx, &organization, Some(form)).await?.into())
        }
    }
}

/// A mistake at the editor, with the line that it is about.
fn located(text: &str, error: FieldError) -> FieldError {
    let place = error.field.strip_prefix(ruleset::FIELD).unwrap_or(&error.field);
    FieldError::new(
        ruleset::FIELD,
        yaml::at_line(text, place.trim_start_matches('.'), &error.message),
    )
}

async fn page(cx: &Cx, organization: &Organization, form: Option<FormState>) -> PageResult {
    let own = cx.services().organizations.ruleset(cx.actor(), organization.id).await?;
    let ruleset = match &own {
        Some(own) => ruleset::read(own.source.clone()).await.unwrap_or_default(),
        None => Ruleset::default(),
    };
    let may_edit = cx.actor().require(Action::EditApi, organization.id).is_ok();
    let slug = organization.slug.clone();
    let status = form.as_ref().map_or(axum::http::StatusCode::OK, FormState::status);
    let page = Page::new("Spec rules", move || {
        let about = if own.is_some() {
            "Documents of this organization are held to rules of its own."
        } else {
            "Documents of this organization are held to the default rules."
        };
        let editor = if may_edit {
            view! { <Editor slug=slug.to_string() own=own.clone() form=form.clone() /> }.into_any()
        } else {
            own.clone()
                .map(|own| view! { <CodeBlock title="Rules" text=own.source /> })
                .into_any()
        };
        let errors = form.map(|form| form.errors).unwrap_or_default();
        view! {
            <div class="stack" data-gap="lg">
                <PageTitle title="Spec rules" about=view! { <span>{about}</span> }.into_any() />
                <ErrorSummary errors />
                {editor}
                {in_force(&ruleset)}
            </div>
        }
    });
    Ok(page
        .console(organization, ConsoleSection::Rules)
        .with_islands()
        .status(status))
}

#[component]
fn Editor(
    /// Of the organization.
    slug: String,
    /// What holds now.
    own: Option<OrganizationRuleset>,
    /// The form, if it was refused.
    form: Option<FormState>,
) -> impl IntoView {
    let action = href::organization_rules(&slug);
    let has_own = own.is_some();
    let typed = form
        .as_ref()
        .map(|form| form.values.raw(ruleset::FIELD).to_owned())
        .filter(|text| !text.is_empty());
    let said = typed.or_else(|| own.map(|own| own.source));
    let help = if said.is_some() {
        "YAML or JSON, in the form of Spectral's rulesets. `extends` says where it begins, `rules` what is different, `exceptions` \
         what is accepted and why."
    } else {
        "An example to begin with. Nothing of it holds until you save it."
    };
    let error = form.as_ref().and_then(|form| form.error(ruleset::FIELD));
    let value = said.unwrap_or_else(|| EXAMPLE.to_owned());
    view! {
        <Card title="Rules of this organization" id="editor">
            <div class="stack">
                <form method="post" action=action.clone() class="stack">
                    <TextArea name=ruleset::FIELD label="Ruleset" value error=error mono=true help />
                    <div class="btn-row">
                        <Button kind=ButtonKind::Primary name="action" value="save">"Save rules"</Button>
                    </div>
                </form>
                {has_own
                    .then(|| view! {
                        <form method="post" action=action class="btn-row">
                            <Button name="action" value="default">"Go back to the default rules"</Button>
                        </form>
                    })}
            </div>
        </Card>
    }
}

/// Every rule that there is, with what holds for it.
fn in_force(ruleset: &Ruleset) -> impl IntoView + use<> {
    let names = ruleset.own_rules().map(|(name, _)| name);
    let names = names.chain(rules().iter().map(|rule| rule.name));
    let count = names.filter(|name| ruleset.is_on(name)).count();
    let known = rules().iter().map(|rule| {
        let severity = ruleset.severity(rule.name).map_or("off", |severity| severity.label());
        let origin = match rule.origin {
            Origin::Spectral => "Spectral",
            Origin::Turnpike => "Turnpike",
        };
        Row::new(view! { <code class="mono">{rule.name}</code> })
            .cell(severity)
            .cell(view! { <span class="nowrap">{origin}</span> })
            .cell(rule.description)
    });
    let others = ruleset.own_rules().map(|(name, description)| {
        let severity = ruleset.severity(name).map_or("off", |severity| severity.label());
        Row::new(view! { <code class="mono">{crate::ui::short_text(name, 100)}</code> })
            .cell(severity)
            .cell("Yours")
            .cell(crate::ui::short_text(description, 300))
    });
    let rows: Vec<Row> = others.chain(known).collect();
    let words = format!("All {} rules, {count} of them on", rows.len());
    view! {
        <details class="twin">
            <MoreSummary text=words />
            <Table
                caption="Rules"
                columns=["Rule", "Severity", "From", "What it asks for"].map(Column::text).to_vec()
                rows=rows
            />
        </details>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_is_a_ruleset() {
        let ruleset = ruleset::check(EXAMPLE).unwrap();
        assert!(!ruleset.is_on("info-contact") && ruleset.is_on("paths-begin-with-version"));
    }

    #[test]
    fn mistakes_are_at_their_line() {
        let text = "extends: turnpike\nrules:\n  info-contact: off\n  no-such-rule: error\n";
        let error = ruleset::check(text).unwrap_err();
        let error = located(text, error);
        assert_eq!(error.field, ruleset::FIELD);
        assert!(
            error.message.starts_with("Line 4: `rules.no-such-rule`: "),
            "{}",
            error.message
        );
    }
}
