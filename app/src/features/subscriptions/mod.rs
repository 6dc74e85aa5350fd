//! Subscribe an application to a plan.

use axum::{Router, extract::Path, routing::get};
use domain::{
    application::service::ApplicationOverview, catalog::query::CatalogFilter, error::DomainError, id::ApplicationId,
    plan::Plan, subscription::SubscriptionState,
};
use leptos::prelude::*;

use crate::{
    cx::{AppState, Cx},
    error::PageError,
    form::{FormData, FormState},
    href,
    page::{Page, PageResult, Reply, ReplyResult},
    ui::{
        Button, ButtonKind, Choice, ErrorSummary, InputKind, LinkButton, PlanCard, Plans, RadioCards, TextField,
        visible_text,
    },
};

/// Routes of this feature.
pub fn router() -> Router<AppState> {
    Router::new().route("/subscribe/{org}/{plan}", get(show).post(subscribe))
}

/// Value of the choice that makes a new application on the way.
const NEW: &str = "new";

/// `GET /subscribe/{org}/{plan}`
async fn show(cx: Cx, Path((org, plan)): Path<(String, String)>) -> PageResult {
    page(&cx, &org, &plan, FormState::default()).await
}

/// `POST /subscribe/{org}/{plan}`
async fn subscribe(cx: Cx, Path((org, slug)): Path<(String, String)>, form: FormData) -> ReplyResult {
    cx.actor().account().ok_or(DomainError::Unauthenticated)?;
    let plan = cx.services().plans.for_subscriber(cx.actor(), &org, &slug).await?;
    let application = match chosen(&cx, &form).await {
        Ok(id) => id,
        Err(error) => return Ok(page(&cx, &org, &slug, FormState::refused(form, error)?).await?.into()),
    };
    match cx
        .services()
        .subscriptions
        .subscribe(cx.actor(), application, plan.id)
        .await
    {
        Ok(subscription) => {
            let words = match subscription.state {
                SubscriptionState::Pending => {
                    format!("{} waits for the provider's approval. You get a mail.", plan.name)
                }
                _ => format!("Subscribed to {}. Create a key to call it.", plan.name),
            };
            Ok(Reply::redirect(href::application(application)).flash(words))
        }
        Err(error) => {
            // A new application was made on the way: choose it next time instead of making another one.
            let form = FormData::from_pairs([("application", application.to_string())]);
            Ok(page(&cx, &org, &slug, FormState::refused(form, error)?).await?.into())
        }
    }
}

/// The chosen application, made on the way if it is new.
async fn chosen(cx: &Cx, form: &FormData) -> Result<ApplicationId, DomainError> {
    match form.text("application") {
        "" | NEW => {
            let application = cx
                .services()
                .applications
                .create(cx.actor(), form.text("name"), "", "")
                .await?;
            Ok(application.id)
        }
        id => id
            .parse()
            .map_err(|_| DomainError::field("application", "Choose an application.")),
    }
}

async fn page(cx: &Cx, org: &str, slug: &str, form: FormState) -> Result<Page, PageError> {
    let plan = cx.services().plans.for_subscriber(cx.actor(), org, slug).await?;
    let account = cx.actor().account().ok_or(DomainError::Unauthenticated)?;
    let is_verified = account.is_verified;
    let applications = cx.services().applications.list(cx.actor()).await?;
    let (provider, apis) = covered(cx, org, &plan).await?;
    let (org, slug) = (org.to_owned(), slug.to_owned());
    let status = form.status();
    Ok(Page::new(format!("Subscribe to {}", plan.name), move || {
        let body = if is_verified {
            fields(&org, &slug, &plan, applications, &form).into_any()
        } else {
            view! {
                <p>"Verify your e-mail address first: open the link we sent you."</p>
                <LinkButton href=href::dashboard() kind=ButtonKind::Primary>"Go to the dashboard"</LinkButton>
            }
            .into_any()
        };
        view! {
            <main id="main" class="wrap narrow">
                <div class="stack form-card">
                    <h1>{format!("Subscribe to {}", visible_text(&plan.name))}</h1>
                    <p class="row">
                        {format!("A plan of {provider} for")}
                        {apis.into_iter().map(|(to, name)| view! { <a href=to>{name}</a> }).collect_view()}
                    </p>
                    <ErrorSummary errors=form.errors.clone() />
                    <Plans><PlanCard plan=plan.clone() /></Plans>
                    {body}
                </div>
            </main>
        }
    })
    .status(status)
    .unlisted())
}

/// Whose plan it is, and the apis it opens: page and name.
async fn covered(cx: &Cx, org: &str, plan: &Plan) -> Result<(String, Vec<(String, String)>), PageError> {
    let filter = CatalogFilter {
        provider: Some(org.to_owned()),
        ..CatalogFilter::default()
    };
    let cards = cx
        .services()
        .catalog_reads
        .search(cx.actor(), &filter)
        .await?
        .apis
        .items;
    let provider = cards
        .first()
        .map_or_else(|| org.to_owned(), |card| card.organization.name.clone());
    let apis = cards
        .into_iter()
        .filter(|card| plan.apis.contains(&card.api.id))
        .map(|card| {
            let to = href::api(&card.organization.slug, &card.api.slug);
            (to, visible_text(&card.api.name).into_owned())
        })
        .collect();
    Ok((visible_text(&provider).into_owned(), apis))
}

fn fields(
    org: &str,
    slug: &str,
    plan: &Plan,
    applications: Vec<ApplicationOverview>,
    form: &FormState,
) -> impl IntoView + use<> {
    let has_some = !applications.is_empty();
    let mut choices: Vec<Choice> = applications
        .into_iter()
        .map(|overview| {
            let application = overview.application;
            let name = visible_text(&application.name).into_owned();
            Choice::new(application.id.to_string(), name, visible_text(&application.description))
        })
        .collect();
    choices.push(Choice::new(NEW, "A new application", "Give it a name below."));
    let chooser = has_some.then(|| {
        view! {
            <RadioCards
                legend="Application"
                name="application"
                choices=choices
                value=form.value("application")
                error=form.error("application")
            />
        }
    });
    let button = format!("Subscribe to {}", visible_text(&plan.name));
    view! {
        <form method="post" action=href::subscribe(org, slug) class="stack">
            {chooser}
            <TextField
                name="name"
                label=if has_some { "Name of the new application" } else { "Name of your application" }
                kind=InputKind::Text
                value=form.value("name")
                error=form.error("name")
                optional=has_some
                help="What calls the API for you: a website, a script, a device."
                max_length=100
            />
            <div class="btn-row">
                <Button kind=ButtonKind::Primary>{button}</Button>
            </div>
        </form>
    }
}
