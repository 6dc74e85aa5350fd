//! What a compiled schema is: nodes in one list that name each other by number, so that recursion costs nothing and one
//! block of memory holds it all.

use serde_json::{Number, Value};

use super::format::Format;
use super::pattern::Pattern;

/// The place of a schema in its [`Schemas`](super::Schemas).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::validate) struct SchemaId(pub(super) u32);

impl SchemaId {
    /// The schema that accepts everything.
    pub(in crate::validate) const ANYTHING: Self = Self(0);
    /// The schema that accepts nothing.
    pub(super) const NOTHING: Self = Self(1);
    /// What can't be followed: accepts everything, and nobody knows what it would have looked at.
    pub(super) const OPAQUE: Self = Self(2);
}

/// A set of the types of JSON Schema.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::validate) struct TypeSet(u8);

impl TypeSet {
    pub(in crate::validate) const NULL: Self = Self(1);
    pub(in crate::validate) const BOOLEAN: Self = Self(2);
    pub(in crate::validate) const INTEGER: Self = Self(4);
    /// Integers are numbers.
    pub(in crate::validate) const NUMBER: Self = Self(4 | 8);
    pub(in crate::validate) const STRING: Self = Self(16);
    pub(in crate::validate) const ARRAY: Self = Self(32);
    pub(in crate::validate) const OBJECT: Self = Self(64);
    pub(in crate::validate) const ALL: Self = Self(127);
    pub(in crate::validate) const NONE: Self = Self(0);

    const NAMED: [(Self, &'static str, &'static str); 7] = [
        (Self::NULL, "null", "null"),
        (Self::BOOLEAN, "boolean", "a boolean"),
        (Self::NUMBER, "number", "a number"),
        (Self::INTEGER, "integer", "an integer"),
        (Self::STRING, "string", "a string"),
        (Self::ARRAY, "array", "an array"),
        (Self::OBJECT, "object", "an object"),
    ];

    /// The type of this name; `None` for what JSON Schema doesn't know.
    pub(in crate::validate) fn named(name: &str) -> Option<Self> {
        let known = Self::NAMED.into_iter().find(|(_, known, _)| *known == name);
        known.map(|(set, _, _)| set)
    }

    /// The type a value has.
    pub(in crate::validate) fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::NULL,
            Value::Bool(_) => Self::BOOLEAN,
            Value::Number(number) if super::number::is_integer(number) => Self::INTEGER,
            // The bit that only numbers with a fraction need.
            Value::Number(_) => Self(8),
            Value::String(_) => Self::STRING,
            Value::Array(_) => Self::ARRAY,
            Value::Object(_) => Self::OBJECT,
        }
    }

    pub(in crate::validate) const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(in crate::validate) const fn common(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether they have a type in common.
    pub(in crate::validate) const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// In words: `a string or null`.
    pub(in crate::validate) fn words(self) -> String {
        let mut left = self.0;
        let mut words: Vec<&str> = Vec::new();
        for (set, _, word) in Self::NAMED {
            if left & set.0 == set.0 {
                left &= !set.0;
                words.push(word);
            }
        }
        // What is left is the type of a number with a fraction.
        if left != 0 {
            words.push("a number");
        }
        // Null goes last: "a string or null".
        if words.first() == Some(&"null") {
            words.rotate_left(1);
        }
        words.join(" or ")
    }
}

/// One schema.
#[derive(Debug, Default)]
pub(super) struct Node {
    /// The types that pass; what a schema without `type` lets pass is everything.
    pub(super) types: Option<TypeSet>,
    /// `nullable` beside something that has no type to add null to: null passes, whatever the rest says.
    pub(super) is_nullable: bool,
    /// Whether something refers to it, so that it may be inside itself.
    pub(super) is_target: bool,
    pub(super) rules: Box<[Rule]>,
}

/// What else a schema asks.
#[derive(Debug)]
pub(super) enum Rule {
    /// The schema `false`.
    Never,
    /// A schema that can't be followed.
    Opaque,
    /// `readOnly` in a request or `writeOnly` in a response.
    Hidden(&'static str),
    /// Names that are `readOnly` or `writeOnly` here or in a member of `allOf`: none of them is required.
    NotRequired(Box<[Box<str>]>),
    Reference(SchemaId),
    Const(Box<Value>),
    Enum(Box<[Value]>),
    /// An enum of many strings, sorted.
    Words(Box<[Box<str>]>),
    MultipleOf(Number),
    Minimum(Number),
    ExclusiveMinimum(Number),
    Maximum(Number),
    ExclusiveMaximum(Number),
    MinLength(u64),
    MaxLength(u64),
    Pattern(std::sync::Arc<Pattern>),
    Format(Format),
    Items(Box<Items>),
    Contains {
        schema: SchemaId,
        least: u64,
        most: Option<u64>,
    },
    MinItems(u64),
    MaxItems(u64),
    UniqueItems,
    Properties(Box<Properties>),
    PropertyNames(SchemaId),
    MinProperties(u64),
    MaxProperties(u64),
    Required(Box<[Box<str>]>),
    DependentRequired(Box<[Dependent]>),
    DependentSchemas(Box<[(Box<str>, SchemaId)]>),
    AllOf(Box<[SchemaId]>),
    AnyOf(Box<Choice>),
    OneOf(Box<Choice>),
    Not(SchemaId),
    If(Box<Condition>),
    UnevaluatedItems(SchemaId),
    UnevaluatedProperties(SchemaId),
}

/// Properties that another one requires.
#[derive(Debug)]
pub(super) struct Dependent {
    pub(super) on: Box<str>,
    pub(super) names: Box<[Box<str>]>,
}

/// `prefixItems` and `items`.
#[derive(Debug)]
pub(super) struct Items {
    pub(super) first: Box<[SchemaId]>,
    pub(super) rest: Option<SchemaId>,
}

/// `properties`, `patternProperties` and `additionalProperties`.
#[derive(Debug)]
pub(super) struct Properties {
    /// Sorted by name.
    pub(super) named: Box<[(Box<str>, SchemaId)]>,
    pub(super) patterns: Box<[(std::sync::Arc<Pattern>, SchemaId)]>,
    pub(super) additional: Option<SchemaId>,
    /// Whether a pattern could not be compiled: then no property is known to be additional.
    pub(super) is_open: bool,
}

impl Properties {
    pub(super) fn named(&self, name: &str) -> Option<SchemaId> {
        let at = self.named.binary_search_by(|(known, _)| (**known).cmp(name)).ok()?;
        Some(self.named[at].1)
    }
}

/// `anyOf` or `oneOf`.
#[derive(Debug)]
pub(super) struct Choice {
    pub(super) alternatives: Box<[SchemaId]>,
    pub(super) discriminator: Option<Discriminator>,
}

/// The property that says which alternative is meant.
#[derive(Debug)]
pub(super) struct Discriminator {
    pub(super) property: Box<str>,
    /// Its values, sorted, and what each means.
    pub(super) values: Box<[(Box<str>, SchemaId)]>,
}

/// `if`, `then` and `else`.
#[derive(Debug)]
pub(super) struct Condition {
    pub(super) test: SchemaId,
    pub(super) then: Option<SchemaId>,
    pub(super) otherwise: Option<SchemaId>,
}

impl Rule {
    /// Memory in bytes besides the rule itself.
    pub(super) fn heap(&self) -> usize {
        let texts = |texts: &[Box<str>]| {
            texts
                .iter()
                .map(|text| size_of::<Box<str>>() + text.len())
                .sum::<usize>()
        };
        let named = |named: &[(Box<str>, SchemaId)]| {
            let entry = size_of::<(Box<str>, SchemaId)>();
            named.iter().map(|(name, _)| entry + name.len()).sum::<usize>()
        };
        match self {
            Self::NotRequired(names) | Self::Words(names) | Self::Required(names) => texts(names),
            Self::Const(value) => crate::model::weight(value),
            Self::Enum(values) => values.iter().map(crate::model::weight).sum(),
            Self::Items(items) => size_of::<Items>() + items.first.len() * size_of::<SchemaId>(),
            Self::Properties(properties) => {
                size_of::<Properties>()
                    + named(&properties.named)
                    + properties.patterns.len() * size_of::<(std::sync::Arc<Pattern>, SchemaId)>()
            }
            Self::DependentRequired(entries) => entries
                .iter()
                .map(|entry| size_of::<Dependent>() + entry.on.len() + texts(&entry.names))
                .sum(),
            Self::DependentSchemas(entries) => named(entries),
            Self::AllOf(schemas) => size_of_val(&**schemas),
            Self::AnyOf(choice) | Self::OneOf(choice) => {
                let discriminator = choice.discriminator.as_ref();
                size_of::<Choice>()
                    + size_of_val(&*choice.alternatives)
                    + discriminator.map_or(0, |discriminator| {
                        discriminator.property.len() + named(&discriminator.values)
                    })
            }
            Self::If(_) => size_of::<Condition>(),
            _ => 0,
        }
    }
}
