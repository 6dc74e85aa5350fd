//! Applies the keywords of lists.

use std::collections::HashMap;

use serde_json::Value;

use super::Engine;
use super::evaluated::Evaluated;
use super::messages::canonical;
use super::node::{NodeId, Rule, Verdict};
use super::run::Scope;
use crate::lint::place::Step;

impl<'d> Engine<'_, 'd> {
    pub(super) fn list(
        &mut self,
        rule: &Rule<'d>,
        items: &'d [Value],
        scope: &Scope<'_>,
        evaluated: &mut Evaluated<'d>,
    ) {
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
}
