//! What is wrong with a request or response.

use std::fmt;

use serde::Serialize;

use super::schema::{Found, Steps};

/// Most violations in one answer; more help nobody.
pub(super) const MOST_VIOLATIONS: usize = 20;
/// Most bytes of a name that the sender chose.
const MOST_NAME: usize = 64;
/// Most bytes of a pointer.
const MOST_POINTER: usize = 512;

/// One thing that is not as the document says.
///
/// No text of it holds a value that was sent. Names that the sender chose (of properties and parameters) are cut to 64 bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// Where it is.
    pub location: Place,
    /// The parameter or header by its name in the document; empty for the body.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// JSON pointer (RFC 6901) into the value of the parameter or body; empty for the whole of it.
    pub pointer: String,
    /// The keyword of JSON Schema or OpenAPI that is not kept to, such as `required`, `type` or `maxLength`; for what no
    /// keyword stands for: `syntax`, `contentType`, `body`, `status` or `limit`.
    pub keyword: &'static str,
    /// One sentence without its subject: `must be an integer, not a string`.
    pub message: String,
}

/// A part of a request or response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// A `{segment}` of the path.
    Path,
    /// The query string.
    Query,
    /// A header.
    Header,
    /// A cookie.
    Cookie,
    /// The body.
    Body,
    /// The status code of a response.
    Status,
}

impl Place {
    /// `path`, `query`, `header`, `cookie`, `body` or `status`.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Query => "query",
            Self::Header => "header",
            Self::Cookie => "cookie",
            Self::Body => "body",
            Self::Status => "status",
        }
    }
}

impl fmt::Display for Violation {
    /// `query limit: must be at most 100`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.location.label())?;
        if !self.name.is_empty() {
            write!(formatter, " {}", self.name)?;
        }
        if !self.pointer.is_empty() {
            write!(formatter, " {}", self.pointer)?;
        }
        write!(formatter, ": {}", self.message)
    }
}

/// Why a request does not fit its operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// What the request as a whole is; the answer's status follows from it.
    pub kind: InvalidKind,
    /// What is wrong, in the order path, query, headers, cookies, body; at least one, at most 20.
    pub violations: Vec<Violation>,
}

/// What an invalid request is; of several, the first of this list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum InvalidKind {
    /// A parameter is wrong or missing, or the body is missing or can't be parsed.
    Malformed,
    /// The body is of a type that the operation doesn't take.
    UnsupportedMediaType,
    /// The body can be read and does not match its schema.
    Unprocessable,
}

impl InvalidKind {
    /// 400, 415 or 422 (RFC 9110 §15.5).
    pub const fn status(self) -> u16 {
        match self {
            Self::Malformed => 400,
            Self::UnsupportedMediaType => 415,
            Self::Unprocessable => 422,
        }
    }
}

/// Violations of several parts, with the kind they make together.
#[derive(Debug, Default)]
pub(super) struct Violations {
    list: Vec<Violation>,
    kind: Option<InvalidKind>,
    is_over: bool,
}

impl Violations {
    pub(super) fn is_full(&self) -> bool {
        self.list.len() >= MOST_VIOLATIONS
    }

    pub(super) fn room(&self) -> usize {
        MOST_VIOLATIONS - self.list.len()
    }

    pub(super) fn add(&mut self, kind: InvalidKind, violation: Violation) {
        self.kind = Some(self.kind.map_or(kind, |known| known.min(kind)));
        if !self.is_full() {
            self.list.push(violation);
        }
    }

    pub(super) fn report(
        &mut self,
        kind: InvalidKind,
        (location, name): (Place, &str),
        keyword: &'static str,
        message: impl Into<String>,
    ) {
        let violation = Violation {
            location,
            name: short(name).to_owned(),
            pointer: String::new(),
            keyword,
            message: message.into(),
        };
        self.add(kind, violation);
    }

    /// Adds what a schema says against a value, or that checking it takes too long.
    pub(super) fn found(
        &mut self,
        kind: InvalidKind,
        (location, name): (Place, &str),
        found: Vec<Found>,
        steps: &Steps,
    ) {
        for found in found {
            let violation = Violation {
                location,
                name: short(name).to_owned(),
                pointer: found.pointer,
                keyword: found.keyword,
                message: found.message,
            };
            self.add(kind, violation);
        }
        if steps.is_exhausted() && !self.is_over {
            self.is_over = true;
            let message = "takes more work to check than is allowed for its size";
            self.report(kind, (location, name), "limit", message);
        }
    }

    pub(super) fn into_list(self) -> Vec<Violation> {
        self.list
    }

    pub(super) fn into_result(self) -> Result<(), Invalid> {
        match self.kind {
            None => Ok(()),
            Some(kind) => Err(Invalid {
                kind,
                violations: self.list,
            }),
        }
    }
}

/// The start of a text that the sender chose.
pub(super) fn short(text: &str) -> &str {
    &text[..text.floor_char_boundary(MOST_NAME)]
}

/// Appends a token to a JSON pointer, unless it is long already.
pub(super) fn push_token(pointer: &mut String, token: &str) {
    if pointer.len() < MOST_POINTER {
        pointer.push('/');
        crate::reference::push_escaped(pointer, short(token));
    }
}
