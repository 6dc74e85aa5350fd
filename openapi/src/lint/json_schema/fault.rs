//! One mistake, as Ajv reports it.

use serde_json::Value;

/// A mistake of a value.
#[derive(Clone, Debug, Default)]
pub(in crate::lint) struct Fault {
    /// The keyword that found it; empty where nobody will ask.
    pub(in crate::lint) keyword: &'static str,
    /// Steps from the value that is checked.
    pub(in crate::lint) path: Vec<String>,
    /// Steps from the schema whose function found it.
    pub(super) schema_path: Vec<String>,
    pub(in crate::lint) message: String,
    pub(in crate::lint) detail: Detail,
    /// Replaced by a message of the schema.
    pub(super) is_used: bool,
}

/// What else is known of it.
#[derive(Clone, Debug, Default)]
pub(in crate::lint) enum Detail {
    #[default]
    None,
    /// The property that must not be there.
    Additional(String),
    /// The values that `enum` lists.
    Allowed(Vec<Value>),
    /// More than one alternative of `oneOf` accepts it.
    SeveralPass,
    /// `type`, and the schema has `nullable: true`.
    Nullable,
}
