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
use serde::Deserialize;

use crate::{cx::AppState, form::FormState, href, page::Page, ui::ErrorSummary};

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

/// Where to go afterwards.
#[derive(Deserialize)]
struct Next {
    #[serde(default)]
    next: String,
}

/// Only paths of this site: anything else would send a visitor to a stranger with our name in the address before it.
fn destination(next: &str) -> String {
    let is_ours = next.starts_with('/')
        && !next.starts_with("//")
        && !next.contains('\\')
        && next.bytes().all(|b| b.is_ascii_graphic());
    if is_ours { next.to_owned() } else { href::dashboard() }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_leads_only_to_paths_of_this_site() {
        for (next, to) in [
            ("/console/acme", "/console/acme"),
            ("/subscribe/acme/free", "/subscribe/acme/free"),
            ("", "/dashboard"),
            ("https://evil.example/", "/dashboard"),
            ("//evil.example/", "/dashboard"),
            ("/\\evil.example", "/dashboard"),
            ("/a\r\nSet-Cookie: x=y", "/dashboard"),
        ] {
            assert_eq!(destination(next), to, "{next}");
        }
    }
}
