//! A YAML 1.2 composer over the events of `saphyr-parser`: one document, text keys, the core schema, `<<` merges, and
//! bounded aliases. Custom tags are never acted on.

use std::borrow::Cow;
use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput, Tag};
use serde_json::{Map, Value};

use super::scalar;
use super::source::{Budget, Extent, Step, pointer};
use super::{Limits, Parsed, duplicate_key};
use crate::diagnostics::{Diagnostic, Position, Rejected};
use crate::number::NumberTexts;

/// Reads one YAML document.
pub(super) fn parse(text: &str, limits: &Limits, numbers: NumberTexts) -> Result<Parsed, Rejected> {
    let mut composer = Composer {
        events: Parser::new_from_str(text),
        path: Vec::new(),
        anchors: HashMap::new(),
        written: Vec::new(),
        budget: Budget::new(limits),
        parsed: Parsed {
            numbers,
            ..Parsed::default()
        },
    };
    let value = composer.document()?;
    Ok(composer.parsed.finish(value, composer.budget.spent()))
}

struct Composer<'t> {
    events: Parser<'t, StrInput<'t>>,
    path: Vec<Step>,
    /// Finished anchors; `None` while the value is being read.
    anchors: HashMap<usize, Option<Anchored>>,
    written: Vec<Written>,
    budget: Budget<'t>,
    parsed: Parsed,
}

/// A value that an alias can repeat.
struct Anchored {
    value: Value,
    /// Memory that a copy takes.
    bytes: usize,
    extent: Extent,
}

/// A plain scalar that is not a text to YAML, but may be meant as one: `version: 1.10`.
struct Written {
    /// Depth of the mapping that has the key.
    depth: usize,
    key: String,
    /// Its place, where the key holds a list.
    index: Option<usize>,
    text: String,
}

/// The fields of a schema that hold values of the schema's own type.
const VALUE_FIELDS: [&str; 5] = ["enum", "default", "example", "examples", "const"];

pub(super) fn position(span: Span) -> Position {
    Position {
        line: span.start.line().max(1) as u32,
        column: span.start.col() as u32 + 1,
    }
}

/// The tags of YAML itself. Languages put their own under the same prefix (`!!python/object`).
fn is_core(tag: &Tag) -> bool {
    const CORE: [&str; 9] = [
        "str",
        "int",
        "float",
        "bool",
        "null",
        "seq",
        "map",
        "binary",
        "timestamp",
    ];
    tag.is_yaml_core_schema() && CORE.contains(&tag.suffix.as_str())
}

/// A lone `!`: the value is what its syntax says.
fn is_non_specific(tag: &Tag) -> bool {
    tag.suffix.is_empty() || (tag.handle.is_empty() && tag.suffix == "!")
}

fn syntax(error: &ScanError) -> Rejected {
    let mark = error.marker();
    let position = Position {
        line: mark.line().max(1) as u32,
        column: mark.col() as u32 + 1,
    };
    let finding = if error.info().contains("recursion limit") {
        Diagnostic::error("too-deep", "the YAML is nested too deeply")
    } else {
        Diagnostic::error("yaml-syntax", format!("not valid YAML: {}", error.info()))
    };
    finding.on(position).into()
}

impl<'t> Composer<'t> {
    fn next(&mut self) -> Result<(Event<'t>, Span), Rejected> {
        match self.events.next_event() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => Err(syntax(&error)),
            None => Err(Diagnostic::error("yaml-syntax", "the YAML ends unexpectedly").into()),
        }
    }

    fn document(&mut self) -> Result<Value, Rejected> {
        let mut value = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamEnd => break,
                Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd | Event::Nothing => {}
                _ if value.is_some() => {
                    let message = "the file holds more than one YAML document";
                    let finding = Diagnostic::error("multiple-documents", message).on(position(span));
                    return Err(finding.hint("Keep one document; remove the --- between them.").into());
                }
                event => value = Some(self.node(event, span)?),
            }
        }
        value.ok_or_else(|| Diagnostic::error("empty", "the document is empty").into())
    }

    fn node(&mut self, event: Event<'t>, span: Span) -> Result<Value, Rejected> {
        self.budget.node(self.path.len(), || position(span))?;
        match event {
            Event::Alias(anchor) => self.alias(anchor, span),
            Event::Scalar(text, style, anchor, tag) => {
                let value = self.scalar(text, style, tag.as_deref(), span);
                self.define(anchor, &value, span)?;
                Ok(value)
            }
            Event::SequenceStart(anchor, tag) => {
                self.collection_tag(tag.as_deref(), span);
                self.open(anchor);
                let value = self.sequence()?;
                self.define(anchor, &value, span)?;
                Ok(value)
            }
            Event::MappingStart(anchor, tag) => {
                self.collection_tag(tag.as_deref(), span);
                self.open(anchor);
                let value = self.mapping()?;
                self.define(anchor, &value, span)?;
                Ok(value)
            }
            _ => Err(Diagnostic::error("yaml-syntax", "a value is expected here")
                .on(position(span))
                .into()),
        }
    }

    fn open(&mut self, anchor: usize) {
        if anchor != 0 {
            self.anchors.insert(anchor, None);
        }
    }

    fn define(&mut self, anchor: usize, value: &Value, span: Span) -> Result<(), Rejected> {
        if anchor == 0 {
            return Ok(());
        }
        let bytes = crate::model::weight(value);
        self.budget.copy(bytes, || position(span))?;
        let anchored = Anchored {
            value: value.clone(),
            bytes,
            extent: Extent::of(value),
        };
        self.anchors.insert(anchor, Some(anchored));
        Ok(())
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Result<Value, Rejected> {
        match self.anchors.get(&anchor) {
            Some(Some(anchored)) => {
                self.budget.copy(anchored.bytes, || position(span))?;
                if self.path.len() + anchored.extent.depth > self.budget.depth() {
                    self.budget.node(usize::MAX, || position(span))?;
                }
                self.budget.pointers(&anchored.extent, || position(span))?;
                Ok(anchored.value.clone())
            }
            Some(None) => {
                let finding = Diagnostic::error("recursive-alias", "a YAML anchor contains itself");
                Err(finding.on(position(span)).at(pointer(&self.path)).into())
            }
            None => Err(Diagnostic::error("yaml-syntax", "unknown YAML anchor")
                .on(position(span))
                .into()),
        }
    }

    fn scalar(&mut self, text: Cow<'t, str>, style: ScalarStyle, tag: Option<&Tag>, span: Span) -> Value {
        let is_plain = style == ScalarStyle::Plain;
        let resolved = match tag {
            None if is_plain => scalar::resolve(&text, &mut self.parsed.numbers),
            Some(tag) if is_core(tag) && matches!(tag.suffix.as_str(), "int" | "float" | "bool" | "null") => {
                scalar::resolve(&text, &mut self.parsed.numbers)
            }
            Some(tag) if !is_core(tag) && !is_non_specific(tag) => {
                self.ignored_tag(tag, span);
                None
            }
            _ => None,
        };
        match resolved {
            None => {
                // The parser builds texts bit by bit, with room to spare that nobody needs any more.
                let mut text = text.into_owned();
                text.shrink_to_fit();
                Value::String(text)
            }
            Some(value) => {
                if !value.is_null()
                    && let Some(written) = self.written(&value, &text)
                {
                    self.written.push(written);
                }
                value
            }
        }
    }

    /// A record of the text, in places where it may matter.
    fn written(&self, value: &Value, text: &str) -> Option<Written> {
        let depth = self.path.len();
        let (key, index) = match self.path.as_slice() {
            [.., Step::Key(key), Step::Index(index)] => (key, Some(*index)),
            [.., Step::Key(key)] => (key, None),
            _ => return None,
        };
        let is_field_of_root =
            index.is_none() && (depth == 1 || (depth == 2 && matches!(&self.path[0], Step::Key(key) if key == "info")));
        let shown = value.to_string();
        let is_changed = VALUE_FIELDS.contains(&key.as_str()) && shown != text;
        (is_field_of_root || is_changed).then(|| Written {
            depth: depth - 1 - usize::from(index.is_some()),
            key: key.clone(),
            index,
            text: text.to_owned(),
        })
    }

    fn collection_tag(&mut self, tag: Option<&Tag>, span: Span) {
        if let Some(tag) = tag.filter(|tag| !is_core(tag) && !is_non_specific(tag)) {
            self.ignored_tag(tag, span);
        }
    }

    fn ignored_tag(&mut self, tag: &Tag, span: Span) {
        let finding = Diagnostic::warning(
            "yaml-tag",
            format!("the YAML tag {tag} is ignored; nothing is run or included"),
        );
        self.parsed.found(finding.on(position(span)).at(pointer(&self.path)));
    }

    fn sequence(&mut self) -> Result<Value, Rejected> {
        let mut items = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::SequenceEnd {
                return Ok(Value::Array(items));
            }
            let above = self.budget.enter_item(items.len());
            self.path.push(Step::Index(items.len()));
            items.push(self.node(event, span)?);
            self.path.pop();
            self.budget.leave(above);
        }
    }

    fn mapping(&mut self) -> Result<Value, Rejected> {
        let mut map = Map::new();
        let mut merges = Vec::new();
        let first_written = self.written.len();
        loop {
            let (event, span) = self.next()?;
            let (key, is_merge) = match event {
                Event::MappingEnd => break,
                Event::Scalar(text, style, anchor, _) => {
                    let is_merge = style == ScalarStyle::Plain && text == "<<";
                    self.define(anchor, &Value::String(text.to_string()), span)?;
                    (text.into_owned(), is_merge)
                }
                Event::Alias(anchor) => match self.alias(anchor, span)? {
                    Value::String(text) => (text, false),
                    other => (other.to_string(), false),
                },
                _ => {
                    let finding = Diagnostic::error("yaml-key", "a key must be a text, not a list or an object");
                    return Err(finding.on(position(span)).at(pointer(&self.path)).into());
                }
            };
            let above = self.budget.enter(&key, || position(span))?;
            self.path.push(Step::Key(key.clone()));
            let (event, value_span) = self.next()?;
            let value = self.node(event, value_span)?;
            if is_merge {
                merges.push(value);
            } else if map.insert(key, value).is_some() {
                let finding = duplicate_key().on(position(span));
                self.parsed.found(finding.at(pointer(&self.path)));
            }
            self.path.pop();
            self.budget.leave(above);
        }
        for merge in merges {
            self.merge(&mut map, merge);
        }
        self.restore_texts(&mut map, first_written);
        Ok(Value::Object(map))
    }

    /// Adds the fields of a `<<` value; what the mapping has itself wins.
    fn merge(&mut self, map: &mut Map<String, Value>, merge: Value) {
        match merge {
            Value::Object(fields) => {
                for (key, value) in fields {
                    map.entry(key).or_insert(value);
                }
            }
            Value::Array(items) => {
                for item in items {
                    self.merge(map, item);
                }
            }
            _ => {
                let finding = Diagnostic::warning("yaml-merge", "<< is followed by something that is not an object");
                self.parsed.found(finding.at(pointer(&self.path)));
            }
        }
    }

    /// Puts the written text back where the number or boolean that YAML sees is known to be meant as a text: values of a
    /// schema of type `string`, and the few text fields every document starts with.
    fn restore_texts(&mut self, map: &mut Map<String, Value>, first: usize) {
        if self.written.len() == first {
            return;
        }
        let is_text_schema = match map.get("type") {
            Some(Value::String(name)) => name == "string",
            Some(Value::Array(names)) => {
                names.iter().any(|name| name == "string") && names.iter().all(|name| name == "string" || name == "null")
            }
            _ => false,
        };
        let depth = self.path.len();
        for Written { key, index, text, .. } in self.written.drain(first..).filter(|written| written.depth == depth) {
            let is_version = depth == 0 && matches!(key.as_str(), "openapi" | "swagger");
            let is_info = depth == 1 && matches!(key.as_str(), "title" | "version" | "summary" | "description");
            let is_value = is_text_schema && VALUE_FIELDS.contains(&key.as_str());
            if !(is_version || is_info || is_value) {
                continue;
            }
            let target = match index {
                None => map.get_mut(&key),
                Some(index) => map.get_mut(&key).and_then(|list| list.get_mut(index)),
            };
            if let Some(target) = target {
                *target = Value::String(text);
            }
            if is_version {
                let message = format!("`{key}` should be a text in quotes");
                self.parsed
                    .found(Diagnostic::warning("version-not-text", message).at(format!("/{key}")));
            }
        }
    }
}
