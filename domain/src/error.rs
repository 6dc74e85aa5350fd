//! The one error of the domain, with a stable code that every door maps to its own form.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Result of a use case.
pub type Result<T, E = DomainError> = std::result::Result<T, E>;

/// Something wrong with one field of a form, a manifest or a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldError {
    /// Name of the field, as the form and the manifest call it (`slug`, `upstream.targets`).
    pub field: String,
    /// What is wrong and what to do, for the person who typed it; one sentence.
    pub message: String,
}

impl FieldError {
    /// An error at `field`.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            message: message.into(),
        }
    }
}

impl fmt::Display for FieldError {
    /// `policies.cors.origins: Name at least one.`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.message)
    }
}

/// Why a use case did not happen. Nothing is stored when one of these is returned.
#[derive(Debug, thiserror::Error)]
pub enum DomainError {
    /// It does not exist, or the actor may not know that it exists.
    #[error("{what} was not found")]
    NotFound {
        /// The noun, for people: `API`, `application`, `key`.
        what: &'static str,
    },
    /// Nobody is signed in and the use case needs somebody.
    #[error("sign in to continue")]
    Unauthenticated,
    /// The actor may see the thing but not do this to it.
    #[error("your role does not allow this")]
    Forbidden,
    /// One or more fields are wrong.
    #[error("{}", .0.first().map_or("some fields are wrong", |e| e.message.as_str()))]
    Invalid(Vec<FieldError>),
    /// A spec that cannot be used; nothing was stored.
    #[error("the document cannot be imported")]
    SpecRejected(Vec<openapi::Diagnostic>),
    /// The thing is not in a state from which this can be done.
    #[error("{0}")]
    Conflict(String),
    /// Too many attempts.
    #[error("too many attempts, try again in {retry_after_s} s")]
    TooMany {
        /// Seconds until the next attempt can succeed.
        retry_after_s: u64,
    },
    /// A fault of ours or of the database. The cause is for the log, never for the client.
    #[error("something went wrong on our side")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Stable code of a [`DomainError`]; doors match on it, people never see it as text only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// See [`DomainError::NotFound`].
    NotFound,
    /// See [`DomainError::Unauthenticated`].
    Unauthenticated,
    /// See [`DomainError::Forbidden`].
    Forbidden,
    /// See [`DomainError::Invalid`].
    Invalid,
    /// See [`DomainError::SpecRejected`].
    SpecRejected,
    /// See [`DomainError::Conflict`].
    Conflict,
    /// See [`DomainError::TooMany`].
    TooMany,
    /// See [`DomainError::Internal`].
    Internal,
}

impl ErrorCode {
    /// The HTTP status that both the pages and the management API answer with.
    pub const fn status(self) -> u16 {
        match self {
            Self::NotFound => 404,
            Self::Unauthenticated => 401,
            Self::Forbidden => 403,
            Self::Invalid | Self::SpecRejected => 422,
            Self::Conflict => 409,
            Self::TooMany => 429,
            Self::Internal => 500,
        }
    }
}

impl DomainError {
    /// An error at a single field.
    pub fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError::new(field, message)])
    }

    /// Wraps a fault of ours.
    pub fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(cause.into())
    }

    /// The same error; where something was not found, it is `what` the caller asked for and not what stood in the way.
    #[must_use]
    pub fn missing_as(self, what: &'static str) -> Self {
        match self {
            Self::NotFound { .. } => Self::NotFound { what },
            other => other,
        }
    }

    /// The stable code.
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::NotFound { .. } => ErrorCode::NotFound,
            Self::Unauthenticated => ErrorCode::Unauthenticated,
            Self::Forbidden => ErrorCode::Forbidden,
            Self::Invalid(_) => ErrorCode::Invalid,
            Self::SpecRejected(_) => ErrorCode::SpecRejected,
            Self::Conflict(_) => ErrorCode::Conflict,
            Self::TooMany { .. } => ErrorCode::TooMany,
            Self::Internal(_) => ErrorCode::Internal,
        }
    }
}
