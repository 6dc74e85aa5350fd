//! Sign in and out.

use axum::extract::Query;
use domain::{account::normalize_email, error::ErrorCode};
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

/// Where to go afterwards.
#[derive(Deserialize)]
pub struct Next {
    #[serde(default)]
    next: String,
}

/// `GET /signin`
pub async fn show(cx: Cx, Query(query): Query<Next>) -> Reply {
    if cx.actor().account().is_some() {
        return Reply::redirect(after_sign_in(&query.next));
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
            Ok(Reply::redirect(after_sign_in(form.text("next"))).begin_session(session))
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

/// Only paths of this site: anything else would send a visitor to a stranger with our name in the address before it.
fn after_sign_in(next: &str) -> String {
    let is_ours = next.starts_with('/')
        && !next.starts_with("//")
        && !next.contains('\\')
        && next.bytes().all(|b| b.is_ascii_graphic());
    if is_ours { next.to_owned() } else { href::dashboard() }
}

fn page(form: &FormState) -> Page {
    let (email, next) = (form.value("email"), form.value("next"));
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
                <a href=href::sign_up()>"Create account"</a>
            </p>
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sign_in_only_leads_to_paths_of_this_site() {
        for (next, to) in [
            ("/console/acme", "/console/acme"),
            ("", "/dashboard"),
            ("https://evil.example/", "/dashboard"),
            ("//evil.example/", "/dashboard"),
            ("/\\evil.example", "/dashboard"),
            ("/a\r\nSet-Cookie: x=y", "/dashboard"),
        ] {
            assert_eq!(after_sign_in(next), to, "{next}");
        }
    }
}
