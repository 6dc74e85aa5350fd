//! Whether two documents are the same when their references are followed.

use std::collections::HashSet;

use serde_json::Value;

/// The places where two bundled documents differ. Components are compared where they are used, not by their names; the order
/// of members doesn't matter.
pub(crate) fn differences(ours: &Value, theirs: &Value) -> Vec<String> {
    let mut comparison = Comparison {
        ours,
        theirs,
        seen: HashSet::new(),
        differences: Vec::new(),
    };
    let fields = [
        "openapi", "swagger", "info", "servers", "host", "basePath", "schemes", "tags", "security", "paths", "webhooks",
    ];
    for field in fields.map(|field| format!("/{field}")) {
        comparison.optional(ours.pointer(&field), theirs.pointer(&field), &field);
    }
    // Security schemes are used by name.
    for field in ["/components/securitySchemes", "/securityDefinitions"] {
        comparison.optional(ours.pointer(field), theirs.pointer(field), field);
    }
    comparison.differences
}

struct Comparison<'d> {
    ours: &'d Value,
    theirs: &'d Value,
    /// Pairs of values that are compared already, or are being compared, by their addresses.
    seen: HashSet<(*const Value, *const Value)>,
    differences: Vec<String>,
}

impl<'d> Comparison<'d> {
    fn optional(&mut self, ours: Option<&'d Value>, theirs: Option<&'d Value>, place: &str) {
        match (ours, theirs) {
            (Some(ours), Some(theirs)) => self.values(ours, theirs, place),
            (None, None) => {}
            (ours, _) => self.differences.push(format!(
                "{place}: only {}",
                if ours.is_some() { "ours" } else { "theirs" }
            )),
        }
    }

    fn values(&mut self, ours: &'d Value, theirs: &'d Value, place: &str) {
        let (ours, theirs) = (follow(self.ours, ours), follow(self.theirs, theirs));
        if !self.seen.insert((ours, theirs)) {
            return;
        }
        match (ours, theirs) {
            (Value::Object(our_map), Value::Object(their_map)) => {
                for (key, value) in our_map {
                    self.optional(Some(value), their_map.get(key), &format!("{place}/{key}"));
                }
                for key in their_map.keys().filter(|key| !our_map.contains_key(*key)) {
                    self.optional(None, their_map.get(key), &format!("{place}/{key}"));
                }
            }
            (Value::Array(our_items), Value::Array(their_items)) if our_items.len() == their_items.len() => {
                for (at, (ours, theirs)) in our_items.iter().zip(their_items).enumerate() {
                    self.values(ours, theirs, &format!("{place}/{at}"));
                }
            }
            (Value::String(our_text), Value::String(their_text))
                if our_text.starts_with("#/") && their_text.starts_with("#/") =>
            {
                let read = |root: &'d Value, text: &str| root.pointer(&text[1..]);
                self.optional(read(self.ours, our_text), read(self.theirs, their_text), place);
            }
            (ours, theirs) if ours == theirs => {}
            (ours, theirs) => self.differences.push(format!("{place}: {ours} is not {theirs}")),
        }
    }
}

/// The value behind references.
fn follow<'d>(root: &'d Value, value: &'d Value) -> &'d Value {
    let mut value = value;
    for _ in 0..64 {
        let reference = value.get("$ref").and_then(Value::as_str);
        let Some(pointer) = reference.and_then(|text| text.strip_prefix('#')) else {
            break;
        };
        let Some(next) = root.pointer(&decoded(pointer)) else {
            break;
        };
        value = next;
    }
    value
}

fn decoded(pointer: &str) -> String {
    pointer.replace("%7B", "{").replace("%7D", "}").replace("%20", " ")
}
