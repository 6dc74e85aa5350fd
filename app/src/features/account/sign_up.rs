//! Create an account.

use axum::extract::Query;
use domain::account::{PASSWORD_MIN, SignUp};
use leptos::prelude::*;

use super::{Next, destination, form_page};
use crate::{
    cx::Cx,
    form::{FormData, FormState},
    href,
    page::{Destination, Page, PageResult, Reply, ReplyResult},
    ui::{Button, ButtonKind, Callout, InputKind, TextField},
};

/// `GET /signup`
pub async fn show(cx: Cx, Query(query): Query<Next>) -> Reply {
    if cx.actor().account().is_some() {
        return Reply::redirect(destination(&query.next));
    }
    page(&FormState::showing(FormData::from_pairs([("next", query.next)]))).into()
}

/// `POST /signup`
pub async fn submit(cx: Cx, form: FormData) -> ReplyResult {
    let input = SignUp {
        email: form.text("email").to_owned(),
        name: form.text("name").to_owned(),
        password: form.raw("password").to_owned(),
    };
    match cx.services().accounts.sign_up(input).await {
        Ok(()) => {
            let reply = Reply::redirect(href::check_mail());
            Ok(match form.text("next") {
                "" => reply,
                next => reply.destination(Destination::Remember(destination(next))),
            })
        }
        Err(error) => Ok(page(&FormState::refused(form, error)?).into()),
    }
}

/// `GET /signup/check-mail`: the same for new and known addresses, so that nobody learns who has an account.
pub async fn check_mail(cx: Cx) -> PageResult {
    let has_sink = cx.settings().has_mail_sink;
    Ok(Page::new("Check your mail", move || {
        view! {
            <main id="main" class="wrap narrow">
                <div class="card stack form-card">
                    <h1>"Check your mail"</h1>
                    <p>"We sent you a link. Open it to verify your address; it works for 24 hours."</p>
                    <p class="muted small">
                        "Nothing there after a few minutes? Look into the spam folder, or sign in and have it sent again."
                    </p>
                    {has_sink
                        .then(|| {
                            view! {
                                <Callout title="This is a demo">
                                    <p>"Mails end in the " <a href="/demo/mail">"demo's mailbox"</a> "."</p>
                                </Callout>
                            }
                        })}
                </div>
            </main>
        }
    })
    .unlisted())
}

fn page(form: &FormState) -> Page {
    let (name, email, next) = (form.value("name"), form.value("email"), form.value("next"));
    let (name_error, email_error, password_error) = (form.error("name"), form.error("email"), form.error("password"));
    form_page("Create account", form, move || {
        view! {
            <form method="post" action=href::sign_up() class="stack">
                <input type="hidden" name="next" value=next.clone() />
                <TextField name="name" label="Name" kind=InputKind::PersonName value=name error=name_error max_length=100 />
                <TextField
                    name="email"
                    label="E-mail"
                    kind=InputKind::Email
                    value=email
                    error=email_error
                    help="You sign in with it. We send a link to verify it."
                />
                <TextField
                    name="password"
                    label="Password"
                    kind=InputKind::NewPassword
                    error=password_error
                    help=format!("At least {PASSWORD_MIN} characters.")
                />
                <Button kind=ButtonKind::Primary>"Create account"</Button>
            </form>
            <p class="small">"You have an account? " <a href=href::sign_in(Some(&next))>"Sign in"</a></p>
        }
    })
}
