//! `scopes`: what a credential must be good for.

use serde::{Deserialize, Serialize};

use super::{Policy, problems::Problems};
use crate::error::FieldError;

/// Entries of the list.
const MAX_SCOPES: usize = 50;
/// Longest scope, in characters.
const MAX_LENGTH: usize = 200;

/// Scopes that the caller's credential must have; otherwise the call is answered with 403 and `insufficient_scope`
/// (RFC 6750 §3.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scopes {
    /// 1 to 50 scopes (RFC 6749 §3.3).
    pub required: Vec<String>,
    /// Whether all of them are needed or any one; by default all.
    #[serde(default, rename = "match")]
    pub matching: ScopeMatch,
    /// Whether keys and certificates, which carry no scopes, pass; by default yes.
    #[serde(default = "yes")]
    pub keys: bool,
}

fn yes() -> bool {
    true
}

/// How many of the scopes are needed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScopeMatch {
    /// Every one.
    #[default]
    All,
    /// One of them.
    Any,
}

impl Scopes {
    /// Whether granted scopes are enough.
    pub fn are_met_by(&self, granted: &[impl AsRef<str>]) -> bool {
        let mut required = self.required.iter();
        let is_granted = |scope: &String| granted.iter().any(|granted| granted.as_ref() == scope);
        match self.matching {
            ScopeMatch::All => required.all(is_granted),
            ScopeMatch::Any => required.any(is_granted),
        }
    }
}

impl Policy for Scopes {
    const SUMMARY: &'static str = "Asks for scopes that the caller's credential must have.";
    const EXAMPLE: &'static str = "\
required: [pets:read, pets:write]
match: any
keys: false
";

    fn validate(&self) -> Vec<FieldError> {
        let mut problems = Problems::default();
        problems.entries("required", self.required.len(), 1..=MAX_SCOPES);
        problems.each("required", &self.required, |scope| {
            let is_scope = scope.bytes().all(|b| matches!(b, 0x21 | 0x23..=0x5B | 0x5D..=0x7E));
            let fits = (1..=MAX_LENGTH).contains(&scope.len());
            (!is_scope || !fits).then(|| {
                "A scope is 1 to 200 visible ASCII characters without spaces, quotation marks and backslashes.".into()
            })
        });
        problems.once("required", &self.required);
        problems.found()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_or_any_must_be_granted() {
        let scopes = |matching| Scopes {
            required: vec!["a".into(), "b".into()],
            matching,
            keys: true,
        };
        for (granted, all, any) in [
            (&["a", "b", "c"][..], true, true),
            (&["b"], false, true),
            (&["c"], false, false),
        ] {
            assert_eq!(scopes(ScopeMatch::All).are_met_by(granted), all, "{granted:?}");
            assert_eq!(scopes(ScopeMatch::Any).are_met_by(granted), any, "{granted:?}");
        }
    }

    #[test]
    fn scopes_have_a_form() {
        for (scope, ok) in [
            ("pets:read", true),
            ("https://example.com/x", true),
            ("a b", false),
            ("\"", false),
            ("", false),
        ] {
            let policy = Scopes {
                required: vec![scope.into()],
                matching: ScopeMatch::All,
                keys: true,
            };
            assert_eq!(policy.validate().is_empty(), ok, "{scope}");
        }
    }
}
