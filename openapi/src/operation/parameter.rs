//! Parameters of operations.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use serde_json::Value;

use super::body::{self, Example, MediaType};
use super::{flag, text};
use crate::model::Document;

/// One parameter of an operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter<'d> {
    /// As written; header names compare without case.
    pub name: &'d str,
    /// Where it travels.
    pub location: ParameterLocation,
    /// Always true for path parameters.
    pub required: bool,
    /// Whether the document calls it deprecated.
    pub deprecated: bool,
    /// Whether reserved characters (RFC 3986 §2.2) stay as they are.
    pub allow_reserved: bool,
    /// Whether a query parameter may be there without a value.
    pub allow_empty_value: bool,
    /// Markdown source.
    pub description: Option<&'d str>,
    /// Its schema; that of its content, if it has one instead.
    pub schema: Option<&'d Value>,
    /// The media type it is serialised in, instead of by `style`.
    pub content: Option<MediaType<'d>>,
    /// `simple`, `label`, `matrix`, `form`, `spaceDelimited`, `pipeDelimited`, `deepObject`, or `cookie`; the default of
    /// its location if none is given.
    pub style: &'d str,
    /// Whether each item of a list or object travels as its own value.
    pub explode: bool,
    /// `example` and `examples` of the parameter itself, not those of its schema.
    pub examples: Vec<Example<'d>>,
}

/// Where a parameter travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ParameterLocation {
    /// In a `{segment}` of the path.
    Path,
    /// In the query string.
    Query,
    /// As the whole query string (3.2).
    QueryString,
    /// In a header.
    Header,
    /// In a cookie.
    Cookie,
}

impl ParameterLocation {
    /// The word of the specification: `path`, `query`, `querystring`, `header` or `cookie`.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Query => "query",
            Self::QueryString => "querystring",
            Self::Header => "header",
            Self::Cookie => "cookie",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Path, Self::Query, Self::QueryString, Self::Header, Self::Cookie]
            .into_iter()
            .find(|location| location.label() == text)
    }

    const fn default_style(self) -> &'static str {
        match self {
            Self::Path | Self::Header => "simple",
            Self::Query | Self::QueryString | Self::Cookie => "form",
        }
    }
}

pub(super) fn parameters<'d>(doc: &'d Document, item: &'d Value, operation: &'d Value) -> Vec<Parameter<'d>> {
    let list = |owner: &'d Value| owner.get("parameters").and_then(Value::as_array).into_iter().flatten();
    let mut parameters: Vec<Parameter<'d>> = Vec::new();
    let mut places: HashMap<_, usize> = HashMap::new();
    for parameter in list(item)
        .chain(list(operation))
        .filter_map(|value| parameter(doc, value))
    {
        match places.entry((parameter.location, parameter.name)) {
            Entry::Occupied(place) => parameters[*place.get()] = parameter,
            Entry::Vacant(place) => {
                place.insert(parameters.len());
                parameters.push(parameter);
            }
        }
    }
    parameters.sort_by_key(|parameter| parameter.location != ParameterLocation::Path);
    parameters
}

fn parameter<'d>(doc: &'d Document, value: &'d Value) -> Option<Parameter<'d>> {
    let value = doc.resolve(value).ok()?.value;
    let location = ParameterLocation::parse(text(value, "in")?)?;
    let name = text(value, "name")?;
    // RFC 9110 §5.1: anything else can't be a header, and might break out of the line.
    if location == ParameterLocation::Header && !crate::model::is_token(name) {
        return None;
    }
    let content = body::content(doc, value).into_iter().next();
    let style = text(value, "style").unwrap_or(location.default_style());
    Some(Parameter {
        name,
        location,
        required: location == ParameterLocation::Path || flag(value, "required"),
        deprecated: flag(value, "deprecated"),
        allow_reserved: flag(value, "allowReserved"),
        allow_empty_value: flag(value, "allowEmptyValue"),
        description: text(value, "description"),
        schema: value.get("schema").or(content.as_ref().and_then(|media| media.schema)),
        content,
        style,
        explode: value
            .get("explode")
            .and_then(Value::as_bool)
            .unwrap_or(style == "form" || style == "cookie"),
        examples: body::examples(doc, value),
    })
}
