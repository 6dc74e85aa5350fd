//! Trees of small documents.

use serde_json::{Value, json};

use super::*;

fn document(schemas: Value) -> Document {
    let document = json!({"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {}, "components": {"schemas": schemas}});
    crate::read(document.to_string().as_bytes(), &crate::Limits::default()).unwrap()
}

fn tree_of(schemas: Value, name: &str, direction: Direction) -> SchemaNode {
    let doc = document(schemas);
    tree(&doc, doc.schema(name).unwrap(), &TreeBudget::default(), direction)
}

fn names(node: &SchemaNode) -> Vec<&str> {
    node.children
        .iter()
        .map(|child| child.name.as_deref().unwrap_or("-"))
        .collect()
}

#[test]
fn labels() {
    let doc = document(
        json!({"Pet": {"type": "object", "properties": {"a": {}}}, "Status": {"type": "string", "enum": ["a"]}}),
    );
    let pet = json!({"$ref": "#/components/schemas/Pet"});
    for (schema, expected) in [
        (json!({"type": "string"}), "string"),
        (json!({"type": ["string", "null"]}), "string or null"),
        (
            json!({"type": "array", "items": {"type": "array", "items": {"type": "integer"}}}),
            "list of list of integer",
        ),
        (json!({"type": "array", "items": pet}), "list of Pet"),
        (pet.clone(), "Pet"),
        (json!({"$ref": "#/components/schemas/Status"}), "string"),
        (json!({"anyOf": [pet, {"type": "null"}]}), "Pet or null"),
        (
            json!({"oneOf": [pet, {"type": "object"}, {"properties": {"b": {}}}]}),
            "one of 3 objects",
        ),
        (
            json!({"oneOf": [{"type": "string"}, {"type": "integer"}]}),
            "string or integer",
        ),
        (
            json!({"anyOf": [pet, {"type": "string"}, {"type": "integer"}]}),
            "any of 3 types",
        ),
        (
            json!({"type": "object", "additionalProperties": {"type": "string"}}),
            "map of string",
        ),
        (json!({"type": "object"}), "object"),
        (json!({"enum": ["a", "b"]}), "string"),
        (json!({"const": 1}), "integer"),
        (json!({"minimum": 1}), "number"),
        (json!({}), "anything"),
        (json!(true), "anything"),
        (json!(false), "nothing"),
        (json!({"type": "null"}), "null"),
        (json!({"allOf": [pet], "description": "d"}), "Pet"),
    ] {
        // Schemas outside of the document have the document's references all the same.
        assert_eq!(type_label(&doc, &schema), expected, "{schema}");
    }
}

#[test]
fn constraints_are_words() {
    let node = tree_of(
        json!({"A": {"type": "object", "properties": {
            "len": {"type": "string", "minLength": 2, "maxLength": 64, "pattern": "^a", "format": "slug"},
            "one": {"type": "string", "maxLength": 1},
            "range": {"type": "integer", "minimum": 50, "maximum": 99, "multipleOf": 7},
            "above": {"type": "number", "exclusiveMinimum": 0.5, "maximum": 9},
            "list": {"type": "array", "items": {"type": "string", "maxLength": 3}, "minItems": 1, "uniqueItems": true},
            "values": {"enum": ["a", 1, null]}, "fixed": {"const": 3}, "preset": {"type": "string", "default": ""},
        }}}),
        "A",
        Direction::Request,
    );
    let words: Vec<Vec<String>> = node
        .children
        .iter()
        .map(|child| {
            child
                .constraints
                .iter()
                .map(|c| format!("{} {}", c.label, c.values.join(", ")).trim().to_owned())
                .collect()
        })
        .collect();
    assert_eq!(
        words,
        [
            vec!["format slug", "from 2 to 64 characters", "pattern ^a"],
            vec!["at most 1 character"],
            vec!["from 50 to 99", "multiple of 7"],
            vec!["more than 0.5, at most 9"],
            vec!["at least 1 item", "unique items", "each item: at most 3 characters"],
            vec!["one of a, 1, null"],
            vec!["always 3"],
            vec!["default \"\""],
        ]
    );
}

#[test]
fn all_of_is_merged() {
    let node = tree_of(
        json!({
            "Base": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string", "description": "base"}, "kind": {"type": "string"}}},
            "Cat": {"description": "A cat", "allOf": [{"$ref": "#/components/schemas/Base"},
                {"required": ["kind"], "properties": {"kind": {"const": "cat"}, "lives": {"type": "integer"}}}]},
        }),
        "Cat",
        Direction::Response,
    );
    assert_eq!(names(&node), ["id", "kind", "lives"]);
    assert_eq!(node.description.as_deref(), Some("A cat"));
    assert!(node.children[0].required && node.children[1].required && !node.children[2].required);
    assert_eq!(node.children[1].type_label, "string");
    assert_eq!(node.children[1].constraints[0].label, "always");
}

#[test]
fn recursion_is_cut() {
    let node = tree_of(
        json!({"Node": {"type": "object", "properties": {
            "next": {"$ref": "#/components/schemas/Node"},
            "kids": {"type": "array", "items": {"$ref": "#/components/schemas/Node"}},
            "map": {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Node"}},
            "alt": {"oneOf": [{"$ref": "#/components/schemas/Node"}, {"type": "string"}]},
        }}}),
        "Node",
        Direction::Response,
    );
    let cut = Some(Cut::Recursive("Node".to_owned()));
    for child in &node.children[..3] {
        assert_eq!(child.cut, cut, "{:?}", child.name);
    }
    assert_eq!(node.children[1].type_label, "list of Node");
    assert_eq!(node.children[3].composition, Some(Composition::OneOf));
    assert_eq!(node.children[3].children[0].cut, cut);
}

#[test]
fn direction_hides_properties() {
    let schema = json!({"A": {"type": "object", "properties": {"id": {"readOnly": true}, "secret": {"writeOnly": true}, "name": {}}}});
    assert_eq!(
        names(&tree_of(schema.clone(), "A", Direction::Request)),
        ["secret", "name"]
    );
    assert_eq!(names(&tree_of(schema, "A", Direction::Response)), ["id", "name"]);
}

#[test]
fn budgets_bound_the_tree() {
    fn count(node: &SchemaNode) -> usize {
        1 + node.children.iter().map(count).sum::<usize>()
    }
    let wide: serde_json::Map<String, Value> = (0..50)
        .map(|at| {
            (
                format!("p{at}"),
                json!({"type": "object", "properties": {"x": {}, "y": {"type": "object", "properties": {"z": {}}}}}),
            )
        })
        .collect();
    let doc = document(json!({"Wide": {"type": "object", "properties": wide}}));
    let schema = doc.schema("Wide").unwrap();
    for nodes in [1, 10, 51, 100, 400] {
        let node = tree(
            &doc,
            schema,
            &TreeBudget {
                nodes,
                ..TreeBudget::default()
            },
            Direction::Request,
        );
        assert!(count(&node) <= nodes, "{nodes}");
    }
    let node = tree(
        &doc,
        schema,
        &TreeBudget {
            nodes: 11,
            ..TreeBudget::default()
        },
        Direction::Request,
    );
    assert_eq!((node.children.len(), node.cut), (10, Some(Cut::Budget { hidden: 40 })));
    let node = tree(
        &doc,
        schema,
        &TreeBudget {
            depth: 1,
            ..TreeBudget::default()
        },
        Direction::Request,
    );
    assert_eq!(node.children[0].cut, Some(Cut::Depth));
}
