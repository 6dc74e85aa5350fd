//! What a value that travels as text is to become: its possible types, and those of its items and properties.

use serde_json::Value;

use super::schema::{Compiler, SchemaId, TypeSet};
use crate::schema::Merged;

/// Levels below a parameter or form: a property that is a list of objects.
const MOST_LEVELS: usize = 4;
/// Alternatives of `oneOf` and `anyOf` that are looked at.
const MOST_ALTERNATIVES: usize = 16;
/// Properties of one object.
const MOST_PROPERTIES: usize = 500;

/// The shape of a value.
#[derive(Debug)]
pub(super) struct Shape {
    pub(super) schema: SchemaId,
    pub(super) types: TypeSet,
    /// Whether the document says which types it has; otherwise text stays text.
    pub(super) is_typed: bool,
    /// Whether it is bytes that are no text.
    pub(super) is_binary: bool,
    pub(super) items: Option<Box<Shape>>,
    /// In the order of the document.
    pub(super) properties: Box<[(Box<str>, Shape)]>,
    /// Of properties that have no name here, if the document describes them.
    pub(super) additional: Option<Box<Shape>>,
}

impl Shape {
    /// The shape of a schema, which is also added to the compiler.
    pub(super) fn of<'d>(compiler: &mut Compiler<'d>, schema: Option<&'d Value>) -> Self {
        const ANYTHING: &Value = &Value::Bool(true);
        let schema = schema.unwrap_or(ANYTHING);
        Self::of_all(compiler, &[schema], MOST_LEVELS)
    }

    /// The shape of any text.
    pub(super) fn of_text() -> Self {
        Self {
            types: TypeSet::STRING,
            is_typed: true,
            ..Self::untyped()
        }
    }

    /// The shape of what the document says nothing about.
    pub(super) fn untyped() -> Self {
        Self {
            schema: SchemaId::ANYTHING,
            types: TypeSet::ALL,
            is_typed: false,
            is_binary: false,
            items: None,
            properties: Box::default(),
            additional: None,
        }
    }

    /// The shape of schemas that apply together; the first one is the one it is checked against.
    fn of_all<'d>(compiler: &mut Compiler<'d>, schemas: &[&'d Value], levels: usize) -> Self {
        let merged = Merged::of(compiler.doc, schemas);
        let types = types(&merged, 0);
        let mut shape = Self {
            schema: compiler.add(schemas[0]),
            types: types.unwrap_or(TypeSet::ALL),
            is_typed: types.is_some(),
            is_binary: is_binary(&merged),
            items: None,
            properties: Box::default(),
            additional: None,
        };
        compiler.charge(size_of::<Self>());
        if levels == 0 || compiler.is_over() {
            return shape;
        }
        let doc = compiler.doc;
        let alternatives = merged.choices().into_iter().flat_map(|(_, list)| list);
        let alternatives = alternatives
            .take(MOST_ALTERNATIVES)
            .map(|schema| Merged::of(doc, &[schema]));
        let parts: Vec<Merged<'d>> = std::iter::once(merged).chain(alternatives).collect();
        if shape.types.meets(TypeSet::ARRAY) {
            let items = parts.iter().find_map(|part| part.get("items"));
            shape.items = items.map(|items| Box::new(Self::of_all(compiler, &[items], levels - 1)));
        }
        if shape.types.meets(TypeSet::OBJECT) {
            shape.properties = Self::properties(compiler, &parts, levels);
            let additional = parts.iter().find_map(|part| part.get("additionalProperties"));
            let additional = additional.filter(|schema| schema.is_object());
            shape.additional = additional.map(|schema| Box::new(Self::of_all(compiler, &[schema], levels - 1)));
        }
        shape
    }

    fn properties<'d>(compiler: &mut Compiler<'d>, parts: &[Merged<'d>], levels: usize) -> Box<[(Box<str>, Self)]> {
        let mut properties: Vec<(Box<str>, Self)> = Vec::new();
        let mut known = std::collections::HashSet::new();
        for (name, schemas) in parts.iter().flat_map(Merged::properties) {
            if properties.len() < MOST_PROPERTIES && known.insert(name) {
                compiler.charge(name.len() + size_of::<Box<str>>());
                properties.push((name.into(), Self::of_all(compiler, &schemas, levels - 1)));
            }
        }
        properties.into()
    }

    /// The shape of a property.
    pub(super) fn property(&self, name: &str) -> Option<&Self> {
        let named = self.properties.iter().find(|(known, _)| **known == *name);
        named.map(|(_, shape)| shape).or(self.additional.as_deref())
    }

    /// Whether it is a list: it may be, and the document says so.
    pub(super) fn is_list(&self) -> bool {
        self.is_typed && self.types.meets(TypeSet::ARRAY)
    }

    /// Whether it is an object: it may be, and the document says so.
    pub(super) fn is_object(&self) -> bool {
        self.is_typed && self.types.meets(TypeSet::OBJECT)
    }

    /// Whether it may be something that has no parts.
    pub(super) fn may_be_scalar(&self) -> bool {
        let scalars = TypeSet::STRING.with(TypeSet::NUMBER).with(TypeSet::BOOLEAN);
        !self.is_typed || self.types.meets(scalars)
    }
}

/// The types a schema allows; `None` if it says nothing about them.
fn types(merged: &Merged<'_>, depth: usize) -> Option<TypeSet> {
    let named = merged.types().into_iter().filter_map(TypeSet::named);
    let stated = named
        .reduce(TypeSet::with)
        .or_else(|| merged.kind().and_then(TypeSet::named));
    let listed = || {
        let values = merged.get("enum").and_then(Value::as_array).into_iter().flatten();
        values.map(TypeSet::of).reduce(TypeSet::with)
    };
    let chosen = || {
        let choices = merged.choices().into_iter().flat_map(|(_, list)| list);
        let mut types = None;
        for schema in choices.take(MOST_ALTERNATIVES).filter(|_| depth < 3) {
            let inner = self::types(&Merged::of(merged.doc, &[schema]), depth + 1)?;
            types = Some(types.map_or(inner, |types: TypeSet| types.with(inner)));
        }
        types
    };
    let types = stated.or_else(listed).or_else(chosen)?;
    Some(if merged.is_nullable() {
        types.with(TypeSet::NULL)
    } else {
        types
    })
}

fn is_binary(merged: &Merged<'_>) -> bool {
    merged.text("format").is_some_and(|format| format == "binary")
        || merged.text("contentMediaType").is_some_and(|name| {
            merged.get("contentEncoding").is_none() && !name.starts_with("text/") && !name.contains("json")
        })
}
