//! From the JSON of a schema to nodes, with the mistakes of schemas that keep Ajv from compiling them.

use std::rc::Rc;

use serde_json::{Map, Value};

use super::node::{Bound, Group, Node, NodeId, Rule, Types, Verdict};
use super::{Dialect, Engine, Source, ecma};
use crate::lint::view::address;
use crate::validate::Pattern;

/// Why a schema can't be compiled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::lint) enum Refusal {
    /// A reference in it leads back to where it came from, or to nothing.
    #[error("has a reference that can't be followed")]
    Reference,
    /// It is too large or too deep to be checked.
    #[error("is too large or too deep to be checked")]
    Budget,
    /// It says something that no schema may say.
    #[error("{0}")]
    Message(String),
}

/// Most nodes of one engine.
const MOST_NODES: usize = 400_000;
/// Deepest nesting of a schema, with references followed.
const MOST_DEPTH: usize = 150;

/// Keywords of JSON Schema that Ajv acts on, or checks the type of.
fn is_rule(keyword: &str, dialect: Dialect) -> bool {
    match keyword {
        "$ref"
        | "$comment"
        | "type"
        | "nullable"
        | "const"
        | "enum"
        | "not"
        | "anyOf"
        | "oneOf"
        | "allOf"
        | "if"
        | "then"
        | "else"
        | "format"
        | "maximum"
        | "minimum"
        | "exclusiveMaximum"
        | "exclusiveMinimum"
        | "multipleOf"
        | "maxLength"
        | "minLength"
        | "pattern"
        | "maxItems"
        | "minItems"
        | "items"
        | "contains"
        | "uniqueItems"
        | "maxProperties"
        | "minProperties"
        | "required"
        | "propertyNames"
        | "additionalProperties"
        | "dependencies"
        | "properties"
        | "patternProperties" => true,
        "additionalItems" => dialect != Dialect::Draft2020,
        "$dynamicAnchor"
        | "$dynamicRef"
        | "$recursiveAnchor"
        | "$recursiveRef"
        | "prefixItems"
        | "minContains"
        | "maxContains"
        | "dependentRequired"
        | "dependentSchemas"
        | "unevaluatedItems"
        | "unevaluatedProperties"
        | "errorMessage" => dialect == Dialect::Draft2020,
        _ => false,
    }
}

fn group_has(map: &Map<String, Value>, group: Group, dialect: Dialect) -> bool {
    let keywords: &[&str] = match group {
        Group::Any => return false,
        Group::Number => &[
            "maximum",
            "minimum",
            "exclusiveMaximum",
            "exclusiveMinimum",
            "multipleOf",
            "format",
        ],
        Group::String => &["maxLength", "minLength", "pattern", "format"],
        Group::Array => &[
            "maxItems",
            "minItems",
            "additionalItems",
            "prefixItems",
            "items",
            "contains",
            "uniqueItems",
            "minContains",
            "maxContains",
            "unevaluatedItems",
        ],
        Group::Object => &[
            "maxProperties",
            "minProperties",
            "required",
            "propertyNames",
            "additionalProperties",
            "dependencies",
            "properties",
            "patternProperties",
            "dependentRequired",
            "dependentSchemas",
            "unevaluatedProperties",
        ],
    };
    let known = |keyword: &&&str| is_rule(keyword, dialect);
    keywords.iter().filter(known).any(|keyword| map.contains_key(*keyword))
}

impl<'d> Engine<'_, 'd> {
    /// The node of a schema.
    ///
    /// # Errors
    /// [`Refusal`] of the first mistake that Ajv would meet.
    pub(in crate::lint) fn compile(&mut self, schema: &'d Value) -> Result<NodeId, Refusal> {
        self.compile_in(schema, 0)
    }

    /// The node of the registry's first schema.
    pub(in crate::lint) fn compile_root(&mut self) -> Result<NodeId, Refusal> {
        match self.source {
            Source::Registry(registry) => self.compile_in(registry.root(), 0),
            _ => Err(Refusal::Reference),
        }
    }

    fn compile_in(&mut self, schema: &'d Value, base: usize) -> Result<NodeId, Refusal> {
        let schema = match self.source {
            Source::Document(view) => view.value(schema),
            _ => schema,
        };
        let key = (address(schema), base);
        if let Some(known) = self.ids.get(&key) {
            return known.clone();
        }
        if self.nodes.len() >= MOST_NODES || self.depth >= MOST_DEPTH {
            return Err(Refusal::Budget);
        }
        let id = NodeId(self.nodes.len());
        self.nodes.push(Rc::default());
        self.ids.insert(key, Ok(id));
        self.depth += 1;
        let compiled = match schema {
            Value::Bool(is_open) => Ok(Node {
                verdict: if *is_open { Verdict::Always } else { Verdict::Never },
                ..Node::default()
            }),
            Value::Object(map) => self.node(map, base),
            _ => Ok(Node::default()),
        };
        self.depth -= 1;
        match compiled {
            Ok(node) => {
                self.nodes[id.0] = Rc::new(node);
                Ok(id)
            }
            Err(refusal) => {
                if refusal == Refusal::Budget {
                    self.ids.remove(&key);
                } else {
                    self.ids.insert(key, Err(refusal.clone()));
                }
                Err(refusal)
            }
        }
    }

    fn is_always(&self, schema: &Value) -> bool {
        match schema {
            Value::Bool(is_open) => *is_open,
            Value::Object(map) => !map.keys().any(|key| is_rule(key, self.settings.dialect)),
            _ => true,
        }
    }

    fn node(&mut self, map: &'d Map<String, Value>, base: usize) -> Result<Node<'d>, Refusal> {
        let dialect = self.settings.dialect;
        let mut node = Node::default();
        if !map.keys().any(|key| is_rule(key, dialect) || key == "x-nullable") {
            return Ok(node);
        }
        node.verdict = Verdict::Rules;
        self.types(map, &mut node)?;
        node.messages = map.get("errorMessage").filter(|_| self.has_messages);
        let is_reference = map.contains_key("$ref") && map.keys().all(|key| key == "$ref" || !is_rule(key, dialect));
        let group = match node.types.0 {
            8 => Some(Group::Number),
            16 => Some(Group::String),
            32 => Some(Group::Array),
            64 => Some(Group::Object),
            _ => None,
        };
        node.late_type = group.filter(|group| !is_reference && group_has(map, *group, dialect));
        node.groups[Group::Any as usize] = self.any_rules(map, base)?;
        node.groups[Group::Number as usize] = self.number_rules(map, base)?;
        node.groups[Group::String as usize] = self.text_rules(map, base)?;
        node.groups[Group::Array as usize] = self.list_rules(map, base)?;
        node.groups[Group::Object as usize] = self.object_rules(map, base)?;
        Ok(node)
    }

    fn types(&self, map: &Map<String, Value>, node: &mut Node<'d>) -> Result<(), Refusal> {
        let names: Vec<&str> = match map.get("type") {
            Some(Value::String(name)) => vec![name],
            Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        node.type_words = names.join(",");
        for name in &names {
            let Some(bit) = Types::bit(name) else {
                return Err(Refusal::Message(format!(
                    "type must be JSONType or JSONType[]: {}",
                    names.join(",")
                )));
            };
            node.types.0 |= bit;
        }
        let x_nullable = map
            .get("x-nullable")
            .filter(|flag| self.settings.has_x_nullable && **flag == true);
        let nullable = x_nullable.or_else(|| map.get("nullable"));
        if node.types.0 & Types::NULL != 0 {
            if nullable.is_some_and(|flag| *flag == false) {
                return Err(Refusal::Message("type: null contradicts nullable: false".to_owned()));
            }
        } else if let Some(nullable) = nullable {
            if names.is_empty() {
                return Err(Refusal::Message(
                    "\"nullable\" cannot be used without \"type\"".to_owned(),
                ));
            }
            if *nullable == true {
                node.types.0 |= Types::NULL;
                node.is_nullable = true;
            }
        }
        Ok(())
    }

    fn any_rules(&mut self, map: &'d Map<String, Value>, base: usize) -> Result<Vec<Rule<'d>>, Refusal> {
        let mut rules = Vec::new();
        if self.settings.dialect == Dialect::Draft2020 {
            if map.contains_key("$dynamicAnchor") {
                rules.push(Rule::DynamicAnchor);
            }
            if map.contains_key("$dynamicRef") {
                let Source::Registry(registry) = self.source else {
                    return Err(Refusal::Reference);
                };
                let (target, base) = registry.resolve(base, "#").ok_or(Refusal::Reference)?;
                rules.push(Rule::DynamicRef(self.compile_in(target, base)?));
            }
        }
        if let Some(reference) = map.get("$ref").and_then(Value::as_str) {
            let Source::Registry(registry) = self.source else {
                return Err(Refusal::Reference);
            };
            let (target, base) = registry.resolve(base, reference).ok_or(Refusal::Reference)?;
            rules.push(Rule::Ref(self.compile_in(target, base)?));
        }
        rules.extend(map.get("const").map(Rule::Const));
        if let Some(Value::Array(values)) = map.get("enum") {
            rules.push(Rule::Enum(values));
        }
        if let Some(schema) = map.get("not") {
            rules.push(Rule::Not(self.compile_in(schema, base)?));
        }
        let is_tracked = self.settings.dialect == Dialect::Draft2020;
        if let Some(Value::Array(schemas)) = map.get("anyOf")
            && (is_tracked || !schemas.iter().any(|schema| self.is_always(self.resolved(schema))))
        {
            rules.push(Rule::AnyOf(self.all(schemas, base)?));
        }
        if let Some(Value::Array(schemas)) = map.get("oneOf") {
            rules.push(Rule::OneOf(self.all(schemas, base)?));
        }
        if let Some(Value::Array(schemas)) = map.get("allOf") {
            rules.push(Rule::AllOf(self.all(schemas, base)?));
        }
        if let Some(condition) = map.get("if") {
            let mut branch = |keyword: &str| {
                let schema = map.get(keyword).filter(|schema| !self.is_always(self.resolved(schema)));
                schema.map(|schema| self.compile_in(schema, base)).transpose()
            };
            let (then, otherwise) = (branch("then")?, branch("else")?);
            if then.is_some() || otherwise.is_some() {
                let condition = self.compile_in(condition, base)?;
                rules.push(Rule::If {
                    condition,
                    then,
                    otherwise,
                });
            }
        }
        Ok(rules)
    }

    fn resolved(&self, schema: &'d Value) -> &'d Value {
        match self.source {
            Source::Document(view) => view.value(schema),
            _ => schema,
        }
    }

    pub(super) fn all(&mut self, schemas: &'d [Value], base: usize) -> Result<Vec<NodeId>, Refusal> {
        schemas.iter().map(|schema| self.compile_in(schema, base)).collect()
    }

    pub(super) fn pattern(&mut self, text: &'d str) -> Result<Option<Rc<Pattern>>, Refusal> {
        if let Some(known) = self.patterns.get(text) {
            return Ok(known.clone());
        }
        let compiled = match Pattern::new(text) {
            Ok(pattern) => Some(Rc::new(pattern)),
            Err(_) if ecma::is_pattern(text) => None,
            Err(_) => return Err(Refusal::Message(format!("Invalid regular expression: /{text}/"))),
        };
        self.patterns.insert(text, compiled.clone());
        Ok(compiled)
    }

    /// Whether `format` is checked in schemas of this document.
    pub(super) fn has_formats(&self, base: usize) -> bool {
        match self.source {
            Source::Registry(registry) => registry.has_formats(base),
            _ => true,
        }
    }

    pub(super) fn compile_at(&mut self, schema: &'d Value, base: usize) -> Result<NodeId, Refusal> {
        self.compile_in(schema, base)
    }

    pub(super) fn is_open(&self, schema: &'d Value) -> bool {
        self.is_always(self.resolved(schema))
    }

    pub(super) fn resolve_schema(&self, schema: &'d Value) -> &'d Value {
        self.resolved(schema)
    }
}

/// Whether JavaScript takes the value for true.
pub(in crate::lint) fn is_truthy(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => false,
        Some(Value::Bool(flag)) => *flag,
        Some(Value::Number(number)) => number.as_f64() != Some(0.0),
        Some(Value::String(text)) => !text.is_empty(),
        Some(_) => true,
    }
}

pub(super) fn bound(map: &Map<String, Value>, keyword: &'static str) -> Option<Bound> {
    let number = map.get(keyword)?.as_number()?;
    Some(Bound {
        keyword,
        limit: number.as_f64()?,
        words: super::messages::number(number),
    })
}
