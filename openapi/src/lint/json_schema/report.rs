//! From Ajv's mistakes to the findings that people read, as `better-ajv-errors` makes them: those that say the same less
//! exactly are left out.

use std::collections::HashSet;

use serde_json::Value;

use super::fault::{Detail, Fault};
use crate::reference::push_escaped;

/// A mistake, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::lint) struct Report {
    /// Steps from the value that was checked.
    pub(in crate::lint) path: Vec<String>,
    pub(in crate::lint) message: String,
}

#[derive(Default)]
struct Tree {
    children: Vec<(String, Option<Tree>)>,
    faults: Option<Vec<usize>>,
}

impl Tree {
    fn child(&mut self, key: &str) -> &mut Self {
        let at = self.children.iter().position(|(known, _)| known == key);
        let at = at.unwrap_or_else(|| {
            let child = Self {
                faults: Some(Vec::new()),
                ..Self::default()
            };
            self.children.push((key.to_owned(), Some(child)));
            self.children.len() - 1
        });
        self.children[at].1.get_or_insert_with(Self::default)
    }

    fn faults(&self) -> &[usize] {
        self.faults.as_deref().unwrap_or_default()
    }
}

/// What people should read of the mistakes of a value that is at `path`.
pub(in crate::lint) fn report(faults: &[Fault], path: &[String], value: &Value) -> Vec<Report> {
    let mut tree = Tree::default();
    for (number, fault) in faults.iter().enumerate() {
        let Some(keys) = tree_keys(&pointer(&fault.path)) else {
            continue;
        };
        let mut node = &mut tree;
        for key in &keys {
            node = node.child(key);
        }
        node.faults.get_or_insert_with(Vec::new).push(number);
    }
    filter(&mut tree, faults);
    let mut reports = Vec::new();
    collect(&tree, faults, path, value, &mut reports);
    reports
}

fn pointer(path: &[String]) -> String {
    let mut pointer = String::new();
    for step in path {
        pointer.push('/');
        push_escaped(&mut pointer, step);
    }
    pointer
}

/// The steps of a path as the original cuts them: letters, digits, `_`, `$` and `-`, and an index with the step before it.
fn tree_keys(pointer: &str) -> Option<Vec<String>> {
    if pointer.is_empty() {
        return Some(vec![String::new()]);
    }
    let bytes = pointer.as_bytes();
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || b"_$-".contains(&byte);
    let mut keys = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let from = at;
        at += 1;
        if bytes[from] != b'/' || !bytes.get(at).copied().is_some_and(is_word) {
            continue;
        }
        while bytes.get(at).copied().is_some_and(is_word) {
            at += 1;
        }
        if bytes.get(at) == Some(&b'/') && bytes.get(at + 1).is_some_and(u8::is_ascii_digit) {
            at += 1;
            while bytes.get(at).is_some_and(u8::is_ascii_digit) {
                at += 1;
            }
        }
        keys.push(pointer[from..at].to_owned());
    }
    (!keys.is_empty()).then_some(keys)
}

fn filter(node: &mut Tree, faults: &[Fault]) {
    let has_children = node.children.iter().any(|(_, child)| child.is_some());
    if node.faults().iter().any(|number| faults[*number].keyword == "anyOf") && has_children {
        node.faults = None;
    }
    for at in 0..node.children.len() {
        let siblings = node.children.iter().enumerate();
        let has_siblings = siblings
            .filter(|(other, (_, child))| *other != at && child.is_some())
            .count()
            > 0;
        let Some(child) = node.children[at].1.as_mut() else {
            continue;
        };
        let child_has_children = child.children.iter().any(|(_, inner)| inner.is_some());
        if child.faults().iter().any(|number| faults[*number].keyword == "anyOf") && child_has_children {
            child.faults = None;
        }
        let is_enum =
            !child.faults().is_empty() && child.faults().iter().all(|number| faults[*number].keyword == "enum");
        if is_enum && has_siblings {
            node.children[at].1 = None;
        } else {
            filter(child, faults);
        }
    }
}

fn collect(node: &Tree, faults: &[Fault], path: &[String], value: &Value, reports: &mut Vec<Report>) {
    let mine = node.faults();
    let are_enums = !mine.is_empty() && mine.iter().all(|number| faults[*number].keyword == "enum");
    if are_enums {
        let first = &faults[mine[0]];
        let mut allowed: Vec<&Value> = Vec::new();
        let mut known = HashSet::new();
        for number in mine {
            if let Detail::Allowed(values) = &faults[*number].detail {
                allowed.extend(values.iter().filter(|value| known.insert(value.to_string())));
            }
        }
        let listed: Vec<String> = allowed.iter().map(ToString::to_string).collect();
        let mut message = format!("{} {}: {}", owner(first, path, value), first.message, listed.join(", "));
        if let Some(best) = best_match(at_path(value, &first.path), &allowed) {
            message = format!("{message}. Did you mean \"{best}\"?");
        }
        reports.push(finish(message, first, faults));
    } else {
        for number in mine {
            let fault = &faults[*number];
            reports.push(finish(message(fault, path, value), fault, faults));
        }
        for (_, child) in &node.children {
            if let Some(child) = child {
                collect(child, faults, path, value, reports);
            }
        }
    }
}

fn message(fault: &Fault, path: &[String], value: &Value) -> String {
    let text = fault.message.replace('\'', "\"").replace("NOT", "not");
    match (&fault.detail, fault.keyword) {
        (Detail::Additional(name), _) => format!("Property \"{name}\" is not expected to be here"),
        (_, "errorMessage") => fault.message.clone(),
        (detail, "type") => {
            let null = if matches!(detail, Detail::Nullable) {
                ",null"
            } else {
                ""
            };
            match fault.path.last().or(path.last()) {
                Some(name) => format!("\"{name}\" property type {}{null}", fault.message),
                None => format!("Value type {}{null}", fault.message),
            }
        }
        _ => format!("{} {text}", owner(fault, path, value)),
    }
}

fn owner(fault: &Fault, path: &[String], value: &Value) -> String {
    match fault.path.last().or(path.last()) {
        Some(name) => format!("\"{name}\" property"),
        None => match value {
            Value::String(_) => "String",
            Value::Number(_) => "Number",
            Value::Bool(_) => "Boolean",
            _ => "Object",
        }
        .to_owned(),
    }
}

fn finish(message: String, fault: &Fault, faults: &[Fault]) -> Report {
    let mut message = message;
    if let Some(index) = fault
        .path
        .last()
        .filter(|step| step.bytes().all(|byte| byte.is_ascii_digit()) && !step.is_empty())
    {
        let (typed, plain) = (format!("\"{index}\" property type"), format!("\"{index}\" property"));
        if let Some(rest) = message.strip_prefix(&typed).or_else(|| message.strip_prefix(&plain)) {
            message = format!("Item at index {index}{rest}");
        }
    }
    let combinator = faults.iter().rev().find(|other| {
        other.path == fault.path
            && matches!(other.keyword, "oneOf" | "anyOf")
            && !matches!(other.detail, Detail::SeveralPass)
    });
    if let Some(combinator) = combinator
        && message.ends_with(&format!(" in {}", combinator.keyword))
    {
        message.push_str(". None of the schemas matched, see the other errors reported for this value");
    }
    Report {
        path: fault.path.clone(),
        message,
    }
}

fn at_path<'v>(value: &'v Value, path: &[String]) -> Option<&'v Value> {
    path.iter()
        .try_fold(value, |value, step| crate::lint::view::child(value, step))
}

/// The allowed text that is most like what stands there.
pub(in crate::lint) fn best_match<'v>(value: Option<&Value>, allowed: &[&'v Value]) -> Option<&'v str> {
    let text = value?.as_str()?;
    let texts = allowed.iter().filter_map(|value| value.as_str());
    let (best, weight) = texts
        .map(|known| (known, distance(known, text)))
        .min_by_key(|(_, weight)| *weight)?;
    (allowed.len() == 1 || weight < best.encode_utf16().count()).then_some(best)
}

/// The edits between two texts (Levenshtein), for short ones.
fn distance(left: &str, right: &str) -> usize {
    const MOST: usize = 200;
    let left: Vec<char> = left.chars().take(MOST).collect();
    let right: Vec<char> = right.chars().take(MOST).collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, from) in left.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in right.iter().enumerate() {
            let change = diagonal + usize::from(from != to);
            diagonal = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}
