//! Applies the keywords of objects.

use serde_json::{Map, Value};

use super::containers::in_order;
use super::evaluated::{Evaluated, Properties};
use super::fault::Detail;
use super::node::{NodeId, Rule, Verdict};
use super::run::{SchemaPlace, Scope};
use super::{Engine, Relaxed};
use crate::lint::place::Step;

impl<'d> Engine<'_, 'd> {
    pub(super) fn object(
        &mut self,
        rule: &Rule<'d>,
        value: &'d Value,
        map: &'d Map<String, Value>,
        scope: &Scope<'_>,
        evaluated: &mut Evaluated<'d>,
    ) {
        let before = self.faults.len();
        match rule {
            Rule::PropertyCount(bound, is_upper) => self.bounded(map.len(), bound, *is_upper, "properties", scope),
            Rule::Required {
                names,
                read_only,
                write_only,
            } => {
                let hidden = match self.relaxed {
                    Relaxed::No => &Vec::new(),
                    Relaxed::ReadOnly => read_only,
                    Relaxed::WriteOnly => write_only,
                };
                for name in names.iter().filter(|name| !hidden.contains(name)) {
                    if !map.contains_key(*name) {
                        self.fault(scope, "required", || format!("must have required property '{name}'"));
                        if !scope.has_all {
                            return;
                        }
                    }
                }
            }
            Rule::PropertyNames(schema) => self.property_names(*schema, map, scope),
            Rule::AdditionalProperties {
                schema,
                named,
                patterns,
            } => {
                evaluated.properties = Properties::All;
                if self.nodes[schema.0].verdict == Verdict::Always {
                    return;
                }
                for (name, value) in in_order(map) {
                    let is_named = named.is_some_and(|named| named.contains_key(name))
                        || patterns.iter().flatten().any(|pattern| pattern.matches(name));
                    if is_named {
                        continue;
                    }
                    if self.nodes[schema.0].verdict == Verdict::Never {
                        let message = || "must NOT have additional properties".to_owned();
                        let detail = || Detail::Additional(name.to_owned());
                        self.fault_with(scope, "additionalProperties", message, detail);
                    } else {
                        self.part(*schema, value, scope, &["additionalProperties"], Step::Key(name));
                    }
                    if self.faults.len() > before && !scope.has_all {
                        return;
                    }
                }
            }
            Rule::Dependencies {
                keyword,
                names,
                schemas,
            } => {
                self.dependent_names(keyword, names, map, scope);
                if self.faults.len() == before || scope.has_all {
                    self.dependent_schemas(keyword, schemas, value, scope, evaluated);
                }
            }
            Rule::Properties(properties) => {
                if self.has_unevaluated {
                    evaluated.add(properties.iter().map(|(name, _)| *name));
                }
                for (name, schema) in properties {
                    if let Some(value) = map.get(*name) {
                        self.part(*schema, value, scope, &["properties", name], Step::Key(name));
                        if self.faults.len() > before && !scope.has_all {
                            return;
                        }
                    }
                }
            }
            Rule::PatternProperties(patterns) => {
                for (text, pattern, schema) in patterns {
                    for (name, value) in map {
                        if !pattern.as_ref().is_some_and(|pattern| pattern.matches(name)) {
                            continue;
                        }
                        self.part(*schema, value, scope, &["patternProperties", text], Step::Key(name));
                        if self.has_unevaluated {
                            evaluated.add([name.as_str()]);
                        }
                        if self.faults.len() > before && !scope.has_all {
                            return;
                        }
                    }
                }
            }
            Rule::UnevaluatedProperties(schema) => {
                let Some(known) = evaluated.names() else { return };
                for (name, value) in in_order(map) {
                    if known.contains(name) {
                        continue;
                    }
                    match self.nodes[schema.0].verdict {
                        Verdict::Never => {
                            self.fault(scope, "unevaluatedProperties", || {
                                "must NOT have unevaluated properties".to_owned()
                            });
                        }
                        _ => self.part(*schema, value, scope, &["unevaluatedProperties"], Step::Key(name)),
                    }
                    if self.faults.len() > before && !scope.has_all {
                        break;
                    }
                }
                evaluated.properties = Properties::All;
            }
            _ => {}
        }
    }

    fn dependent_names(
        &mut self,
        keyword: &'static str,
        names: &[(&'d str, Vec<&'d str>)],
        map: &'d Map<String, Value>,
        scope: &Scope<'_>,
    ) {
        for (name, wanted) in names.iter().filter(|(name, _)| map.contains_key(*name)) {
            for _ in wanted.iter().filter(|wanted| !map.contains_key(**wanted)) {
                let noun = if wanted.len() == 1 { "property" } else { "properties" };
                self.fault(scope, keyword, || {
                    format!("must have {noun} {} when property {name} is present", wanted.join(", "))
                });
                if !scope.has_all {
                    return;
                }
            }
        }
    }

    fn dependent_schemas(
        &mut self,
        keyword: &'static str,
        schemas: &[(&'d str, NodeId)],
        value: &'d Value,
        scope: &Scope<'_>,
        evaluated: &mut Evaluated<'d>,
    ) {
        for (name, schema) in schemas {
            if value.get(*name).is_none() {
                continue;
            }
            let before = self.faults.len();
            let outer = SchemaPlace::Below(scope.schema, keyword);
            let inner = self.under(
                *schema,
                value,
                &Scope {
                    schema: &outer,
                    ..*scope
                },
                name,
            );
            if self.faults.len() == before {
                evaluated.merge(inner);
            } else if !scope.has_all {
                return;
            }
        }
    }
}
