//! One subscriber: scopes that its tokens can be good for, and identities whose calls are its calls.

use axum::{
    Router,
    extract::Path,
    routing::{get, post},
};
use domain::{
    authz::Action,
    client::scope,
    clock::Timestamp,
    id::{IdentityId, SubscriptionId},
    identity::{ExternalIdentity, MappedIdentity, Thumbprint, ThumbprintError},
};
use leptos::prelude::*;

use crate::{
    cx::{AppState, Cx},
    error::PageError,
    form::{FormData, FormState},
    href,
    page::{ConsoleSection, Page, PageResult, Reply, ReplyResult},
    ui::{
        Ago, Button, ButtonKind, ButtonSize, Card, Column, Crumbs, ErrorSummary, PageTitle, Place, Row, StateBadge,
        Table, TextArea, TextField, visible_text,
    },
};

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/console/{org}/subscribers/{id}", get(show))
        .route("/console/{org}/subscribers/{id}/scopes", get(back).post(grant))
        .route("/console/{org}/subscribers/{id}/identities", get(back).post(map))
        .route(
            "/console/{org}/subscribers/{id}/identities/{identity}/remove",
            post(remove),
        )
}

fn subscription_id(text: &str) -> Result<SubscriptionId, PageError> {
    text.parse().map_err(|_| PageError::not_found("subscription"))
}

/// `GET /console/{org}/subscribers/{id}`
async fn show(cx: Cx, Path((slug, id)): Path<(String, String)>) -> PageResult {
    page(&cx, slug, subscription_id(&id)?, FormState::default()).await
}

/// `GET` of a form's own URL, as after a reload.
async fn back(Path((slug, id)): Path<(String, String)>) -> ReplyResult {
    Ok(Reply::redirect(href::subscriber(&slug, subscription_id(&id)?)))
}

async fn page(cx: &Cx, slug: String, id: SubscriptionId, form: FormState) -> PageResult {
    let organization = cx.services().organizations.for_console(cx.actor(), &slug).await?;
    let subscriber = cx
        .services()
        .subscriptions
        .subscriber(cx.actor(), organization.id, id)
        .await?;
    let identities = cx.services().identities.of(cx.actor(), id).await?;
    let may_manage = cx.actor().require(Action::ManageSubscribers, organization.id).is_ok();
    let now = cx.now();
    let status = form.status();
    let page = Page::new("Subscriber", move || {
        let application = visible_text(&subscriber.application.name).into_owned();
        let about = view! {
            <span class="row">
                <StateBadge state=subscriber.subscription.state />
                {format!("{}, {}", subscriber.plan.name, visible_text(&subscriber.owner.email))}
            </span>
        };
        view! {
            <div class="stack" data-gap="lg">
                <Crumbs above=vec![Place::new("Subscribers", href::subscribers(&slug))] current=application.clone() />
                <PageTitle title=application about=about.into_any() />
                <ErrorSummary errors=form.errors.clone() />
                {scopes_card(&slug, id, &subscriber.subscription.scopes, &form, may_manage)}
                {identities_card(&slug, id, &identities, may_manage, now)}
                {may_manage.then(|| subject_card(&slug, id, &form))}
                {may_manage.then(|| certificate_card(&slug, id, &form))}
            </div>
        }
    });
    Ok(page.console(&organization, ConsoleSection::Subscribers).status(status))
}

fn scopes_card(
    slug: &str,
    id: SubscriptionId,
    scopes: &[String],
    form: &FormState,
    may_manage: bool,
) -> impl IntoView + use<> {
    let granted = scopes.join(" ");
    if !may_manage {
        let words = if granted.is_empty() {
            "None.".to_owned()
        } else {
            granted
        };
        return view! { <Card title="Scopes" id="granted"><p>{words}</p></Card> }.into_any();
    }
    let error = form.error("scopes");
    let value = if error.is_some() { form.value("scopes") } else { granted };
    let action = href::subscriber_scopes(slug, id);
    view! {
        <Card title="Scopes" id="granted">
            <form method="post" action=action class="stack">
                <TextField
                    name="scopes"
                    label="Granted scopes"
                    value=value
                    error=error
                    optional=true
                    placeholder="pets:read pets:write"
                    help="Access tokens of the application's OAuth clients can be good for these. Separate them with spaces. \
                          A scope that you take away is missing at once."
                />
                <div class="btn-row">
                    <Button kind=ButtonKind::Primary>"Save scopes"</Button>
                </div>
            </form>
        </Card>
    }
    .into_any()
}

fn identities_card(
    slug: &str,
    id: SubscriptionId,
    identities: &[MappedIdentity],
    may_manage: bool,
    now: Timestamp,
) -> impl IntoView + use<> {
    if identities.is_empty() {
        return view! {
            <Card title="Identities" id="identities">
                <p class="muted">
                    "Only the application's own keys and OAuth clients. Calls with an identity that you map count for this \
                     application too."
                </p>
            </Card>
        }
        .into_any();
    }
    let rows = identities
        .iter()
        .map(|mapped| row(slug, id, mapped, may_manage, now))
        .collect();
    view! {
        <Card title="Identities" id="identities" flush=true>
            <Table
                caption="Identities"
                columns=vec![
                    Column::text("Kind"),
                    Column::text("Name"),
                    Column::text("Issuer"),
                    Column::text("Mapped"),
                    Column::text("Action"),
                ]
                rows=rows
            />
        </Card>
    }
    .into_any()
}

fn row(slug: &str, subscription: SubscriptionId, mapped: &MappedIdentity, may_manage: bool, now: Timestamp) -> Row {
    let (kind, name, issuer) = match &mapped.identity {
        ExternalIdentity::Subject { issuer, name } => (
            "Token subject",
            visible_text(name).into_owned(),
            visible_text(issuer).into_owned(),
        ),
        ExternalIdentity::Certificate { thumbprint } => ("Certificate", thumbprint.to_string(), "–".to_owned()),
    };
    let remove = may_manage.then(|| {
        view! {
            <form method="post" action=href::remove_identity(slug, subscription, mapped.id)>
                <Button
                    kind=ButtonKind::Danger
                    size=ButtonSize::Small
                    label=format!("Remove {}", visible_text(&mapped.identity.to_string()))
                >
                    "Remove"
                </Button>
            </form>
        }
    });
    Row::new(kind)
        .cell(view! { <code class="mono">{name}</code> })
        .cell(issuer)
        .cell(view! { <Ago at=mapped.created_at now /> })
        .cell(remove)
}

fn subject_card(slug: &str, id: SubscriptionId, form: &FormState) -> impl IntoView + use<> {
    let action = href::subscriber_identities(slug, id);
    let (issuer, name) = (form.value("issuer"), form.value("name"));
    let (issuer_error, name_error) = (form.error("issuer"), form.error("name"));
    view! {
        <Card title="Map a token subject" id="subject">
            <form method="post" action=action class="stack">
                <input type="hidden" name="kind" value="subject" />
                <TextField
                    name="issuer"
                    label="Issuer"
                    value=issuer
                    error=issuer_error
                    placeholder="https://login.example.com/"
                    help="The claim `iss` of its tokens, byte for byte; for tokens that are introspected, the URL of the endpoint."
                    max_length=500
                />
                <TextField
                    name="name"
                    label="Name"
                    value=name
                    error=name_error
                    placeholder="billing-service"
                    help="What the policy's consumer_claim says."
                    max_length=500
                />
                <div class="btn-row">
                    <Button>"Map subject"</Button>
                </div>
            </form>
        </Card>
    }
}

fn certificate_card(slug: &str, id: SubscriptionId, form: &FormState) -> impl IntoView + use<> {
    let action = href::subscriber_identities(slug, id);
    let (value, error) = (form.value("certificate"), form.error("certificate"));
    view! {
        <Card title="Map a client certificate" id="certificate-card">
            <form method="post" action=action class="stack">
                <input type="hidden" name="kind" value="certificate" />
                <TextArea
                    name="certificate"
                    label="Certificate in PEM, or its SHA-256 thumbprint"
                    value=value
                    error=error
                    mono=true
                />
                <div class="btn-row">
                    <Button>"Map certificate"</Button>
                </div>
            </form>
        </Card>
    }
}

/// `POST /console/{org}/subscribers/{id}/scopes`
async fn grant(cx: Cx, Path((slug, id)): Path<(String, String)>, form: FormData) -> ReplyResult {
    let id = subscription_id(&id)?;
    let scopes = scope::split(form.text("scopes"));
    match cx.services().subscriptions.grant_scopes(cx.actor(), id, scopes).await {
        Ok(_) => Ok(Reply::redirect(href::subscriber(&slug, id)).flash("The scopes are saved.")),
        Err(error) => Ok(page(&cx, slug, id, FormState::refused(form, error)?).await?.into()),
    }
}

/// `POST /console/{org}/subscribers/{id}/identities`
async fn map(cx: Cx, Path((slug, id)): Path<(String, String)>, form: FormData) -> ReplyResult {
    let id = subscription_id(&id)?;
    let result = match identity(&form) {
        Ok(identity) => cx.services().identities.add(cx.actor(), id, identity).await,
        Err(error) => Err(domain::error::DomainError::field("certificate", error.to_string())),
    };
    match result {
        Ok(mapped) => {
            let words = format!("Calls of {} are calls of this application now.", mapped.identity);
            Ok(Reply::redirect(href::subscriber(&slug, id)).flash(words))
        }
        Err(error) => Ok(page(&cx, slug, id, FormState::refused(form, error)?).await?.into()),
    }
}

fn identity(form: &FormData) -> Result<ExternalIdentity, ThumbprintError> {
    if form.text("kind") == "certificate" {
        let thumbprint: Thumbprint = form.text("certificate").parse()?;
        return Ok(ExternalIdentity::Certificate { thumbprint });
    }
    Ok(ExternalIdentity::subject(form.text("issuer"), form.text("name")))
}

/// `POST /console/{org}/subscribers/{id}/identities/{identity}/remove`
async fn remove(cx: Cx, Path((slug, id, identity)): Path<(String, String, String)>) -> ReplyResult {
    let id = subscription_id(&id)?;
    let identity: IdentityId = identity.parse().map_err(|_| PageError::not_found("identity"))?;
    cx.services().identities.remove(cx.actor(), identity).await?;
    Ok(Reply::redirect(href::subscriber(&slug, id)).flash("The identity is removed: its calls are nobody's."))
}
