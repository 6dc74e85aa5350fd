//! Whether a version is open to paths that its document does not describe.

use serde::{Deserialize, Serialize};

/// What becomes of calls that no operation of the document describes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Paths {
    /// They are refused with 404, or 405 where the path has other methods.
    #[default]
    Strict,
    /// They are passed on under the policies of the version, and metered without an operation.
    Open,
}

impl Paths {
    /// The word in the manifest.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Open => "open",
        }
    }

    /// Whether only what is described is passed on.
    pub fn is_strict(&self) -> bool {
        *self == Self::Strict
    }
}
