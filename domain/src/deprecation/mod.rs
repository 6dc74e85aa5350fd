//! Deprecation as one object: from it come the headers, the banner and the 410 at the end.

use serde::{Deserialize, Serialize};

use crate::{clock::Timestamp, error::FieldError};

/// The announced end of a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deprecation {
    /// Since when the version is deprecated; may lie in the future (RFC 9745 §2.1).
    #[serde(with = "time::serde::rfc3339")]
    pub since: Timestamp,
    /// When the version stops answering (RFC 8594); it is retired by itself at that moment.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub sunset: Option<Timestamp>,
    /// Name of the version of the same api to move to.
    #[serde(default)]
    pub successor: Option<String>,
    /// How to move, in Markdown; shown as a page that the `Link: rel="deprecation"` header names.
    #[serde(default)]
    pub guide: Option<String>,
}

impl Deprecation {
    /// Checks the object by itself.
    ///
    /// # Errors
    /// A sunset before the deprecation (RFC 9745 §4), or a guide of more than 100,000 characters.
    pub fn check(&self) -> Result<(), FieldError> {
        if self.sunset.is_some_and(|sunset| sunset < self.since) {
            return Err(FieldError::new(
                "sunset",
                "The sunset must not be before the deprecation.",
            ));
        }
        if self.guide.as_ref().is_some_and(|guide| guide.len() > 100_000) {
            return Err(FieldError::new("guide", "Use at most 100,000 characters."));
        }
        Ok(())
    }

    /// Whether the version is past its sunset.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.sunset.is_some_and(|sunset| sunset <= now)
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn the_sunset_comes_after_the_deprecation() {
        let since = datetime!(2026-11-01 0:00 UTC);
        for (sunset, ok) in [
            (None, true),
            (Some(datetime!(2027-05-01 0:00 UTC)), true),
            (Some(datetime!(2026-10-31 0:00 UTC)), false),
        ] {
            let deprecation = Deprecation {
                since,
                sunset,
                successor: None,
                guide: None,
            };
            assert_eq!(deprecation.check().is_ok(), ok, "{sunset:?}");
        }
    }
}
