//! OAuth clients of an application: create, with the secret shown once; revoke.

use axum::extract::Path;
use domain::{
    application::{Application, service::ApplicationDetail},
    client::{Client, service::CreatedClient},
    clock::Timestamp,
    id::{ApplicationId, ClientId},
    key::KeyState,
};
use leptos::prelude::*;

use super::{application, application_id};
use crate::{
    cx::Cx,
    error::PageError,
    form::{FormData, FormState},
    href,
    page::{DashboardSection, Page, PageResult, Reply, ReplyResult},
    ui::{
        Ago, Button, ButtonKind, ButtonSize, Card, CodeBlock, Column, Crumbs, IconName, LinkButton, PageTitle, Place,
        Row, Secret, StateBadge, Table, TextField, visible_text,
    },
};

/// The card on the application's page.
pub(super) fn card(detail: &ApplicationDetail, form: &FormState, now: Timestamp) -> impl IntoView + use<> {
    let id = detail.application.id;
    let rows: Vec<Row> = detail.clients.iter().map(|client| row(id, client, now)).collect();
    let table = if rows.is_empty() {
        view! {
            <p class="card-note muted">
                "No OAuth client yet. Create one for programs that send access tokens instead of a key."
            </p>
        }
        .into_any()
    } else {
        view! {
            <Table
                caption="OAuth clients"
                columns=vec![
                    Column::text("Name"),
                    Column::text("Client ID"),
                    Column::text("State"),
                    Column::text("Created"),
                    Column::text("Action"),
                ]
                rows=rows
            />
        }
        .into_any()
    };
    let mark = leptos::nonce::Nonce::new().to_string();
    let create = view! {
        <form method="post" action=href::create_client(id) class="key-form">
            // A reload of the answer must not make a second client.
            <input type="hidden" name="mark" value=mark />
            <TextField
                name="client_name"
                label="Name of a new OAuth client"
                value=form.value("client_name")
                error=form.error("client_name")
                placeholder="billing, nightly job"
                max_length=60
            />
            <Button kind=ButtonKind::Primary icon=IconName::Plus>"Create client"</Button>
        </form>
    };
    view! {
        <Card title="OAuth clients" id="clients" flush=true foot=create.into_any()>
            {table}
        </Card>
    }
}

fn row(application: ApplicationId, client: &Client, now: Timestamp) -> Row {
    let name = visible_text(&client.name).into_owned();
    let revoke = (client.state == KeyState::Active).then(|| {
        view! {
            <LinkButton
                href=href::revoke_client(application, client.id)
                size=ButtonSize::Small
                kind=ButtonKind::Danger
                label=format!("Revoke {name}")
            >
                "Revoke"
            </LinkButton>
        }
    });
    Row::new(name.clone())
        .cell(view! { <code class="mono">{client.client_id.clone()}</code> })
        .cell(view! { <StateBadge state=client.state /> })
        .cell(view! { <Ago at=client.created_at now /> })
        .cell(revoke)
}

/// `GET` of the form's own URL, as after a reload: the page of the secret is shown once only.
pub(super) async fn back(Path(id): Path<String>) -> ReplyResult {
    Ok(Reply::redirect(href::application(application_id(&id)?)))
}

/// `POST /dashboard/applications/{id}/clients`: the answer itself shows the secret, so that its text is stored nowhere.
pub(super) async fn create(cx: Cx, Path(id): Path<String>, form: FormData) -> ReplyResult {
    let id = application_id(&id)?;
    // Before the client is made: nothing may fail between its making and its page.
    let detail = cx.services().applications.detail(cx.actor(), id).await?;
    if !cx.app.sent_forms.is_first(form.text("mark")) {
        let words = "This client was made already. Its secret is shown only once; create another one if you lost it.";
        return Ok(Reply::redirect(href::application(id)).flash_problem(words));
    }
    let created = cx
        .services()
        .clients
        .create(cx.actor(), id, form.text("client_name"))
        .await;
    match created {
        Ok(created) => Ok(created_page(detail.application, created, &cx.app.settings.gateway_url).into()),
        Err(error) => Ok(application::page(&cx, id, FormState::refused(form, error)?)
            .await?
            .into()),
    }
}

fn created_page(application: Application, created: CreatedClient, gateway_url: &str) -> Page {
    let token_url = format!("{gateway_url}/oauth2/token");
    Page::new("OAuth client created", move || {
        let CreatedClient { client, secret, .. } = created;
        let id = application.id;
        let masked = format!("{}••••••••{}", secret.prefix(), secret.last_four());
        let text = secret.expose_once();
        let ask = format!(
            "curl -u '{}:{text}' \\\n  -d grant_type=client_credentials \\\n  {token_url}",
            client.client_id
        );
        view! {
            <div class="stack" data-gap="lg">
                <Crumbs
                    above=vec![
                        Place::new("Dashboard", href::dashboard()),
                        Place::new(application.name.clone(), href::application(id)),
                    ]
                    current="OAuth client created"
                />
                <PageTitle title="OAuth client created" />
                <Secret text=text masked label="Copy the secret">
                    <p class="small muted">
                        "The client is " <code>{client.client_id.clone()}</code>
                        ". Its tokens are good for the scopes that providers grant the application."
                    </p>
                </Secret>
                <CodeBlock title="Ask for an access token" text=ask />
                <div class="btn-row">
                    <LinkButton href=href::application(id) kind=ButtonKind::Primary>"I have stored it"</LinkButton>
                </div>
            </div>
        }
    })
    .dashboard(DashboardSection::Overview)
    .with_islands()
}

/// `GET …/clients/{client}/revoke`: asks first, because nothing brings a client back.
pub(super) async fn ask_revoke(cx: Cx, Path((id, client)): Path<(String, String)>) -> PageResult {
    let (application, client) = load(&cx, &id, &client).await?;
    Ok(Page::new("Revoke OAuth client", move || {
        let name = visible_text(&client.name).into_owned();
        view! {
            <div class="stack" data-gap="lg">
                <Crumbs
                    above=vec![
                        Place::new("Dashboard", href::dashboard()),
                        Place::new(application.name.clone(), href::application(application.id)),
                    ]
                    current="Revoke OAuth client"
                />
                <PageTitle title=format!("Revoke {name}") />
                <Card title="What happens" id="revoke">
                    <form method="post" action=href::revoke_client(application.id, client.id) class="stack">
                        <p>
                            {format!("{} gets no more tokens, and calls with those that it has get 403 at once.", client.client_id)}
                        </p>
                        <div class="btn-row">
                            <a class="btn" href=href::application(application.id)>"Keep the client"</a>
                            <Button kind=ButtonKind::DangerFill>"Revoke client"</Button>
                        </div>
                    </form>
                </Card>
            </div>
        }
    })
    .dashboard(DashboardSection::Overview))
}

/// `POST …/clients/{client}/revoke`
pub(super) async fn revoke(cx: Cx, Path((id, client)): Path<(String, String)>) -> ReplyResult {
    let (application, client) = load(&cx, &id, &client).await?;
    cx.services().clients.revoke(cx.actor(), client.id).await?;
    Ok(Reply::redirect(href::application(application.id))
        .flash(format!("{} is revoked. It gets no more tokens.", client.name)))
}

async fn load(cx: &Cx, id: &str, client: &str) -> Result<(Application, Client), PageError> {
    let detail = cx
        .services()
        .applications
        .detail(cx.actor(), application_id(id)?)
        .await?;
    let not_found = || PageError::not_found("client");
    let client_id: ClientId = client.parse().map_err(|_| not_found())?;
    let client = detail.clients.into_iter().find(|client| client.id == client_id);
    Ok((detail.application, client.ok_or_else(not_found)?))
}
