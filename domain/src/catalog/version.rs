//! Versions and their lifecycle.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::routing::Routing;
use crate::{
    clock::Timestamp,
    deprecation::Deprecation,
    error::DomainError,
    id::{ApiId, RevisionId, VersionId},
    upstream::Upstream,
};

/// A line of an api.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Version {
    /// Identifies the version.
    pub id: VersionId,
    /// The api it belongs to.
    pub api_id: ApiId,
    /// `v1`; unique in the api.
    pub name: VersionName,
    /// Where it stands.
    pub state: VersionState,
    /// The spec that is shown and routed by; `None` before the first upload.
    pub revision_id: Option<RevisionId>,
    /// Where calls go; needed to publish.
    pub upstream: Option<Upstream>,
    /// Whether a key is needed.
    pub access: Access,
    /// Where it answers beside its address, and to what.
    pub routing: Routing,
    /// The announced end; present in the state `deprecated`, kept in `retired`.
    pub deprecation: Option<Deprecation>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was first published.
    pub published_at: Option<Timestamp>,
}

/// Whether calls need a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// A key of an application with a subscription to the api.
    #[default]
    Key,
    /// Calls without a key pass; one that is sent is checked all the same.
    Anonymous,
}

impl Access {
    /// The word in the database and the manifest.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Anonymous => "anonymous",
        }
    }
}

/// Name of a version: 1 to 40 characters of `a-z`, `0-9`, `.`, `-` and `_`, beginning with a letter or digit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct VersionName(String);

impl VersionName {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for VersionName {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let starts_well = text
            .bytes()
            .next()
            .is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        let is_plain = text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'_'));
        if starts_well && is_plain && text.len() <= 40 {
            Ok(Self(text.to_owned()))
        } else {
            Err("Name the version with small letters, digits, dots and hyphens, for example v1.")
        }
    }
}

impl TryFrom<String> for VersionName {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<VersionName> for String {
    fn from(name: VersionName) -> Self {
        name.0
    }
}

impl fmt::Display for VersionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `draft → published → deprecated → retired`; deprecation can be undone until retirement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VersionState {
    /// Seen by members only; not routed.
    Draft,
    /// Listed and routed.
    Published,
    /// Routed, with the announcement of its end on every answer.
    Deprecated,
    /// Answers 410.
    Retired,
}

impl VersionState {
    /// The word in the database and the manifest.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Published => "published",
            Self::Deprecated => "deprecated",
            Self::Retired => "retired",
        }
    }

    /// Reads the word in the database and the manifest.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Draft, Self::Published, Self::Deprecated, Self::Retired]
            .into_iter()
            .find(|s| s.as_str() == text)
    }

    /// Whether strangers see it in the portal.
    pub const fn is_listed(self) -> bool {
        matches!(self, Self::Published | Self::Deprecated | Self::Retired)
    }

    /// A draft becomes public.
    pub fn publish(self) -> Result<Self, DomainError> {
        match self {
            Self::Draft => Ok(Self::Published),
            Self::Published | Self::Deprecated | Self::Retired => Err(self.refuses("published")),
        }
    }

    /// Its end is announced, or the announcement is changed.
    pub fn deprecate(self) -> Result<Self, DomainError> {
        match self {
            Self::Published | Self::Deprecated => Ok(Self::Deprecated),
            Self::Draft | Self::Retired => Err(self.refuses("deprecated")),
        }
    }

    /// The announcement is taken back.
    pub fn restore(self) -> Result<Self, DomainError> {
        match self {
            Self::Deprecated => Ok(Self::Published),
            Self::Draft | Self::Published | Self::Retired => Err(self.refuses("restored")),
        }
    }

    /// It stops answering.
    pub fn retire(self) -> Result<Self, DomainError> {
        match self {
            Self::Published | Self::Deprecated => Ok(Self::Retired),
            Self::Draft | Self::Retired => Err(self.refuses("retired")),
        }
    }

    fn refuses(self, verb: &str) -> DomainError {
        DomainError::Conflict(format!("This version is {} and cannot be {verb}.", self.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::{VersionState::*, *};

    #[test]
    fn transitions_are_as_drawn() {
        for (from, publish, deprecate, restore, retire) in [
            (Draft, Some(Published), None, None, None),
            (Published, None, Some(Deprecated), None, Some(Retired)),
            (Deprecated, None, Some(Deprecated), Some(Published), Some(Retired)),
            (Retired, None, None, None, None),
        ] {
            assert_eq!(from.publish().ok(), publish, "publish {from:?}");
            assert_eq!(from.deprecate().ok(), deprecate, "deprecate {from:?}");
            assert_eq!(from.restore().ok(), restore, "restore {from:?}");
            assert_eq!(from.retire().ok(), retire, "retire {from:?}");
        }
    }

    #[test]
    fn names_stay_plain() {
        for (text, ok) in [
            ("v1", true),
            ("2024-01-15", true),
            ("v1.2", true),
            ("", false),
            ("V1", false),
            ("../x", false),
            (".v1", false),
        ] {
            assert_eq!(text.parse::<VersionName>().is_ok(), ok, "{text}");
        }
    }
}
