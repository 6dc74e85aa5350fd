//! OAuth clients of an application: create, with the secret shown once; revoke.

use axum::extract::Path;
use domain::{
    application::{Application, service::ApplicationDetail},
    client::Client,
    clock::Timestamp,
    id::{ApplicationId, ClientId},
};
use leptos::prelude::*;

use super::{
    application, application_id,
    ask::{self, Question},
    credentials::{self, Created},
};
use crate::{
    cx::Cx,
    error::PageError,
    form::{FormData, FormState},
    href,
    page::{Page, PageResult, Reply, ReplyResult},
    ui::{Ago, Column, IconName, Row, StateBadge, visible_text},
};

const KIND: credentials::Kind = credentials::Kind {
    title: "OAuth clients",
    id: "clients",
    none: "No OAuth client yet. Create one for programs that send access tokens instead of a key.",
    field: "client_name",
    label: "Name of a new OAuth client",
    examples: "billing, nightly job",
    button: "Create client",
    icon: IconName::Plus,
};

/// The card on the application's page.
pub(super) fn card(detail: &ApplicationDetail, form: &FormState, now: Timestamp) -> impl IntoView + use<> {
    let id = detail.application.id;
    let columns = ["Name", "Client ID", "State", "Created", "Action"];
    let rows = detail.clients.iter().map(|client| row(id, client, now)).collect();
    let create = href::create_client(id);
    credentials::card(&KIND, columns.map(Column::text).into(), rows, create, form)
}

fn row(application: ApplicationId, client: &Client, now: Timestamp) -> Row {
    let name = visible_text(&client.name).into_owned();
    let revoke = credentials::revoke_link(client.state, &name, href::revoke_client(application, client.id));
    Row::new(name)
        .cell(view! { <code class="mono">{client.client_id.clone()}</code> })
        .cell(view! { <StateBadge state=client.state /> })
        .cell(view! { <Ago at=client.created_at now /> })
        .cell(revoke)
}

/// `GET` of the form's own URL, as after a reload: the page of the secret is shown once only.
pub(super) async fn back(Path(id): Path<String>) -> ReplyResult {
    Ok(Reply::redirect(href::application(application_id(&id)?)))
}

/// `POST /dashboard/applications/{id}/clients`
pub(super) async fn create(cx: Cx, Path(id): Path<String>, form: FormData) -> ReplyResult {
    let id = application_id(&id)?;
    // Before the client is made: nothing may fail between its making and its page.
    let detail = cx.services().applications.detail(cx.actor(), id).await?;
    let again = "This client was made already. Its secret is shown only once; create another one if you lost it.";
    if let Some(reply) = credentials::made_already(&cx, id, &form, again) {
        return Ok(reply);
    }
    let clients = &cx.services().clients;
    let made = match clients.create(cx.actor(), id, form.text("client_name")).await {
        Ok(made) => made,
        Err(error) => {
            let refused = FormState::refused(form, error)?;
            return Ok(application::page(&cx, id, refused).await?.into());
        }
    };
    let client_id = made.client.client_id;
    let masked = format!("{}••••••••{}", made.secret.prefix(), made.secret.last_four());
    let secret = made.secret.expose_once();
    let gateway_url = &cx.app.settings.gateway_url;
    let created = Created {
        title: "OAuth client created",
        sample: format!(
            "curl -u '{client_id}:{secret}' \\\n  -d grant_type=client_credentials \\\n  {gateway_url}/oauth2/token"
        ),
        public: Some(("Client ID", client_id)),
        masked,
        copy: "Copy the secret",
        about: "Its tokens are good for the scopes that providers grant the application.",
        sample_title: "Ask for an access token",
        secret,
        next: None,
    };
    Ok(credentials::created_page(&detail.application, created).into())
}

/// `GET …/clients/{client}/revoke`: asks first, because nothing brings a client back.
pub(super) async fn ask_revoke(cx: Cx, Path((id, client)): Path<(String, String)>) -> PageResult {
    let (application, client) = load(&cx, &id, &client).await?;
    Ok(question(application, &client, FormState::default()))
}

/// Asks; `form` is the answer that was refused, if one was.
fn question(application: Application, client: &Client, form: FormState) -> Page {
    let question = Question {
        title: "Revoke client",
        heading: format!("Revoke {}", visible_text(&client.name)),
        what_happens: format!(
            "{} gets no more tokens, and calls with those that it has get 403 at once.",
            client.client_id
        ),
        post_to: href::revoke_client(application.id, client.id),
        keep: "Keep the client",
        typed: Some(client.name.clone()),
    };
    ask::page(application.id, application.name, question, form)
}

/// `POST …/clients/{client}/revoke`
pub(super) async fn revoke(cx: Cx, Path((id, client)): Path<(String, String)>, form: FormData) -> ReplyResult {
    let (application, client) = load(&cx, &id, &client).await?;
    if let Err(error) = ask::confirmed(&form, &client.name, "to revoke it") {
        return Ok(question(application, &client, FormState::refused(form, error)?).into());
    }
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
