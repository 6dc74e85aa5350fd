//! Objects and lists.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::conjunction::{self, Conjunction};
use super::{Builder, FULL_DEPTH};

/// Items of a list, even where a schema asks for more.
const MOST_ITEMS: usize = 1000;
/// Properties that are added one by one where not all together fit.
const MOST_ADDED: usize = 40;
/// Further variants that are tried where items must differ.
const MOST_VARIANTS: usize = 12;

impl<'d> Builder<'d> {
    /// An object with all that belongs into an example, or else with as much of it as fits.
    pub(super) fn object(
        &mut self,
        all: &Conjunction<'d>,
        schemas: &[&'d Value],
        depth: usize,
        variant: usize,
        is_again: bool,
        first: &mut Option<Value>,
    ) -> Option<Value> {
        let nodes = self.nodes_left;
        let full = self.properties(all, depth, variant, is_again);
        let candidate = Value::Object(full);
        if self.fits(schemas, &candidate) {
            return Some(candidate);
        }
        first.get_or_insert_with(|| candidate.clone());
        self.nodes_left = nodes;
        let lean = self.properties(all, depth, variant, true);
        let lean = self.kept(Value::Object(lean), schemas, first)?;
        let (Value::Object(full), Value::Object(lean)) = (candidate, lean) else {
            return None;
        };
        // What is left over goes in one by one, in the order of the document.
        let mut grown = lean;
        for (name, value) in full.iter().take(MOST_ADDED) {
            if !grown.contains_key(name) {
                grown.insert(name.clone(), value.clone());
                let mut candidate = Value::Object(grown);
                let is_fitting = self.work_left > 0 && self.fits(schemas, &candidate);
                grown = match candidate.take() {
                    Value::Object(map) => map,
                    _ => Map::new(),
                };
                if !is_fitting {
                    grown.shift_remove(name);
                }
            }
        }
        let mut ordered = Map::new();
        for name in full.keys() {
            ordered.extend(grown.shift_remove_entry(name));
        }
        ordered.extend(grown);
        Some(Value::Object(ordered))
    }

    fn properties(&mut self, all: &Conjunction<'d>, depth: usize, variant: usize, is_lean: bool) -> Map<String, Value> {
        let mut required: HashSet<&str> = all.required().into_iter().collect();
        let mut names = all.names();
        let known: HashSet<&str> = names.iter().copied().collect();
        let extra = all.required().into_iter().filter(|name| !known.contains(name));
        names.extend(extra.collect::<Vec<_>>());
        let mut pending: Vec<&str> = required.iter().copied().collect();
        while let Some(name) = pending.pop() {
            for dependent in all.dependents(name) {
                if required.insert(dependent) {
                    pending.push(dependent);
                    if !names.contains(&dependent) {
                        names.push(dependent);
                    }
                }
            }
        }
        let (least, most) = (all.at_least("minProperties"), all.at_most("maxProperties"));
        let mut room = most.saturating_sub(required.len());
        let mut object = Map::new();
        let mut spare: Vec<(&'d str, Vec<&'d Value>)> = Vec::new();
        for name in names {
            if self.nodes_left == 0 {
                break;
            }
            let property = self.schemas_of(all, name);
            let head = self.conjunction(&property);
            if self.is_hidden(&head) {
                continue;
            }
            let is_required = required.contains(name);
            if !is_required {
                let is_open = self.open.contains(&head.identity);
                if head.is_never || all.is_absent(name) || is_open && depth > 0 && least == 0 {
                    continue;
                }
                if is_lean
                    || self.is_crowded()
                    || depth >= FULL_DEPTH
                    || head.flag("deprecated")
                    || is_open
                    || room == 0
                {
                    spare.push((name, property));
                    continue;
                }
            }
            let made = self.value(&property, depth + 1, variant);
            if made.fits || is_required {
                object.insert(name.to_owned(), made.value);
                room = room.saturating_sub(usize::from(!is_required));
                self.bring_along(all, name, depth, variant, &mut object);
            }
        }
        for (name, property) in spare {
            if object.len() >= least.min(most) || self.nodes_left == 0 {
                break;
            }
            let made = self.value(&property, depth + 1, variant);
            if made.fits {
                object.insert(name.to_owned(), made.value);
                self.bring_along(all, name, depth, variant, &mut object);
            }
        }
        let is_map = object.is_empty() && known.is_empty() && !is_lean && depth < FULL_DEPTH && most > 0;
        self.other_names(all, depth, variant, least.max(usize::from(is_map)), &mut object);
        for (name, value) in &all.discriminators {
            let value = Value::String(value.clone());
            let property = self.schemas_of(all, name);
            if self.fits(&property, &value) {
                object.insert((*name).to_owned(), value);
            }
        }
        object
    }

    /// Adds what must be there because of an optional property.
    fn bring_along(
        &mut self,
        all: &Conjunction<'d>,
        name: &str,
        depth: usize,
        variant: usize,
        object: &mut Map<String, Value>,
    ) {
        let mut pending = all.dependents(name);
        while let Some(dependent) = pending.pop() {
            if !object.contains_key(dependent) && self.nodes_left > 0 {
                let property = self.schemas_of(all, dependent);
                let made = self.value(&property, depth + 1, variant);
                object.insert(dependent.to_owned(), made.value);
                pending.extend(all.dependents(dependent));
            }
        }
    }

    /// Adds properties that have no name of their own until there are enough.
    fn other_names(
        &mut self,
        all: &Conjunction<'d>,
        depth: usize,
        variant: usize,
        wanted: usize,
        object: &mut Map<String, Value>,
    ) {
        let is_asked_for = object.len() < all.at_least("minProperties");
        let is_described = all.every("additionalProperties").any(Value::is_object) || !all.name_patterns().is_empty();
        if !is_asked_for && !is_described {
            return;
        }
        for attempt in 0..wanted.min(MOST_ITEMS) * 4 {
            if object.len() >= wanted || self.nodes_left == 0 {
                return;
            }
            let Some(name) = self.other_name(all, depth, attempt) else {
                continue;
            };
            let property = self.schemas_of(all, &name);
            let head = self.conjunction(&property);
            let is_endless = self.open.contains(&head.identity) && !is_asked_for;
            if object.contains_key(&name) || head.is_never || is_endless {
                continue;
            }
            let made = self.value(&property, depth + 1, variant);
            if made.fits || is_asked_for {
                object.insert(name, made.value);
            }
        }
    }

    /// A name that the schema allows for properties it doesn't list.
    fn other_name(&mut self, all: &Conjunction<'d>, depth: usize, attempt: usize) -> Option<String> {
        let of_names: Vec<&'d Value> = all.every("propertyNames").collect();
        if !of_names.is_empty() {
            return match self.value(&of_names, depth + 1, attempt).value {
                Value::String(name) => Some(name),
                _ => None,
            };
        }
        let is_closed = all.every("additionalProperties").any(|schema| *schema == false);
        let patterns = all.name_patterns();
        if is_closed || attempt % 2 == 1 {
            let at = if is_closed { attempt } else { attempt / 2 };
            let pattern = patterns.get(at % patterns.len().max(1))?;
            let solved = self.pattern(pattern)?;
            return solved.texts(at / patterns.len(), 0, usize::MAX).into_iter().next();
        }
        Some(match attempt / 2 {
            0 => "name".to_owned(),
            at => format!("name{}", at + 1),
        })
    }

    fn schemas_of(&mut self, all: &Conjunction<'d>, name: &str) -> Vec<&'d Value> {
        all.property(name, &mut |pattern, name| {
            self.pattern(pattern).is_some_and(|solved| solved.matches(name))
        })
    }

    /// A list with an item to look at, or else as short as may be.
    pub(super) fn list(
        &mut self,
        all: &Conjunction<'d>,
        schemas: &[&'d Value],
        depth: usize,
        variant: usize,
        is_again: bool,
        first: &mut Option<Value>,
    ) -> Option<Value> {
        let contained: usize = all.contained().iter().map(|(_, least)| *least).sum();
        let least = all.at_least("minItems").max(contained).min(MOST_ITEMS);
        let most = all.at_most("maxItems");
        let item = all.item(all.fixed_items());
        let is_described = item.iter().any(|schema| schema.is_object());
        let is_open = is_again
            || item
                .first()
                .is_some_and(|item| self.open.contains(&conjunction::identity(self.doc, item)));
        let usual = all.fixed_items().max(usize::from(is_described && !is_open));
        let is_shown = depth < super::MOST_DEPTH && !self.is_crowded();
        let usual = if is_shown { usual } else { 0 };
        let mut lengths = vec![usual.max(least).min(most.max(least)), least];
        lengths.dedup();
        let nodes = self.nodes_left;
        for length in lengths {
            self.nodes_left = nodes;
            let items = self.items(all, length, depth, variant);
            if let Some(value) = self.kept(Value::Array(items), schemas, first) {
                return Some(value);
            }
        }
        None
    }

    fn items(&mut self, all: &Conjunction<'d>, length: usize, depth: usize, variant: usize) -> Vec<Value> {
        let is_unique = all.flag("uniqueItems");
        let mut contained: Vec<&'d Value> = Vec::new();
        for (schema, least) in all.contained() {
            contained.extend(std::iter::repeat_n(schema, least.min(MOST_ITEMS)));
        }
        let fixed = all.fixed_items();
        let mut items: Vec<Value> = Vec::new();
        for at in 0..length {
            if self.nodes_left == 0 {
                break;
            }
            let mut schemas = all.item(at);
            let of_contained = contained.get(at.wrapping_sub(fixed)).or_else(|| contained.get(at));
            schemas.extend(of_contained);
            let is_like_last = at > fixed && of_contained.is_none() && contained.get(at.wrapping_sub(1)).is_none();
            if !is_unique
                && is_like_last
                && let Some(last) = items.last().cloned()
            {
                // One item more of the same: cheap, so that long lists don't use up what deep ones need.
                self.bytes_left = self.bytes_left.saturating_sub(crate::model::weight(&last));
                if self.bytes_left == 0 {
                    break;
                }
                items.push(last);
                continue;
            }
            let mut made = self.value(&schemas, depth + 1, variant);
            if is_unique {
                for another in 1..=at + MOST_VARIANTS {
                    if !items.contains(&made.value) || self.work_left == 0 {
                        break;
                    }
                    made = self.value(&schemas, depth + 1, variant + another);
                }
            }
            if made.fits || at < all.at_least("minItems") || of_contained.is_some() {
                items.push(made.value);
            }
        }
        items
    }
}
