//! Which rules run, how much their findings matter, an organization's own rules, and exceptions.

mod custom;
mod engines;
mod exceptions;
mod functions;
mod message;
mod options;
mod read;
mod rules;
mod work;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(super) use custom::CustomRule;
pub use exceptions::Exception;
pub use read::RulesetError;
pub(super) use work::Work;

use super::catalogue::{self, Origin};
use crate::diagnostics::Severity;

/// A ruleset: which rules are on and with which severity, own rules, and exceptions.
///
/// It is read from YAML or JSON ([`Ruleset::read`]), in the form of Spectral's rulesets as far as they are data; what is code
/// there (functions of one's own) or comes from elsewhere is refused by its name. Serialised, it is the value it was read
/// from.
///
/// ```
/// use openapi::lint::Ruleset;
///
/// let ruleset = Ruleset::read(br#"
/// extends: [spectral:oas, turnpike]
/// rules:
///   info-contact: off
///   operation-description: error
///   path-starts-with-version:
///     description: Paths start with the version.
///     severity: error
///     given: $.paths
///     then:
///       field: "@key"
///       function: pattern
///       functionOptions: { match: "^/v[0-9]+/" }
/// exceptions:
///   - rule: path-starts-with-version
///     path: /paths/~1health
///     reason: Load balancers ask for it.
/// "#)?;
/// assert!(!ruleset.is_on("info-contact"));
/// assert!(ruleset.is_on("path-starts-with-version"));
/// # Ok::<(), openapi::lint::RulesetError>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "Value", into = "Value")]
pub struct Ruleset {
    severities: BTreeMap<String, Severity>,
    custom: Vec<CustomRule>,
    exceptions: Vec<Exception>,
    source: Value,
}

impl Default for Ruleset {
    /// `extends: turnpike`.
    fn default() -> Self {
        Self::turnpike()
    }
}

impl Ruleset {
    /// The rules of `spectral:oas` that are on by default, and nothing else.
    pub fn spectral() -> Self {
        Self::extending(
            &[(Base::Spectral, Which::Recommended)],
            serde_json::json!({"extends": "spectral:oas"}),
        )
    }

    /// Every rule of `spectral:oas`, also those that are off by default.
    pub fn spectral_all() -> Self {
        Self::extending(
            &[(Base::Spectral, Which::All)],
            serde_json::json!({"extends": [["spectral:oas", "all"]]}),
        )
    }

    /// The rules of `spectral:oas` and our own that are on by default. This is the default.
    pub fn turnpike() -> Self {
        Self::extending(
            &[(Base::Turnpike, Which::Recommended)],
            serde_json::json!({"extends": "turnpike"}),
        )
    }

    /// Reads a ruleset from YAML or JSON.
    ///
    /// # Errors
    /// [`RulesetError`] names the field that is wrong, or isn't supported.
    pub fn read(bytes: &[u8]) -> Result<Self, RulesetError> {
        read::bytes(bytes)
    }

    /// Whether a rule is on.
    pub fn is_on(&self, rule: &str) -> bool {
        self.severities.contains_key(rule)
    }

    /// How much the findings of a rule matter; `None` if it is off.
    pub fn severity(&self, rule: &str) -> Option<Severity> {
        self.severities.get(rule).copied()
    }

    /// The exceptions, in their order.
    pub fn exceptions(&self) -> &[Exception] {
        &self.exceptions
    }

    /// The names and descriptions of the ruleset's own rules.
    pub fn own_rules(&self) -> impl Iterator<Item = (&str, &str)> {
        self.custom
            .iter()
            .map(|rule| (rule.name.as_str(), rule.description.as_str()))
    }

    pub(super) fn severities(&self) -> &BTreeMap<String, Severity> {
        &self.severities
    }

    pub(super) fn custom(&self) -> &[CustomRule] {
        &self.custom
    }

    fn extending(bases: &[(Base, Which)], source: Value) -> Self {
        let mut severities = BTreeMap::new();
        for (base, which) in bases {
            for rule in catalogue::rules() {
                let is_part = *base == Base::Turnpike || rule.origin == Origin::Spectral;
                let is_on = match which {
                    Which::All => true,
                    Which::Recommended => rule.is_recommended,
                    Which::Off => false,
                };
                // Those of the command itself can't be switched off by a base.
                let is_always = matches!(rule.name, "invalid-ref" | "parser" | "unrecognized-format");
                if is_part && (is_on || is_always) {
                    severities.insert(rule.name.to_owned(), rule.severity);
                }
            }
        }
        Self {
            severities,
            custom: Vec::new(),
            exceptions: Vec::new(),
            source,
        }
    }
}

/// What a ruleset starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Base {
    Spectral,
    Turnpike,
}

/// How much of it is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    Recommended,
    All,
    Off,
}

impl TryFrom<Value> for Ruleset {
    type Error = RulesetError;

    fn try_from(value: Value) -> Result<Self, RulesetError> {
        read::value(value)
    }
}

impl From<Ruleset> for Value {
    fn from(ruleset: Ruleset) -> Self {
        ruleset.source
    }
}
