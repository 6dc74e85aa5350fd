//! Reset a forgotten password.

use axum::extract::Query;
use domain::account::PASSWORD_MIN;
use leptos::prelude::*;
use serde::Deserialize;

use super::form_page;
use crate::{
    cx::Cx,
    form::{FormData, FormState},
    href,
    page::{Page, Reply, ReplyResult},
    ui::{Button, ButtonKind, InputKind, TextField},
};

/// The token of a mail.
#[derive(Deserialize)]
pub struct Token {
    #[serde(default)]
    token: String,
}

/// `GET /forgot-password`
pub async fn ask() -> Page {
    ask_page(&FormState::default())
}

/// `POST /forgot-password`: the same answer whether the address has an account or not.
pub async fn request(cx: Cx, form: FormData) -> ReplyResult {
    match cx.services().accounts.request_reset(form.text("email")).await {
        Ok(()) => {
            Ok(Reply::redirect(href::sign_in(None)).flash("If this address has an account, a mail is on its way."))
        }
        Err(error) => Ok(ask_page(&FormState::refused(form, error)?).into()),
    }
}

/// `GET /reset`
pub async fn show(Query(query): Query<Token>) -> Page {
    new_password_page(&FormState::showing(FormData::from_pairs([("token", query.token)])))
}

/// `POST /reset`
pub async fn submit(cx: Cx, form: FormData) -> ReplyResult {
    match cx
        .services()
        .accounts
        .reset_password(form.text("token"), form.raw("password"))
        .await
    {
        Ok(()) => Ok(Reply::redirect(href::sign_in(None)).flash("Your password is changed. Sign in with it.")),
        Err(error) => Ok(new_password_page(&FormState::refused(form, error)?).into()),
    }
}

fn ask_page(form: &FormState) -> Page {
    let (email, error) = (form.value("email"), form.error("email"));
    form_page("Reset your password", form, move || {
        view! {
            <form method="post" action=href::forgot_password() class="stack">
                <TextField
                    name="email"
                    label="E-mail"
                    kind=InputKind::Email
                    value=email
                    error=error
                    help="We send you a link to choose a new password. It works for an hour."
                />
                <Button kind=ButtonKind::Primary>"Send link"</Button>
            </form>
        }
    })
}

fn new_password_page(form: &FormState) -> Page {
    let (token, error) = (form.value("token"), form.error("password"));
    form_page("Choose a new password", form, move || {
        view! {
            <form method="post" action=href::reset_password() class="stack">
                <input type="hidden" name="token" value=token />
                <TextField
                    name="password"
                    label="New password"
                    kind=InputKind::NewPassword
                    error=error
                    help=format!("At least {PASSWORD_MIN} characters. All your sessions end.")
                />
                <Button kind=ButtonKind::Primary>"Change password"</Button>
            </form>
        }
    })
}
