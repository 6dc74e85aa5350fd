//! Findings that an organization accepts, with the reason.

use serde::Serialize;
use serde_json::Value;

use super::read::RulesetError;
use crate::reference::unescape;

/// An exception: findings of a rule, at a place and below it, that are accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Exception {
    /// The rule; `*` for every one.
    pub rule: String,
    /// JSON pointer to the place. A step of `*` stands for any one step, `**` for any number of them.
    pub path: String,
    /// Why they are accepted. Never empty.
    pub reason: String,
    #[serde(skip)]
    steps: Vec<String>,
}

impl Exception {
    pub(super) fn read(value: &Value, field: &str) -> Result<Self, RulesetError> {
        let Some(map) = value.as_object() else {
            return Err(RulesetError::new(field, "must be an object with rule, path and reason"));
        };
        if let Some(key) = map
            .keys()
            .find(|key| !matches!(key.as_str(), "rule" | "path" | "reason"))
        {
            return Err(RulesetError::new(
                format!("{field}.{key}"),
                "is no field of an exception",
            ));
        }
        let text = |key: &str| match map.get(key) {
            Some(Value::String(text)) if !text.trim().is_empty() => Ok(text.trim().to_owned()),
            Some(_) => Err(RulesetError::new(
                format!("{field}.{key}"),
                "must be a text that isn't empty",
            )),
            None => Err(RulesetError::new(format!("{field}.{key}"), "is missing")),
        };
        let (rule, reason) = (text("rule")?, text("reason")?);
        // The empty pointer is the whole document (RFC 6901, section 5), and so is none.
        let path = match map.get("path") {
            None => String::new(),
            Some(Value::String(path)) if path.is_empty() => String::new(),
            Some(_) => text("path")?,
        };
        let pointer = path.strip_prefix('#').unwrap_or(&path);
        if !pointer.is_empty() && !pointer.starts_with('/') {
            let message = "must be a JSON pointer such as /paths/~1pets/get; * stands for one step, ** for any number";
            return Err(RulesetError::new(format!("{field}.path"), message));
        }
        let steps: Vec<String> = pointer
            .split('/')
            .skip(1)
            .map(|step| unescape(step).into_owned())
            .collect();
        if steps.iter().filter(|step| *step == "**").count() > 5 {
            return Err(RulesetError::new(format!("{field}.path"), "has more than five **"));
        }
        Ok(Self {
            rule,
            path,
            reason,
            steps,
        })
    }

    /// Whether it covers a finding.
    pub fn covers(&self, rule: &str, path: &[String]) -> bool {
        (self.rule == "*" || self.rule == rule) && is_covered(&self.steps, path)
    }
}

/// Whether the steps lead to the path or to something above it. Only the last `**` is tried with more: what those before it
/// took can stay as little as it was.
fn is_covered(steps: &[String], path: &[String]) -> bool {
    let (mut at, mut here) = (0, 0);
    let mut retry = None;
    while let Some(step) = steps.get(at) {
        if step == "**" {
            at += 1;
            retry = Some((at, here));
        } else if path.get(here).is_some_and(|first| step == "*" || step == first) {
            (at, here) = (at + 1, here + 1);
        } else {
            let Some((behind, from)) = retry.filter(|(_, from)| *from < path.len()) else {
                return false;
            };
            (at, here) = (behind, from + 1);
            retry = Some((behind, from + 1));
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exceptions_cover_a_place_and_what_is_below() {
        for (path, found, expected) in [
            ("", vec!["paths"], true),
            ("/paths/~1pets", vec!["paths", "/pets", "get"], true),
            ("/paths/~1pets/post", vec!["paths", "/pets", "get"], false),
            ("/paths/*/get", vec!["paths", "/pets", "get", "tags"], true),
            (
                "/paths/**/schema",
                vec!["paths", "/pets", "get", "parameters", "0", "schema"],
                true,
            ),
            ("/**/a/**/b", vec!["a", "x", "a", "y"], false),
            ("/**/a/**/b", vec!["x", "a", "a", "y", "b", "c"], true),
            ("/**/a/b", vec!["a", "a", "b"], true),
            ("/a/**", vec!["a"], true),
            ("/**/**/a", vec!["b"], false),
            ("#/info", vec!["paths"], false),
        ] {
            let value = serde_json::json!({"rule": "*", "path": path, "reason": "why"});
            let exception = Exception::read(&value, "x").expect("is one");
            let found: Vec<String> = found.into_iter().map(str::to_owned).collect();
            assert_eq!(exception.covers("any", &found), expected, "{path}");
        }
    }
}
