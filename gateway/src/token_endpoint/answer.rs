//! Answers of the token endpoint: documents, tokens and errors (RFC 6749 §5).

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;

/// An answer that the gateway makes itself and that is no problem document.
#[derive(Debug)]
pub(crate) struct OwnAnswer {
    pub(crate) status: StatusCode,
    pub(crate) fields: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Bytes,
}

/// Why there is no token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TokenError {
    /// The request is not well-formed.
    InvalidRequest(&'static str),
    /// The body is larger than any request needs.
    TooLarge,
    /// Not this client, or not its secret.
    InvalidClient(&'static str),
    /// Another way to ask than the one there is.
    UnsupportedGrantType,
    /// Not a scope, or none that was granted.
    InvalidScope(&'static str),
    /// Too many requests; seconds until one passes.
    Throttled(u64),
    /// The token could not be made.
    Failed,
}

#[derive(Serialize)]
struct Error {
    error: &'static str,
    error_description: &'static str,
}

#[derive(Serialize)]
struct Given<'a> {
    access_token: &'a str,
    token_type: &'static str,
    /// Seconds.
    expires_in: u64,
    /// What the token is good for; always said, as it may be less than was asked for.
    scope: &'a str,
}

/// How long others may keep metadata and key: a new key takes as long to be known.
const DOCUMENT_CACHE: HeaderValue = HeaderValue::from_static("public, max-age=300");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

impl OwnAnswer {
    /// A document that everybody may read and keep for a while.
    pub(super) fn document(body: &Bytes) -> Self {
        Self {
            status: StatusCode::OK,
            fields: vec![(header::CONTENT_TYPE, JSON), (header::CACHE_CONTROL, DOCUMENT_CACHE)],
            body: body.clone(),
        }
    }

    /// The page knows other methods only.
    pub(super) fn other_method(methods: &'static str) -> Self {
        let error = Error {
            error: "invalid_request",
            error_description: "This page does not know the method.",
        };
        let mut answer = private(StatusCode::METHOD_NOT_ALLOWED, &error);
        answer.fields.push((header::ALLOW, HeaderValue::from_static(methods)));
        answer
    }
}

/// An answer that nobody may keep (RFC 6749 §5.1).
fn private(status: StatusCode, body: &impl Serialize) -> OwnAnswer {
    OwnAnswer {
        status,
        fields: vec![
            (header::CONTENT_TYPE, JSON),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
            (header::PRAGMA, HeaderValue::from_static("no-cache")),
        ],
        // Strings and numbers always serialize.
        body: serde_json::to_vec(body).map(Bytes::from).unwrap_or_default(),
    }
}

/// An answer with a token.
pub(super) fn given(token: &str, life: Duration, scope: &str) -> OwnAnswer {
    let given = Given {
        access_token: token,
        token_type: "Bearer",
        expires_in: life.as_secs(),
        scope,
    };
    private(StatusCode::OK, &given)
}

impl TokenError {
    /// What it is counted as.
    pub(super) fn outcome(&self) -> &'static str {
        match self {
            Self::InvalidRequest(_) | Self::TooLarge | Self::Failed => "invalid_request",
            Self::InvalidClient(_) => "invalid_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidScope(_) => "invalid_scope",
            Self::Throttled(_) => "throttled",
        }
    }

    pub(super) fn into_answer(self) -> OwnAnswer {
        let (status, error, error_description) = match self {
            Self::InvalidRequest(text) => (StatusCode::BAD_REQUEST, "invalid_request", text),
            Self::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "invalid_request",
                "The body is larger than 8 KiB.",
            ),
            Self::InvalidClient(text) => (StatusCode::UNAUTHORIZED, "invalid_client", text),
            Self::UnsupportedGrantType => (
                StatusCode::BAD_REQUEST,
                "unsupported_grant_type",
                "The gateway knows the grant client_credentials only.",
            ),
            Self::InvalidScope(text) => (StatusCode::BAD_REQUEST, "invalid_scope", text),
            Self::Throttled(_) => (
                StatusCode::TOO_MANY_REQUESTS,
                "temporarily_unavailable",
                "Too many requests. Use a token until it expires, and ask again after the seconds in Retry-After.",
            ),
            Self::Failed => (
                StatusCode::SERVICE_UNAVAILABLE,
                "temporarily_unavailable",
                "The token could not be made.",
            ),
        };
        let body = Error {
            error,
            error_description,
        };
        let mut answer = private(status, &body);
        match self {
            // RFC 6749 §5.2: the scheme that a client can use.
            Self::InvalidClient(_) => answer.fields.push((
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Basic realm=\"turnpike\", charset=\"UTF-8\""),
            )),
            Self::Throttled(seconds) => answer.fields.push((header::RETRY_AFTER, seconds.into())),
            _ => {}
        }
        answer
    }
}
