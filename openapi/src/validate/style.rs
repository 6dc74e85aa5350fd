//! How values are written as text: `style` and `explode` (3.1.1 §4.8.12), read backwards.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::shape::Shape;
use super::value::{Reader, decode, split};

/// A `style`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Simple,
    Label,
    Matrix,
    Form,
    SpaceDelimited,
    PipeDelimited,
    DeepObject,
}

impl Style {
    /// The style of this name; `form` for what the specification doesn't know in a query, `simple` elsewhere.
    pub(super) fn named(name: &str, otherwise: Self) -> Self {
        match name {
            "simple" => Self::Simple,
            "label" => Self::Label,
            "matrix" => Self::Matrix,
            "form" | "cookie" => Self::Form,
            "spaceDelimited" => Self::SpaceDelimited,
            "pipeDelimited" => Self::PipeDelimited,
            "deepObject" => Self::DeepObject,
            _ => otherwise,
        }
    }

    /// What stands between items in a query.
    pub(super) fn delimiters(self) -> &'static [&'static str] {
        match self {
            Self::SpaceDelimited => &["%20", "+"],
            Self::PipeDelimited => &["|", "%7C", "%7c"],
            _ => &[",", "%2C", "%2c"],
        }
    }
}

/// Why a text can't be read, as the end of a sentence.
pub(super) type Problem = &'static str;

const NOT_UTF8: Problem = "must be UTF-8 once its percent-encoding is decoded";
const NO_PAIRS: Problem = "must be a list of names, each followed by its value";

/// How the characters of a text are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// As they are.
    Plain,
    /// Percent-encoded.
    Percent,
    /// Percent-encoded, with `+` for a space.
    Form,
}

impl Encoding {
    pub(super) fn decode(self, text: &str) -> Result<Cow<'_, str>, Problem> {
        match self {
            Self::Plain => Ok(Cow::Borrowed(text)),
            Self::Percent => decode(text, false).ok_or(NOT_UTF8),
            Self::Form => decode(text, true).ok_or(NOT_UTF8),
        }
    }
}

/// Reads the one text that stands for a whole value: a list and an object are split at the delimiters, or at the escapes of
/// these where there is no plain one. `is_exploded` says that an object is `name=value` pairs.
pub(super) fn read(
    text: &str,
    delimiters: &[&str],
    is_exploded: bool,
    encoding: Encoding,
    shape: &Shape,
    reader: &mut Reader<'_>,
) -> Result<Value, Problem> {
    if shape.is_list() {
        if text.is_empty() && !shape.may_be_scalar() {
            return Ok(Value::Array(Vec::new()));
        }
        let parts = split(text, delimiters);
        if parts.len() > 1 || !shape.may_be_scalar() {
            return list(parts.into_iter(), encoding, shape, reader);
        }
    }
    if shape.is_object() && !shape.may_be_scalar() {
        let parts = split(text, delimiters);
        return object(&parts, is_exploded, encoding, shape, reader);
    }
    Ok(reader.scalar(&encoding.decode(text)?, shape))
}

fn list<'t>(
    parts: impl Iterator<Item = &'t str>,
    encoding: Encoding,
    shape: &Shape,
    reader: &mut Reader<'_>,
) -> Result<Value, Problem> {
    let items = parts.map(|part| Ok(reader.item(&encoding.decode(part.trim())?, shape)));
    Ok(Value::Array(items.collect::<Result<_, Problem>>()?))
}

fn object(
    parts: &[&str],
    is_exploded: bool,
    encoding: Encoding,
    shape: &Shape,
    reader: &mut Reader<'_>,
) -> Result<Value, Problem> {
    let mut map = Map::new();
    let mut put = |name: &str, text: &str| {
        let name = encoding.decode(name.trim())?.into_owned();
        let value = reader.property(&name, &encoding.decode(text.trim())?, shape);
        map.insert(name, value);
        Ok(())
    };
    match parts {
        [""] => {}
        parts if is_exploded => {
            for part in parts {
                let (name, text) = part.split_once('=').ok_or(NO_PAIRS)?;
                put(name, text)?;
            }
        }
        parts => {
            for pair in parts.chunks(2) {
                let [name, text] = pair else { return Err(NO_PAIRS) };
                put(name, text)?;
            }
        }
    }
    Ok(Value::Object(map))
}

/// Reads what stands for `{name}` in a path.
pub(super) fn read_path(
    text: &str,
    name: &str,
    style: Style,
    is_exploded: bool,
    shape: &Shape,
    reader: &mut Reader<'_>,
) -> Result<Value, Problem> {
    let percent = Encoding::Percent;
    match style {
        Style::Label => {
            let rest = text.strip_prefix('.').ok_or("must begin with a dot")?;
            let delimiters: &[&str] = if is_exploded { &["."] } else { &[",", "%2C", "%2c"] };
            read(rest, delimiters, is_exploded, percent, shape, reader)
        }
        Style::Matrix => {
            let rest = text.strip_prefix(';').ok_or("must begin with a semicolon")?;
            let value = |part: &'_ str| -> Option<usize> {
                let (own, value) = part.split_once('=').unwrap_or((part, ""));
                (decode(own, false)? == name).then_some(part.len() - value.len())
            };
            let is_object = shape.is_object() && !shape.may_be_scalar();
            if is_exploded && is_object {
                return object(&split(rest, &[";"]), true, percent, shape, reader);
            }
            const NO_NAME: Problem = "must begin with its name and an equals sign";
            if is_exploded && shape.is_list() {
                let parts: Option<Vec<&str>> = rest.split(';').map(|part| Some(&part[value(part)?..])).collect();
                return list(parts.ok_or(NO_NAME)?.into_iter(), percent, shape, reader);
            }
            let rest = &rest[value(rest).ok_or(NO_NAME)?..];
            read(rest, &[",", "%2C", "%2c"], false, percent, shape, reader)
        }
        _ => read(text, &[",", "%2C", "%2c"], is_exploded, percent, shape, reader),
    }
}
