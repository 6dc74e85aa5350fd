//! The JSON types a value may have.

use serde_json::Value;

use super::conjunction::Conjunction;
use super::scalar;

impl<'d> Conjunction<'d> {
    /// The JSON types to try, in order: those it allows, or those its keywords speak of. Empty if none is left.
    pub(super) fn kinds(&self) -> Vec<&'d str> {
        let mut allowed: Option<Vec<&'d str>> = None;
        for value in self.every("type") {
            let types: Vec<&str> = match value {
                Value::String(name) => vec![name.as_str()],
                Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
                _ => continue,
            };
            allowed = Some(match allowed {
                None => types,
                Some(own) => common(&own, &types),
            });
        }
        let mut kinds = allowed.unwrap_or_else(|| self.implied());
        let excluded: Vec<&Value> = self.every("not").filter_map(|not| not.get("type")).collect();
        kinds.retain(|kind| !excluded.iter().any(|not| *not == kind));
        kinds.sort_by_key(|kind| *kind == "null");
        if self.is_nullable && !kinds.contains(&"null") {
            kinds.push("null");
        }
        kinds
    }

    fn implied(&self) -> Vec<&'d str> {
        const WORDS: [(&str, &[&str]); 4] = [
            (
                "object",
                &[
                    "properties",
                    "additionalProperties",
                    "patternProperties",
                    "required",
                    "minProperties",
                    "maxProperties",
                    "propertyNames",
                    "dependentRequired",
                ],
            ),
            (
                "array",
                &[
                    "items",
                    "prefixItems",
                    "minItems",
                    "maxItems",
                    "uniqueItems",
                    "contains",
                ],
            ),
            (
                "string",
                &[
                    "pattern",
                    "minLength",
                    "maxLength",
                    "contentMediaType",
                    "contentEncoding",
                ],
            ),
            (
                "number",
                &[
                    "minimum",
                    "maximum",
                    "exclusiveMinimum",
                    "exclusiveMaximum",
                    "multipleOf",
                ],
            ),
        ];
        let has = |keywords: &[&str]| keywords.iter().any(|keyword| self.every(keyword).next().is_some());
        let is_spoken_of = |kind: &str, keywords: &[&str]| {
            let is_format = || {
                let format = self.text("format");
                format.is_some_and(|format| scalar::of_format(format).is_some())
            };
            has(keywords) || kind == "string" && is_format()
        };
        let mut kinds: Vec<&'static str> = WORDS.map(|(kind, _)| kind).to_vec();
        kinds.sort_by_key(|kind| {
            let keywords = WORDS
                .iter()
                .find(|(known, _)| known == kind)
                .map(|(_, keywords)| *keywords);
            !is_spoken_of(kind, keywords.unwrap_or_default())
        });
        kinds.extend(["boolean", "null"]);
        kinds
    }
}

/// The types in both lists; integers are numbers.
fn common<'d>(own: &[&'d str], other: &[&'d str]) -> Vec<&'d str> {
    let mut both: Vec<&str> = Vec::new();
    for kind in own {
        match *kind {
            kind if other.contains(&kind) => both.push(kind),
            "integer" if other.contains(&"number") => both.push("integer"),
            "number" if other.contains(&"integer") => both.push("integer"),
            _ => {}
        }
    }
    both
}
