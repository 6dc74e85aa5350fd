//! Parameters: what each is, and reading it from a request.

use serde_json::Value;

use super::form::FormRule;
use super::headers::{self, Headers};
use super::json;
use super::query::{FieldValue, Fields, How};
use super::schema::Compiler;
use super::shape::Shape;
use super::style::{self, Encoding, Style};
use super::value::Reader;
use super::violation::{InvalidKind, MOST_VIOLATIONS, Place, Violations};
use crate::media_type::MediaType;
use crate::operation::{Header, Operation, Parameter, ParameterLocation, SecuritySchemeKind};

/// One parameter or header.
#[derive(Debug)]
pub(super) struct ParameterRule {
    pub(super) name: Box<str>,
    place: Place,
    is_required: bool,
    how: How,
    content: Option<Content>,
    shape: Shape,
}

/// What a parameter with `content` carries.
#[derive(Debug)]
enum Content {
    Json,
    Text,
    /// A whole query string that is a form.
    Form(Box<FormRule>),
    /// The whole query string, JSON.
    WholeJson,
    /// Something that isn't checked.
    Opaque,
}

/// The parameters of an operation.
#[derive(Debug, Default)]
pub(super) struct Parameters {
    rules: Box<[ParameterRule]>,
    /// Names in the query that belong to security schemes.
    credentials: Box<[Box<str>]>,
    is_query_strict: bool,
}

/// What an operation's parameters are read from.
pub(super) struct Source<'r> {
    pub(super) path: &'r [(&'r str, &'r str)],
    pub(super) query: &'r str,
    pub(super) headers: &'r Headers<'r>,
}

impl Parameters {
    pub(super) fn compile<'d>(compiler: &mut Compiler<'d>, operation: &Operation<'d>) -> Self {
        let parameters = operation.parameters();
        let rules = parameters
            .iter()
            .filter(|parameter| {
                parameter.location != ParameterLocation::Header || !is_described_elsewhere(parameter.name)
            })
            .map(|parameter| ParameterRule::compile(compiler, parameter));
        let rules: Vec<ParameterRule> = rules.collect();
        let is_query_strict = compiler.settings.is_query_strict;
        let mut credentials = Vec::new();
        if is_query_strict {
            for scheme in operation.security().iter().flat_map(|alternative| &alternative.schemes) {
                if let Some(SecuritySchemeKind::ApiKey {
                    name,
                    location: "query",
                }) = scheme.scheme.as_ref().map(|scheme| &scheme.kind)
                {
                    credentials.push(Box::from(*name));
                }
            }
        }
        Self {
            rules: rules.into(),
            credentials: credentials.into(),
            is_query_strict,
        }
    }

    /// Whether there is nothing to check.
    pub(super) fn is_empty(&self) -> bool {
        self.rules.is_empty() && !self.is_query_strict
    }

    pub(super) fn check(&self, source: &Source<'_>, reader: &mut Reader<'_>, violations: &mut Violations) {
        let mut fields = Fields::parse(source.query);
        let cookies = if self.rules.iter().any(|rule| rule.place == Place::Cookie) {
            headers::cookies(source.headers)
        } else {
            Vec::new()
        };
        let is_declared = |name: &str| {
            let is_named = |rule: &ParameterRule| rule.place == Place::Query && *rule.name == *name;
            self.rules.iter().any(is_named)
        };
        for rule in &self.rules {
            if violations.is_full() {
                return;
            }
            let read = match rule.place {
                Place::Path => rule.read_path(source.path, reader),
                Place::Query => rule.read_query(source.query, &mut fields, &is_declared, reader),
                Place::Cookie => rule.read_cookie(&cookies, reader),
                _ => rule.read_header(source.headers, reader),
            };
            rule.check(read, reader, violations, InvalidKind::Malformed);
        }
        let takes_all = self
            .rules
            .iter()
            .any(|rule| matches!(rule.content, Some(Content::Form(_) | Content::WholeJson)));
        if self.is_query_strict && !takes_all {
            self.credentials.iter().for_each(|name| fields.know(name));
            for name in fields.unused().iter().take(violations.room()) {
                let message = "is not a parameter of this operation";
                violations.report(InvalidKind::Malformed, (Place::Query, name), "parameters", message);
            }
        }
    }
}

/// OpenAPI says these are described by media types and security schemes, not by parameters (3.1.1 §4.8.12.2.1).
pub(super) fn is_described_elsewhere(name: &str) -> bool {
    ["accept", "content-type", "authorization"].contains(&name.to_ascii_lowercase().as_str())
}

type Read = Result<FieldValue, String>;

impl ParameterRule {
    fn compile<'d>(compiler: &mut Compiler<'d>, parameter: &Parameter<'d>) -> Self {
        let (place, style) = match parameter.location {
            ParameterLocation::Path => (Place::Path, Style::Simple),
            ParameterLocation::Query | ParameterLocation::QueryString => (Place::Query, Style::Form),
            ParameterLocation::Header => (Place::Header, Style::Simple),
            ParameterLocation::Cookie => (Place::Cookie, Style::Form),
        };
        let is_whole = parameter.location == ParameterLocation::QueryString;
        let content = parameter.content.as_ref().map(|media| {
            let kind = MediaType::parse(media.name);
            match kind {
                Some(kind) if kind.is_json() && is_whole => Content::WholeJson,
                Some(kind) if kind.is_json() => Content::Json,
                Some(kind) if kind.is_form() && is_whole => {
                    Content::Form(Box::new(FormRule::compile(compiler, media.encoding)))
                }
                Some(kind) if kind.is_text() && !is_whole => Content::Text,
                _ => {
                    compiler.note("content", format!("parameter of type {:?}", media.name));
                    Content::Opaque
                }
            }
        });
        compiler.charge(size_of::<Self>() + parameter.name.len());
        Self {
            name: parameter.name.into(),
            place,
            is_required: parameter.required,
            how: How {
                style: Style::named(parameter.style, style),
                is_exploded: parameter.explode,
                may_be_empty: parameter.allow_empty_value,
            },
            content,
            shape: Shape::of(compiler, parameter.schema),
        }
    }

    /// A header of a response or of a part.
    pub(super) fn of_header<'d>(compiler: &mut Compiler<'d>, header: &Header<'d>) -> Self {
        compiler.charge(size_of::<Self>() + header.name.len());
        Self {
            name: header.name.into(),
            place: Place::Header,
            is_required: header.required,
            how: How {
                style: Style::Simple,
                is_exploded: header.explode,
                may_be_empty: false,
            },
            content: header.content.map(|name| match MediaType::parse(name) {
                Some(kind) if kind.is_json() => Content::Json,
                Some(kind) if kind.is_text() => Content::Text,
                _ => Content::Opaque,
            }),
            shape: Shape::of(compiler, header.schema),
        }
    }

    fn read_path(&self, path: &[(&str, &str)], reader: &mut Reader<'_>) -> Read {
        // What the template has no place for can't be sent; reading the document has reported it.
        let Some((_, text)) = path.iter().find(|(name, _)| *name == &*self.name) else {
            return Ok(FieldValue::Empty);
        };
        if self.content.is_some() {
            return self.read_content(&Encoding::Percent.decode(text)?, reader);
        }
        let value = style::read_path(
            text,
            &self.name,
            self.how.style,
            self.how.is_exploded,
            &self.shape,
            reader,
        );
        Ok(FieldValue::Value(value?))
    }

    fn read_query(
        &self,
        query: &str,
        fields: &mut Fields<'_>,
        is_declared: &dyn Fn(&str) -> bool,
        reader: &mut Reader<'_>,
    ) -> Read {
        match &self.content {
            None => Ok(fields.read(&self.name, self.how, &self.shape, is_declared, reader)?),
            Some(Content::Form(_) | Content::WholeJson | Content::Opaque) if query.is_empty() => {
                Ok(FieldValue::Missing)
            }
            Some(Content::Form(form)) => Ok(FieldValue::Value(form.read(query, &self.shape, reader)?)),
            Some(Content::WholeJson) => self.read_content(&Encoding::Form.decode(query)?, reader),
            Some(_) => match fields.read(&self.name, How::FORM, &Shape::of_text(), is_declared, reader)? {
                FieldValue::Value(Value::String(text)) => self.read_content(&text, reader),
                other => Ok(other),
            },
        }
    }

    fn read_cookie(&self, cookies: &[(String, String)], reader: &mut Reader<'_>) -> Read {
        let own = cookies.iter().filter(|(name, _)| **name == *self.name);
        let values: Vec<&str> = own.map(|(_, value)| value.as_str()).collect();
        let Some(first) = values.first() else {
            let is_object = self.how.is_exploded && self.shape.is_object() && !self.shape.may_be_scalar();
            return Ok(if is_object {
                // Its properties are cookies of their own, which nothing tells apart from others.
                FieldValue::Empty
            } else {
                FieldValue::Missing
            });
        };
        if self.content.is_some() {
            return self.read_content(&Encoding::Percent.decode(first)?, reader);
        }
        if values.len() > 1 {
            return Ok(FieldValue::Value(super::query::repeated(&values, &self.shape, reader)?));
        }
        let delimiters = Style::Form.delimiters();
        let value = style::read(first, delimiters, false, Encoding::Percent, &self.shape, reader);
        Ok(FieldValue::Value(value?))
    }

    pub(super) fn read_header(&self, headers: &Headers<'_>, reader: &mut Reader<'_>) -> Read {
        let text = match headers::joined(headers, &self.name) {
            None => return Ok(FieldValue::Missing),
            Some(Err(_)) => return Err("must be UTF-8".to_owned()),
            Some(Ok(text)) => text,
        };
        if self.content.is_some() {
            return self.read_content(&text, reader);
        }
        let value = style::read(
            &text,
            &[","],
            self.how.is_exploded,
            Encoding::Plain,
            &self.shape,
            reader,
        );
        Ok(FieldValue::Value(value?))
    }

    fn read_content(&self, text: &str, reader: &mut Reader<'_>) -> Read {
        Ok(match self.content {
            Some(Content::Json | Content::WholeJson) => FieldValue::Value(json::parse(text.as_bytes())?),
            Some(Content::Text) => FieldValue::Value(reader.scalar(text, &self.shape)),
            _ => FieldValue::Empty,
        })
    }

    /// Reports what is wrong with what was read.
    pub(super) fn check(&self, read: Read, reader: &mut Reader<'_>, violations: &mut Violations, kind: InvalidKind) {
        let place = (self.place, &*self.name);
        match read {
            Ok(FieldValue::Missing) if self.is_required => violations.report(kind, place, "required", "is missing"),
            Ok(FieldValue::Empty | FieldValue::Missing) => {}
            Ok(FieldValue::Value(value)) => {
                let room = violations.room().clamp(1, MOST_VIOLATIONS);
                let found = reader.schemas.check(self.shape.schema, &value, reader.steps, &[], room);
                violations.found(kind, place, found, reader.steps);
            }
            Err(problem) => violations.report(kind, place, "syntax", problem),
        }
    }
}
