//! Examples that aren't what their schema says.

use std::collections::HashMap;

use serde_json::Value;

use super::is_modern;
use crate::lint::collector::Collector;
use crate::lint::json_schema::{Dialect, Engine, Refusal, Registry, Relaxed, Settings, is_truthy, report};
use crate::lint::place::Place;
use crate::lint::view::{View, address, child};
use crate::lint::walk::{Context, Key, Visit};
use crate::model::Format;

/// Steps for one example; the dearest one of GitHub's document takes 1,900.
const MOST_STEPS: usize = 50_000;
/// Steps for all examples of a document; GitHub's take 43,000.
const MOST_STEPS_OF_ALL: usize = 1_000_000;

/// Checks examples against schemas, each of which is compiled once.
pub(super) struct Examples<'v, 'd> {
    view: &'v View<'d>,
    format: Format,
    engine: Engine<'v, 'd>,
    meta: Engine<'v, 'd>,
    /// For schemas that contain themselves.
    recursive: Option<Engine<'v, 'd>>,
    refusals: HashMap<(usize, Relaxed), Option<Refusal>>,
    steps: usize,
}

impl<'v, 'd> Examples<'v, 'd> {
    pub(super) fn new(view: &'v View<'d>, circles: Option<&'v View<'d>>, format: Format) -> Self {
        let dialect = if is_modern(format) {
            Dialect::Draft2020
        } else {
            Dialect::Draft4
        };
        let settings = Settings {
            dialect,
            has_all_errors: false,
            has_x_nullable: format == Format::OpenApi20,
        };
        let (registry, meta) = match dialect {
            Dialect::Draft2020 => (Registry::draft_2020(), Dialect::Draft2020),
            _ => (Registry::draft_4(), Dialect::Draft4),
        };
        let meta = Settings {
            dialect: meta,
            has_x_nullable: false,
            ..settings
        };
        Self {
            view,
            format,
            engine: Engine::of_document(settings, view),
            meta: Engine::of_meta_schema(meta, registry, view),
            recursive: circles.map(|circles| Engine::of_document(settings, circles)),
            refusals: HashMap::new(),
            steps: MOST_STEPS_OF_ALL,
        }
    }

    /// Checks the examples that a value has.
    pub(super) fn check(&mut self, visit: &Visit<'d, '_>, collector: &mut Collector) {
        let is_v2 = self.format == Format::OpenApi20;
        let (schema_rule, media_rule) = if is_v2 {
            ("oas2-valid-schema-example", "oas2-valid-media-example")
        } else {
            ("oas3-valid-schema-example", "oas3-valid-media-example")
        };
        let context = visit.context;
        let places = if is_v2 {
            [
                Context::DEFINITIONS,
                Context::PARAMETERS,
                Context::RESPONSES,
                Context::RESPONSES,
            ]
        } else {
            [
                Context::SCHEMAS,
                Context::CONTENT,
                Context::HEADERS,
                Context::PARAMETERS,
            ]
        };
        if places.iter().any(|place| context.has(*place)) && visit.key != Key::Properties {
            self.schema_examples(schema_rule, visit, collector);
        }
        let places = if is_v2 {
            [Context::RESPONSES, Context::RESPONSES, Context::RESPONSES]
        } else {
            [Context::CONTENT, Context::HEADERS, Context::PARAMETERS]
        };
        if places.iter().any(|place| context.has(*place)) {
            self.media_examples(media_rule, visit, collector);
        }
    }

    fn schema_examples(&mut self, rule: &str, visit: &Visit<'d, '_>, collector: &mut Collector) {
        let Some(map) = visit.value.as_object() else { return };
        let fields: &[&str] = if self.format == Format::OpenApi20 {
            &["example", "x-example", "default"]
        } else {
            &["example", "default"]
        };
        if !fields.iter().any(|field| map.contains_key(*field)) {
            return;
        }
        let signs = ["enum", "type", "format", "$ref", "properties", "items"];
        if !signs.iter().any(|key| is_truthy(self.view.get(visit.value, key))) || !collector.is_on(rule) {
            return;
        }
        for field in fields {
            if let Some(value) = map.get(*field) {
                self.example(rule, visit.value, value, Relaxed::No, visit.place, &[field], collector);
            }
        }
    }

    fn media_examples(&mut self, rule: &str, visit: &Visit<'d, '_>, collector: &mut Collector) {
        let Some(map) = visit.value.as_object() else { return };
        let Some(schema) = map.get("schema").filter(|schema| is_truthy(Some(schema))) else {
            return;
        };
        let relaxed = if visit.context.has(Context::IN_REQUEST) {
            Relaxed::ReadOnly
        } else if visit.context.has(Context::IN_RESPONSE) {
            Relaxed::WriteOnly
        } else {
            Relaxed::No
        };
        let examples = map.get("examples").map(|examples| self.view.value(examples));
        if !collector.is_on(rule) {
            return;
        }
        if self.format == Format::OpenApi20 {
            for (step, value) in examples.into_iter().flat_map(crate::lint::view::children) {
                let step = step.text();
                self.example(
                    rule,
                    schema,
                    value,
                    relaxed,
                    visit.place,
                    &["examples", &step],
                    collector,
                );
            }
            return;
        }
        if let Some(value) = map.get("example") {
            self.example(rule, schema, value, relaxed, visit.place, &["example"], collector);
            return;
        }
        for (step, entry) in examples.into_iter().flat_map(crate::lint::view::children) {
            let entry = self.view.value(entry);
            let is_checked =
                entry.is_array() || entry.as_object().is_some_and(|map| !map.contains_key("externalValue"));
            if !is_checked {
                continue;
            }
            let step = step.text();
            match entry.get("value") {
                Some(value) => {
                    self.example(
                        rule,
                        schema,
                        value,
                        relaxed,
                        visit.place,
                        &["examples", &step, "value"],
                        collector,
                    );
                }
                None => {
                    let path = self.view.closest(visit.place, ["examples", &step, "value"]);
                    collector.add(rule, path, format!("\"{step}.value\" property must exist"));
                }
            }
        }
    }

    /// Checks one example.
    #[expect(
        clippy::too_many_arguments,
        reason = "where it is, what it should be, and whom to tell"
    )]
    fn example(
        &mut self,
        rule: &str,
        schema: &'d Value,
        value: &'d Value,
        relaxed: Relaxed,
        place: &Place<'_>,
        steps: &[&str],
        collector: &mut Collector,
    ) {
        if self.steps == 0 {
            return;
        }
        let schema = self.view.value(schema);
        let value = self.view.value(value);
        self.judge(schema, relaxed);
        let (mut rule, mut engine) = (rule, Some(&mut self.engine));
        match self.refusals.get(&(address(schema), relaxed)).cloned().flatten() {
            // Spectral says nothing about these, so the finding has a name of its own.
            Some(Refusal::Reference) => (rule, engine) = ("recursive-schema-example", self.recursive.as_mut()),
            Some(Refusal::Budget) => return,
            Some(Refusal::Message(message)) => {
                collector.add(rule, self.view.closest(place, steps.iter().copied()), message);
                return;
            }
            None => {}
        }
        let Some(engine) = engine else { return };
        let Ok(id) = engine.compile(schema) else { return };
        let budget = MOST_STEPS.min(self.steps);
        let faults = engine.check(id, value, relaxed, budget);
        self.steps -= engine.steps_taken(budget).min(self.steps);
        let Some(faults) = faults.filter(|faults| !faults.is_empty()) else {
            return;
        };
        let mut base = place.path();
        base.extend(steps.iter().map(|step| (*step).to_owned()));
        for found in report(&faults, &base, value) {
            let inner = found.path.iter().map(String::as_str);
            let path = self.view.closest(place, steps.iter().copied().chain(inner));
            collector.add(rule, path, found.message);
        }
    }

    /// Finds out why the schema can't be used, if it can't.
    fn judge(&mut self, schema: &'d Value, relaxed: Relaxed) {
        let key = (address(schema), relaxed);
        if self.refusals.contains_key(&key) {
            return;
        }
        let refusal = self
            .meta_refusal(schema, relaxed)
            .or_else(|| self.engine.compile(schema).err());
        self.refusals.insert(key, refusal);
    }

    fn meta_refusal(&mut self, schema: &'d Value, relaxed: Relaxed) -> Option<Refusal> {
        let root = self.meta.compile_root().ok()?;
        // A schema of a version before 3.1 may say that it is required itself; that is no part of JSON Schema.
        if self.format == Format::OpenApi20 && schema.get("required").is_some_and(Value::is_boolean) {
            return None;
        }
        let faults = self.meta.check(root, schema, relaxed, 500_000)?;
        if faults.is_empty() {
            return None;
        }
        let texts: Vec<String> = faults
            .iter()
            .map(|fault| {
                let path: String = fault.path.iter().flat_map(|step| ["/", step.as_str()]).collect();
                format!("data{path} {}", fault.message)
            })
            .collect();
        Some(Refusal::Message(format!("schema is invalid: {}", texts.join(", "))))
    }
}

/// `oas3-examples-value-or-externalValue` for the examples of media types, parameters and headers.
pub(super) fn value_or_external(visit: &Visit<'_, '_>, collector: &mut Collector) {
    if visit.context.has(Context::EXAMPLE) {
        value_xor_external(visit.value, visit.place, collector);
    }
}

fn value_xor_external(example: &Value, place: &Place<'_>, collector: &mut Collector) {
    let rule = "oas3-examples-value-or-externalValue";
    let Some(map) = example.as_object() else { return };
    if map.contains_key("value") == map.contains_key("externalValue") {
        collector.describe_at(rule, place);
    }
}

/// The same, for those of `components`.
pub(super) fn of_components(view: &View<'_>, collector: &mut Collector) {
    let mut check = |steps: &[&str]| {
        let start = steps
            .iter()
            .try_fold(view.root, |value, step| Some(view.value(child(value, step)?)));
        for (step, example) in start.into_iter().flat_map(crate::lint::view::children) {
            let step = step.text();
            let path = view.closest(&Place::ROOT, steps.iter().copied().chain([step.as_str()]));
            value_xor_external(view.value(example), &Place::At(&path), collector);
        }
    };
    check(&["components", "examples"]);
    for section in ["parameters", "headers"] {
        for (name, _) in super::members(view.root.pointer(&format!("/components/{section}"))) {
            check(&["components", section, name, "examples"]);
        }
    }
}
