//! Compiles the keywords of objects.

use serde_json::{Map, Value};

use super::compile::{Refusal, bound};
use super::node::Rule;
use super::{Dialect, Engine};

impl<'d> Engine<'_, 'd> {
    pub(super) fn object_rules(&mut self, map: &'d Map<String, Value>, base: usize) -> Result<Vec<Rule<'d>>, Refusal> {
        let is_2020 = self.settings.dialect == Dialect::Draft2020;
        let mut rules = Vec::new();
        rules.extend(bound(map, "maxProperties").map(|bound| Rule::PropertyCount(bound, true)));
        rules.extend(bound(map, "minProperties").map(|bound| Rule::PropertyCount(bound, false)));
        let properties = map.get("properties").and_then(Value::as_object);
        if let Some(Value::Array(names)) = map.get("required") {
            let names: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
            let hidden = |flag: &str| {
                let is_hidden = |name: &&&str| {
                    let schema = properties.and_then(|properties| properties.get(**name));
                    let schema = schema.map(|schema| self.resolve_schema(schema));
                    schema.is_some_and(|schema| schema.get(flag).is_some_and(|flag| *flag == true))
                };
                names.iter().filter(is_hidden).copied().collect()
            };
            let (read_only, write_only) = (hidden("readOnly"), hidden("writeOnly"));
            rules.push(Rule::Required {
                names,
                read_only,
                write_only,
            });
        }
        if let Some(schema) = map.get("propertyNames").filter(|schema| !self.is_open(schema)) {
            rules.push(Rule::PropertyNames(self.compile_at(schema, base)?));
        }
        let by_pattern = map.get("patternProperties").and_then(Value::as_object);
        if let Some(schema) = map.get("additionalProperties") {
            let texts = by_pattern.into_iter().flatten().map(|(pattern, _)| pattern.as_str());
            let patterns = texts.map(|text| self.pattern(text)).collect::<Result<_, _>>()?;
            rules.push(Rule::AdditionalProperties {
                schema: self.compile_at(schema, base)?,
                named: properties,
                patterns,
            });
        }
        if let Some(Value::Object(entries)) = map.get("dependencies") {
            rules.push(self.dependencies("dependencies", entries, base)?);
        }
        if let Some(properties) = properties {
            let mut compiled = Vec::with_capacity(properties.len());
            for (name, schema) in in_order(properties) {
                compiled.push((name, self.compile_at(schema, base)?));
            }
            rules.push(Rule::Properties(compiled));
        }
        if let Some(entries) = by_pattern {
            let mut compiled = Vec::with_capacity(entries.len());
            for (text, schema) in in_order(entries) {
                compiled.push((text, self.pattern(text)?, self.compile_at(schema, base)?));
            }
            rules.push(Rule::PatternProperties(compiled));
        }
        if is_2020 {
            if let Some(Value::Object(entries)) = map.get("dependentRequired") {
                rules.push(self.dependencies("dependentRequired", entries, base)?);
            }
            if let Some(Value::Object(entries)) = map.get("dependentSchemas") {
                rules.push(self.dependencies("dependentSchemas", entries, base)?);
            }
            if let Some(schema) = map.get("unevaluatedProperties") {
                self.has_unevaluated = true;
                rules.push(Rule::UnevaluatedProperties(self.compile_at(schema, base)?));
            }
        }
        Ok(rules)
    }

    fn dependencies(
        &mut self,
        keyword: &'static str,
        entries: &'d Map<String, Value>,
        base: usize,
    ) -> Result<Rule<'d>, Refusal> {
        let (mut names, mut schemas) = (Vec::new(), Vec::new());
        for (name, value) in entries {
            match value {
                Value::Array(wanted) => {
                    names.push((name.as_str(), wanted.iter().filter_map(Value::as_str).collect()));
                }
                schema if !self.is_open(schema) => schemas.push((name.as_str(), self.compile_at(schema, base)?)),
                _ => {}
            }
        }
        Ok(Rule::Dependencies {
            keyword,
            names,
            schemas,
        })
    }
}

/// The members of an object in the order of JavaScript: whole numbers first.
pub(super) fn in_order(map: &Map<String, Value>) -> Vec<(&str, &Value)> {
    let number = |key: &str| {
        let is_index = key == "0" || (!key.starts_with('0') && key.bytes().all(|byte| byte.is_ascii_digit()));
        key.parse::<u32>().ok().filter(|_| is_index)
    };
    let mut members: Vec<(&str, &Value)> = map.iter().map(|(key, value)| (key.as_str(), value)).collect();
    members.sort_by_key(|(key, _)| number(key).map_or((1, 0), |number| (0, number)));
    members
}
