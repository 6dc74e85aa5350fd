//! The keywords of one schema. What is malformed is left out; reading the document has reported it.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Number, Value};

use super::compile::Compiler;
use super::format::Format;
use super::node::{Choice, Condition, Dependent, Discriminator, Items, Node, Properties, Rule, SchemaId, TypeSet};
use crate::reference;

/// From so many strings on, an enum is searched and not walked through.
const MANY_WORDS: usize = 12;

impl<'d> Compiler<'d> {
    pub(super) fn node(&mut self, map: &'d Map<String, Value>) -> Node {
        let types = types(map);
        let mut rules = Vec::new();
        let is_nullable = map.get("nullable").is_some_and(|flag| flag == true);
        if let Some(reference) = map.get("$ref").and_then(Value::as_str) {
            rules.push(Rule::Reference(self.reference("$ref", reference)));
            if self.ignores_siblings() {
                return Node {
                    is_nullable,
                    rules: rules.into(),
                    ..Node::default()
                };
            }
        }
        if let Some(reference) = map.get("$dynamicRef").and_then(Value::as_str) {
            rules.push(Rule::Reference(self.reference("$dynamicRef", reference)));
        }
        self.direction_rules(map, &mut rules);
        value_rules(map, &mut rules);
        number_rules(map, &mut rules);
        self.text_rules(map, &mut rules);
        self.array_rules(map, &mut rules);
        self.object_rules(map, &mut rules);
        self.combining_rules(map, &mut rules);
        // Last, so that what the others found comes first.
        if let Some(schema) = map.get("unevaluatedItems").filter(|schema| is_schema(schema)) {
            rules.push(Rule::UnevaluatedItems(self.add(schema)));
        }
        if let Some(schema) = map.get("unevaluatedProperties").filter(|schema| is_schema(schema)) {
            rules.push(Rule::UnevaluatedProperties(self.add(schema)));
        }
        Node {
            types,
            is_nullable: is_nullable && types.is_none(),
            is_target: false,
            rules: rules.into(),
        }
    }

    fn direction_rules(&mut self, map: &'d Map<String, Value>, rules: &mut Vec<Rule>) {
        let flag = self.hiding();
        let is_refused = flag == "writeOnly" || self.settings.is_read_only_refused;
        if is_refused && !self.is_plain && map.get(flag).is_some_and(|value| value == true) {
            rules.push(Rule::Hidden(flag));
        }
        if map.contains_key("properties") || map.contains_key("allOf") {
            let names = self.hidden_names(map);
            if !names.is_empty() {
                rules.push(Rule::NotRequired(names.into()));
            }
        }
    }

    fn text_rules(&mut self, map: &'d Map<String, Value>, rules: &mut Vec<Rule>) {
        rules.extend(count(map, "minLength").filter(|least| *least > 0).map(Rule::MinLength));
        rules.extend(count(map, "maxLength").map(Rule::MaxLength));
        if let Some(text) = map.get("pattern").and_then(Value::as_str) {
            rules.extend(self.pattern(text).map(Rule::Pattern));
        }
        let format = map.get("format").and_then(Value::as_str).and_then(Format::named);
        rules.extend(format.filter(|_| self.settings.are_formats_checked).map(Rule::Format));
    }

    fn array_rules(&mut self, map: &'d Map<String, Value>, rules: &mut Vec<Rule>) {
        rules.extend(count(map, "minItems").filter(|least| *least > 0).map(Rule::MinItems));
        rules.extend(count(map, "maxItems").map(Rule::MaxItems));
        if map.get("uniqueItems").is_some_and(|flag| flag == true) {
            rules.push(Rule::UniqueItems);
        }
        // Before 2020-12, `items` may be the list and `additionalItems` the rest.
        let (first, rest) = match (map.get("prefixItems"), map.get("items")) {
            (None, Some(Value::Array(_))) => (map.get("items"), map.get("additionalItems")),
            (first, rest) => (first, rest),
        };
        let first: Vec<SchemaId> = self.list(first);
        let rest = rest.filter(|schema| is_schema(schema)).map(|schema| self.add(schema));
        if !first.is_empty() || rest.is_some() {
            rules.push(Rule::Items(Box::new(Items {
                first: first.into(),
                rest,
            })));
        }
        if let Some(schema) = map.get("contains").filter(|schema| is_schema(schema)) {
            rules.push(Rule::Contains {
                schema: self.add(schema),
                least: count(map, "minContains").unwrap_or(1),
                most: count(map, "maxContains"),
            });
        }
    }

    fn object_rules(&mut self, map: &'d Map<String, Value>, rules: &mut Vec<Rule>) {
        let bound = |keyword| count(map, keyword);
        rules.extend(
            bound("minProperties")
                .filter(|least| *least > 0)
                .map(Rule::MinProperties),
        );
        rules.extend(bound("maxProperties").map(Rule::MaxProperties));
        let required = map.get("required").map(names).unwrap_or_default();
        if !required.is_empty() {
            rules.push(Rule::Required(required));
        }
        let dependent = objects(map, "dependentRequired").map(|(name, list)| Dependent {
            on: name.into(),
            names: names(list),
        });
        let dependent: Box<[Dependent]> = dependent.collect();
        if !dependent.is_empty() {
            rules.push(Rule::DependentRequired(dependent));
        }
        let mut dependent = Vec::new();
        for (name, schema) in objects(map, "dependentSchemas") {
            dependent.push((name.into(), self.add(schema)));
        }
        if !dependent.is_empty() {
            rules.push(Rule::DependentSchemas(dependent.into()));
        }
        if let Some(schema) = map.get("propertyNames").filter(|schema| is_schema(schema)) {
            rules.push(Rule::PropertyNames(self.add(schema)));
        }
        self.properties(map, rules);
    }

    fn properties(&mut self, map: &'d Map<String, Value>, rules: &mut Vec<Rule>) {
        let mut properties = Properties {
            named: Box::default(),
            patterns: Box::default(),
            additional: None,
            is_open: false,
        };
        let mut named: Vec<(Box<str>, SchemaId)> = Vec::new();
        for (name, schema) in objects(map, "properties") {
            named.push((name.into(), self.add(schema)));
        }
        named.sort_by(|(left, _), (right, _)| left.cmp(right));
        let mut patterns = Vec::new();
        for (text, schema) in objects(map, "patternProperties") {
            match self.pattern(text) {
                Some(pattern) => patterns.push((pattern, self.add(schema))),
                None => properties.is_open = true,
            }
        }
        let additional = map.get("additionalProperties").filter(|schema| is_schema(schema));
        properties.additional = additional.map(|schema| self.add(schema));
        properties.named = named.into();
        properties.patterns = patterns.into();
        let is_empty = properties.named.is_empty() && properties.patterns.is_empty() && properties.additional.is_none();
        if !is_empty {
            rules.push(Rule::Properties(Box::new(properties)));
        }
    }

    fn combining_rules(&mut self, map: &'d Map<String, Value>, rules: &mut Vec<Rule>) {
        let members = self.list(map.get("allOf"));
        if !members.is_empty() {
            rules.push(Rule::AllOf(members.into()));
        }
        for (keyword, rule) in [
            ("anyOf", Rule::AnyOf as fn(Box<Choice>) -> Rule),
            ("oneOf", Rule::OneOf),
        ] {
            let alternatives = self.list(map.get(keyword));
            // Whether an alternative that can't be followed fits is unknown, and so is whether exactly one does.
            let is_known = keyword == "anyOf" || !alternatives.contains(&SchemaId::OPAQUE);
            if !alternatives.is_empty() && is_known {
                let discriminator = Some(&alternatives)
                    .filter(|_| !self.is_plain)
                    .and_then(|alternatives| discriminator(map, keyword, alternatives));
                rules.push(rule(Box::new(Choice {
                    alternatives: alternatives.into(),
                    discriminator,
                })));
            }
        }
        if let Some(schema) = map.get("not").filter(|schema| is_schema(schema)) {
            let schema = self.add(schema);
            rules.extend((schema != SchemaId::OPAQUE).then_some(Rule::Not(schema)));
        }
        if let Some(test) = map.get("if").filter(|schema| is_schema(schema)) {
            let test = self.add(test);
            let then = map.get("then").map(|schema| self.add(schema));
            let otherwise = map.get("else").map(|schema| self.add(schema));
            if test != SchemaId::OPAQUE {
                rules.push(Rule::If(Box::new(Condition { test, then, otherwise })));
            }
        }
    }

    fn list(&mut self, schemas: Option<&'d Value>) -> Vec<SchemaId> {
        let schemas = schemas.and_then(Value::as_array).into_iter().flatten();
        let mut list = Vec::new();
        for schema in schemas {
            list.push(self.add(schema));
        }
        list
    }
}

/// `discriminator` beside alternatives that are references (3.1.1 §4.8.25). Its values are those of the mapping, and the names
/// of the components.
fn discriminator(map: &Map<String, Value>, keyword: &str, alternatives: &[SchemaId]) -> Option<Discriminator> {
    let discriminator = map.get("discriminator")?;
    let property = discriminator.get("propertyName")?.as_str()?;
    let mut by_reference = HashMap::new();
    let mut values: BTreeMap<Box<str>, SchemaId> = BTreeMap::new();
    for (schema, id) in map.get(keyword)?.as_array()?.iter().zip(alternatives) {
        let Some(target) = reference::of(schema) else { continue };
        by_reference.insert(target.to_owned(), *id);
        if let Some(name) = reference::component_name(target) {
            values.insert(name.as_str().into(), *id);
            by_reference.insert(name, *id);
        }
    }
    let mapping = discriminator.get("mapping").and_then(Value::as_object);
    for (value, target) in mapping.into_iter().flatten() {
        match target.as_str().and_then(|target| by_reference.get(target)) {
            Some(id) => values.insert(value.as_str().into(), *id),
            None => values.remove(value.as_str()),
        };
    }
    (!values.is_empty()).then(|| Discriminator {
        property: property.into(),
        values: values.into_iter().collect(),
    })
}

fn is_schema(value: &Value) -> bool {
    value.is_object() || value.is_boolean()
}

fn objects<'d>(map: &'d Map<String, Value>, keyword: &str) -> impl Iterator<Item = (&'d str, &'d Value)> {
    let entries = map.get(keyword).and_then(Value::as_object);
    entries
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.as_str(), value))
}

fn names(list: &Value) -> Box<[Box<str>]> {
    let names = list.as_array().into_iter().flatten().filter_map(Value::as_str);
    names.map(Box::from).collect()
}

/// A bound that counts something; `2.0` is 2.
fn count(map: &Map<String, Value>, keyword: &str) -> Option<u64> {
    let value = map.get(keyword)?;
    let whole = || value.as_f64().filter(|number| *number >= 0.0 && number.fract() == 0.0);
    value.as_u64().or_else(|| whole().map(|number| number as u64))
}

/// `type`; `None` if it is missing or names a type that JSON Schema doesn't have.
fn types(map: &Map<String, Value>) -> Option<TypeSet> {
    match map.get("type")? {
        Value::String(name) => TypeSet::named(name),
        Value::Array(names) => {
            let mut types = TypeSet::NONE;
            for name in names {
                types = types.with(TypeSet::named(name.as_str()?)?);
            }
            Some(types).filter(|_| !names.is_empty())
        }
        _ => None,
    }
}

fn value_rules(map: &Map<String, Value>, rules: &mut Vec<Rule>) {
    rules.extend(map.get("const").map(|value| Rule::Const(Box::new(value.clone()))));
    let Some(Value::Array(values)) = map.get("enum") else {
        return;
    };
    if values.len() < MANY_WORDS || !values.iter().all(Value::is_string) {
        rules.push(Rule::Enum(values.as_slice().into()));
        return;
    }
    let mut words: Vec<Box<str>> = values.iter().filter_map(Value::as_str).map(Box::from).collect();
    words.sort_unstable();
    words.dedup();
    rules.push(Rule::Words(words.into()));
}

fn number_rules(map: &Map<String, Value>, rules: &mut Vec<Rule>) {
    for (keyword, rule) in [
        ("minimum", Rule::Minimum as fn(Number) -> Rule),
        ("exclusiveMinimum", Rule::ExclusiveMinimum),
        ("maximum", Rule::Maximum),
        ("exclusiveMaximum", Rule::ExclusiveMaximum),
        ("multipleOf", Rule::MultipleOf),
    ] {
        if let Some(Value::Number(number)) = map.get(keyword) {
            rules.push(rule(number.clone()));
        }
    }
}
