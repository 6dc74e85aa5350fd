//! Checks arrays and objects.

use serde_json::{Map, Value};

use super::node::{Items, Node, Properties, Rule, SchemaId};
use super::run::{Run, Segment};
use super::{Schemas, number, words};

impl Schemas {
    pub(super) fn array_rule<'r>(
        &'r self,
        node: &'r Node,
        rule: &'r Rule,
        value: &'r Value,
        items: &'r [Value],
        run: &mut Run<'r>,
    ) -> bool {
        let length = items.len() as u64;
        match rule {
            Rule::Items(schemas) => self.items(schemas, items, run),
            Rule::Contains { schema, least, most } => {
                let count = run.probe(|run| items.iter().filter(|item| self.visit(*schema, item, run)).count() as u64);
                if count < *least {
                    let message = || format!("must contain at least {least} such items as the document asks for");
                    return run.fail(if *least == 1 { "contains" } else { "minContains" }, message);
                }
                most.is_none_or(|most| count <= most)
                    || run.fail("maxContains", || {
                        "contains too many of the items that are counted".to_owned()
                    })
            }
            Rule::MinItems(least) => {
                length >= *least
                    || run.fail("minItems", || {
                        format!("must have at least {}", words::count(*least, "item"))
                    })
            }
            Rule::MaxItems(most) => {
                length <= *most
                    || run.fail("maxItems", || {
                        format!("must have at most {}", words::count(*most, "item"))
                    })
            }
            Rule::UniqueItems => {
                run.steps.take(length);
                are_unique(items) || run.fail("uniqueItems", || "must not have the same item twice".to_owned())
            }
            Rule::UnevaluatedItems(schema) => self.unevaluated_items(node, *schema, value, items, run),
            _ => true,
        }
    }

    fn items<'r>(&'r self, schemas: &'r Items, items: &'r [Value], run: &mut Run<'r>) -> bool {
        let mut is_valid = true;
        for (at, item) in items.iter().enumerate() {
            let Some(schema) = schemas.first.get(at).copied().or(schemas.rest) else {
                break;
            };
            is_valid &= run.at(Segment::Index(at), |run| self.visit(schema, item, run));
            if !is_valid && run.is_done() {
                break;
            }
        }
        is_valid
    }

    pub(super) fn object_rule<'r>(
        &'r self,
        node: &'r Node,
        rule: &'r Rule,
        value: &'r Value,
        map: &'r Map<String, Value>,
        run: &mut Run<'r>,
    ) -> bool {
        let length = map.len() as u64;
        match rule {
            Rule::Properties(properties) => self.properties(properties, map, run),
            Rule::PropertyNames(schema) => {
                let mut is_valid = true;
                for name in map.keys() {
                    let name_value = Value::String(name.clone());
                    if !self.accepts(*schema, &name_value, run.steps) {
                        let message = || "is not a name that a property may have here".to_owned();
                        is_valid = run.at(Segment::Key(name), |run| run.fail("propertyNames", message));
                        if run.is_done() {
                            break;
                        }
                    }
                }
                is_valid
            }
            Rule::MinProperties(least) => {
                let message = || format!("must have at least {}", words::count(*least, "property"));
                length >= *least || run.fail("minProperties", message)
            }
            Rule::MaxProperties(most) => {
                let message = || format!("must have at most {}", words::count(*most, "property"));
                length <= *most || run.fail("maxProperties", message)
            }
            Rule::Required(names) => required("required", names, value, map, run),
            Rule::DependentRequired(entries) => {
                let mut is_valid = true;
                for entry in entries.iter().filter(|entry| map.contains_key(&*entry.on)) {
                    is_valid &= required("dependentRequired", &entry.names, value, map, run);
                }
                is_valid
            }
            Rule::DependentSchemas(entries) => {
                let mut is_valid = true;
                for (name, schema) in entries {
                    if map.contains_key(&**name) {
                        is_valid &= self.visit(*schema, value, run);
                    }
                }
                is_valid
            }
            Rule::UnevaluatedProperties(schema) => self.unevaluated_properties(node, *schema, value, map, run),
            _ => true,
        }
    }

    fn properties<'r>(&'r self, properties: &'r Properties, map: &'r Map<String, Value>, run: &mut Run<'r>) -> bool {
        let mut is_valid = true;
        for (name, value) in map {
            let named = properties.named(name);
            let mut is_known = named.is_some() || properties.is_open;
            is_valid &= run.at(Segment::Key(name), |run| {
                let mut is_valid = named.is_none_or(|schema| self.visit(schema, value, run));
                for (pattern, schema) in &properties.patterns {
                    run.steps.take(1 + name.len() as u64 / 16);
                    if pattern.matches(name) {
                        is_known = true;
                        is_valid &= self.visit(*schema, value, run);
                    }
                }
                match properties.additional {
                    Some(schema) if !is_known => is_valid & self.additional("additionalProperties", schema, value, run),
                    _ => is_valid,
                }
            });
            if !is_valid && run.is_done() {
                break;
            }
        }
        is_valid
    }

    fn is_never(&self, schema: SchemaId) -> bool {
        matches!(&self.node(schema).rules[..], [Rule::Never])
    }

    /// Checks what no other keyword speaks of.
    pub(super) fn additional<'r>(
        &'r self,
        keyword: &'static str,
        schema: SchemaId,
        value: &'r Value,
        run: &mut Run<'r>,
    ) -> bool {
        if self.is_never(schema) {
            return run.fail(keyword, || "is not known here".to_owned());
        }
        self.visit(schema, value, run)
    }
}

fn required<'r>(
    keyword: &'static str,
    names: &'r [Box<str>],
    value: &'r Value,
    map: &'r Map<String, Value>,
    run: &mut Run<'r>,
) -> bool {
    let mut is_valid = true;
    for name in names {
        if !map.contains_key(&**name) && !run.is_spared(name, value) {
            is_valid = run.at(Segment::Key(name), |run| run.fail(keyword, || "is missing".to_owned()));
            if run.is_done() {
                break;
            }
        }
    }
    is_valid
}

fn are_unique(items: &[Value]) -> bool {
    const FEW: usize = 8;
    if items.len() <= FEW {
        return items
            .iter()
            .enumerate()
            .all(|(at, item)| !items[..at].iter().any(|other| number::is_equal(item, other)));
    }
    let state = std::hash::RandomState::new();
    let mut places: std::collections::HashMap<u64, Vec<&Value>> = std::collections::HashMap::new();
    items.iter().all(|item| {
        let same = places.entry(number::hash(item, &state)).or_default();
        let is_new = !same.iter().any(|other| number::is_equal(item, other));
        same.push(item);
        is_new
    })
}
