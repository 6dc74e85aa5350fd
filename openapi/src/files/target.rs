//! The files that are read so far, and what references from one to another mean.

use std::collections::HashMap;
use std::rc::Rc;
use std::time::Instant;

use serde_json::Value;

use super::{FileSet, path};
use crate::Limits;
use crate::diagnostics::{Diagnostic, Rejected};
use crate::load::{Source, SourceText};
use crate::number::NumberTexts;
use crate::reference::{self, MAX_HOPS};

/// A file that was read.
pub(super) struct Loaded<'f> {
    pub(super) path: &'f str,
    pub(super) text: SourceText<'f>,
    pub(super) value: Rc<Value>,
    /// The places of `$anchor` and `$dynamicAnchor`, once somebody asks.
    anchors: Option<HashMap<String, String>>,
}

/// A place in one of the files.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Place {
    pub(super) file: usize,
    pub(super) pointer: String,
}

/// Why a reference has no place in the set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Problem {
    /// A host, or a place of the machine.
    Remote,
    /// Out of the folder of the upload.
    Leaves,
    /// No such file; perhaps one with another spelling.
    Missing { similar: Option<String> },
    /// The file can't be read; that was reported already.
    Broken,
    /// The file has nothing there.
    Dangling,
    /// It leads back to itself.
    Cycle,
}

/// The files that are read so far; the first is the entry.
pub(super) struct Sources<'f> {
    files: &'f FileSet,
    /// What is left of the limits.
    limits: Limits,
    started: Instant,
    pub(super) loaded: Vec<Loaded<'f>>,
    by_path: HashMap<String, Result<usize, Problem>>,
    known: HashMap<(usize, String), Result<Place, Problem>>,
    pub(super) numbers: NumberTexts,
    /// What the parsers found.
    pub(super) diagnostics: Vec<Diagnostic>,
    /// Whether a file that is referred to can't be read.
    pub(super) is_broken: bool,
}

impl<'f> Sources<'f> {
    pub(super) fn new(files: &'f FileSet, limits: &Limits) -> Self {
        Self {
            files,
            limits: limits.clone(),
            started: Instant::now(),
            loaded: Vec::new(),
            by_path: HashMap::new(),
            known: HashMap::new(),
            numbers: NumberTexts::default(),
            diagnostics: Vec::new(),
            is_broken: false,
        }
    }

    /// Reads a file, once.
    pub(super) fn load(&mut self, path: &str) -> Result<usize, Problem> {
        if let Some(known) = self.by_path.get(path) {
            return known.clone();
        }
        let loaded = self.read(path);
        self.by_path.insert(path.to_owned(), loaded.clone());
        loaded
    }

    fn read(&mut self, path: &str) -> Result<usize, Problem> {
        let Some((path, bytes)) = self.files.entry(path) else {
            let similar = self.files.paths().find(|other| other.eq_ignore_ascii_case(path));
            return Err(Problem::Missing {
                similar: similar.map(str::to_owned),
            });
        };
        let mut limits = self.limits.clone();
        limits.time = limits.time.saturating_sub(self.started.elapsed());
        match Source::read(bytes, &limits, std::mem::take(&mut self.numbers)) {
            Ok(Source { text, parsed }) => {
                self.limits.bytes = self.limits.bytes.saturating_sub(text.len());
                let (left, spent) = (&mut self.limits, parsed.spent);
                left.nodes = left.nodes.saturating_sub(spent.nodes);
                left.alias_bytes = left.alias_bytes.saturating_sub(spent.alias_bytes);
                left.all_pointers_bytes = left.all_pointers_bytes.saturating_sub(spent.all_pointers_bytes);
                self.numbers = parsed.numbers;
                self.report(path, parsed.diagnostics);
                self.loaded.push(Loaded {
                    path,
                    text,
                    value: Rc::new(parsed.value),
                    anchors: None,
                });
                Ok(self.loaded.len() - 1)
            }
            Err(Rejected { diagnostics }) => {
                self.is_broken = true;
                self.report(path, diagnostics);
                Err(Problem::Broken)
            }
        }
    }

    fn report(&mut self, path: &str, found: Vec<Diagnostic>) {
        let left = self.limits.diagnostics.saturating_sub(self.diagnostics.len()).max(1);
        let found = found.into_iter().take(left);
        self.diagnostics.extend(found.map(|found| found.in_file(path)));
    }

    /// The place that a reference means, behind all others that lead there and nowhere else.
    pub(super) fn resolve(&mut self, file: usize, reference: &str) -> Result<Place, Problem> {
        let key = (file, reference.to_owned());
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        let resolved = self.follow(file, reference);
        self.known.insert(key, resolved.clone());
        resolved
    }

    fn follow(&mut self, file: usize, reference: &str) -> Result<Place, Problem> {
        let mut place = self.direct(file, reference)?;
        for _ in 0..MAX_HOPS {
            match self.next(&place)? {
                None => return Ok(place),
                Some(next) => place = next,
            }
        }
        Err(Problem::Cycle)
    }

    /// Where the way to a place leads on: over a reference on the way, or from a reference at its end.
    fn next(&mut self, place: &Place) -> Result<Option<Place>, Problem> {
        let root = Rc::clone(&self.loaded[place.file].value);
        let mut value = &*root;
        let mut rest = place.pointer.as_str();
        while let Some(tokens) = rest.strip_prefix('/') {
            let (token, behind) = match tokens.find('/') {
                Some(at) => tokens.split_at(at),
                None => (tokens, ""),
            };
            match reference::child(value, token) {
                Some(child) => (value, rest) = (child, behind),
                None => {
                    let on_the_way = reference_of(value).ok_or(Problem::Dangling)?;
                    let mut next = self.direct(place.file, on_the_way)?;
                    next.pointer.push_str(rest);
                    return Ok(Some(next));
                }
            }
        }
        let is_alias = value.as_object().is_some_and(|map| map.len() == 1);
        match reference_of(value) {
            // If it can't be followed, the problem is reported where it is.
            Some(alias) if is_alias => Ok(self.direct(place.file, alias).ok()),
            _ => Ok(None),
        }
    }

    /// The place that the text of a reference names.
    fn direct(&mut self, file: usize, reference: &str) -> Result<Place, Problem> {
        let (base, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let file = if base.is_empty() { file } else { self.file(file, base)? };
        let pointer = reference::percent_decode(fragment).into_owned();
        if pointer.is_empty() || pointer.starts_with('/') {
            return Ok(Place { file, pointer });
        }
        let pointer = self.anchor(file, &pointer).ok_or(Problem::Dangling)?;
        Ok(Place { file, pointer })
    }

    fn file(&mut self, from: usize, base: &str) -> Result<usize, Problem> {
        if path::is_remote(base) {
            return Err(Problem::Remote);
        }
        let folder = self.loaded[from].path;
        let decoded = reference::percent_decode(base);
        let path = path::join(folder, &decoded).ok_or(Problem::Leaves)?;
        let written = path::join(folder, base);
        match written.filter(|written| self.files.get(&path).is_none() && self.files.get(written).is_some()) {
            Some(written) => self.load(&written),
            None => self.load(&path),
        }
    }

    fn anchor(&mut self, file: usize, name: &str) -> Option<String> {
        let loaded = &mut self.loaded[file];
        let value = Rc::clone(&loaded.value);
        let anchors = loaded.anchors.get_or_insert_with(|| {
            let mut anchors = HashMap::new();
            collect_anchors(&value, &mut String::new(), &mut anchors);
            anchors
        });
        anchors.get(name).cloned()
    }
}

/// The text of a `$ref`.
pub(super) fn reference_of(value: &Value) -> Option<&str> {
    value.as_object()?.get("$ref")?.as_str()
}

fn collect_anchors(value: &Value, pointer: &mut String, anchors: &mut HashMap<String, String>) {
    let length = pointer.len();
    match value {
        Value::Object(map) => {
            for field in ["$anchor", "$dynamicAnchor"] {
                if let Some(name) = map.get(field).and_then(Value::as_str) {
                    anchors.entry(name.to_owned()).or_insert_with(|| pointer.clone());
                }
            }
            for (key, value) in map {
                pointer.push('/');
                reference::push_escaped(pointer, key);
                collect_anchors(value, pointer, anchors);
                pointer.truncate(length);
            }
        }
        Value::Array(items) => {
            for (at, value) in items.iter().enumerate() {
                pointer.push('/');
                pointer.push_str(&at.to_string());
                collect_anchors(value, pointer, anchors);
                pointer.truncate(length);
            }
        }
        _ => {}
    }
}
