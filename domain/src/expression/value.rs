//! Values of expressions. What comes from a request or a token is borrowed, not copied.

use std::{borrow::Cow, rc::Rc};

use serde_json::Value as Json;
use time::{Duration, OffsetDateTime};

use super::input::MapField;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// 64 bits, signed.
    Int(i64),
    /// IEEE 754, 64 bits.
    Double(f64),
    /// Text.
    Text(Cow<'a, str>),
    /// A moment.
    Timestamp(OffsetDateTime),
    /// A span of time.
    Duration(Duration),
    /// A list.
    List(List<'a>),
    /// A map.
    Map(Map<'a>),
}

/// A list.
#[derive(Clone, Debug, PartialEq)]
pub enum List<'a> {
    /// Made by the expression or by the inputs.
    Own(Rc<Vec<Value<'a>>>),
    /// Of a JSON document.
    Json(&'a [Json]),
}

/// A map.
#[derive(Clone, Debug, PartialEq)]
pub enum Map<'a> {
    /// Made by the expression.
    Own(Rc<Vec<(Value<'a>, Value<'a>)>>),
    /// Of a JSON document.
    Json(&'a serde_json::Map<String, Json>),
    /// Of the request: looked up entry by entry.
    Input(MapField),
}

impl<'a> Value<'a> {
    /// Text that is borrowed or owned.
    pub fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::Text(text.into())
    }

    /// A list of values.
    pub fn list(items: Vec<Self>) -> Self {
        Self::List(List::Own(Rc::new(items)))
    }

    /// A value of a JSON document. Numbers that are no 64-bit integers are doubles.
    pub fn json(value: &'a Json) -> Self {
        match value {
            Json::Null => Self::Null,
            Json::Bool(truth) => Self::Bool(*truth),
            Json::Number(number) => match number.as_i64() {
                Some(integer) => Self::Int(integer),
                None => Self::Double(number.as_f64().unwrap_or(f64::NAN)),
            },
            Json::String(text) => Self::text(text.as_str()),
            Json::Array(items) => Self::List(List::Json(items)),
            Json::Object(members) => Self::Map(Map::Json(members)),
        }
    }
}

impl<'a> List<'a> {
    /// Number of items.
    pub fn len(&self) -> usize {
        match self {
            Self::Own(items) => items.len(),
            Self::Json(items) => items.len(),
        }
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The item at an index from 0.
    pub fn get(&self, index: usize) -> Option<Value<'a>> {
        match self {
            Self::Own(items) => items.get(index).cloned(),
            Self::Json(items) => items.get(index).map(Value::json),
        }
    }
}
