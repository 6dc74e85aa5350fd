//! Whether a request is as the document says.

use openapi::validate::{Invalid, OperationValidator, Place, RequestView};

use crate::{
    message::{Known, RequestHead},
    snapshot::path_parameters,
};

/// What is there of a request's body to be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodySeen<'b> {
    /// All of it; empty if there is none.
    Whole(&'b [u8]),
    /// It is not judged.
    Not,
}

/// Where a request goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Path<'p> {
    /// The operation's template.
    pub(crate) template: &'p str,
    /// Bytes of the path before the operation's own.
    pub(crate) base_length: usize,
}

/// Judges a request.
///
/// # Errors
/// What is wrong.
pub(crate) fn judge(
    validator: &OperationValidator,
    request: &RequestHead,
    path: Path<'_>,
    body: BodySeen<'_>,
) -> Result<(), Invalid> {
    let parameters = path_parameters(
        path.template,
        request.path().get(path.base_length..).unwrap_or_default(),
    );
    let parameters: Vec<(&str, &str)> = parameters.iter().map(|(name, value)| (*name, &**value)).collect();
    let headers = |name: &str, visit: &mut dyn FnMut(&[u8])| {
        for (candidate, value) in request.fields.iter() {
            if candidate.eq_ignore_ascii_case(name.as_bytes()) {
                visit(value);
            }
        }
    };
    let view = RequestView {
        path_parameters: &parameters,
        query: Some(request.query()),
        headers: &headers,
        content_type: request.fields.get(Known::ContentType),
        body: match body {
            BodySeen::Whole(body) => Some(body),
            BodySeen::Not => None,
        },
    };
    let judged = validator.check_request(&view);
    if body != BodySeen::Not {
        return judged;
    }
    judged.or_else(|mut invalid| {
        // Nobody knows what is wrong with a body that was not looked at.
        invalid.violations.retain(|violation| violation.location != Place::Body);
        if invalid.violations.is_empty() {
            Ok(())
        } else {
            Err(invalid)
        }
    })
}
