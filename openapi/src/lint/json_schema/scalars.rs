//! Compiles the keywords of numbers, texts and lists.

use serde_json::{Map, Value};

use super::compile::{Refusal, bound, is_truthy};
use super::node::Rule;
use super::{Dialect, Engine, formats};

impl<'d> Engine<'_, 'd> {
    pub(super) fn number_rules(&mut self, map: &'d Map<String, Value>, base: usize) -> Result<Vec<Rule<'d>>, Refusal> {
        let mut rules = Vec::new();
        let is_draft_4 = self.settings.dialect == Dialect::Draft4;
        for (keyword, exclusive, is_upper) in [
            ("maximum", "exclusiveMaximum", true),
            ("minimum", "exclusiveMinimum", false),
        ] {
            if let Some(bound) = bound(map, keyword) {
                let flag = map.get(exclusive).filter(|_| is_draft_4);
                let is_exclusive = flag.is_some_and(|flag| is_truthy(Some(flag)));
                rules.push(Rule::Limit {
                    bound,
                    is_upper,
                    is_exclusive,
                });
            }
            if is_draft_4 && map.contains_key(exclusive) && !map.contains_key(keyword) {
                return Err(Refusal::Message(format!("{exclusive} can only be used with {keyword}")));
            }
        }
        if !is_draft_4 {
            for (keyword, is_upper) in [("exclusiveMaximum", true), ("exclusiveMinimum", false)] {
                rules.extend(bound(map, keyword).map(|bound| Rule::Limit {
                    bound,
                    is_upper,
                    is_exclusive: true,
                }));
            }
        }
        rules.extend(bound(map, "multipleOf").map(|bound| Rule::MultipleOf(bound.limit, bound.words)));
        rules.extend(
            format(map)
                .filter(|(format, _)| self.has_formats(base) && format.is_numeric())
                .map(|(format, name)| Rule::Format(format, name)),
        );
        Ok(rules)
    }

    pub(super) fn text_rules(&mut self, map: &'d Map<String, Value>, base: usize) -> Result<Vec<Rule<'d>>, Refusal> {
        let mut rules = Vec::new();
        rules.extend(bound(map, "maxLength").map(|bound| Rule::Length(bound, true)));
        rules.extend(bound(map, "minLength").map(|bound| Rule::Length(bound, false)));
        if let Some(text) = map.get("pattern").and_then(Value::as_str) {
            rules.push(Rule::Pattern(self.pattern(text)?, text));
        }
        rules.extend(
            format(map)
                .filter(|(format, _)| self.has_formats(base) && !format.is_numeric())
                .map(|(format, name)| Rule::Format(format, name)),
        );
        Ok(rules)
    }

    pub(super) fn list_rules(&mut self, map: &'d Map<String, Value>, base: usize) -> Result<Vec<Rule<'d>>, Refusal> {
        let mut rules = Vec::new();
        rules.extend(bound(map, "maxItems").map(|bound| Rule::ItemCount(bound, true)));
        rules.extend(bound(map, "minItems").map(|bound| Rule::ItemCount(bound, false)));
        let tuple = if self.settings.dialect == Dialect::Draft2020 {
            "prefixItems"
        } else {
            "items"
        };
        let tuple = map.get(tuple).and_then(Value::as_array);
        let rest = if self.settings.dialect == Dialect::Draft2020 || tuple.is_none() {
            "items"
        } else {
            "additionalItems"
        };
        if let Some(schemas) = tuple {
            let keyword = if rest == "items" { "prefixItems" } else { "items" };
            rules.push(Rule::PrefixItems(keyword, self.all(schemas, base)?));
        }
        if let Some(schema) = map.get(rest).filter(|schema| schema.is_object() || schema.is_boolean()) {
            let schema = self.compile_at(schema, base)?;
            let from = tuple.map_or(0, Vec::len);
            rules.push(Rule::Items {
                keyword: rest_keyword(rest),
                from,
                schema,
            });
        }
        if let Some(schema) = map.get("contains") {
            let count = |keyword: &str| map.get(keyword).and_then(Value::as_u64).map(|count| count as usize);
            let is_counted = self.settings.dialect == Dialect::Draft2020;
            rules.push(Rule::Contains {
                schema: self.compile_at(schema, base)?,
                least: count("minContains").filter(|_| is_counted).unwrap_or(1),
                most: count("maxContains").filter(|_| is_counted),
            });
        }
        if map.get("uniqueItems").is_some_and(|flag| *flag == true) {
            let types = map
                .get("items")
                .map(|items| self.resolve_schema(items))
                .and_then(|items| items.get("type"));
            let is_scalar = types
                .and_then(Value::as_str)
                .is_some_and(|name| !matches!(name, "object" | "array"));
            rules.push(Rule::UniqueItems { is_scalar });
        }
        if let Some(schema) = map
            .get("unevaluatedItems")
            .filter(|_| self.settings.dialect == Dialect::Draft2020)
        {
            self.has_unevaluated = true;
            rules.push(Rule::UnevaluatedItems(self.compile_at(schema, base)?));
        }
        Ok(rules)
    }
}

fn format(map: &Map<String, Value>) -> Option<(formats::Format, &str)> {
    let name = map.get("format")?.as_str()?;
    Some((formats::Format::named(name)?, name))
}

fn rest_keyword(rest: &str) -> &'static str {
    if rest == "items" { "items" } else { "additionalItems" }
}
