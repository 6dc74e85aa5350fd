//! The page in place of a page that could not be shown.

use axum::http::StatusCode;
use domain::error::ErrorCode;
use leptos::prelude::*;

use crate::{
    error::PageError,
    href,
    page::Page,
    ui::{ButtonKind, Failure, IconName, LinkButton},
};

/// Says what happened and what to do, with the request's id to quote.
pub fn error_page(error: &PageError, request_id: &str) -> Page {
    let request_id = request_id.to_owned();
    let status = error.code.status();
    let (title, text) = match error.code {
        ErrorCode::NotFound => (
            "There is nothing here",
            format!("{}. It may have moved, or it is not public.", sentence(&error.message)),
        ),
        ErrorCode::Unauthenticated => ("Sign in first", "This page belongs to an account.".to_owned()),
        ErrorCode::Forbidden => (
            "Your role does not allow this",
            "Ask an owner of the organization to do it, or to give you another role.".to_owned(),
        ),
        ErrorCode::Invalid | ErrorCode::SpecRejected => (
            "This could not be read",
            format!(
                "{}. Nothing was changed. Go back and try again.",
                sentence(&error.message)
            ),
        ),
        ErrorCode::Conflict => (
            "This is not possible now",
            format!("{}. Nothing was changed.", sentence(&error.message)),
        ),
        ErrorCode::TooMany => ("Too many attempts", format!("{}.", sentence(&error.message))),
        ErrorCode::Internal => (
            "Something went wrong on our side",
            "Nothing was changed. Try again; if it happens again, tell whoever runs this portal the id below."
                .to_owned(),
        ),
    };
    Page::new(title, move || {
        view! {
            <main id="main" class="wrap">
                <Failure title text status request_id>
                    <LinkButton href=href::catalog() kind=ButtonKind::Primary icon=IconName::Search>"Go to the catalog"</LinkButton>
                    <LinkButton href=href::home()>"Home"</LinkButton>
                </Failure>
            </main>
        }
    })
    .status(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR))
    .unlisted()
}

/// With a capital letter and without a full stop.
fn sentence(text: &str) -> String {
    let text = text.trim_end_matches('.');
    let mut chars = text.chars();
    chars
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_become_sentences() {
        for (text, expected) in [
            ("API was not found", "API was not found"),
            ("too many.", "Too many"),
            ("", ""),
        ] {
            assert_eq!(sentence(text), expected);
        }
    }
}
