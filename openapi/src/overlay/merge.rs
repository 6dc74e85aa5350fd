//! Merging a value into another (Overlay 1.1 §4.4.3.1).

use serde_json::Value;

/// What of an update didn't fit, as pointers below the target.
#[derive(Default)]
pub(super) struct Mismatches {
    pub(super) pointers: Vec<String>,
}

impl Mismatches {
    /// Places that are named; a message with more helps nobody.
    const MOST: usize = 5;

    fn add(&mut self, pointer: &str) {
        if self.pointers.len() < Self::MOST {
            self.pointers.push(pointer.to_owned());
        }
    }
}

/// Objects are merged member by member, lists are put together or get a new item, other values are replaced. What is of
/// another kind stays as it is.
pub(super) fn target(target: &mut Value, update: &Value, mismatches: &mut Mismatches) {
    match (target, update) {
        (Value::Array(items), Value::Array(more)) => items.extend(more.iter().cloned()),
        (Value::Array(items), item) => items.push(item.clone()),
        (target, update) => member(target, update, &mut String::new(), mismatches),
    }
}

fn member(target: &mut Value, update: &Value, pointer: &mut String, mismatches: &mut Mismatches) {
    match (target, update) {
        (Value::Object(map), Value::Object(fields)) => {
            for (key, update) in fields {
                match map.get_mut(key) {
                    None => {
                        map.insert(key.clone(), update.clone());
                    }
                    Some(target) => {
                        let length = pointer.len();
                        pointer.push('/');
                        crate::reference::push_escaped(pointer, key);
                        member(target, update, pointer, mismatches);
                        pointer.truncate(length);
                    }
                }
            }
        }
        (Value::Array(items), Value::Array(more)) => items.extend(more.iter().cloned()),
        // `tags:` without anything behind it: an outline of the document, not a change.
        (Value::Object(_) | Value::Array(_), Value::Null) => {}
        (Value::Object(_) | Value::Array(_), _) | (_, Value::Object(_) | Value::Array(_)) => mismatches.add(pointer),
        (target, update) => *target = update.clone(),
    }
}
