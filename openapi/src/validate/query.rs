//! The fields of a query string or urlencoded form, and values made from them.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::{Map, Value};

use super::shape::Shape;
use super::style::{self, Encoding, Problem, Style};
use super::value::{Reader, decode};

/// Levels of `name[a][b]`.
const MOST_LEVELS: usize = 8;
const TWICE: Problem = "must not be given more than once";

/// The fields, by name.
pub(super) struct Fields<'q> {
    pairs: Vec<(Cow<'q, str>, &'q str)>,
    by_name: HashMap<String, Vec<usize>>,
    /// Names with a bracket, by what stands before it.
    by_base: HashMap<String, Vec<usize>>,
    is_used: Vec<bool>,
}

/// How a value is written in fields.
#[derive(Clone, Copy, Debug)]
pub(super) struct How {
    pub(super) style: Style,
    pub(super) is_exploded: bool,
    /// Whether it may be there without a value.
    pub(super) may_be_empty: bool,
}

impl How {
    /// The default of queries and forms.
    pub(super) const FORM: Self = Self {
        style: Style::Form,
        is_exploded: true,
        may_be_empty: false,
    };
}

/// What fields say.
#[derive(Debug, PartialEq)]
pub(super) enum FieldValue {
    Missing,
    /// It is there and has no value, as the document allows.
    Empty,
    Value(Value),
}

impl<'q> Fields<'q> {
    /// Splits `a=1&b=2` (URL standard §5.1).
    pub(super) fn parse(text: &'q str) -> Self {
        let pairs = text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name, true).unwrap_or(Cow::Borrowed(name)), value)
        });
        let pairs: Vec<(Cow<'q, str>, &'q str)> = pairs.collect();
        let (mut by_name, mut by_base) = (
            HashMap::<String, Vec<usize>>::new(),
            HashMap::<String, Vec<usize>>::new(),
        );
        for (at, (name, _)) in pairs.iter().enumerate() {
            by_name.entry(name.clone().into_owned()).or_default().push(at);
            if let Some((base, _)) = name.split_once('[') {
                by_base.entry(base.to_owned()).or_default().push(at);
            }
        }
        Self {
            is_used: vec![false; pairs.len()],
            pairs,
            by_name,
            by_base,
        }
    }

    /// Takes every value of a name, still encoded.
    fn take(&mut self, name: &str) -> Vec<&'q str> {
        let places = self.by_name.get(name).map_or(&[][..], Vec::as_slice);
        for at in places {
            self.is_used[*at] = true;
        }
        places.iter().map(|at| self.pairs[*at].1).collect()
    }

    /// Takes `name[…]`, each with what follows the name.
    fn take_bracketed(&mut self, name: &str) -> Vec<(String, &'q str)> {
        let base = name.split_once('[').map_or(name, |(base, _)| base);
        let mut taken = Vec::new();
        for at in self.by_base.get(base).into_iter().flatten() {
            let (full, text) = &self.pairs[*at];
            if let Some(rest) = full.strip_prefix(name).filter(|rest| rest.starts_with('[')) {
                self.is_used[*at] = true;
                taken.push((rest.to_owned(), *text));
            }
        }
        taken
    }

    /// Whether there is a field of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    /// Marks fields of this name as known.
    pub(super) fn know(&mut self, name: &str) {
        self.take(name);
    }

    /// Names that nothing has taken, each once.
    pub(super) fn unused(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        let mut known = std::collections::HashSet::new();
        for ((name, _), is_used) in self.pairs.iter().zip(&self.is_used) {
            if !is_used && known.insert(&**name) {
                names.push(name.to_string());
            }
        }
        names
    }

    /// Reads a value. `is_declared` says which names belong to other values.
    pub(super) fn read(
        &mut self,
        name: &str,
        how: How,
        shape: &Shape,
        is_declared: &dyn Fn(&str) -> bool,
        reader: &mut Reader<'_>,
    ) -> Result<FieldValue, Problem> {
        let is_object = shape.is_object() && !shape.may_be_scalar() && !shape.is_list();
        if how.style == Style::DeepObject {
            let bracketed = self.take_bracketed(name);
            if !bracketed.is_empty() {
                return deep(bracketed, shape, reader).map(FieldValue::Value);
            }
        } else if how.is_exploded && is_object && !self.has(name) {
            return self.exploded(shape, is_declared, reader);
        }
        let values = self.take(name);
        match values[..] {
            [] => Ok(FieldValue::Missing),
            [""] if how.may_be_empty => Ok(FieldValue::Empty),
            [text] if !how.is_exploded => {
                let delimiters = how.style.delimiters();
                style::read(text, delimiters, false, Encoding::Form, shape, reader).map(FieldValue::Value)
            }
            _ => repeated(&values, shape, reader).map(FieldValue::Value),
        }
    }

    /// An object whose properties are fields of their own.
    fn exploded(
        &mut self,
        shape: &Shape,
        is_declared: &dyn Fn(&str) -> bool,
        reader: &mut Reader<'_>,
    ) -> Result<FieldValue, Problem> {
        let mut map = Map::new();
        for (name, property) in &shape.properties {
            let values = self.take(name);
            if !values.is_empty() {
                map.insert(name.to_string(), repeated(&values, property, reader)?);
            }
        }
        if let Some(additional) = &shape.additional {
            for name in self.unused() {
                if !is_declared(&name) {
                    let values = self.take(&name);
                    map.insert(name, repeated(&values, additional, reader)?);
                }
            }
        }
        Ok(if map.is_empty() {
            FieldValue::Missing
        } else {
            FieldValue::Value(Value::Object(map))
        })
    }
}

/// A value that is given once, or a list that is given item by item.
pub(super) fn repeated(values: &[&str], shape: &Shape, reader: &mut Reader<'_>) -> Result<Value, Problem> {
    let decoded: Result<Vec<Cow<'_, str>>, Problem> = values.iter().map(|text| Encoding::Form.decode(text)).collect();
    let decoded = decoded?;
    if shape.is_list() && (decoded.len() > 1 || !shape.may_be_scalar()) {
        return Ok(Value::Array(
            decoded.iter().map(|text| reader.item(text, shape)).collect(),
        ));
    }
    match &decoded[..] {
        [text] => Ok(reader.scalar(text, shape)),
        [first, ..] if !shape.is_typed => {
            // The document doesn't say what it is: a list if it is given as one.
            let _ = first;
            Ok(Value::Array(
                decoded
                    .iter()
                    .map(|text| Value::String(text.clone().into_owned()))
                    .collect(),
            ))
        }
        _ => Err(TWICE),
    }
}

/// `name[a][b]=c`, level by level.
enum Tree<'q> {
    Leaf(Vec<&'q str>),
    Branch(Vec<(String, Tree<'q>)>),
}

fn deep(fields: Vec<(String, &str)>, shape: &Shape, reader: &mut Reader<'_>) -> Result<Value, Problem> {
    const MALFORMED: Problem = "must be written as `name[property]=value`";
    let mut root = Tree::Branch(Vec::new());
    for (path, text) in &fields {
        let inner = path.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let keys: Vec<&str> = inner.ok_or(MALFORMED)?.split("][").collect();
        if keys.len() > MOST_LEVELS || !insert(&mut root, &keys, text, reader) {
            return Err(MALFORMED);
        }
    }
    value_of(root, shape, reader)
}

/// Adds a value; false if one of its keys has a value already, or if that takes too long.
fn insert<'q>(tree: &mut Tree<'q>, keys: &[&str], text: &'q str, reader: &mut Reader<'_>) -> bool {
    let Some((key, rest)) = keys.split_first() else {
        return match tree {
            Tree::Leaf(values) => {
                values.push(text);
                true
            }
            Tree::Branch(entries) if entries.is_empty() => {
                *tree = Tree::Leaf(vec![text]);
                true
            }
            Tree::Branch(_) => false,
        };
    };
    let Tree::Branch(entries) = tree else { return false };
    if !reader.steps.take(1 + entries.len() as u64 / 4) {
        return false;
    }
    let at = entries.iter().position(|(known, _)| known == key).unwrap_or_else(|| {
        entries.push(((*key).to_owned(), Tree::Branch(Vec::new())));
        entries.len() - 1
    });
    insert(&mut entries[at].1, rest, text, reader)
}

fn value_of(tree: Tree<'_>, shape: &Shape, reader: &mut Reader<'_>) -> Result<Value, Problem> {
    match tree {
        Tree::Leaf(values) => repeated(&values, shape, reader),
        Tree::Branch(entries) if shape.is_list() && entries.iter().all(|(key, _)| is_index(key)) => {
            let mut items = Vec::new();
            for (_, entry) in entries {
                match (entry, &shape.items) {
                    // `name[]=1&name[]=2`.
                    (Tree::Leaf(values), _) => {
                        for text in values {
                            items.push(reader.item(&Encoding::Form.decode(text)?, shape));
                        }
                    }
                    (branch @ Tree::Branch(_), Some(of_item)) => items.push(value_of(branch, of_item, reader)?),
                    (branch @ Tree::Branch(_), None) => items.push(value_of(branch, shape, reader)?),
                }
            }
            Ok(Value::Array(items))
        }
        Tree::Branch(entries) => {
            let mut map = Map::new();
            for (key, entry) in entries {
                let value = match shape.property(&key) {
                    Some(property) => value_of(entry, property, reader)?,
                    None => untyped(entry)?,
                };
                map.insert(key, value);
            }
            Ok(Value::Object(map))
        }
    }
}

fn is_index(key: &str) -> bool {
    key.bytes().all(|byte| byte.is_ascii_digit())
}

/// Texts that the document says nothing about.
fn untyped(tree: Tree<'_>) -> Result<Value, Problem> {
    match tree {
        Tree::Leaf(values) => {
            let texts = values
                .iter()
                .map(|text| Ok(Value::String(Encoding::Form.decode(text)?.into_owned())));
            let mut texts = texts.collect::<Result<Vec<Value>, Problem>>()?;
            Ok(if texts.len() == 1 {
                texts.remove(0)
            } else {
                Value::Array(texts)
            })
        }
        Tree::Branch(entries) => {
            let entries = entries.into_iter().map(|(key, entry)| Ok((key, untyped(entry)?)));
            Ok(Value::Object(entries.collect::<Result<_, Problem>>()?))
        }
    }
}
