//! Sign in and out.

use axum::extract::Query;
use domain::{account::normalize_email, error::ErrorCode};
use leptos::prelude::*;

use super::{Next, destination, form_page};
use crate::{
    cx::Cx,
    form::{FormData, FormState},
    href,
    page::{Page, Reply, ReplyResult},
    ui::{Button, ButtonKind, InputKind, TextField},
};

/// `GET /signin`
pub async fn show(cx: Cx, Query(query): Query<Next>) -> Reply {
    if cx.actor().account().is_some() {
        return Reply::redirect(destination(&query.next));
    }
    page(&FormState::showing(FormData::from_pairs([("next", query.next)]))).into()
}

/// `POST /signin`
pub async fn submit(cx: Cx, form: FormData) -> ReplyResult {
    let email = normalize_email(form.text("email"));
    let attempt = match cx.app.throttle.begin(&email, &cx.caller.ip, cx.now()) {
        Ok(attempt) => attempt,
        Err(error) => {
            let status = axum::http::StatusCode::TOO_MANY_REQUESTS;
            return Ok(page(&FormState::refused(form, error)?).status(status).into());
        }
    };
    match cx
        .services()
        .accounts
        .sign_in(&email, form.raw("password"), cx.browser())
        .await
    {
        Ok(session) => {
            attempt.succeeded();
            Ok(Reply::redirect(destination(form.text("next"))).begin_session(session))
        }
        Err(error) => {
            if error.code() != ErrorCode::Invalid {
                attempt.withdraw();
            }
            Ok(page(&FormState::refused(form, error)?).into())
        }
    }
}

/// `POST /signout`
pub async fn sign_out(cx: Cx, headers: axum::http::HeaderMap) -> ReplyResult {
    let name = crate::session::cookie_name(cx.settings().secure_cookies);
    if let Some(token) = crate::render::cookie(&headers, name) {
        cx.services().accounts.sign_out(token).await?;
    }
    Ok(Reply::redirect(href::home()).end_session().flash("You are signed out."))
}

fn page(form: &FormState) -> Page {
    let (email, next) = (form.value("email"), form.value("next"));
    let sign_up = href::sign_up_then(&next);
    let (email_error, password_error) = (form.error("email"), form.error("password"));
    form_page("Sign in", form, move || {
        view! {
            <form method="post" action=href::sign_in(None) class="stack">
                <input type="hidden" name="next" value=next />
                <TextField name="email" label="E-mail" kind=InputKind::Email value=email error=email_error />
                <TextField name="password" label="Password" kind=InputKind::CurrentPassword error=password_error />
                <Button kind=ButtonKind::Primary>"Sign in"</Button>
            </form>
            <p class="small row">
                <a href=href::forgot_password()>"Forgot your password?"</a>
                <a href=sign_up>"Create account"</a>
            </p>
        }
    })
}
