//! Everything that applies to one value at once: the target of `$ref`, the members of `allOf`, and of each choice (`oneOf`,
//! `anyOf`, `if`, `dependentSchemas`) the branch that was picked.

use std::collections::HashSet;

use serde_json::{Map, Value};

use crate::model::{Document, Format};
use crate::reference;

/// Most schemas that apply to one value.
const MOST_PARTS: usize = 64;
/// Alternatives of one choice that are looked at.
const MOST_ALTERNATIVES: usize = 64;

/// Schema objects that apply together.
pub(super) struct Conjunction<'d> {
    doc: &'d Document,
    /// Inherited ones first, the schema's own later, picked branches last.
    parts: Vec<&'d Map<String, Value>>,
    /// Where the schema is in the document, to notice recursion.
    pub(super) identity: usize,
    /// Where the alternatives are that were picked.
    pub(super) picked: Vec<usize>,
    /// `false` is among them.
    pub(super) is_never: bool,
    /// `nullable` beside something without a type.
    pub(super) is_nullable: bool,
    /// How many branches each choice has, in the order they were met.
    pub(super) arity: Vec<usize>,
    /// Properties that tell alternatives apart, with what stands for those picked.
    pub(super) discriminators: Vec<(&'d str, String)>,
    /// Properties that must not be there for the branches picked.
    absent: HashSet<&'d str>,
}

/// What guides the picking.
pub(super) struct Picks<'p> {
    /// The branch of each choice in turn; the first where the list ends.
    pub(super) picks: &'p [usize],
    /// Schemas that this value is inside of; alternatives that lead back to them go last.
    pub(super) open: &'p [usize],
}

impl<'d> Conjunction<'d> {
    pub(super) fn of(doc: &'d Document, schemas: &[&'d Value], picks: &Picks<'_>) -> Self {
        let mut all = Self {
            doc,
            parts: Vec::new(),
            identity: schemas.first().map_or(0, |first| identity(doc, first)),
            picked: Vec::new(),
            is_never: false,
            is_nullable: false,
            arity: Vec::new(),
            discriminators: Vec::new(),
            absent: HashSet::new(),
        };
        let mut seen = HashSet::new();
        for schema in schemas {
            all.collect(schema, picks, &mut seen, 0);
        }
        all
    }

    fn collect(&mut self, schema: &'d Value, picks: &Picks<'_>, seen: &mut HashSet<usize>, depth: usize) {
        let address = std::ptr::from_ref(schema).addr();
        if depth > MOST_PARTS || self.parts.len() >= MOST_PARTS || !seen.insert(address) {
            return;
        }
        let map = match schema {
            Value::Object(map) => map,
            Value::Bool(false) => {
                self.is_never = true;
                return;
            }
            _ => return,
        };
        self.is_nullable |= map.get("nullable").is_some_and(|flag| flag == true);
        if reference::of(schema).is_some() {
            if let Ok(resolved) = self.doc.resolve(schema) {
                self.collect(resolved.value, picks, seen, depth + 1);
            }
            // What stands beside a reference means nothing up to 3.0.
            if matches!(self.doc.format(), Format::OpenApi20 | Format::OpenApi30) {
                return;
            }
        }
        for member in list(map, "allOf").take(MOST_PARTS) {
            self.collect(member, picks, seen, depth + 1);
        }
        self.parts.push(map);
        for keyword in ["oneOf", "anyOf"] {
            let alternatives = self.ordered(map, keyword, picks.open);
            if let Some(chosen) = alternatives.get(self.pick(alternatives.len(), picks)) {
                self.discriminate(map, chosen);
                self.picked.push(identity(self.doc, chosen));
                self.collect(chosen, picks, seen, depth + 1);
            }
        }
        if let Some(condition) = map.get("if")
            && (map.contains_key("then") || map.contains_key("else"))
        {
            let branches = if self.pick(2, picks) == 0 {
                [Some(condition), map.get("then")]
            } else {
                [map.get("else"), None]
            };
            for branch in branches.into_iter().flatten() {
                self.collect(branch, picks, seen, depth + 1);
            }
        }
        let dependent = map.get("dependentSchemas").and_then(Value::as_object);
        for (name, schema) in dependent.into_iter().flatten().take(MOST_PARTS) {
            if self.pick(2, picks) == 0 {
                self.collect(schema, picks, seen, depth + 1);
            } else {
                self.absent.insert(name);
            }
        }
        if let Some(not) = map.get("not") {
            self.absent.extend(
                strings(not.get("required"))
                    .last()
                    .filter(|_| not.get("properties").is_none()),
            );
        }
    }

    /// The branch to take at the next choice.
    fn pick(&mut self, count: usize, picks: &Picks<'_>) -> usize {
        if count == 0 {
            return 0;
        }
        let pick = picks.picks.get(self.arity.len()).copied().unwrap_or(0);
        self.arity.push(count);
        pick
    }

    /// Alternatives, those last that say null or lead back to what is being made.
    fn ordered(&self, map: &'d Map<String, Value>, keyword: &str, open: &[usize]) -> Vec<&'d Value> {
        let mut alternatives: Vec<&'d Value> = list(map, keyword).take(MOST_ALTERNATIVES).collect();
        alternatives.sort_by_key(|alternative| {
            let is_null = alternative.get("type").is_some_and(|kind| kind == "null");
            let is_open = open.contains(&identity(self.doc, alternative));
            (is_null, is_open)
        });
        alternatives
    }

    /// Remembers what the property that tells alternatives apart must say for the one chosen.
    fn discriminate(&mut self, map: &'d Map<String, Value>, chosen: &'d Value) {
        let discriminator = map.get("discriminator");
        let property = discriminator.and_then(|discriminator| discriminator.get("propertyName")?.as_str());
        let (Some(discriminator), Some(property), Some(target)) = (discriminator, property, reference::of(chosen))
        else {
            return;
        };
        let name = reference::component_name(target);
        let mapping = discriminator.get("mapping").and_then(Value::as_object);
        let mapped = mapping
            .into_iter()
            .flatten()
            .filter_map(|(key, mapped)| Some((key, mapped.as_str()?)))
            .find(|(_, mapped)| *mapped == target || Some(*mapped) == name.as_deref())
            .map(|(key, _)| key.clone());
        if let Some(name) = mapped.or(name) {
            self.discriminators.push((property, name));
        }
    }

    /// Every value the keyword has, picked branches and the schema's own first.
    pub(super) fn every(&self, keyword: &str) -> impl Iterator<Item = &'d Value> {
        self.parts.iter().rev().filter_map(move |part| part.get(keyword))
    }

    pub(super) fn flag(&self, keyword: &str) -> bool {
        self.every(keyword).any(|value| value == true)
    }

    pub(super) fn text(&self, keyword: &str) -> Option<&'d str> {
        self.every(keyword).find_map(Value::as_str)
    }

    /// The greatest of the lower bounds on a count.
    pub(super) fn at_least(&self, keyword: &str) -> usize {
        let bounds = self.every(keyword).filter_map(whole);
        bounds.max().unwrap_or(0)
    }

    /// The smallest of the upper bounds on a count.
    pub(super) fn at_most(&self, keyword: &str) -> usize {
        let bounds = self.every(keyword).filter_map(whole);
        bounds.min().unwrap_or(usize::MAX)
    }

    /// What the document says is a value, the schema's own words first.
    pub(super) fn given(&self) -> Vec<&'d Value> {
        /// Values of an enum that are tried.
        const MOST_VALUES: usize = 64;
        let mut given: Vec<&'d Value> = Vec::new();
        for part in self.parts.iter().rev() {
            given.extend(part.get("example"));
            given.extend(list(part, "examples").take(MOST_VALUES));
        }
        given.extend(self.every("const"));
        given.extend(self.every("default").filter(|value| !value.is_null()));
        for values in self.every("enum").filter_map(Value::as_array) {
            let values = || values.iter().take(MOST_VALUES);
            given.extend(values().filter(|value| !value.is_null()));
            given.extend(values().filter(|value| value.is_null()));
        }
        given
    }

    /// The names of the properties it knows, in order of appearance, inherited ones first.
    pub(super) fn names(&self) -> Vec<&'d str> {
        let mut seen = HashSet::new();
        let properties = self.parts.iter().flat_map(|part| objects(part, "properties"));
        properties
            .map(|(name, _)| name)
            .filter(|name| seen.insert(*name))
            .collect()
    }

    /// The names it requires, in order.
    pub(super) fn required(&self) -> Vec<&'d str> {
        let mut seen = HashSet::new();
        let names = self.parts.iter().flat_map(|part| strings(part.get("required")));
        names.filter(|name| seen.insert(*name)).collect()
    }

    /// Names that must come along with this one.
    pub(super) fn dependents(&self, name: &str) -> Vec<&'d str> {
        self.every("dependentRequired")
            .flat_map(|dependent| strings(dependent.get(name)))
            .collect()
    }

    /// Whether the branches picked want the property left out.
    pub(super) fn is_absent(&self, name: &str) -> bool {
        self.absent.contains(name)
    }

    /// Every schema that applies to a property, the most specific first.
    pub(super) fn property(&self, name: &str, matches: &mut dyn FnMut(&'d str, &str) -> bool) -> Vec<&'d Value> {
        let mut schemas = Vec::new();
        for part in self.parts.iter().rev() {
            let named = part.get("properties").and_then(|properties| properties.get(name));
            let before = schemas.len();
            schemas.extend(named);
            for (pattern, schema) in objects(part, "patternProperties").take(MOST_PARTS) {
                if matches(pattern, name) {
                    schemas.push(schema);
                }
            }
            if schemas.len() == before {
                schemas.extend(part.get("additionalProperties"));
            }
        }
        schemas
    }

    /// The patterns of names it knows.
    pub(super) fn name_patterns(&self) -> Vec<&'d str> {
        let patterns = self.parts.iter().flat_map(|part| objects(part, "patternProperties"));
        patterns.map(|(pattern, _)| pattern).take(8).collect()
    }

    /// The schemas of the item at a place.
    pub(super) fn item(&self, at: usize) -> Vec<&'d Value> {
        let mut schemas = Vec::new();
        for part in self.parts.iter().rev() {
            let first = part.get("prefixItems").and_then(Value::as_array);
            match first.and_then(|first| first.get(at)) {
                Some(schema) => schemas.push(schema),
                None => schemas.extend(part.get("items").filter(|items| !items.is_array())),
            }
        }
        schemas
    }

    /// How many items have schemas of their own.
    pub(super) fn fixed_items(&self) -> usize {
        let lists = self.every("prefixItems").filter_map(Value::as_array);
        lists.map(Vec::len).max().unwrap_or(0)
    }

    /// What some items must be: schema, and how many of them.
    pub(super) fn contained(&self) -> Vec<(&'d Value, usize)> {
        let parts = self.parts.iter().filter_map(|part| {
            let least = part.get("minContains").and_then(whole).unwrap_or(1);
            Some((part.get("contains")?, least))
        });
        parts.collect()
    }
}

/// Where a schema is once references and wrappers of a single `allOf` are followed.
pub(super) fn identity(doc: &Document, schema: &Value) -> usize {
    let mut at = schema;
    for _ in 0..8 {
        at = doc.resolve(at).map_or(at, |resolved| resolved.value);
        match (at.get("allOf").and_then(Value::as_array), at.get("properties")) {
            (Some(members), None) if members.len() == 1 => at = &members[0],
            _ => break,
        }
    }
    std::ptr::from_ref(at).addr()
}

fn list<'d>(map: &'d Map<String, Value>, keyword: &str) -> impl Iterator<Item = &'d Value> {
    map.get(keyword).and_then(Value::as_array).into_iter().flatten()
}

fn objects<'d>(map: &'d Map<String, Value>, keyword: &str) -> impl Iterator<Item = (&'d str, &'d Value)> {
    let entries = map.get(keyword).and_then(Value::as_object);
    entries
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.as_str(), value))
}

fn strings(list: Option<&Value>) -> impl Iterator<Item = &str> {
    list.and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
}

fn whole(value: &Value) -> Option<usize> {
    let number = value
        .as_f64()
        .filter(|number| *number >= 0.0 && number.fract() == 0.0)?;
    Some(number as usize)
}
