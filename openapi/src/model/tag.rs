//! Tags: the chapters of a reference.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::OperationEntry;

/// A tag, declared by the document or only named by operations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// Its name, as operations use it.
    pub name: String,
    /// A shorter title (3.2).
    pub summary: Option<String>,
    /// Markdown source.
    pub description: Option<String>,
    /// The tag it is nested under (3.2); `None` where following parents would lead back here.
    pub parent: Option<String>,
    /// What sort of tag it is, for example `nav` or `badge` (3.2).
    pub kind: Option<String>,
    /// Whether the document declares it in `tags`.
    pub is_declared: bool,
}

impl Tag {
    /// The summary, or else the name.
    pub fn title(&self) -> &str {
        self.summary.as_deref().unwrap_or(&self.name)
    }
}

/// Declared tags in order, then undeclared ones in the order of the operations.
pub(super) fn tags(root: &Value, operations: &[OperationEntry]) -> Vec<Tag> {
    let mut seen = HashSet::new();
    let mut tags = Vec::new();
    for declared in root.get("tags").and_then(Value::as_array).into_iter().flatten() {
        let text = |field: &str| {
            declared
                .get(field)
                .and_then(Value::as_str)
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
        };
        let Some(name) = text("name") else { continue };
        if seen.insert(name.clone()) {
            tags.push(Tag {
                name,
                summary: text("summary").or_else(|| text("x-displayName")),
                description: text("description"),
                parent: text("parent"),
                kind: text("kind"),
                is_declared: true,
            });
        }
    }
    cut_cycles(&mut tags);
    for name in operations.iter().flat_map(|operation| &operation.tags) {
        if !seen.contains(name) {
            seen.insert(name.clone());
            tags.push(Tag {
                name: name.clone(),
                summary: None,
                description: None,
                parent: None,
                kind: None,
                is_declared: false,
            });
        }
    }
    tags
}

/// Removes parents that don't exist or lead back to the tag, so that whoever follows parents arrives somewhere.
fn cut_cycles(tags: &mut [Tag]) {
    let by_name: HashMap<&str, usize> = tags
        .iter()
        .enumerate()
        .map(|(at, tag)| (tag.name.as_str(), at))
        .collect();
    let parents: Vec<Option<usize>> = tags
        .iter()
        .map(|tag| tag.parent.as_deref().and_then(|parent| by_name.get(parent).copied()))
        .collect();
    for (tag, parent) in tags.iter_mut().zip(&parents) {
        if parent.is_none() {
            tag.parent = None;
        }
    }
    for cycle in cycles(&parents) {
        if let Some(first) = cycle.first() {
            tags[*first].parent = None;
        }
    }
}

/// The circles among nodes that each have at most one parent, in one pass.
pub(crate) fn cycles(parents: &[Option<usize>]) -> Vec<Vec<usize>> {
    let mut walk_of: Vec<Option<usize>> = vec![None; parents.len()];
    let mut cycles = Vec::new();
    for walk in 0..parents.len() {
        let mut next = Some(walk);
        while let Some(at) = next.filter(|at| walk_of[*at].is_none()) {
            walk_of[at] = Some(walk);
            next = parents[at];
        }
        let Some(entry) = next.filter(|at| walk_of[*at] == Some(walk)) else {
            continue;
        };
        let mut cycle = vec![entry];
        let mut at = parents[entry];
        while let Some(member) = at.filter(|at| *at != entry) {
            cycle.push(member);
            at = parents[member];
        }
        cycles.push(cycle);
    }
    cycles
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn parents_never_form_a_circle() {
        let root = json!({"tags": [{"name": "a"}, {"name": "b", "parent": "a"}, {"name": "c", "parent": "d"},
            {"name": "d", "parent": "c"}, {"name": "e", "parent": "e"}, {"name": "f", "parent": "nope"}]});
        let parents: Vec<_> = tags(&root, &[]).into_iter().map(|tag| tag.parent).collect();
        assert_eq!(parents, [None, Some("a".into()), None, Some("c".into()), None, None]);
    }
}
