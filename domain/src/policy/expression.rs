//! `expression`: logical statements that decide whether a call is possible.

use serde::{Deserialize, Serialize};

use super::{Policy, problems::Problems};
use crate::error::FieldError;

/// Rules of one policy.
pub const MAX_RULES: usize = 64;
/// Longest expression, in bytes.
pub const MAX_EXPRESSION: usize = 4_096;
/// Longest detail, in characters.
const MAX_DETAIL: usize = 500;

/// 1 to 64 rules, tried in order; the first whose expression is true answers the call in the upstream's place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Expression(pub Vec<Rule>);

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// A condition in CEL over request, consumer and plan, up to 4 KiB. True refuses the call; an error while it is
    /// evaluated refuses it too. See [`crate::expression`].
    pub when: String,
    /// What the call is answered with: 400 to 599; by default 403.
    #[serde(default = "forbidden")]
    pub status: u16,
    /// Why, for the caller: up to 500 characters; by default empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

fn forbidden() -> u16 {
    403
}

impl Policy for Expression {
    const SUMMARY: &'static str = "Refuses calls for which a logical statement is true.";
    const EXAMPLE: &'static str = "\
- when: request.method == \"DELETE\" && plan.slug == \"free\"
  status: 403
  detail: The free plan cannot delete.
- when: \"'X-Legacy' in request.headers\"
  status: 410
";

    fn validate(&self) -> Vec<FieldError> {
        let mut problems = Problems::default();
        problems.entries("", self.0.len(), 1..=MAX_RULES);
        for (index, rule) in self.0.iter().enumerate() {
            if rule.when.trim().is_empty() {
                problems.add(format!("[{index}].when"), "Write a condition.");
            } else if rule.when.len() > MAX_EXPRESSION {
                problems.add(format!("[{index}].when"), "Use at most 4,096 bytes.");
            } else if let Err(error) = crate::expression::Expression::parse(&rule.when) {
                problems.add(format!("[{index}].when"), format!("{error}."));
            }
            problems.number(&format!("[{index}].status"), rule.status.into(), 400..=599);
            if rule.detail.chars().count() > MAX_DETAIL {
                problems.add(format!("[{index}].detail"), "Use at most 500 characters.");
            }
        }
        problems.found()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_have_bounds() {
        let rule = |when: &str, status| Rule {
            when: when.into(),
            status,
            detail: String::new(),
        };
        for (rules, fields) in [
            (vec![rule("true", 403)], &[][..]),
            (vec![], &[""]),
            (vec![rule(" ", 200)], &["[0].when", "[0].status"]),
            (vec![rule(&format!("{:<4096}", "true"), 599)], &[]),
            (vec![rule(&format!("{:<4097}", "true"), 599)], &["[0].when"]),
            (vec![rule("true", 403); 65], &[""]),
        ] {
            let errors = Expression(rules).validate();
            assert_eq!(errors.iter().map(|e| e.field.as_str()).collect::<Vec<_>>(), fields);
        }
    }
}
