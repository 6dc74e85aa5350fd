//! Checks a value against compiled schemas.

use std::cmp::Ordering;

use serde_json::{Number, Value};

use super::node::{Choice, Node, Rule, SchemaId, TypeSet};
use super::run::{Found, Run, Steps};
use super::{Schemas, number, words};

impl Schemas {
    /// What the schema says against the value, at most `room` findings. `files` are top-level properties that aren't
    /// looked at.
    pub(in crate::validate) fn check(
        &self,
        schema: SchemaId,
        value: &Value,
        steps: &mut Steps,
        files: &[&str],
        room: usize,
    ) -> Vec<Found> {
        let mut run = Run::new(steps, files, room);
        self.visit(schema, value, &mut run);
        run.into_found()
    }

    /// Whether the value fits the schema.
    pub(in crate::validate) fn accepts(&self, schema: SchemaId, value: &Value, steps: &mut Steps) -> bool {
        self.visit(schema, value, &mut Run::new(steps, &[], 0))
    }

    pub(super) fn node(&self, schema: SchemaId) -> &Node {
        &self.nodes[schema.0 as usize]
    }

    pub(super) fn visit<'r>(&'r self, schema: SchemaId, value: &'r Value, run: &mut Run<'r>) -> bool {
        let node = self.node(schema);
        if !run.enter() {
            run.leave();
            return false;
        }
        let is_valid = if !node.is_target {
            self.rules(node, value, run)
        } else if run.open(schema.0, value) {
            let is_valid = self.rules(node, value, run);
            run.close();
            is_valid
        } else {
            // The schema contains itself in place, which asks nothing new.
            true
        };
        run.leave();
        is_valid
    }

    fn rules<'r>(&'r self, node: &'r Node, value: &'r Value, run: &mut Run<'r>) -> bool {
        if node.is_nullable && value.is_null() {
            return true;
        }
        if run.is_file() {
            return true;
        }
        if let Some(types) = node.types
            && !types.meets(TypeSet::of(value))
        {
            return run.fail("type", || {
                format!("must be {}, not {}", types.words(), TypeSet::of(value).words())
            });
        }
        let mut is_valid = true;
        let mut has_spared = false;
        for rule in &node.rules {
            if let Rule::NotRequired(names) = rule {
                run.spare(names, value);
                has_spared = true;
                continue;
            }
            if !self.rule(node, rule, value, run) {
                is_valid = false;
                if run.is_done() {
                    break;
                }
            }
        }
        if has_spared {
            run.end_spare();
        }
        is_valid
    }

    fn rule<'r>(&'r self, node: &'r Node, rule: &'r Rule, value: &'r Value, run: &mut Run<'r>) -> bool {
        match (rule, value) {
            (Rule::Never, _) => run.fail("false", || "must not be sent".to_owned()),
            (Rule::Hidden(keyword), _) if run.is_property() => run.fail(keyword, || words::hidden(keyword)),
            (Rule::Reference(target), value) => self.visit(*target, value, run),
            (Rule::Const(expected), value) => {
                number::is_equal(expected, value) || run.fail("const", || format!("must be {}", words::value(expected)))
            }
            (Rule::Enum(values), value) => {
                run.steps.take(values.len() as u64 / 8);
                values.iter().any(|known| number::is_equal(known, value)) || run.fail("enum", || words::one_of(values))
            }
            (Rule::Words(known), value) => {
                let is_known = |text: &str| known.binary_search_by(|word| (**word).cmp(text)).is_ok();
                value.as_str().is_some_and(is_known) || run.fail("enum", || words::one_of_many(known.len()))
            }
            (
                Rule::MultipleOf(_)
                | Rule::Minimum(_)
                | Rule::ExclusiveMinimum(_)
                | Rule::Maximum(_)
                | Rule::ExclusiveMaximum(_),
                Value::Number(number),
            ) => number_rule(rule, number, run),
            (Rule::MinLength(_) | Rule::MaxLength(_) | Rule::Pattern(_), Value::String(text)) => {
                text_rule(rule, text, run)
            }
            (Rule::Format(format), value) => {
                format.accepts(value) || run.fail("format", || format!("must be {}", format.words()))
            }
            (
                Rule::Items(_)
                | Rule::Contains { .. }
                | Rule::MinItems(_)
                | Rule::MaxItems(_)
                | Rule::UniqueItems
                | Rule::UnevaluatedItems(_),
                Value::Array(items),
            ) => self.array_rule(node, rule, value, items, run),
            (
                Rule::Properties(_)
                | Rule::PropertyNames(_)
                | Rule::MinProperties(_)
                | Rule::MaxProperties(_)
                | Rule::Required(_)
                | Rule::DependentRequired(_)
                | Rule::DependentSchemas(_)
                | Rule::UnevaluatedProperties(_),
                Value::Object(map),
            ) => self.object_rule(node, rule, value, map, run),
            (Rule::AllOf(members), value) => self.all(members, value, run),
            (Rule::AnyOf(choice), value) => self.any_of(choice, value, run),
            (Rule::OneOf(choice), value) => self.one_of(choice, value, run),
            (Rule::Not(schema), value) => {
                !run.probe(|run| self.visit(*schema, value, run))
                    || run.fail("not", || "matches what the document rules out".to_owned())
            }
            (Rule::If(condition), value) => {
                let is_met = run.probe(|run| self.visit(condition.test, value, run));
                let branch = if is_met { condition.then } else { condition.otherwise };
                branch.is_none_or(|branch| self.visit(branch, value, run))
            }
            _ => true,
        }
    }

    fn all<'r>(&'r self, members: &'r [SchemaId], value: &'r Value, run: &mut Run<'r>) -> bool {
        let mut is_valid = true;
        for member in members {
            is_valid &= self.visit(*member, value, run);
            if !is_valid && run.is_done() {
                break;
            }
        }
        is_valid
    }

    /// The alternative that the discriminator names, if there is one and the value has it.
    pub(super) fn named_alternative(choice: &Choice, value: &Value) -> Option<SchemaId> {
        let discriminator = choice.discriminator.as_ref()?;
        let name = value.get(&*discriminator.property)?.as_str()?;
        let at = discriminator.values.binary_search_by(|(known, _)| (**known).cmp(name));
        Some(discriminator.values[at.ok()?].1)
    }

    fn any_of<'r>(&'r self, choice: &'r Choice, value: &'r Value, run: &mut Run<'r>) -> bool {
        if let Some(named) = Self::named_alternative(choice, value) {
            return self.visit(named, value, run);
        }
        let mut alternatives = choice.alternatives.iter();
        if run.probe(|run| alternatives.any(|alternative| self.visit(*alternative, value, run))) {
            return true;
        }
        self.no_alternative("anyOf", choice, value, run)
    }

    fn one_of<'r>(&'r self, choice: &'r Choice, value: &'r Value, run: &mut Run<'r>) -> bool {
        if let Some(named) = Self::named_alternative(choice, value) {
            return self.visit(named, value, run);
        }
        let matching = run.probe(|run| {
            let alternatives = choice.alternatives.iter();
            let fitting = alternatives.filter(|alternative| self.visit(**alternative, value, run));
            fitting.take(2).count()
        });
        match matching {
            0 => self.no_alternative("oneOf", choice, value, run),
            1 => true,
            _ => run.fail("oneOf", || {
                "matches more than one of the alternatives and must match exactly one".to_owned()
            }),
        }
    }

    /// Says what is wrong with a value that fits no alternative: where only one has its type, what that one says.
    fn no_alternative<'r>(
        &'r self,
        keyword: &'static str,
        choice: &'r Choice,
        value: &'r Value,
        run: &mut Run<'r>,
    ) -> bool {
        if run.is_probe() {
            return false;
        }
        let kind = TypeSet::of(value);
        let mut of_type = choice
            .alternatives
            .iter()
            .filter(|alternative| self.types(**alternative, 0).meets(kind));
        match (of_type.next(), of_type.next()) {
            (Some(only), None) => self.visit(*only, value, run),
            (None, _) => {
                let accepted = choice
                    .alternatives
                    .iter()
                    .fold(TypeSet::NONE, |sum, alternative| sum.with(self.types(*alternative, 0)));
                run.fail(keyword, || {
                    format!("must be {}, not {}", accepted.words(), kind.words())
                })
            }
            _ => run.fail(keyword, || {
                format!("matches none of the {} alternatives", choice.alternatives.len())
            }),
        }
    }

    /// The types that may fit a schema.
    pub(in crate::validate) fn types(&self, schema: SchemaId, depth: usize) -> TypeSet {
        let node = self.node(schema);
        let mut types = node.types.unwrap_or(TypeSet::ALL);
        if depth > 6 {
            return types;
        }
        for rule in &node.rules {
            types = match rule {
                Rule::Never => TypeSet::NONE,
                Rule::Reference(target) => types.common(self.types(*target, depth + 1)),
                Rule::AllOf(members) => members
                    .iter()
                    .take(16)
                    .fold(types, |types, member| types.common(self.types(*member, depth + 1))),
                Rule::Const(value) => types.common(TypeSet::of(value)),
                _ => types,
            };
        }
        if node.is_nullable {
            types = types.with(TypeSet::NULL);
        }
        types
    }
}

fn number_rule(rule: &Rule, number: &Number, run: &mut Run<'_>) -> bool {
    let compared = |bound: &Number| number::compare(number, bound);
    match rule {
        Rule::MultipleOf(step) => {
            number::is_multiple(number, step) || run.fail("multipleOf", || format!("must be a multiple of {step}"))
        }
        Rule::Minimum(least) => {
            compared(least) != Ordering::Less || run.fail("minimum", || format!("must be at least {least}"))
        }
        Rule::ExclusiveMinimum(bound) => {
            compared(bound) == Ordering::Greater
                || run.fail("exclusiveMinimum", || format!("must be greater than {bound}"))
        }
        Rule::Maximum(most) => {
            compared(most) != Ordering::Greater || run.fail("maximum", || format!("must be at most {most}"))
        }
        Rule::ExclusiveMaximum(bound) => {
            compared(bound) == Ordering::Less || run.fail("exclusiveMaximum", || format!("must be less than {bound}"))
        }
        _ => true,
    }
}

fn text_rule(rule: &Rule, text: &str, run: &mut Run<'_>) -> bool {
    // Characters are Unicode code points (2020-12 Validation §6.3.1); a text has no more of them than bytes.
    let length = || text.chars().count() as u64;
    match rule {
        Rule::MinLength(least) => {
            let message = || format!("must have at least {}", words::count(*least, "character"));
            length() >= *least || run.fail("minLength", message)
        }
        Rule::MaxLength(most) => {
            let message = || format!("must have at most {}", words::count(*most, "character"));
            text.len() as u64 <= *most || length() <= *most || run.fail("maxLength", message)
        }
        Rule::Pattern(pattern) => {
            run.steps.take(1 + text.len() as u64 / 16);
            pattern.matches(text) || run.fail("pattern", || words::pattern(pattern.text()))
        }
        _ => true,
    }
}
