//! Applies one keyword.

use std::collections::HashMap;
use std::rc::Rc;

use serde_json::{Map, Value};

use super::containers::in_order;
use super::evaluated::{Evaluated, Properties};
use super::fault::Detail;
use super::messages::{are_equal, canonical};
use super::node::{Bound, NodeId, Rule, Verdict};
use super::run::{SchemaPlace, Scope};
use super::{Engine, Relaxed};
use crate::lint::place::Step;

fn is_crossed(length: usize, bound: &Bound, is_upper: bool) -> bool {
    if is_upper {
        length as f64 > bound.limit
    } else {
        (length as f64) < bound.limit
    }
}

impl<'d> Engine<'_, 'd> {
    pub(super) fn rule(
        &mut self,
        rule: &Rule<'d>,
        id: NodeId,
        value: &'d Value,
        scope: &Scope<'_>,
        evaluated: &mut Evaluated<'d>,
    ) {
        match rule {
            Rule::DynamicAnchor => {
                self.dynamic.get_or_insert(id);
            }
            Rule::DynamicRef(own) => {
                let target = self.dynamic.unwrap_or(*own);
                evaluated.merge(self.call(target, value, scope));
            }
            Rule::Ref(target) => evaluated.merge(self.call(*target, value, scope)),
            Rule::Const(expected) => {
                if !are_equal(expected, value) {
                    self.fault(scope, "const", || "must be equal to constant".to_owned());
                }
            }
            Rule::Enum(values) => {
                if !values.iter().any(|allowed| are_equal(allowed, value)) {
                    let message = || "must be equal to one of the allowed values".to_owned();
                    self.fault_with(scope, "enum", message, || Detail::Allowed(values.to_vec()));
                }
            }
            Rule::Not(_) | Rule::AnyOf(_) | Rule::OneOf(_) | Rule::AllOf(_) | Rule::If { .. } => {
                self.combinator(rule, value, scope, evaluated);
            }
            Rule::Limit { .. } | Rule::MultipleOf(..) => self.number(rule, value, scope),
            Rule::Format(format, name) => {
                if !format.accepts(value) {
                    self.fault(scope, "format", || format!("must match format \"{name}\""));
                }
            }
            Rule::Length(bound, is_upper) => {
                let length = value.as_str().map_or(0, |text| text.chars().count());
                self.bounded(length, bound, *is_upper, "characters", scope);
            }
            Rule::Pattern(pattern, text) => {
                let is_matched =
                    |pattern: &Rc<crate::validate::Pattern>| value.as_str().is_none_or(|value| pattern.matches(value));
                if !pattern.as_ref().is_none_or(is_matched) {
                    self.fault(scope, "pattern", || format!("must match pattern \"{text}\""));
                }
            }
            _ => match value {
                Value::Array(items) => self.list(rule, items, scope, evaluated),
                Value::Object(map) => self.object(rule, value, map, scope, evaluated),
                _ => {}
            },
        }
    }

    fn bounded(&mut self, length: usize, bound: &Bound, is_upper: bool, what: &str, scope: &Scope<'_>) {
        if is_crossed(length, bound, is_upper) {
            let comparison = if is_upper { "more" } else { "fewer" };
            self.fault(scope, bound.keyword, || {
                format!("must NOT have {comparison} than {} {what}", bound.words)
            });
        }
    }

    fn number(&mut self, rule: &Rule<'d>, value: &Value, scope: &Scope<'_>) {
        let Some(number) = value.as_f64() else { return };
        match rule {
            Rule::Limit {
                bound,
                is_upper,
                is_exclusive,
            } => {
                let is_within = match (is_upper, is_exclusive) {
                    (true, false) => number <= bound.limit,
                    (true, true) => number < bound.limit,
                    (false, false) => number >= bound.limit,
                    (false, true) => number > bound.limit,
                };
                if !is_within {
                    let sign = if *is_upper { "<" } else { ">" };
                    let equal = if *is_exclusive { "" } else { "=" };
                    self.fault(scope, bound.keyword, || {
                        format!("must be {sign}{equal} {}", bound.words)
                    });
                }
            }
            Rule::MultipleOf(divisor, words) => {
                let quotient = number / divisor;
                if *divisor == 0.0 || quotient.fract() != 0.0 || quotient.abs() >= 1e21 {
                    self.fault(scope, "multipleOf", || format!("must be multiple of {words}"));
                }
            }
            _ => {}
        }
    }

    fn combinator(&mut self, rule: &Rule<'d>, value: &'d Value, scope: &Scope<'_>, evaluated: &mut Evaluated<'d>) {
        let before = self.faults.len();
        let composite = Scope {
            is_composite: true,
            ..*scope
        };
        let silent = Scope {
            has_texts: false,
            has_all: false,
            ..composite
        };
        match rule {
            Rule::Not(schema) => {
                self.under(*schema, value, &silent, "not");
                let is_valid = self.faults.len() == before;
                self.faults.truncate(before);
                if is_valid {
                    self.fault(scope, "not", || "must NOT be valid".to_owned());
                }
            }
            Rule::AnyOf(schemas) => {
                let mut is_valid = false;
                for schema in schemas {
                    let start = self.faults.len();
                    let inner = self.under(*schema, value, &composite, "anyOf");
                    if self.faults.len() == start {
                        is_valid = true;
                        evaluated.merge(inner);
                        if !self.has_unevaluated {
                            break;
                        }
                    }
                }
                if is_valid {
                    self.faults.truncate(before);
                } else {
                    self.fault(scope, "anyOf", || "must match a schema in anyOf".to_owned());
                }
            }
            Rule::OneOf(schemas) => {
                let mut passing = 0;
                for schema in schemas {
                    let start = self.faults.len();
                    let inner = self.under(*schema, value, &composite, "oneOf");
                    if self.faults.len() == start {
                        passing += 1;
                        evaluated.merge(inner);
                        if passing > 1 {
                            break;
                        }
                    }
                }
                if passing == 1 {
                    self.faults.truncate(before);
                } else {
                    let detail = || if passing > 1 { Detail::SeveralPass } else { Detail::None };
                    let message = || "must match exactly one schema in oneOf".to_owned();
                    self.fault_with(scope, "oneOf", message, detail);
                }
            }
            Rule::AllOf(schemas) => {
                for schema in schemas {
                    let inner = self.under(*schema, value, scope, "allOf");
                    evaluated.merge(inner);
                    if self.faults.len() > before && !scope.has_all {
                        return;
                    }
                }
            }
            Rule::If {
                condition,
                then,
                otherwise,
            } => {
                let inner = self.under(*condition, value, &silent, "if");
                let is_met = self.faults.len() == before;
                self.faults.truncate(before);
                evaluated.merge(inner);
                let (keyword, branch) = if is_met { ("then", then) } else { ("else", otherwise) };
                if let Some(branch) = branch {
                    let inner = self.under(*branch, value, scope, keyword);
                    if self.faults.len() == before {
                        evaluated.merge(inner);
                    } else {
                        self.fault(scope, "if", || format!("must match \"{keyword}\" schema"));
                    }
                }
            }
            _ => {}
        }
    }

    fn list(&mut self, rule: &Rule<'d>, items: &'d [Value], scope: &Scope<'_>, evaluated: &mut Evaluated<'d>) {
        let before = self.faults.len();
        match rule {
            Rule::ItemCount(bound, is_upper) => self.bounded(items.len(), bound, *is_upper, "items", scope),
            Rule::PrefixItems(keyword, schemas) => {
                evaluated.items = evaluated.items.max(schemas.len());
                for (index, (schema, item)) in schemas.iter().zip(items).enumerate() {
                    self.part(*schema, item, scope, &[keyword], Step::Index(index));
                    if self.faults.len() > before && !scope.has_all {
                        return;
                    }
                }
            }
            Rule::Items { keyword, from, schema } => {
                evaluated.items = usize::MAX;
                self.items_from(*schema, items, *from, keyword, scope);
            }
            Rule::UnevaluatedItems(schema) => {
                let from = evaluated.items;
                evaluated.items = usize::MAX;
                if from < items.len() {
                    self.items_from(*schema, items, from, "unevaluatedItems", scope);
                }
            }
            Rule::Contains { schema, least, most } => self.contains(*schema, *least, *most, items, scope, evaluated),
            Rule::UniqueItems { is_scalar } => {
                if let Some((first, second)) = self.duplicates(items) {
                    let (first, second) = if *is_scalar { (second, first) } else { (first, second) };
                    self.fault(scope, "uniqueItems", || {
                        format!("must NOT have duplicate items (items ## {first} and {second} are identical)")
                    });
                }
            }
            _ => {}
        }
    }

    fn items_from(
        &mut self,
        schema: NodeId,
        items: &'d [Value],
        from: usize,
        keyword: &'static str,
        scope: &Scope<'_>,
    ) {
        let before = self.faults.len();
        match self.nodes[schema.0].verdict {
            Verdict::Always => {}
            Verdict::Never if from > 0 || keyword == "unevaluatedItems" => {
                if items.len() > from {
                    self.fault(scope, keyword, || format!("must NOT have more than {from} items"));
                }
            }
            _ => {
                for (index, item) in items.iter().enumerate().skip(from) {
                    self.part(schema, item, scope, &[keyword], Step::Index(index));
                    if self.faults.len() > before && !scope.has_all {
                        return;
                    }
                }
            }
        }
    }

    /// The last item that is equal to an earlier one, with the last such one before it.
    fn duplicates(&self, items: &'d [Value]) -> Option<(usize, usize)> {
        let mut known: HashMap<String, usize> = HashMap::with_capacity(items.len());
        let mut last = None;
        for (index, item) in items.iter().enumerate() {
            let mut text = String::new();
            canonical(self.data(item), &mut text);
            if let Some(earlier) = known.insert(text, index) {
                last = Some((earlier, index));
            }
        }
        last
    }

    fn contains(
        &mut self,
        schema: NodeId,
        least: usize,
        most: Option<usize>,
        items: &'d [Value],
        scope: &Scope<'_>,
        evaluated: &mut Evaluated<'d>,
    ) {
        if most.is_none() && least == 0 {
            return;
        }
        let before = self.faults.len();
        evaluated.items = usize::MAX;
        let inner = Scope {
            is_composite: true,
            ..*scope
        };
        let mut count = 0;
        for (index, item) in items.iter().enumerate() {
            let start = self.faults.len();
            self.part(schema, item, &inner, &["contains"], Step::Index(index));
            if self.faults.len() == start {
                count += 1;
                if most.is_none() && count >= least || most.is_some_and(|most| count > most) {
                    break;
                }
            }
        }
        if count >= least && most.is_none_or(|most| count <= most) {
            self.faults.truncate(before);
            return;
        }
        if !scope.is_composite && !scope.has_all {
            self.faults.truncate(before);
        }
        self.fault(scope, "contains", || match most {
            Some(most) => format!("must contain at least {least} and no more than {most} valid item(s)"),
            None => format!("must contain at least {least} valid item(s)"),
        });
    }

    fn object(
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
                for (name, value) in in_order(map) {
                    if evaluated.has(name) {
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

    fn property_names(&mut self, schema: NodeId, map: &'d Map<String, Value>, scope: &Scope<'_>) {
        for (name, _) in in_order(map) {
            // Names are no values of the document, so they are checked by the two keywords that matter for names.
            let before = self.faults.len();
            let node = Rc::clone(&self.nodes[schema.0]);
            for rule in node.groups.iter().flatten() {
                let is_wrong = match rule {
                    Rule::Pattern(Some(pattern), _) => !pattern.matches(name),
                    Rule::Enum(values) => !values.iter().any(|value| value.as_str() == Some(name)),
                    Rule::Const(value) => value.as_str() != Some(name),
                    Rule::Length(bound, is_upper) => is_crossed(name.chars().count(), bound, *is_upper),
                    Rule::Format(format, _) => !format.accepts_text(name),
                    _ => false,
                };
                if is_wrong {
                    let (keyword, message) = match rule {
                        Rule::Pattern(_, text) => ("pattern", format!("must match pattern \"{text}\"")),
                        Rule::Enum(_) => ("enum", "must be equal to one of the allowed values".to_owned()),
                        Rule::Const(_) => ("const", "must be equal to constant".to_owned()),
                        Rule::Format(_, name) => ("format", format!("must match format \"{name}\"")),
                        _ => ("maxLength", "has a wrong length".to_owned()),
                    };
                    self.fault(scope, keyword, || message);
                }
            }
            if self.faults.len() > before {
                self.fault(scope, "propertyNames", || "property name must be valid".to_owned());
                if !scope.has_all {
                    return;
                }
            }
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
