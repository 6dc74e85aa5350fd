//! What a comparison finds.

use serde::{Serialize, Serializer};

use super::rules::Rule;

/// How much a change matters to those who call the API. Ordered from the worst to the mildest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// It breaks callers.
    Error,
    /// It may break callers; a program can't tell for certain.
    Warning,
    /// It breaks nobody.
    Info,
}

impl Level {
    /// Whether it is `Error` or `Warning`.
    pub const fn is_breaking(self) -> bool {
        matches!(self, Self::Error | Self::Warning)
    }

    /// The word used in JSON and on screen: `error`, `warning` or `info`.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}

/// Which way the thing that changed travels. What is sent to the API may only be widened, what comes from it only narrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// From the caller to the API.
    Request,
    /// From the API to the caller.
    Response,
    /// Neither: the endpoint itself, its tags, its security.
    None,
}

/// Which of the two documents a place is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The document before.
    Old,
    /// The document after.
    New,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// The rule that found it.
    #[serde(serialize_with = "rule_name")]
    pub rule: Rule,
    /// How much it matters; that of the rule.
    pub level: Level,
    /// Method and path template, for example `GET /pets/{id}`; `None` for what belongs to the whole document.
    pub operation: Option<String>,
    /// `operationId` of that operation.
    #[serde(rename = "operationId")]
    pub operation_id: Option<String>,
    /// Keys and indices from the root to the place, as the document was uploaded.
    pub path: Vec<String>,
    /// Which document `path` is in.
    pub document: Side,
    /// Line in that document, from 1; filled in by [`super::Changes::locate`].
    pub line: Option<u32>,
    /// Column in that document, from 1 and in characters; filled in by [`super::Changes::locate`].
    pub column: Option<u32>,
    /// One sentence that names the thing and its values, for a person.
    pub message: String,
    /// Which way the thing travels.
    pub direction: Direction,
}

fn rule_name<S: Serializer>(rule: &Rule, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(rule.name)
}

impl Change {
    /// Whether it breaks callers or may do so.
    pub const fn is_breaking(&self) -> bool {
        self.level.is_breaking()
    }

    /// The place as a JSON pointer (RFC 6901).
    pub fn pointer(&self) -> String {
        let mut pointer = String::new();
        for token in &self.path {
            pointer.push('/');
            crate::reference::push_escaped(&mut pointer, token);
        }
        pointer
    }
}
