//! The document around a page.

use axum::http::StatusCode;
use leptos::prelude::*;

use crate::{error::PageError, page::Page, render::Frame};

/// The whole document.
pub fn document(frame: Frame, body: AnyView) -> AnyView {
    view! { <html lang="en"><head><title>{frame.title}</title></head><body>{body}</body></html> }.into_any()
}

/// The page of an error.
pub fn error_page(error: &PageError) -> Page {
    let message = error.message.clone();
    let status = StatusCode::from_u16(error.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    Page::new(message.clone(), move || view! { <main id="main"><h1>{message}</h1></main> }).status(status)
}
