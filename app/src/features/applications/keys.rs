//! Keys of an application: create, shown once; revoke.

use axum::extract::Path;
use domain::{
    application::{Application, service::ApplicationDetail},
    clock::Timestamp,
    id::{ApplicationId, KeyId},
    key::Key,
    subscription::SubscriptionState,
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
    title: "Keys",
    id: "keys",
    none: "No key yet. Create one to call the APIs you are subscribed to.",
    field: "name",
    label: "Name of a new key",
    examples: "server, laptop, ci",
    button: "Create key",
    icon: IconName::Key,
};

/// The card on the application's page.
pub(super) fn card(detail: &ApplicationDetail, form: &FormState, now: Timestamp) -> impl IntoView + use<> {
    let id = detail.application.id;
    let columns = ["Name", "Key", "State", "Created", "Last used", "Action"];
    let rows = detail.keys.iter().map(|key| row(id, key, now)).collect();
    credentials::card(
        &KIND,
        columns.map(Column::text).into(),
        rows,
        href::create_key(id),
        form,
    )
}

fn row(application: ApplicationId, key: &Key, now: Timestamp) -> Row {
    let name = visible_text(&key.name).into_owned();
    let revoke = credentials::revoke_link(key.state, &name, href::revoke_key(application, key.id));
    Row::new(name)
        .cell(view! { <code class="mono">{format!("{}…{}", key.prefix, key.last_four)}</code> })
        .cell(view! { <StateBadge state=key.state /> })
        .cell(view! { <Ago at=key.created_at now /> })
        .cell(match key.last_used_at {
            // Uses are noted by the minute; no key was used before it was made.
            Some(at) => view! { <Ago at=at.max(key.created_at) now /> }.into_any(),
            None => "never".into_any(),
        })
        .cell(revoke)
}

/// `GET` of the form's own URL, as after a reload: the page of the key is shown once only.
pub(super) async fn back(Path(id): Path<String>) -> ReplyResult {
    Ok(Reply::redirect(href::application(application_id(&id)?)))
}

/// `POST /dashboard/applications/{id}/keys`
pub(super) async fn create(cx: Cx, Path(id): Path<String>, form: FormData) -> ReplyResult {
    let id = application_id(&id)?;
    // Before the key is made: nothing may fail between its making and its page.
    let detail = cx.services().applications.detail(cx.actor(), id).await?;
    let again = "This key was made already. Its text is shown only once; create another one if you lost it.";
    if let Some(reply) = credentials::made_already(&cx, id, &form, again) {
        return Ok(reply);
    }
    let made = match cx.services().keys.create(cx.actor(), id, form.text("name")).await {
        Ok(made) => made,
        Err(error) => {
            let refused = FormState::refused(form, error)?;
            return Ok(application::page(&cx, id, refused).await?.into());
        }
    };
    let secret = made.plaintext.expose_once();
    let created = Created {
        title: "Key created",
        public: None,
        masked: format!("{}••••••••{}", made.key.prefix, made.key.last_four),
        copy: "Copy the key",
        about: "It works from now on, for every API that the application is subscribed to.",
        sample_title: "In your shell, for the samples of the reference",
        sample: format!("export TURNPIKE_KEY='{secret}'"),
        secret,
        next: first_api(&detail).map(|to| ("Go to the API", to)),
    };
    Ok(credentials::created_page(&detail.application, created).into())
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

/// `GET …/keys/{key}/revoke`: asks first, because nothing brings a key back.
pub(super) async fn ask_revoke(cx: Cx, Path((id, key)): Path<(String, String)>) -> PageResult {
    let (application, key) = load(&cx, &id, &key).await?;
    Ok(question(application, &key, FormState::default()))
}

/// Asks; `form` is the answer that was refused, if one was.
fn question(application: Application, key: &Key, form: FormState) -> Page {
    let use_so_far = if key.last_used_at.is_some() {
        "It was used: whatever still sends it stops working."
    } else {
        "It was never used."
    };
    let question = Question {
        title: "Revoke key",
        heading: format!("Revoke {}", visible_text(&key.name)),
        what_happens: format!(
            "Calls with {}…{} get 401 at once. {use_so_far}",
            key.prefix, key.last_four
        ),
        post_to: href::revoke_key(application.id, key.id),
        keep: "Keep the key",
        typed: Some(key.name.clone()),
    };
    ask::page(application.id, application.name, question, form)
}

/// `POST …/keys/{key}/revoke`
pub(super) async fn revoke(cx: Cx, Path((id, key)): Path<(String, String)>, form: FormData) -> ReplyResult {
    let (application, key) = load(&cx, &id, &key).await?;
    if let Err(error) = ask::confirmed(&form, &key.name, "to revoke it") {
        return Ok(question(application, &key, FormState::refused(form, error)?).into());
    }
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
