//! What is asked of a value, in words. Numbers are shown as the document has them.

use serde_json::Value;

use super::merge::Merged;
use super::{Constraint, TreeBudget};

/// Characters of a default or example that are shown.
const LONGEST_VALUE: usize = 200;
/// Examples that are shown.
const MOST_EXAMPLES: usize = 3;

/// Everything that is asked of a value of this schema, the most telling first.
pub(super) fn constraints(schema: &Merged<'_>, budget: &TreeBudget) -> Vec<Constraint> {
    let mut list = List {
        schema,
        constraints: Vec::new(),
    };
    if let Some(reference) = &schema.broken {
        list.add("reference not found", vec![shortened(reference)]);
    }
    list.value("format", "format");
    list.value("const", "always");
    list.enumeration(budget.values);
    list.value("default", "default");
    list.counted("minLength", "maxLength", "character");
    list.range();
    list.value("multipleOf", "multiple of");
    list.value("pattern", "pattern");
    list.counted("minItems", "maxItems", "item");
    if schema.flag("uniqueItems") {
        list.add("unique items", Vec::new());
    }
    list.counted("minProperties", "maxProperties", "property");
    list.closed();
    list.names();
    list.dependent_required();
    list.contains();
    list.excluded(budget.values);
    list.value("contentMediaType", "content");
    list.value("contentEncoding", "encoded as");
    list.discriminator();
    list.examples();
    list.constraints
}

/// A text short enough for a table.
pub(super) fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST_VALUE) {
        None => text.to_owned(),
        Some((at, _)) => format!("{}…", &text[..at]),
    }
}

struct List<'m, 'd> {
    schema: &'m Merged<'d>,
    constraints: Vec<Constraint>,
}

impl List<'_, '_> {
    fn add(&mut self, label: impl Into<String>, values: Vec<String>) {
        self.constraints.push(Constraint {
            label: label.into(),
            values,
        });
    }

    fn display(&self, value: &Value) -> String {
        // Large values are cut before they are written out, where that is possible.
        match value {
            Value::String(text) if text.is_empty() => "\"\"".to_owned(),
            Value::String(text) => shortened(text),
            Value::Array(items) if items.len() > LONGEST_VALUE => format!("a list of {} items", items.len()),
            other => shortened(&self.schema.doc.display(other)),
        }
    }

    fn value(&mut self, keyword: &str, label: &str) {
        if let Some(value) = self.schema.get(keyword) {
            let shown = self.display(value);
            self.add(label, vec![shown]);
        }
    }

    fn listed(&mut self, label: &str, values: &[Value], most: usize) {
        let shown = values.iter().take(most).map(|value| self.display(value)).collect();
        let label = if values.len() > most {
            format!("{label} {} values, among them", values.len())
        } else {
            label.to_owned()
        };
        self.add(label, shown);
    }

    fn enumeration(&mut self, most: usize) {
        if let Some(Value::Array(values)) = self.schema.get("enum") {
            self.listed("one of", values, most);
        }
    }

    /// `not` with plain values; anything else becomes a child.
    fn excluded(&mut self, most: usize) {
        let Some(not) = self.schema.get("not") else { return };
        if let Some(Value::Array(values)) = not.get("enum") {
            self.listed("none of", values, most);
        } else if let Some(value) = not.get("const") {
            let shown = self.display(value);
            self.add("not", vec![shown]);
        }
    }

    /// The strictest of the bounds that apply.
    fn bound(&self, keyword: &str, is_lower: bool) -> Option<&Value> {
        let number = |value: &&Value| value.as_f64().unwrap_or(0.0);
        let bounds = self.schema.every(keyword).filter(|value| value.is_number());
        if is_lower {
            bounds.max_by(|a, b| number(a).total_cmp(&number(b)))
        } else {
            bounds.min_by(|a, b| number(a).total_cmp(&number(b)))
        }
    }

    fn counted(&mut self, least: &str, most: &str, unit: &str) {
        let plural = match unit {
            "property" => "properties".to_owned(),
            unit => format!("{unit}s"),
        };
        let show = |value: Option<&Value>| value.map(|value| self.schema.doc.display(value));
        let least = show(self.bound(least, true)).filter(|text| text != "0");
        let most = show(self.bound(most, false));
        let unit_of = |count: &str| if count == "1" { unit.to_owned() } else { plural.clone() };
        let label = match (least, most) {
            (None, None) => return,
            (Some(least), Some(most)) if least == most => format!("exactly {least} {}", unit_of(&least)),
            (Some(least), Some(most)) => format!("from {least} to {most} {plural}"),
            (Some(least), None) => format!("at least {least} {}", unit_of(&least)),
            (None, Some(most)) => format!("at most {most} {}", unit_of(&most)),
        };
        self.add(label, Vec::new());
    }

    fn range(&mut self) {
        let show = |value: Option<&Value>| value.map(|value| self.schema.doc.display(value));
        let (from, above) = (
            show(self.bound("minimum", true)),
            show(self.bound("exclusiveMinimum", true)),
        );
        let (to, below) = (
            show(self.bound("maximum", false)),
            show(self.bound("exclusiveMaximum", false)),
        );
        let label = match (above, from, below, to) {
            (None, None, None, None) => return,
            (None, Some(from), None, Some(to)) => format!("from {from} to {to}"),
            (above, from, below, to) => {
                let lower = above
                    .map(|bound| format!("more than {bound}"))
                    .or(from.map(|bound| format!("at least {bound}")));
                let upper = below
                    .map(|bound| format!("less than {bound}"))
                    .or(to.map(|bound| format!("at most {bound}")));
                [lower, upper].into_iter().flatten().collect::<Vec<_>>().join(", ")
            }
        };
        self.add(label, Vec::new());
    }

    fn closed(&mut self) {
        let is_closed = |keyword: &str| self.schema.every(keyword).any(|value| value == false);
        if is_closed("additionalProperties") || is_closed("unevaluatedProperties") {
            self.add("no other properties", Vec::new());
        }
        if is_closed("items") || is_closed("unevaluatedItems") {
            self.add("no further items", Vec::new());
        }
    }

    fn names(&mut self) {
        let Some(names) = self.schema.get("propertyNames") else {
            return;
        };
        if let Some(pattern) = names.get("pattern").and_then(Value::as_str) {
            self.add("names match", vec![shortened(pattern)]);
        } else if let Some(Value::Array(values)) = names.get("enum") {
            let values = values.clone();
            self.listed("names are among", &values, 24);
        }
    }

    fn dependent_required(&mut self) {
        let Some(Value::Object(dependent)) = self.schema.get("dependentRequired") else {
            return;
        };
        for (name, needed) in dependent.iter().take(20) {
            let needed = needed
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .map(shortened)
                .collect();
            self.add(format!("with {} also", shortened(name)), needed);
        }
    }

    fn contains(&mut self) {
        let Some(contains) = self.schema.get("contains") else {
            return;
        };
        let label = super::label::label(&Merged::of(self.schema.doc, &[contains]), super::label::DEPTH);
        let count = |keyword: &str| self.schema.get(keyword).map(|value| self.schema.doc.display(value));
        let label = match (count("minContains"), count("maxContains")) {
            (None, None) => format!("contains {label}"),
            (Some(least), None) => format!("contains {label} at least {least} times"),
            (least, Some(most)) => format!("contains {label} {} to {most} times", least.as_deref().unwrap_or("1")),
        };
        self.add(label, Vec::new());
    }

    fn discriminator(&mut self) {
        let discriminator = self.schema.get("discriminator");
        if let Some(property) = discriminator
            .and_then(|value| value.get("propertyName"))
            .and_then(Value::as_str)
        {
            self.add("told apart by", vec![shortened(property)]);
        }
    }

    fn examples(&mut self) {
        let lone = self.schema.get("example").into_iter();
        let listed = self
            .schema
            .get("examples")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        let shown: Vec<String> = lone
            .chain(listed)
            .take(MOST_EXAMPLES)
            .map(|value| self.display(value))
            .collect();
        if !shown.is_empty() {
            self.add(if shown.len() == 1 { "example" } else { "examples" }, shown);
        }
    }
}
