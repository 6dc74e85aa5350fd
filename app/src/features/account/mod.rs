//! Accounts: sign up, verify the address, sign in and out, reset the password.

mod reset;
mod sign_in;
mod sign_up;
mod verify;

use axum::{
    Router,
    routing::{get, post},
};
use leptos::prelude::*;

use crate::{cx::AppState, form::FormState, page::Page, ui::ErrorSummary};

/// Routes of this feature.
pub fn router() -> Router<AppState> {
    Router::new()
        .route("/signup", get(sign_up::show).post(sign_up::submit))
        .route("/signup/check-mail", get(sign_up::check_mail))
        .route("/signin", get(sign_in::show).post(sign_in::submit))
        .route("/signout", post(sign_in::sign_out))
        .route("/verify", get(verify::show).post(verify::submit))
        .route("/verify/resend", post(verify::resend))
        .route("/forgot-password", get(reset::ask).post(reset::request))
        .route("/reset", get(reset::show).post(reset::submit))
}

/// A narrow page with one form: heading, errors, fields.
fn form_page<V: IntoView + 'static>(
    title: &'static str,
    form: &FormState,
    fields: impl FnOnce() -> V + Send + 'static,
) -> Page {
    let errors = form.errors.clone();
    Page::new(title, move || {
        view! {
            <main id="main" class="wrap narrow">
                <div class="card stack form-card">
                    <h1>{title}</h1>
                    <ErrorSummary errors />
                    {fields()}
                </div>
            </main>
        }
    })
    .status(form.status())
    .unlisted()
}
