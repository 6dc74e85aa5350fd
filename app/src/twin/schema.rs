//! Schema trees as nested lists.

use std::fmt::Write as _;

use openapi::schema::{Composition, Cut, SchemaNode};

use super::writer::{code_span, escape};
use crate::ui::{grouped, markdown::plain_text};

/// Characters of a description in a list.
const DESCRIPTION: usize = 400;

/// The properties of a schema, or the schema itself where it has none, as items of a list; empty for nothing at all.
pub fn schema_list(node: &SchemaNode) -> String {
    let mut list = String::new();
    let is_plain_object = node.name.is_none() && node.composition.is_none() && !node.children.is_empty();
    if is_plain_object {
        children(node, 0, &mut list);
    } else {
        item(node, 0, &mut list);
    }
    list
}

fn item(node: &SchemaNode, depth: usize, list: &mut String) {
    let indent = "  ".repeat(depth);
    let _ = writeln!(list, "{indent}- {}", line(node));
    children(node, depth + 1, list);
}

fn children(node: &SchemaNode, depth: usize, list: &mut String) {
    let indent = "  ".repeat(depth);
    let combined = node.composition.filter(|_| !node.children.is_empty());
    if let Some(composition) = combined {
        let _ = writeln!(list, "{indent}- {}:", composition_words(composition));
    }
    for child in &node.children {
        item(child, depth + usize::from(combined.is_some()), list);
    }
    if let Some(cut) = &node.cut {
        let _ = writeln!(list, "{indent}- {}", cut_words(cut));
    }
}

/// Name, type, marks, description and constraints on one line.
fn line(node: &SchemaNode) -> String {
    let mut marks = vec![escape(&node.type_label)];
    let mut mark = |holds: bool, word: &str| {
        if holds {
            marks.push(word.to_owned());
        }
    };
    mark(node.required, "required");
    mark(node.read_only, "only in responses");
    mark(node.write_only, "only in requests");
    mark(node.deprecated, "deprecated");
    let mut line = match node.name.as_deref().or(node.title.as_deref()) {
        Some(name) => format!("{} ({})", code_span(name), marks.join(", ")),
        None => marks.join(", "),
    };
    let description = node
        .description
        .as_deref()
        .map(|source| plain_text(source, DESCRIPTION));
    let constraints: Vec<String> = node.constraints.iter().map(constraint).collect();
    let constraints = Some(constraints.join("; ")).filter(|text| !text.is_empty());
    if let Some(description) = description.filter(|text| !text.is_empty()) {
        let _ = write!(line, ": {}", escape(&description));
        if let Some(constraints) = constraints {
            let _ = write!(line, " ({constraints})");
        }
    } else if let Some(constraints) = constraints {
        let _ = write!(line, ": {constraints}");
    }
    line
}

fn constraint(constraint: &openapi::schema::Constraint) -> String {
    let values: Vec<String> = constraint.values.iter().map(|value| code_span(value)).collect();
    let label = escape(&constraint.label);
    if values.is_empty() {
        label
    } else {
        format!("{label} {}", values.join(", "))
    }
}

fn cut_words(cut: &Cut) -> String {
    match cut {
        Cut::Recursive(name) => format!("the same as {} above", code_span(name)),
        Cut::Depth => "goes deeper than this page shows".to_owned(),
        Cut::Budget { hidden } => format!("{} more are not shown here", grouped(*hidden as u64)),
    }
}

const fn composition_words(composition: Composition) -> &'static str {
    match composition {
        Composition::AllOf => "all of these hold",
        Composition::OneOf => "exactly one of these",
        Composition::AnyOf => "at least one of these",
        Composition::Not => "must not be",
    }
}

#[cfg(test)]
mod tests {
    use openapi::schema::Constraint;

    use super::*;

    #[test]
    fn a_tree_is_a_nested_list() {
        let id = SchemaNode {
            name: Some("id".into()),
            type_label: "integer".into(),
            required: true,
            constraints: vec![Constraint {
                label: "example".into(),
                values: vec!["10".into()],
            }],
            ..SchemaNode::default()
        };
        let owner = SchemaNode {
            name: Some("owner".into()),
            type_label: "Owner".into(),
            description: Some("Whose *it* is.".into()),
            children: vec![id.clone()],
            cut: Some(Cut::Depth),
            ..SchemaNode::default()
        };
        let pet = SchemaNode {
            type_label: "object".into(),
            children: vec![id, owner],
            ..SchemaNode::default()
        };
        assert_eq!(
            schema_list(&pet),
            "- `id` (integer, required): example `10`\n\
             - `owner` (Owner): Whose it is.\n  \
               - `id` (integer, required): example `10`\n  \
               - goes deeper than this page shows\n"
        );
    }
}
