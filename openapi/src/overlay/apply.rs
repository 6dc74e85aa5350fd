//! Applies actions to a value.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::merge::{self, Mismatches};
use super::{Action, Change};
use crate::Limits;
use crate::check::shortened;
use crate::diagnostics::{Diagnostic, Rejected};
use crate::json_path::{Budget, JsonPath, Step};

/// Values that all expressions of one overlay may look at: a hundred passes over GitHub's document.
const STEPS: u64 = 40_000_000;

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
        nodes_left: limits.nodes,
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
    nodes_left: usize,
    steps_left: u64,
    found: Vec<Diagnostic>,
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
            ..Budget::default()
        };
        let Ok((nodes, left)) = path.search(self.root, &budget) else {
            let message = "the expressions of the overlay look at too many values of the document";
            return Err(refused("overlay-cost", message, action, at));
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
            Change::Remove => self.remove(targets, action, at),
            Change::Update(update) => self.update(&targets, update, action, at)?,
            Change::Copy(from) => {
                let sources = self.find(from, action, at)?;
                let [source] = sources.as_slice() else {
                    let message = format!("`copy` must find one value, and finds {}", sources.len());
                    let hint = "Write a JSONPath that leads to one place.";
                    self.report(Diagnostic::error("overlay-copy", message).hint(hint), action, at);
                    return Ok(());
                };
                let Some(value) = self.value(source).cloned() else {
                    return Ok(());
                };
                self.update(&targets, &value, action, at)?;
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

    fn update(&mut self, targets: &[Vec<OwnStep>], update: &Value, action: &Action, at: usize) -> Result<(), Rejected> {
        let (nodes, depth) = size(update);
        let cost = nodes.saturating_mul(targets.len());
        let deepest = targets.iter().map(Vec::len).max().unwrap_or_default();
        let Some(left) = self.nodes_left.checked_sub(cost) else {
            return Err(refused(
                "too-many-values",
                "the overlay makes the document too large",
                action,
                at,
            ));
        };
        self.nodes_left = left;
        if deepest + depth + 1 > self.limits.depth {
            return Err(refused(
                "too-deep",
                "the overlay makes the document too deep",
                action,
                at,
            ));
        }
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
        Ok(())
    }

    /// Removes what is deepest first, so that the ways to the rest stay right.
    fn remove(&mut self, targets: Vec<Vec<OwnStep>>, action: &Action, at: usize) {
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
    }
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

/// The number of values in a value, and its levels.
fn size(value: &Value) -> (usize, usize) {
    let children: Vec<&Value> = match value {
        Value::Array(items) => items.iter().collect(),
        Value::Object(map) => map.values().collect(),
        _ => return (1, 0),
    };
    let sizes = children.into_iter().map(size);
    let (nodes, depth) = sizes.fold((1, 0), |(nodes, depth), (more, deep)| (nodes + more, depth.max(deep)));
    (nodes, depth + 1)
}
