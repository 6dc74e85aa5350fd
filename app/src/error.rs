//! Errors of pages: a domain error on its way to a page with the right status.

use axum::response::{IntoResponse, Response};
use domain::error::{DomainError, ErrorCode};

use crate::render::Rendering;

/// Why a page could not be shown. Rendered by [`crate::render`] as a page that says what happened and what to do; a visitor
/// who is not signed in is sent to sign in first.
#[derive(Debug)]
pub struct PageError {
    /// Decides status and text.
    pub code: ErrorCode,
    /// What happened, for people.
    pub message: String,
}

impl From<DomainError> for PageError {
    fn from(error: DomainError) -> Self {
        let code = error.code();
        if let DomainError::Internal(cause) = &error {
            tracing::error!(error = %cause, "a page failed");
        }
        Self {
            code,
            message: error.to_string(),
        }
    }
}

impl PageError {
    /// A thing that is not there; `what` is the noun for people.
    pub fn not_found(what: &'static str) -> Self {
        DomainError::NotFound { what }.into()
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        Rendering::Error(self).into_response()
    }
}
