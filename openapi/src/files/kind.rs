//! What the parts of a document are: only where the specification has references is a `$ref` one, and what it may be
//! replaced by depends on where it is.

use crate::lift::{SCHEMA_FIELDS, SCHEMA_LISTS, SCHEMA_MAPS};
use crate::model::{Format, METHODS};

/// A kind of object of the specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Root,
    Components,
    PathItem,
    Operation,
    Parameter,
    Header,
    RequestBody,
    Response,
    MediaType,
    Encoding,
    Example,
    Link,
    Callback,
    SecurityScheme,
    Schema,
    Discriminator,
    /// The `mapping` of a discriminator.
    Mapping,
    /// An `operationRef`.
    OperationReference,
    Map(&'static Kind),
    List(&'static Kind),
    /// Nothing in it is a reference: texts, examples, extensions.
    Data,
}

use Kind::{Data, List, Map};

impl Kind {
    /// The kind of a field, or of an item for any name.
    pub(super) fn child(self, field: &str) -> Self {
        if let Map(item) | List(item) = self {
            let is_extension = field.starts_with("x-") && !matches!(item, Self::Schema | Self::Header);
            return if is_extension { Data } else { *item };
        }
        match (self, field) {
            (Self::Discriminator, "mapping") | (Self::Mapping, _) => Self::Mapping,
            (Self::Schema, _) => schema_field(field),
            (Self::Link, "operationRef") => Self::OperationReference,
            (Self::Callback, name) if !name.starts_with("x-") && name != "$ref" => Self::PathItem,
            (_, name) if name.starts_with("x-") => Data,
            (Self::Root, field) => root_field(field),
            (Self::Components, field) => component(field),
            (Self::PathItem | Self::Operation, "parameters") => List(&Self::Parameter),
            (Self::PathItem, "additionalOperations") => Map(&Self::Operation),
            (Self::PathItem, method) if METHODS.contains(&method) => Self::Operation,
            (Self::Operation, "requestBody") => Self::RequestBody,
            (Self::Operation, "responses") => Map(&Self::Response),
            (Self::Operation, "callbacks") => Map(&Self::Callback),
            (Self::Response | Self::Encoding, "headers") => Map(&Self::Header),
            (Self::Response, "links") => Map(&Self::Link),
            (Self::Parameter | Self::Header | Self::Response | Self::MediaType, "schema")
            | (Self::MediaType, "itemSchema") => Self::Schema,
            (Self::Parameter | Self::Header | Self::Response | Self::RequestBody, "content") => Map(&Self::MediaType),
            (Self::Parameter | Self::Header | Self::MediaType, "examples") => Map(&Self::Example),
            (Self::MediaType | Self::Encoding, "encoding") => Map(&Self::Encoding),
            (Self::MediaType | Self::Encoding, "prefixEncoding") => List(&Self::Encoding),
            (Self::MediaType | Self::Encoding, "itemEncoding") => Self::Encoding,
            _ => Data,
        }
    }

    /// The component section that holds such objects, as a pointer; `None` if there is none in this version, and a part of
    /// another file has to stand where it is referred to.
    pub(super) fn section(self, format: Format) -> Option<&'static str> {
        if format == Format::OpenApi20 {
            return match self {
                Self::Schema => Some("/definitions"),
                Self::Parameter => Some("/parameters"),
                Self::Response => Some("/responses"),
                _ => None,
            };
        }
        Some(match self {
            Self::Schema => "/components/schemas",
            Self::Parameter => "/components/parameters",
            Self::Response => "/components/responses",
            Self::RequestBody => "/components/requestBodies",
            Self::Header => "/components/headers",
            Self::Example => "/components/examples",
            Self::Link => "/components/links",
            Self::Callback => "/components/callbacks",
            Self::SecurityScheme => "/components/securitySchemes",
            Self::MediaType if format == Format::OpenApi32 => "/components/mediaTypes",
            _ => return None,
        })
    }
}

fn root_field(field: &str) -> Kind {
    match field {
        "paths" | "webhooks" => Map(&Kind::PathItem),
        "components" => Kind::Components,
        "definitions" => Map(&Kind::Schema),
        "parameters" => Map(&Kind::Parameter),
        "responses" => Map(&Kind::Response),
        "securityDefinitions" => Map(&Kind::SecurityScheme),
        _ => Data,
    }
}

/// The sections of `components`.
pub(super) const SECTIONS: [&str; 11] = [
    "schemas",
    "responses",
    "parameters",
    "examples",
    "requestBodies",
    "headers",
    "securitySchemes",
    "links",
    "callbacks",
    "pathItems",
    "mediaTypes",
];

fn component(section: &str) -> Kind {
    match section {
        "schemas" => Map(&Kind::Schema),
        "responses" => Map(&Kind::Response),
        "parameters" => Map(&Kind::Parameter),
        "examples" => Map(&Kind::Example),
        "requestBodies" => Map(&Kind::RequestBody),
        "headers" => Map(&Kind::Header),
        "securitySchemes" => Map(&Kind::SecurityScheme),
        "links" => Map(&Kind::Link),
        "callbacks" => Map(&Kind::Callback),
        "pathItems" => Map(&Kind::PathItem),
        "mediaTypes" => Map(&Kind::MediaType),
        _ => Data,
    }
}

fn schema_field(field: &str) -> Kind {
    if SCHEMA_FIELDS.contains(&field) {
        Kind::Schema
    } else if SCHEMA_MAPS.contains(&field) {
        Map(&Kind::Schema)
    } else if SCHEMA_LISTS.contains(&field) {
        List(&Kind::Schema)
    } else if field == "discriminator" {
        Kind::Discriminator
    } else {
        Data
    }
}
