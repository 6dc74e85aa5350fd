//! Forms: what was typed, and what is wrong with it.

use axum::{
    extract::{FromRequest, Multipart, Request, rejection::BytesRejection},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use domain::error::{DomainError, ErrorCode, FieldError};

use crate::error::PageError;

/// Largest form, in bytes, where a route does not say otherwise: many times what people type.
pub const MAX_BYTES: usize = 64 * 1024;
/// Largest form with a guide: 100,000 characters, percent-encoded.
pub const MAX_BYTES_WITH_GUIDE: usize = 1024 * 1024;
/// Largest form with a document: the largest that is read, and some fields.
pub const MAX_BYTES_WITH_SPEC: usize = 20 * 1024 * 1024;

/// The fields of a submitted form, urlencoded or multipart.
#[derive(Clone, Default)]
pub struct FormData {
    fields: Vec<(String, String)>,
    files: Vec<UploadedFile>,
}

/// A file of a form.
#[derive(Clone)]
pub struct UploadedFile {
    /// Name of the form field.
    pub field: String,
    /// Name on the visitor's machine; untrusted.
    pub file_name: String,
    /// What is in it.
    pub bytes: Bytes,
}

impl FormData {
    /// The first value of a field, trimmed; empty if it was not sent.
    pub fn text(&self, field: &str) -> &str {
        self.raw(field).trim()
    }

    /// The first value of a field exactly as sent: for passwords.
    pub fn raw(&self, field: &str) -> &str {
        self.fields
            .iter()
            .find(|(name, _)| name == field)
            .map_or("", |(_, value)| value)
    }

    /// All values of a field: for checkboxes that share a name.
    pub fn all(&self, field: &str) -> impl Iterator<Item = &str> {
        self.fields
            .iter()
            .filter(move |(name, _)| name == field)
            .map(|(_, value)| value.as_str())
    }

    /// The file of a field, if one was chosen.
    pub fn file(&self, field: &str) -> Option<&UploadedFile> {
        self.files
            .iter()
            .find(|file| file.field == field && !file.bytes.is_empty())
    }

    /// The files of a field that takes several.
    pub fn files(&self, field: &str) -> impl Iterator<Item = &UploadedFile> {
        self.files
            .iter()
            .filter(move |file| file.field == field && !file.bytes.is_empty())
    }

    /// A form as if it had been submitted: to show stored values for editing.
    pub fn from_pairs<N: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        Self {
            fields: pairs.into_iter().map(|(n, v)| (n.into(), v.into())).collect(),
            files: Vec::new(),
        }
    }
}

/// A form as it is shown: values to fill in, errors beside them.
#[derive(Clone, Default)]
pub struct FormState {
    /// What to fill in.
    pub values: FormData,
    /// What is wrong, by field; the field `""` means the form as a whole.
    pub errors: Vec<FieldError>,
    /// Diagnostics of a spec that was refused.
    pub diagnostics: Vec<openapi::Diagnostic>,
}

impl FormState {
    /// A form that shows stored values.
    pub fn showing(values: FormData) -> Self {
        Self {
            values,
            ..Self::default()
        }
    }

    /// The form again, after `error`; errors that no form can show (not found, not signed in, ours) go on as page errors.
    pub fn refused(values: FormData, error: DomainError) -> Result<Self, PageError> {
        let form_level = |text: String| vec![FieldError::new("", text)];
        let (errors, diagnostics) = match error {
            DomainError::Invalid(errors) => (errors, Vec::new()),
            DomainError::SpecRejected(diagnostics) => (
                vec![FieldError::new(
                    "spec",
                    "This document cannot be imported. Nothing was stored.",
                )],
                diagnostics,
            ),
            error @ (DomainError::Conflict(_) | DomainError::TooMany { .. }) => {
                (form_level(error.to_string()), Vec::new())
            }
            error => return Err(error.into()),
        };
        Ok(Self {
            values,
            errors,
            diagnostics,
        })
    }

    /// The error of a field.
    pub fn error(&self, field: &str) -> Option<String> {
        self.errors.iter().find(|e| e.field == field).map(|e| e.message.clone())
    }

    /// The value of a field, trimmed.
    pub fn value(&self, field: &str) -> String {
        self.values.text(field).to_owned()
    }

    /// Status of the page that shows it.
    pub fn status(&self) -> StatusCode {
        if self.errors.is_empty() {
            StatusCode::OK
        } else {
            StatusCode::UNPROCESSABLE_ENTITY
        }
    }
}

/// The body is not a form that can be read.
#[derive(Debug)]
pub struct FormRejection(String);

impl IntoResponse for FormRejection {
    fn into_response(self) -> Response {
        PageError {
            code: ErrorCode::Invalid,
            message: self.0,
        }
        .into_response()
    }
}

impl<S: Send + Sync> FromRequest<S> for FormData {
    type Rejection = FormRejection;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        let is_multipart = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.starts_with("multipart/form-data"));
        if is_multipart {
            let multipart = Multipart::from_request(request, state)
                .await
                .map_err(|e| FormRejection(e.body_text()))?;
            read_multipart(multipart).await
        } else {
            let body = Bytes::from_request(request, state)
                .await
                .map_err(|e: BytesRejection| FormRejection(format!("The form could not be read: {e}.")))?;
            Ok(Self {
                fields: url::form_urlencoded::parse(&body).into_owned().collect(),
                files: Vec::new(),
            })
        }
    }
}

async fn read_multipart(mut multipart: Multipart) -> Result<FormData, FormRejection> {
    let unreadable = |e: axum::extract::multipart::MultipartError| FormRejection(e.body_text());
    let mut form = FormData::default();
    while let Some(part) = multipart.next_field().await.map_err(unreadable)? {
        let Some(field) = part.name().map(ToOwned::to_owned) else {
            continue;
        };
        match part.file_name().map(ToOwned::to_owned) {
            Some(file_name) => {
                let bytes = part.bytes().await.map_err(unreadable)?;
                form.files.push(UploadedFile {
                    field,
                    file_name,
                    bytes,
                });
            }
            None => form.fields.push((field, part.text().await.map_err(unreadable)?)),
        }
    }
    Ok(form)
}
