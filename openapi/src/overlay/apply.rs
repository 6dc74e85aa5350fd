//! Applies actions to a value.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::merge::{self, Mismatches};
use super::{Action, Change};
use crate::Limits;
use crate::check::shortened;
use crate::diagnostics::{Diagnostic, Rejected};
use crate::json_path::{Budget, JsonPath, Step};
use crate::load::{Extent, item_step_bytes, key_step_bytes};

/// Values that all actions of one overlay may look at: a hundred passes over GitHub's document.
const STEPS: u64 = 40_000_000;
/// Places that one expression may find: more than all of GitHub's document.
const PLACES: usize = 500_000;

/// A step that doesn't borrow from the document.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum OwnStep {
    Key(String),
    Index(usize),
}

pub(super) fn apply(actions: &[Action], root: &mut Value, limits: &Limits) -> Result<Vec<Diagnostic>, Rejected> {
    let mut application = Application {
        root,
        limits,
        left: Left {
            nodes: limits.nodes,
            bytes: limits.bytes,
            pointers: limits.all_pointers_bytes,
        },
        steps_left: STEPS,
        found: Vec::new(),
    };
    for (at, action) in actions.iter().enumerate() {
        application.action(action, at)?;
    }
    Ok(application.found)
}

struct Application<'r, 'l> {
    root: &'r mut Value,
    limits: &'l Limits,
    left: Left,
    steps_left: u64,
    found: Vec<Diagnostic>,
}

/// What all actions of one overlay may still add.
struct Left {
    nodes: usize,
    bytes: usize,
    /// Bytes of the pointers to all that is added.
    pointers: usize,
}

impl Left {
    /// Pays for copies of a value; what is missing, if something is.
    fn pay(&mut self, extent: &Extent, targets: &[Vec<OwnStep>]) -> Result<(), (&'static str, &'static str)> {
        let count = targets.len();
        let above: usize = targets.iter().map(|target| pointer_bytes(target)).sum();
        let pointers = above.saturating_mul(extent.nodes);
        let pointers = pointers.saturating_add(extent.pointers.saturating_mul(count));
        for (left, cost, code) in [
            (&mut self.nodes, extent.nodes.saturating_mul(count), "too-many-values"),
            (&mut self.bytes, extent.bytes.saturating_mul(count), "too-large"),
            (&mut self.pointers, pointers, "pointers-too-long"),
        ] {
            *left = left
                .checked_sub(cost)
                .ok_or((code, "the overlay makes the document too large"))?;
        }
        Ok(())
    }
}

fn pointer_bytes(path: &[OwnStep]) -> usize {
    let steps = path.iter().map(|step| match step {
        OwnStep::Key(key) => key_step_bytes(key),
        OwnStep::Index(index) => item_step_bytes(*index),
    });
    steps.sum()
}

impl Application<'_, '_> {
    fn report(&mut self, diagnostic: Diagnostic, action: &Action, at: usize) {
        if self.found.len() < self.limits.diagnostics {
            let diagnostic = diagnostic.at(format!("/actions/{at}"));
            self.found.push(match action.position {
                Some(position) => diagnostic.on(position),
                None => diagnostic,
            });
        }
    }

    fn find(&mut self, path: &JsonPath, action: &Action, at: usize) -> Result<Vec<Vec<OwnStep>>, Rejected> {
        let budget = Budget {
            steps: self.steps_left,
            nodes: PLACES,
        };
        let mut left = 0;
        let Ok(nodes) = path.search(self.root, &budget, None, &mut left) else {
            return Err(too_costly(action, at));
        };
        let own = |step: &Step<'_>| match step {
            Step::Key(key) => OwnStep::Key((*key).to_owned()),
            Step::Index(index) => OwnStep::Index(*index),
        };
        let mut seen = HashSet::new();
        let paths = nodes.iter().map(|node| node.path.iter().map(own).collect::<Vec<_>>());
        let paths = paths.filter(|path| seen.insert(path.clone())).collect();
        self.steps_left = left;
        Ok(paths)
    }

    fn action(&mut self, action: &Action, at: usize) -> Result<(), Rejected> {
        let targets = self.find(&action.target, action, at)?;
        if targets.is_empty() {
            let message = format!("the target {} matches nothing", shortened(action.target.as_str()));
            let diagnostic = Diagnostic::warning("overlay-no-match", message);
            let hint = "Correct the target, or remove the action if the document doesn't need it any more.";
            self.report(diagnostic.hint(hint), action, at);
            return Ok(());
        }
        match &action.change {
            Change::Remove => self.remove(targets, action, at)?,
            Change::Update(update) => {
                self.pay(&targets, &Extent::of(update), action, at)?;
                self.update(&targets, update, action, at);
            }
            Change::Copy(from) => {
                let sources = self.find(from, action, at)?;
                let [source] = sources.as_slice() else {
                    let message = format!("`copy` must find one value, and finds {}", sources.len());
                    let hint = "Write a JSONPath that leads to one place.";
                    self.report(Diagnostic::error("overlay-copy", message).hint(hint), action, at);
                    return Ok(());
                };
                let Some(value) = self.value(source) else {
                    return Ok(());
                };
                // Paid for before the copy is made that all places get.
                let extent = Extent::of(value);
                self.pay(&targets, &extent, action, at)?;
                let Some(value) = self.value(source).cloned() else {
                    return Ok(());
                };
                self.update(&targets, &value, action, at);
            }
            Change::Nothing => {
                let diagnostic = Diagnostic::warning("overlay-empty-action", "the action changes nothing");
                self.report(diagnostic.hint("Add `update` or `remove: true`."), action, at);
            }
        }
        Ok(())
    }

    fn value(&mut self, path: &[OwnStep]) -> Option<&mut Value> {
        let mut value = &mut *self.root;
        for step in path {
            value = match step {
                OwnStep::Key(key) => value.get_mut(key)?,
                OwnStep::Index(index) => value.get_mut(index)?,
            };
        }
        Some(value)
    }

    fn pay(&mut self, targets: &[Vec<OwnStep>], extent: &Extent, action: &Action, at: usize) -> Result<(), Rejected> {
        let paid = self.left.pay(extent, targets);
        paid.map_err(|(code, message)| refused(code, message, action, at))?;
        let deepest = targets.iter().map(Vec::len).max().unwrap_or_default();
        if deepest + extent.depth + 1 > self.limits.depth {
            let message = "the overlay makes the document too deep";
            return Err(refused("too-deep", message, action, at));
        }
        let longest = targets.iter().map(|target| pointer_bytes(target)).max();
        if longest.unwrap_or_default() + extent.longest > self.limits.pointer_bytes {
            let message = "the overlay puts long keys into long keys";
            return Err(refused("pointer-too-long", message, action, at));
        }
        Ok(())
    }

    fn update(&mut self, targets: &[Vec<OwnStep>], update: &Value, action: &Action, at: usize) {
        let mut mismatches = Mismatches::default();
        for target in targets {
            if let Some(value) = self.value(target) {
                merge::target(value, update, &mut mismatches);
            }
        }
        if let Some(first) = mismatches.pointers.first() {
            let place = if first.is_empty() {
                "the target".to_owned()
            } else {
                format!("`{}`", shortened(first))
            };
            let message = format!("the update doesn't fit: {place} is of another kind in the document");
            let diagnostic = Diagnostic::error("overlay-mismatch", message);
            let hint = "Remove it in an action before this one, and add it anew.";
            self.report(diagnostic.hint(hint), action, at);
        }
    }

    /// Removes what is deepest first, so that the ways to the rest stay right.
    fn remove(&mut self, targets: Vec<Vec<OwnStep>>, action: &Action, at: usize) -> Result<(), Rejected> {
        let mut by_parent: HashMap<Vec<OwnStep>, HashSet<OwnStep>> = HashMap::new();
        for mut target in targets {
            let Some(last) = target.pop() else {
                let diagnostic = Diagnostic::error("overlay-root", "the document itself can't be removed");
                self.report(diagnostic.hint("Name a part of it as the target."), action, at);
                continue;
            };
            by_parent.entry(target).or_default().insert(last);
        }
        let mut parents: Vec<_> = by_parent.into_iter().collect();
        parents.sort_by_key(|(parent, _)| std::cmp::Reverse(parent.len()));
        for (parent, children) in parents {
            // Everything beside what is removed is looked at too.
            let beside = match self.value(&parent) {
                Some(Value::Object(map)) => map.len(),
                Some(Value::Array(items)) => items.len(),
                _ => 0,
            };
            let left = self.steps_left.checked_sub(beside as u64);
            self.steps_left = left.ok_or_else(|| too_costly(action, at))?;
            match self.value(&parent) {
                Some(Value::Object(map)) => map.retain(|key, _| !children.contains(&OwnStep::Key(key.clone()))),
                Some(Value::Array(items)) => {
                    let mut index = 0;
                    items.retain(|_| {
                        index += 1;
                        !children.contains(&OwnStep::Index(index - 1))
                    });
                }
                _ => {}
            }
        }
        Ok(())
    }
}

fn too_costly(action: &Action, at: usize) -> Rejected {
    let message = "the actions of the overlay look at too many values of the document";
    refused("overlay-cost", message, action, at)
}

/// Why nothing of the overlay is applied.
fn refused(code: &'static str, message: &str, action: &Action, at: usize) -> Rejected {
    let diagnostic = Diagnostic::error(code, message).at(format!("/actions/{at}"));
    let diagnostic = match action.position {
        Some(position) => diagnostic.on(position),
        None => diagnostic,
    };
    diagnostic
        .hint("Let the action change fewer places, or smaller ones.")
        .into()
}
