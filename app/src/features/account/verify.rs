//! Verify the address by the link of the mail.

use axum::{extract::Query, http::HeaderMap};
use leptos::prelude::*;
use serde::Deserialize;

use super::{destination, form_page};
use crate::{
    cx::Cx,
    form::{FormData, FormState},
    href,
    page::{Destination, Page, Reply, ReplyResult},
    render::remembered_destination,
    ui::{Button, ButtonKind, InputKind, TextField},
};

/// The token of a mail.
#[derive(Deserialize)]
pub struct Token {
    #[serde(default)]
    token: String,
}

/// `GET /verify`: asks for the password, because mail scanners open links and strangers sign up with other people's
/// addresses.
pub async fn show(Query(query): Query<Token>) -> Page {
    page(&FormState::showing(FormData::from_pairs([("token", query.token)])))
}

/// `POST /verify`
pub async fn submit(cx: Cx, headers: HeaderMap, form: FormData) -> ReplyResult {
    match cx
        .services()
        .accounts
        .verify(form.text("token"), form.raw("password"), cx.browser())
        .await
    {
        Ok(session) => {
            let to = remembered_destination(&headers).unwrap_or_default();
            Ok(Reply::redirect(destination(&to))
                .begin_session(session)
                .destination(Destination::Forget)
                .flash("Your address is verified. Welcome."))
        }
        Err(error) => Ok(page(&FormState::refused(form, error)?).into()),
    }
}

/// `POST /verify/resend`
pub async fn resend(cx: Cx) -> ReplyResult {
    let reply = Reply::redirect(href::dashboard());
    match cx.services().accounts.resend_verification(cx.actor()).await {
        Ok(()) => Ok(reply.flash("The mail is on its way.")),
        Err(error) => match FormState::refused(FormData::default(), error)?.errors.first() {
            Some(error) => Ok(reply.flash_problem(error.message.clone())),
            None => Ok(reply),
        },
    }
}

fn page(form: &FormState) -> Page {
    let (token, error) = (form.value("token"), form.error("password"));
    form_page("Verify your address", form, move || {
        view! {
            <p>"Enter the password that you chose, and your account is ready."</p>
            <form method="post" action=href::verify() class="stack">
                <input type="hidden" name="token" value=token />
                <TextField name="password" label="Password" kind=InputKind::CurrentPassword error=error />
                <Button kind=ButtonKind::Primary>"Verify address"</Button>
            </form>
            <p class="small">
                <a href=href::forgot_password()>"You did not choose one, or forgot it?"</a>
            </p>
        }
    })
}
