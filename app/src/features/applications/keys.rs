//! Keys of an application: create, shown once; revoke.

use axum::extract::Path;
use domain::{
    application::{Application, service::ApplicationDetail},
    id::KeyId,
    key::Key,
    subscription::SubscriptionState,
};
use leptos::prelude::*;

use super::{application, application_id};
use crate::{
    cx::Cx,
    error::PageError,
    form::{FormData, FormState},
    href,
    page::{DashboardSection, Page, PageResult, Reply, ReplyResult},
    ui::{Button, ButtonKind, Card, CodeBlock, Crumbs, LinkButton, PageTitle, Place, Secret, visible_text},
};

/// `GET` of the form's own URL, as after a reload: the page of the key is shown once only.
pub(super) async fn back(Path(id): Path<String>) -> ReplyResult {
    Ok(Reply::redirect(href::application(application_id(&id)?)))
}

/// `POST /dashboard/applications/{id}/keys`: the answer itself shows the key, so that its text is stored nowhere.
pub(super) async fn create(cx: Cx, Path(id): Path<String>, form: FormData) -> ReplyResult {
    let id = application_id(&id)?;
    // Before the key is made: nothing may fail between its making and its page.
    let detail = cx.services().applications.detail(cx.actor(), id).await?;
    if !cx.app.sent_forms.is_first(form.text("mark")) {
        let words = "This key was made already. Its text is shown only once; create another one if you lost it.";
        return Ok(Reply::redirect(href::application(id)).flash_problem(words));
    }
    match cx.services().keys.create(cx.actor(), id, form.text("name")).await {
        Ok(created) => {
            let api = first_api(&detail);
            Ok(created_page(detail.application, created.key, created.plaintext.expose_once(), api).into())
        }
        Err(error) => Ok(application::page(&cx, id, FormState::refused(form, error)?)
            .await?
            .into()),
    }
}

/// Page of the first api the application may call: the place for a first call.
fn first_api(detail: &ApplicationDetail) -> Option<String> {
    let subscription = detail
        .subscriptions
        .iter()
        .find(|s| s.subscription.state == SubscriptionState::Active)?;
    subscription
        .apis
        .first()
        .map(|(api, _)| href::api(&subscription.organization.slug, api))
}

fn created_page(application: Application, key: Key, text: String, api_page: Option<String>) -> Page {
    Page::new("Key created", move || {
        let id = application.id;
        let masked = format!("{}••••••••{}", key.prefix, key.last_four);
        let export = format!("export TURNPIKE_KEY='{text}'");
        let next = api_page.map(|to| view! { <LinkButton href=to>"Go to the API"</LinkButton> });
        view! {
            <div class="stack" data-gap="lg">
                <Crumbs
                    above=vec![
                        Place::new("Dashboard", href::dashboard()),
                        Place::new(application.name.clone(), href::application(id)),
                    ]
                    current="Key created"
                />
                <PageTitle title="Key created" />
                <Secret text=text masked label="Copy the key">
                    <p class="small muted">"It works from now on, for every API that the application is subscribed to."</p>
                </Secret>
                <CodeBlock title="In your shell, for the samples of the reference" text=export />
                <div class="btn-row">
                    <LinkButton href=href::application(id) kind=ButtonKind::Primary>"I have stored it"</LinkButton>
                    {next}
                </div>
            </div>
        }
    })
    .dashboard(DashboardSection::Overview)
    .with_islands()
}

/// `GET …/keys/{key}/revoke`: asks first, because nothing brings a key back.
pub(super) async fn ask_revoke(cx: Cx, Path((id, key)): Path<(String, String)>) -> PageResult {
    let (application, key) = load(&cx, &id, &key).await?;
    Ok(Page::new("Revoke key", move || {
        let name = visible_text(&key.name).into_owned();
        let used = key.last_used_at.is_some();
        view! {
            <div class="stack" data-gap="lg">
                <Crumbs
                    above=vec![
                        Place::new("Dashboard", href::dashboard()),
                        Place::new(application.name.clone(), href::application(application.id)),
                    ]
                    current="Revoke key"
                />
                <PageTitle title=format!("Revoke {name}") />
                <Card title="What happens" id="revoke">
                    <form method="post" action=href::revoke_key(application.id, key.id) class="stack">
                        <p>
                            {format!("Calls with {}…{} get 401 at once. ", key.prefix, key.last_four)}
                            {if used {
                                "It was used: whatever still sends it stops working."
                            } else {
                                "It was never used."
                            }}
                        </p>
                        <div class="btn-row">
                            <a class="btn" href=href::application(application.id)>"Keep the key"</a>
                            <Button kind=ButtonKind::DangerFill>"Revoke key"</Button>
                        </div>
                    </form>
                </Card>
            </div>
        }
    })
    .dashboard(DashboardSection::Overview))
}

/// `POST …/keys/{key}/revoke`
pub(super) async fn revoke(cx: Cx, Path((id, key)): Path<(String, String)>) -> ReplyResult {
    let (application, key) = load(&cx, &id, &key).await?;
    cx.services().keys.revoke(cx.actor(), key.id).await?;
    Ok(Reply::redirect(href::application(application.id))
        .flash(format!("{} is revoked. Calls with it get 401.", key.name)))
}

async fn load(cx: &Cx, id: &str, key: &str) -> Result<(Application, Key), PageError> {
    let detail = cx
        .services()
        .applications
        .detail(cx.actor(), application_id(id)?)
        .await?;
    let key_id: KeyId = key.parse().map_err(|_| PageError::not_found("key"))?;
    let key = detail.keys.into_iter().find(|key| key.id == key_id);
    Ok((detail.application, key.ok_or_else(|| PageError::not_found("key"))?))
}
