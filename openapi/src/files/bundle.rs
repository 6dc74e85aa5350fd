//! Makes one document of several files.
//!
//! The entry is copied; a reference to a part of another file becomes a reference to a component, which is copied in its turn.
//! Nothing is expanded: every part is copied once. Where no component can hold a part (path items, the headers of 2.0) the
//! first copy stands where it is referred to, and further references lead there.

use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

use serde_json::{Map, Value};

use super::kind::Kind;
use super::name::Names;
use super::target::{Place, Problem, Sources, reference_of};
use crate::Limits;
use crate::diagnostics::{Diagnostic, Rejected};
use crate::model::Format;
use crate::reference;

pub(super) struct Bundler<'f> {
    pub(super) sources: Sources<'f>,
    pub(super) format: Format,
    pub(super) names: Names,
    /// Where in the bundled document places of the files stand; what is below them stands below.
    pub(super) embedded: HashMap<Place, String>,
    /// The same the other way round, for diagnostics.
    origins: HashMap<String, Place>,
    /// References that lead nowhere, by the bundled pointer of their `$ref`.
    pub(super) problems: Vec<(String, String, Problem)>,
    limits: Limits,
    /// Components that are still to be copied.
    queue: VecDeque<(Place, Kind, String)>,
    /// Where in the bundled document the copy is.
    pointer: String,
    depth: usize,
    nodes: usize,
    /// Bytes of the pointers to all copies.
    all_pointers_bytes: usize,
    /// Places that stand where they are referred to, and are being copied.
    open: Vec<Place>,
}

/// What becomes of a reference.
enum Fate {
    /// It stays as it is.
    Stays,
    /// It leads to this place of the bundled document.
    Leads(String),
    /// The part that it refers to takes its place.
    Replaced(Place),
}

impl<'f> Bundler<'f> {
    /// `sources` has read the entry.
    pub(super) fn new(sources: Sources<'f>, format: Format, limits: &Limits) -> Self {
        let entry = Place {
            file: 0,
            pointer: String::new(),
        };
        Self {
            sources,
            format,
            names: Names::default(),
            embedded: HashMap::from([(entry.clone(), String::new())]),
            origins: HashMap::from([(String::new(), entry)]),
            problems: Vec::new(),
            limits: limits.clone(),
            queue: VecDeque::new(),
            pointer: String::new(),
            depth: 0,
            nodes: 0,
            all_pointers_bytes: 0,
            open: Vec::new(),
        }
    }

    /// The bundled document, in the version of the entry.
    pub(super) fn bundle(&mut self) -> Result<Value, Rejected> {
        self.register_components();
        let entry = Rc::clone(&self.sources.loaded[0].value);
        let mut root = self.copy(&entry, Kind::Root, 0)?;
        while let Some((place, kind, pointer)) = self.queue.pop_front() {
            let source = Rc::clone(&self.sources.loaded[place.file].value);
            let Some(value) = reference::lookup(&source, &place.pointer) else {
                continue;
            };
            self.pointer.clone_from(&pointer);
            self.depth = 3;
            let file = place.file;
            self.origins.insert(pointer.clone(), place);
            let value = self.copy(value, kind, file)?;
            insert(&mut root, &pointer, value);
        }
        Ok(root)
    }

    /// Where in the bundled document a place of a file is, if it is there already.
    pub(super) fn bundled(&self, place: &Place) -> Option<String> {
        let mut above = place.clone();
        loop {
            if let Some(bundled) = self.embedded.get(&above) {
                return Some(format!("{bundled}{}", &place.pointer[above.pointer.len()..]));
            }
            let at = above.pointer.rfind('/')?;
            above.pointer.truncate(at);
        }
    }

    /// The place in the files that a place of the bundled document is a copy of.
    pub(super) fn origin(&self, pointer: &str) -> Place {
        let mut above = pointer;
        loop {
            if let Some(place) = self.origins.get(above) {
                return Place {
                    file: place.file,
                    pointer: format!("{}{}", place.pointer, &pointer[above.len()..]),
                };
            }
            above = above.rfind('/').map_or("", |at| &above[..at]);
        }
    }

    fn copy(&mut self, value: &Value, kind: Kind, file: usize) -> Result<Value, Rejected> {
        self.nodes += 1;
        if self.nodes > self.limits.nodes {
            let message = format!("the files together have more than {} values", self.limits.nodes);
            return Err(self.limit("too-many-values", message, file));
        }
        if self.depth > self.limits.depth {
            let message = format!(
                "the files together are nested more than {} levels deep",
                self.limits.depth
            );
            return Err(self.limit("too-deep", message, file));
        }
        self.all_pointers_bytes += self.pointer.len();
        if self.pointer.len() > self.limits.pointer_bytes {
            let message = format!(
                "the names of the keys around a value have more than {} bytes together",
                self.limits.pointer_bytes
            );
            return Err(self.limit("pointer-too-long", message, file));
        }
        if self.all_pointers_bytes > self.limits.all_pointers_bytes {
            let message = format!(
                "the JSON pointers to all values have more than {} bytes together",
                self.limits.all_pointers_bytes
            );
            return Err(self.limit("pointers-too-long", message, file));
        }
        match value {
            Value::Object(map) => match reference_of(value).filter(|_| kind != Kind::Data) {
                Some(reference) => self.reference(map, reference, kind, file),
                None => self.fields(map, kind, file).map(Value::Object),
            },
            Value::Array(items) => {
                let mut copied = Vec::with_capacity(items.len());
                for (at, item) in items.iter().enumerate() {
                    // A list where one schema is expected is one of schemas, as in old drafts.
                    let kind = match kind {
                        Kind::List(item) => *item,
                        Kind::Schema => Kind::Schema,
                        _ => Kind::Data,
                    };
                    copied.push(self.below(&at.to_string(), item, kind, file)?);
                }
                Ok(Value::Array(copied))
            }
            Value::String(text) if matches!(kind, Kind::Mapping | Kind::OperationReference) => {
                Ok(Value::String(self.text_reference(text, kind, file)))
            }
            other => Ok(other.clone()),
        }
    }

    fn limit(&self, code: &'static str, message: String, file: usize) -> Rejected {
        Diagnostic::error(code, message)
            .in_file(self.sources.loaded[file].path)
            .hint("Split the API into several documents.")
            .into()
    }

    fn below(&mut self, key: &str, value: &Value, kind: Kind, file: usize) -> Result<Value, Rejected> {
        let length = self.pointer.len();
        self.pointer.push('/');
        reference::push_escaped(&mut self.pointer, key);
        self.depth += 1;
        let copied = self.copy(value, kind, file);
        self.depth -= 1;
        self.pointer.truncate(length);
        copied
    }

    fn fields(&mut self, map: &Map<String, Value>, kind: Kind, file: usize) -> Result<Map<String, Value>, Rejected> {
        let mut copied = Map::with_capacity(map.len());
        for (key, value) in map {
            let value = self.below(key, value, kind.child(key), file)?;
            copied.insert(key.clone(), value);
        }
        Ok(copied)
    }

    fn reference(
        &mut self,
        map: &Map<String, Value>,
        reference: &str,
        kind: Kind,
        file: usize,
    ) -> Result<Value, Rejected> {
        match self.fate(reference, kind, file, map.len() == 1) {
            Fate::Stays => self.fields(map, kind, file).map(Value::Object),
            Fate::Leads(pointer) => {
                let mut copied = self.fields(map, kind, file)?;
                copied.insert("$ref".to_owned(), Value::String(fragment(&pointer)));
                Ok(Value::Object(copied))
            }
            Fate::Replaced(place) => self.replace(map, &place, kind, file),
        }
    }

    /// Copies a part to the place of the reference; fields beside the reference win over those of the part.
    fn replace(&mut self, map: &Map<String, Value>, place: &Place, kind: Kind, file: usize) -> Result<Value, Rejected> {
        let source = Rc::clone(&self.sources.loaded[place.file].value);
        let Some(part) = reference::lookup(&source, &place.pointer) else {
            return self.fields(map, kind, file).map(Value::Object);
        };
        let here = self.origin(&self.pointer);
        self.origins.insert(self.pointer.clone(), place.clone());
        self.open.push(place.clone());
        // The level counts, so that parts within parts come to an end.
        self.depth += 1;
        let copied = self.copy(part, kind, place.file);
        self.depth -= 1;
        self.open.pop();
        let mut copied = copied?;
        if map.len() > 1
            && let Value::Object(copied) = &mut copied
        {
            for (key, value) in map.iter().filter(|(key, _)| *key != "$ref") {
                let value = self.below(key, value, kind.child(key), file)?;
                copied.insert(key.clone(), value);
                let pointer = |pointer: &str| {
                    let mut pointer = format!("{pointer}/");
                    reference::push_escaped(&mut pointer, key);
                    pointer
                };
                let own = Place {
                    file,
                    pointer: pointer(&here.pointer),
                };
                self.origins.insert(pointer(&self.pointer), own);
            }
        }
        Ok(copied)
    }

    fn fate(&mut self, reference: &str, kind: Kind, file: usize, is_alone: bool) -> Fate {
        if file == 0 && reference.starts_with('#') {
            return Fate::Stays;
        }
        let place = match self.sources.resolve(file, reference) {
            Ok(place) => place,
            Err(problem) => return self.fail(reference, problem),
        };
        let source = Rc::clone(&self.sources.loaded[place.file].value);
        if reference::lookup(&source, &place.pointer).is_none() {
            return self.fail(reference, Problem::Dangling);
        }
        match self.bundled(&place) {
            // The whole document is never what a reference stands for.
            Some(pointer) if pointer.is_empty() => self.fail(reference, Problem::Dangling),
            // A component of the entry that was only a name for a part.
            Some(pointer) if pointer == self.pointer && is_alone && !self.open.contains(&place) => {
                Fate::Replaced(place)
            }
            Some(pointer) if pointer == self.pointer => self.fail(reference, Problem::Cycle),
            Some(pointer) if !matches!(kind, Kind::Map(_) | Kind::List(_)) => Fate::Leads(pointer),
            _ => self.place(reference, place, kind),
        }
    }

    /// Finds a place in the bundled document for a part that isn't there yet.
    fn place(&mut self, reference: &str, place: Place, kind: Kind) -> Fate {
        let Some(section) = kind.section(self.format) else {
            if self.open.contains(&place) {
                return self.fail(reference, Problem::Cycle);
            }
            if !matches!(kind, Kind::Map(_) | Kind::List(_)) {
                self.embedded.insert(place.clone(), self.pointer.clone());
            }
            return Fate::Replaced(place);
        };
        let file = self.sources.loaded[place.file].path;
        let name = self.names.assign(section, file, &place.pointer);
        let pointer = format!("{section}/{name}");
        self.embedded.insert(place.clone(), pointer.clone());
        self.queue.push_back((place, kind, pointer.clone()));
        Fate::Leads(pointer)
    }

    fn fail(&mut self, reference: &str, problem: Problem) -> Fate {
        if self.problems.len() < self.limits.diagnostics {
            let at = format!("{}/$ref", self.pointer);
            self.problems.push((at, reference.to_owned(), problem));
        }
        Fate::Stays
    }

    /// A reference that is a plain text: an entry of a discriminator's mapping, or an `operationRef`.
    fn text_reference(&mut self, text: &str, kind: Kind, file: usize) -> String {
        // An entry of a mapping may also be the name of a schema.
        let is_name = kind == Kind::Mapping && !text.contains(['#', '/']) && !super::path::is_text(text);
        if is_name || (file == 0 && text.starts_with('#')) {
            return text.to_owned();
        }
        let Ok(place) = self.sources.resolve(file, text) else {
            return text.to_owned();
        };
        let source = Rc::clone(&self.sources.loaded[place.file].value);
        if reference::lookup(&source, &place.pointer).is_none() {
            return text.to_owned();
        }
        if let Some(pointer) = self.bundled(&place).filter(|pointer| !pointer.is_empty()) {
            return fragment(&pointer);
        }
        match kind {
            Kind::Mapping => match self.place(text, place, Kind::Schema) {
                Fate::Leads(pointer) => fragment(&pointer),
                _ => text.to_owned(),
            },
            _ => text.to_owned(),
        }
    }
}

/// A pointer as the fragment of a reference: what RFC 3986 §3.5 doesn't allow there is percent-encoded.
fn fragment(pointer: &str) -> String {
    let mut text = String::with_capacity(pointer.len() + 1);
    text.push('#');
    for character in pointer.chars() {
        if character.is_ascii_graphic() && !"%\"<>\\^`{|}#[]".contains(character) || !character.is_ascii() {
            text.push(character);
        } else {
            let digit = |shift: u32| char::from_digit(u32::from(character) >> shift & 0xf, 16);
            text.push('%');
            text.extend(
                [digit(4), digit(0)]
                    .into_iter()
                    .flatten()
                    .map(|digit| digit.to_ascii_uppercase()),
            );
        }
    }
    text
}

/// Puts a component into its section; what is missing on the way is made.
fn insert(root: &mut Value, pointer: &str, component: Value) {
    let mut tokens: Vec<&str> = pointer.split('/').skip(1).collect();
    let Some(name) = tokens.pop() else { return };
    let mut value = root;
    for token in tokens {
        let Value::Object(map) = value else { return };
        value = map.entry(token.to_owned()).or_insert_with(|| Value::Object(Map::new()));
    }
    if let Value::Object(section) = value {
        section.insert(name.to_owned(), component);
    }
}
