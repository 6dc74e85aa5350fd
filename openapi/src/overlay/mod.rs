//! OpenAPI Overlay 1.0 and 1.1: lists of changes to a document, kept apart from it.
//!
//! [`Overlay::read`] reads and checks an overlay. [`read_with`] reads a document with overlays applied to it as it was uploaded,
//! which is how a provider's own overlays are meant. [`Overlay::of_additions`] makes the overlay of what a platform adds at run
//! time, and [`Overlay::apply`] gives the document it describes.
//!
//! ```
//! use openapi::{Limits, overlay::{Overlay, read_with}};
//!
//! let document = b"openapi: 3.1.0\ninfo: { title: Pets, version: '1' }\npaths:\n  /pets: { get: {}, delete: {} }\n";
//! let overlay = b"overlay: 1.1.0\ninfo: { title: Public part, version: '1' }\nactions:\n  - target: $.paths.*.delete\n    remove: true\n";
//! let overlay = Overlay::read(overlay, &Limits::default())?;
//! let applied = read_with(document, &[&overlay], &Limits::default())?;
//! assert_eq!(applied.document.operations().len(), 1);
//! assert!(applied.diagnostics.is_empty());
//! # Ok::<(), openapi::Rejected>(())
//! ```

mod additions;
mod apply;
mod merge;
mod read;

use serde_json::{Map, Value};

pub use additions::{
    AddedHeader, AddedProblem, AddedSecurity, AddedServer, Additions, OperationAdditions, SecurityRequirement,
};

use crate::advice;
use crate::check::{self, Findings};
use crate::diagnostics::{Diagnostic, Position, Rejected};
use crate::json_path::JsonPath;
use crate::load::{Source, too_large};
use crate::model::Document;
use crate::number::NumberTexts;
use crate::{Limits, export, lift};

/// A list of changes to a document, applied in order.
#[derive(Clone, Debug)]
pub struct Overlay {
    /// `info.title`: what it is for.
    pub title: String,
    /// `info.version`.
    pub version: String,
    /// `info.description`, as Markdown source.
    pub description: Option<String>,
    /// The document that it is meant for, as a URI reference. It is never fetched.
    pub extends: Option<String>,
    /// What is changed.
    pub actions: Vec<Action>,
    /// Whether it uses what only 1.1 has.
    needs_11: bool,
    numbers: NumberTexts,
}

/// One change, at every place that the target finds.
#[derive(Clone, Debug)]
pub struct Action {
    /// What is changed.
    pub target: JsonPath,
    /// Why, as Markdown source.
    pub description: Option<String>,
    /// How.
    pub change: Change,
    position: Option<Position>,
}

/// What an action does with what its target finds.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Objects are merged with it, lists get it at their end, other values are replaced by it.
    Update(Value),
    /// As [`Self::Update`], with the value that this expression finds in the document.
    Copy(JsonPath),
    /// It is taken out of the object or list it is in.
    Remove,
    /// Nothing: the action has neither field.
    Nothing,
}

/// A document with overlays applied.
#[derive(Debug)]
pub struct Applied {
    /// The document.
    pub document: Document,
    /// The document as JSON, in its own version: [`crate::read`] reads it to the same document.
    pub text: String,
    /// What was found while applying: targets that match nothing, changes that don't fit. Their pointers, lines and columns are
    /// those of the overlay.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads a document with overlays applied to it, one after the other, as it was uploaded.
///
/// # Errors
/// [`Rejected`] for the reasons of [`crate::read`], or if the overlays make the document cross its limits.
pub fn read_with(bytes: &[u8], overlays: &[&Overlay], limits: &Limits) -> Result<Applied, Rejected> {
    read_source(bytes, overlays, limits).map_err(advice::completed)
}

fn read_source(bytes: &[u8], overlays: &[&Overlay], limits: &Limits) -> Result<Applied, Rejected> {
    let mut numbers = NumberTexts::default();
    for overlay in overlays {
        numbers.add(&overlay.numbers);
    }
    let source = Source::read(bytes, limits, numbers)?;
    let mut root = source.parsed.value;
    let mut found = Vec::new();
    for overlay in overlays {
        found.extend(overlay.apply(&mut root, limits)?);
    }
    let numbers = source.parsed.numbers;
    let mut findings = Findings::new(limits.diagnostics, source.parsed.diagnostics);
    let checked = check::document(&root, &mut findings);
    let (mut diagnostics, closing) = findings.into_diagnostics();
    // What an overlay added isn't in the text; it gets the position of what is around it.
    source.text.fill(&mut diagnostics);
    diagnostics.sort_by_key(|found| (found.severity, found.line, found.column));
    diagnostics.extend(closing);
    advice::complete(&mut diagnostics);
    let Some(checked) = checked else {
        return Err(Rejected { diagnostics });
    };
    let text = export::json(&root, &numbers);
    // Nobody could read it again.
    if text.len() > limits.bytes {
        return Err(too_large(limits).into());
    }
    lift::lift(&mut root, checked.format);
    Ok(Applied {
        document: Document::index(root, checked, numbers, diagnostics),
        text,
        diagnostics: found,
    })
}

impl Overlay {
    /// An overlay without actions.
    pub fn new(title: impl Into<String>, version: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            version: version.into(),
            description: None,
            extends: None,
            actions: Vec::new(),
            needs_11: false,
            numbers: NumberTexts::default(),
        }
    }

    /// Applies it to a value, action by action; what doesn't fit is left as it is and reported.
    ///
    /// # Errors
    /// [`Rejected`] if the document would cross the limits.
    pub fn apply(&self, root: &mut Value, limits: &Limits) -> Result<Vec<Diagnostic>, Rejected> {
        apply::apply(&self.actions, root, limits)
    }

    /// Applies it to a document in the shape of OpenAPI 3.1.
    ///
    /// # Errors
    /// [`Rejected`] if the result is no OpenAPI document any more, or crosses the limits.
    pub fn apply_to(&self, document: &Document, limits: &Limits) -> Result<Applied, Rejected> {
        let mut root = document.root().clone();
        let diagnostics = self.apply(&mut root, limits)?;
        let mut numbers = document.numbers().clone();
        numbers.add(&self.numbers);
        applied(root, numbers, diagnostics, limits)
    }

    /// The overlay as a value in the order of the specification.
    pub fn to_value(&self) -> Value {
        let mut info = Map::new();
        info.insert("title".to_owned(), self.title.clone().into());
        info.insert("version".to_owned(), self.version.clone().into());
        info.extend(
            self.description
                .clone()
                .map(|text| ("description".to_owned(), text.into())),
        );
        let mut root = Map::new();
        let version = if self.needs_11 { "1.1.0" } else { "1.0.0" };
        root.insert("overlay".to_owned(), version.into());
        root.insert("info".to_owned(), info.into());
        root.extend(self.extends.clone().map(|target| ("extends".to_owned(), target.into())));
        let actions: Vec<Value> = self.actions.iter().map(Action::to_value).collect();
        root.insert("actions".to_owned(), actions.into());
        Value::Object(root)
    }

    /// The overlay as JSON.
    pub fn to_json(&self) -> String {
        export::json(&self.to_value(), &self.numbers)
    }

    /// The overlay as YAML.
    pub fn to_yaml(&self) -> String {
        export::yaml(&self.to_value(), &self.numbers)
    }
}

/// A document of a value that is in the shape of 3.1 already.
fn applied(
    root: Value,
    numbers: NumberTexts,
    diagnostics: Vec<Diagnostic>,
    limits: &Limits,
) -> Result<Applied, Rejected> {
    let mut findings = Findings::new(limits.diagnostics, Vec::new());
    let checked = check::document(&root, &mut findings);
    let (mut found, closing) = findings.into_diagnostics();
    found.sort_by_key(|found| found.severity);
    found.extend(closing);
    advice::complete(&mut found);
    let Some(checked) = checked else {
        return Err(Rejected { diagnostics: found });
    };
    let text = export::json(&root, &numbers);
    Ok(Applied {
        document: Document::index(root, checked, numbers, found),
        text,
        diagnostics,
    })
}

impl Action {
    /// An action without a description.
    pub fn new(target: JsonPath, change: Change) -> Self {
        Self {
            target,
            description: None,
            change,
            position: None,
        }
    }

    fn to_value(&self) -> Value {
        let mut action = Map::new();
        action.insert("target".to_owned(), self.target.as_str().into());
        action.extend(
            self.description
                .clone()
                .map(|text| ("description".to_owned(), text.into())),
        );
        match &self.change {
            Change::Update(value) => action.insert("update".to_owned(), value.clone()),
            Change::Copy(from) => action.insert("copy".to_owned(), from.as_str().into()),
            Change::Remove => action.insert("remove".to_owned(), true.into()),
            Change::Nothing => None,
        };
        Value::Object(action)
    }
}
