//! Changes to JSON texts at places that are named. What is not changed stays as it was written: numbers with all their
//! digits, members in their order, white space inside of values.

use std::{collections::HashMap, fmt};

use domain::policy::transform::BodyTransform;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

/// Moves, then removals, then new values.
#[derive(Debug)]
pub(crate) struct JsonChange {
    moves: Box<[(Pointer, Pointer)]>,
    removals: Box<[Pointer]>,
    values: Box<[(Pointer, Box<RawValue>)]>,
}

/// A JSON pointer (RFC 6901), taken apart and decoded.
#[derive(Debug)]
pub(crate) struct Pointer(Box<[Box<str>]>);

impl Pointer {
    /// Reads one that was checked when its policy was saved.
    pub(crate) fn read(text: &str) -> Self {
        let token = |token: &str| token.replace("~1", "/").replace("~0", "~").into();
        Self(text.split('/').skip(1).map(token).collect())
    }

    /// What stands in a JSON text at this place.
    pub(crate) fn pick<'a>(&self, text: &'a RawValue) -> Option<&'a RawValue> {
        let mut found = text;
        for token in &self.0 {
            found = match Node::Raw(found).open() {
                Node::Object(mut members) => {
                    let at = members.iter().position(|(name, _)| **name == **token)?;
                    members.swap_remove(at).1.raw()?
                }
                Node::Array(mut items) => {
                    let at = index(token, items.len())?;
                    items.swap_remove(at).raw()?
                }
                Node::Raw(_) => return None,
            };
        }
        Some(found)
    }
}

impl JsonChange {
    pub(super) fn compile(body: &BodyTransform) -> Result<Self, String> {
        let values = body.set.iter().map(|(place, value)| {
            let value = serde_json::value::to_raw_value(value);
            let value = value.map_err(|error| format!("its policy `transform` has an impossible value: {error}"))?;
            Ok((Pointer::read(place), value))
        });
        Ok(Self {
            moves: body
                .r#move
                .iter()
                .map(|(from, to)| (Pointer::read(from), Pointer::read(to)))
                .collect(),
            removals: body.remove.iter().map(|place| Pointer::read(place)).collect(),
            values: values.collect::<Result<_, String>>()?,
        })
    }

    /// The changed text; `None` for one that is no JSON.
    pub(crate) fn apply(&self, body: &[u8]) -> Option<Vec<u8>> {
        let mut root = Node::Raw(serde_json::from_slice(body).ok()?);
        for (from, to) in &self.moves {
            if let Some((at, node)) = root.take(from)
                && let Err(node) = root.put(to, node)
            {
                // There is no such place: nothing is moved.
                root.restore(from, at, node);
            }
        }
        for place in &self.removals {
            root.take(place);
        }
        for (place, value) in &self.values {
            // Where the place is not there, there is nothing to set.
            let _ = root.put(place, Node::Raw(value));
        }
        let mut out = Vec::with_capacity(body.len() + 64);
        root.write(&mut out).ok()?;
        Some(out)
    }
}

/// A JSON value, taken apart as far as it had to be.
#[derive(Debug)]
enum Node<'a> {
    Raw(&'a RawValue),
    /// No name stands there twice.
    Object(Vec<(String, Node<'a>)>),
    Array(Vec<Node<'a>>),
}

impl<'a> Node<'a> {
    /// Takes the value apart, if it has parts.
    fn open(self) -> Self {
        let Self::Raw(raw) = self else { return self };
        let parts = match raw.get().as_bytes().first() {
            Some(b'{') => serde_json::from_str(raw.get()).map(|Members(members)| Self::Object(members)),
            Some(b'[') => serde_json::from_str(raw.get()).map(|Items(items)| Self::Array(items)),
            _ => return self,
        };
        // A name that is no text, such as half of a surrogate pair, can't be looked into.
        parts.unwrap_or(Self::Raw(raw))
    }

    fn raw(self) -> Option<&'a RawValue> {
        match self {
            Self::Raw(raw) => Some(raw),
            Self::Object(_) | Self::Array(_) => None,
        }
    }

    /// The value at a place, taken apart.
    fn at(&mut self, tokens: &[Box<str>]) -> Option<&mut Self> {
        let mut node = self;
        for token in tokens {
            node.open_here();
            node = match node {
                Self::Object(members) => members
                    .iter_mut()
                    .find(|(name, _)| **name == **token)
                    .map(|(_, node)| node)?,
                Self::Array(items) => {
                    let at = index(token, items.len())?;
                    items.get_mut(at)?
                }
                Self::Raw(_) => return None,
            };
        }
        node.open_here();
        Some(node)
    }

    fn open_here(&mut self) {
        let node = std::mem::replace(self, Self::Array(Vec::new()));
        *self = node.open();
    }

    /// Takes a value out, and says at which place of its object or array it stood.
    fn take(&mut self, Pointer(tokens): &Pointer) -> Option<(usize, Self)> {
        let (last, around) = tokens.split_last()?;
        match self.at(around)? {
            Self::Object(members) => {
                let at = members.iter().position(|(name, _)| **name == **last)?;
                Some((at, members.remove(at).1))
            }
            Self::Array(items) => {
                let at = index(last, items.len())?;
                Some((at, items.remove(at)))
            }
            Self::Raw(_) => None,
        }
    }

    /// Puts a value at a place, instead of what stands there; in an array also after its last item.
    ///
    /// # Errors
    /// The value, when there is no such place.
    fn put(&mut self, Pointer(tokens): &Pointer, node: Self) -> Result<(), Self> {
        let Some((last, around)) = tokens.split_last() else {
            return Err(node);
        };
        match self.at(around) {
            Some(Self::Object(members)) => {
                match members.iter_mut().find(|(name, _)| **name == **last) {
                    Some((_, there)) => *there = node,
                    None => members.push((last.to_string(), node)),
                }
                Ok(())
            }
            Some(Self::Array(items)) if **last == *"-" || index(last, items.len() + 1) == Some(items.len()) => {
                items.push(node);
                Ok(())
            }
            Some(Self::Array(items)) => match index(last, items.len()) {
                Some(at) => {
                    items[at] = node;
                    Ok(())
                }
                None => Err(node),
            },
            Some(Self::Raw(_)) | None => Err(node),
        }
    }

    /// Puts a value back where it was taken from.
    fn restore(&mut self, Pointer(tokens): &Pointer, at: usize, node: Self) {
        let Some((last, around)) = tokens.split_last() else {
            return;
        };
        match self.at(around) {
            Some(Self::Object(members)) => members.insert(at, (last.to_string(), node)),
            Some(Self::Array(items)) => items.insert(at, node),
            Some(Self::Raw(_)) | None => {}
        }
    }

    fn write(&self, out: &mut Vec<u8>) -> serde_json::Result<()> {
        match self {
            Self::Raw(raw) => out.extend_from_slice(raw.get().as_bytes()),
            Self::Object(members) => {
                out.push(b'{');
                for (number, (name, node)) in members.iter().enumerate() {
                    if number > 0 {
                        out.push(b',');
                    }
                    serde_json::to_writer(&mut *out, name)?;
                    out.push(b':');
                    node.write(out)?;
                }
                out.push(b'}');
            }
            Self::Array(items) => {
                out.push(b'[');
                for (number, node) in items.iter().enumerate() {
                    if number > 0 {
                        out.push(b',');
                    }
                    node.write(out)?;
                }
                out.push(b']');
            }
        }
        Ok(())
    }
}

/// The index that a token means in an array of this length (RFC 6901 §4).
fn index(token: &str, length: usize) -> Option<usize> {
    let is_index = token == "0" || (!token.starts_with('0') && token.bytes().all(|byte| byte.is_ascii_digit()));
    let at = token.parse().ok().filter(|_| is_index)?;
    (at < length).then_some(at)
}

/// Members of an object. Of a name that stands there twice, the last value counts, as most readers have it.
struct Members<'a>(Vec<(String, Node<'a>)>);

/// Items of an array.
struct Items<'a>(Vec<Node<'a>>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Members<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members: Vec<(String, Node<'de>)> = Vec::new();
                let mut places: HashMap<String, usize> = HashMap::new();
                while let Some((name, raw)) = map.next_entry::<String, &'de RawValue>()? {
                    match places.get(&name) {
                        Some(place) => members[*place].1 = Node::Raw(raw),
                        None => {
                            places.insert(name.clone(), members.len());
                            members.push((name, Node::Raw(raw)));
                        }
                    }
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Reader)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Items<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Items<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Items<'de>, A::Error> {
                let mut items = Vec::new();
                while let Some(raw) = seq.next_element::<&'de RawValue>()? {
                    items.push(Node::Raw(raw));
                }
                Ok(Items(items))
            }
        }
        deserializer.deserialize_seq(Reader)
    }
}

#[cfg(test)]
mod tests;
