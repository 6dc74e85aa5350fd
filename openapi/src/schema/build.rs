//! From a schema to its tree.

use serde_json::Value;

use super::merge::Merged;
use super::{Composition, Cut, Direction, SchemaNode, TreeBudget, constraints, label};
use crate::model::Document;

/// Children looked at beyond those that fit, to leave out what doesn't travel in this direction.
const LOOK_AHEAD: usize = 2000;

/// Lists of lists of … that are followed; a chain of named ones may be longer than the stack.
const MOST_OPEN: usize = 40;

pub(super) fn tree(doc: &Document, schema: &Value, budget: &TreeBudget, direction: Direction) -> SchemaNode {
    let mut builder = Builder {
        budget,
        direction,
        open: Vec::new(),
    };
    let mut allowance = budget.nodes.saturating_sub(1);
    builder.node(&Merged::of(doc, &[schema]), 0, &mut allowance)
}

struct Builder<'b> {
    budget: &'b TreeBudget,
    direction: Direction,
    /// The schemas from the root to here.
    open: Vec<usize>,
}

/// Something that becomes a child of a node.
struct Branch<'d> {
    name: Option<String>,
    title: Option<&'static str>,
    required: bool,
    kind: BranchKind<'d>,
}

enum BranchKind<'d> {
    Schema(Vec<&'d Value>),
    Group(Composition, Vec<&'d Value>),
}

impl<'d> Branch<'d> {
    fn schema(name: Option<String>, title: Option<&'static str>, schema: &'d Value) -> Self {
        Self {
            name,
            title,
            required: false,
            kind: BranchKind::Schema(vec![schema]),
        }
    }

    fn group(composition: Composition, schemas: Vec<&'d Value>) -> Self {
        Self {
            name: None,
            title: None,
            required: false,
            kind: BranchKind::Group(composition, schemas),
        }
    }
}

impl Builder<'_> {
    /// The node of a schema; `allowance` is how many nodes may go below it, and what it leaves over.
    fn node(&mut self, schema: &Merged<'_>, depth: usize, allowance: &mut usize) -> SchemaNode {
        let mut node = SchemaNode {
            title: schema.text("title").map(constraints::shortened),
            type_label: label::label(schema, label::DEPTH),
            reference: schema.name.clone(),
            deprecated: schema.flag("deprecated"),
            read_only: schema.flag("readOnly"),
            write_only: schema.flag("writeOnly"),
            nullable: schema.is_nullable(),
            description: schema.text("description").map(str::to_owned),
            constraints: constraints::constraints(schema, self.budget),
            ..SchemaNode::default()
        };
        if node.title == node.reference {
            node.title = None;
        }
        if self.open.contains(&schema.identity) {
            node.cut = Some(Cut::Recursive(
                schema.name.clone().unwrap_or_else(|| "itself".to_owned()),
            ));
            return node;
        }
        self.open.push(schema.identity);
        self.fill(&mut node, schema, depth, allowance);
        self.open.pop();
        node
    }

    /// Adds the children of a schema to a node: its own, or those of the items of a list or the values of a map.
    fn fill(&mut self, node: &mut SchemaNode, schema: &Merged<'_>, depth: usize, allowance: &mut usize) {
        if let Some((each, inner)) = contained(schema) {
            let inner = Merged::of(schema.doc, &[inner]);
            for mut constraint in constraints::constraints(&inner, self.budget) {
                constraint.label = format!("{each}: {}", constraint.label);
                node.constraints.push(constraint);
            }
            if node.description.is_none() && inner.name.is_none() {
                node.description = inner.text("description").map(str::to_owned);
            }
            if node.reference.is_none() {
                node.reference.clone_from(&inner.name);
            }
            if self.open.len() > MOST_OPEN {
                node.cut = Some(Cut::Depth);
                return;
            }
            if self.open.contains(&inner.identity) {
                node.cut = Some(Cut::Recursive(
                    inner.name.clone().unwrap_or_else(|| "itself".to_owned()),
                ));
                return;
            }
            self.open.push(inner.identity);
            self.fill(node, &inner, depth, allowance);
            self.open.pop();
            return;
        }
        let (composition, branches) = branches(schema);
        node.composition = composition;
        self.branches(node, schema.doc, branches, depth, allowance);
    }

    fn branches<'d>(
        &mut self,
        node: &mut SchemaNode,
        doc: &'d Document,
        branches: Vec<Branch<'d>>,
        depth: usize,
        allowance: &mut usize,
    ) {
        if branches.is_empty() {
            return;
        }
        if depth >= self.budget.depth {
            node.cut = Some(Cut::Depth);
            return;
        }
        // First every child gets its own node, then each an equal share of the rest for its descendants.
        let total = branches.len();
        let mut kept: Vec<(Branch<'d>, Option<Merged<'d>>)> = Vec::new();
        let mut looked_at = 0;
        for branch in branches {
            if kept.len() >= *allowance || looked_at >= *allowance + LOOK_AHEAD {
                break;
            }
            looked_at += 1;
            let merged = match &branch.kind {
                BranchKind::Schema(schemas) => Some(Merged::of(doc, schemas)),
                BranchKind::Group(..) => None,
            };
            if merged.as_ref().is_none_or(|merged| self.travels(merged)) {
                kept.push((branch, merged));
            }
        }
        if looked_at < total {
            node.cut = Some(Cut::Budget {
                hidden: total - looked_at,
            });
        }
        *allowance -= kept.len();
        let count = kept.len();
        for (at, (branch, merged)) in kept.into_iter().enumerate() {
            let mut share = *allowance / (count - at);
            *allowance -= share;
            let child = match (merged, &branch.kind) {
                (Some(merged), _) => self.node(&merged, depth + 1, &mut share),
                (None, BranchKind::Group(composition, schemas)) => {
                    self.group(doc, *composition, schemas, depth + 1, &mut share)
                }
                (None, BranchKind::Schema(_)) => continue,
            };
            *allowance += share;
            node.children.push(SchemaNode {
                name: branch.name,
                title: branch.title.map(str::to_owned).or(child.title),
                required: branch.required,
                ..child
            });
        }
    }

    /// A node for alternatives that stand beside other children.
    fn group<'d>(
        &mut self,
        doc: &'d Document,
        composition: Composition,
        schemas: &[&'d Value],
        depth: usize,
        allowance: &mut usize,
    ) -> SchemaNode {
        let count = schemas.len();
        let mut node = SchemaNode {
            type_label: match composition {
                Composition::AllOf => format!("all of {count}"),
                Composition::OneOf => format!("one of {count}"),
                Composition::AnyOf => format!("any of {count}"),
                Composition::Not => "not".to_owned(),
            },
            composition: Some(composition),
            ..SchemaNode::default()
        };
        let branches = schemas
            .iter()
            .map(|schema| Branch::schema(None, None, schema))
            .collect();
        self.branches(&mut node, doc, branches, depth, allowance);
        node
    }

    fn travels(&self, schema: &Merged<'_>) -> bool {
        match self.direction {
            Direction::Request => !schema.flag("readOnly"),
            Direction::Response => !schema.flag("writeOnly"),
        }
    }
}

/// What a list or a map is made of, if nothing else is to be said about it.
fn contained<'d>(schema: &Merged<'d>) -> Option<(&'static str, &'d Value)> {
    let is_schema = |value: &&Value| value.as_object().is_some_and(|map| !map.is_empty());
    match schema.kind()? {
        "array" if schema.get("prefixItems").is_none() && schema.choices().is_empty() => {
            schema.get("items").filter(is_schema).map(|items| ("each item", items))
        }
        "object"
            if schema.properties().is_empty()
                && schema.get("patternProperties").is_none()
                && schema.choices().is_empty() =>
        {
            schema
                .get("additionalProperties")
                .filter(is_schema)
                .map(|values| ("each value", values))
        }
        _ => None,
    }
}

/// The children of a schema, and how they combine if they are alternatives.
fn branches<'d>(schema: &Merged<'d>) -> (Option<Composition>, Vec<Branch<'d>>) {
    let required = schema.required();
    let mut branches: Vec<Branch<'d>> = schema
        .properties()
        .into_iter()
        .map(|(name, schemas)| Branch {
            name: Some(name.to_owned()),
            title: None,
            required: required.contains(name),
            kind: BranchKind::Schema(schemas),
        })
        .collect();
    let named = |keyword: &str| schema.get(keyword).and_then(Value::as_object).into_iter().flatten();
    branches.extend(
        named("patternProperties").map(|(pattern, value)| {
            Branch::schema(Some(format!("/{}/", constraints::shortened(pattern))), None, value)
        }),
    );
    let is_schema = |value: &&Value| value.as_object().is_some_and(|map| !map.is_empty());
    if let Some(values) = schema.get("additionalProperties").filter(is_schema) {
        branches.push(Branch::schema(None, Some("any other name"), values));
    }
    let items = schema
        .get("prefixItems")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    branches.extend(
        items
            .enumerate()
            .map(|(at, value)| Branch::schema(Some(format!("[{at}]")), None, value)),
    );
    if schema.get("prefixItems").is_some() || !schema.choices().is_empty() {
        let further = schema.get("items").filter(is_schema);
        branches.extend(further.map(|value| Branch::schema(None, Some("each further item"), value)));
    }
    for (keyword, title) in [
        ("contentSchema", "content"),
        ("if", "if"),
        ("then", "then"),
        ("else", "otherwise"),
    ] {
        branches.extend(
            schema
                .get(keyword)
                .map(|value| Branch::schema(None, Some(title), value)),
        );
    }
    branches.extend(
        named("dependentSchemas")
            .map(|(name, value)| Branch::schema(Some(constraints::shortened(name)), Some("if it is there"), value)),
    );
    let is_child = |not: &&Value| {
        not.as_object()
            .is_some_and(|map| !map.contains_key("enum") && !map.contains_key("const"))
    };
    branches.extend(
        schema
            .get("not")
            .filter(is_child)
            .map(|not| Branch::group(Composition::Not, vec![not])),
    );
    let mut choices = schema.choices();
    if branches.is_empty() && choices.len() == 1 {
        let (composition, schemas) = choices.remove(0);
        let alternatives = schemas
            .into_iter()
            .map(|schema| Branch::schema(None, None, schema))
            .collect();
        return (Some(composition), alternatives);
    }
    branches.extend(
        choices
            .into_iter()
            .map(|(composition, schemas)| Branch::group(composition, schemas)),
    );
    (None, branches)
}
