//! The uploaded document with its references followed.
//!
//! Nothing is copied or expanded: a value that is a reference stands for its target, wherever a rule meets it. References that
//! lead back to what contains them stay references, and so do those out of the document.

use std::collections::HashMap;

use serde_json::Value;

use super::circles::Circles;
use super::place::{Place, Step};
use crate::reference::{percent_decode, unescape};

/// Most references passed on the way to one value.
const MOST_HOPS: usize = 64;

/// What a value is after its references were followed.
#[derive(Clone, Copy)]
pub(super) struct Followed<'d, 'v> {
    pub(super) value: &'d Value,
    /// The path of the value, if a reference led to it.
    pub(super) target: Option<&'v [String]>,
}

/// A reference of the document.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Link {
    /// To the target with this number.
    Target(usize),
    /// To something that contains it, directly or by way of other references.
    Circular,
    /// To nothing.
    Missing,
    /// Out of the document.
    External,
}

struct Target<'d> {
    value: &'d Value,
    path: Vec<String>,
    /// Whether something outside refers to it.
    is_used: bool,
}

/// A reference that can't be followed.
pub(super) struct Broken {
    pub(super) path: Vec<String>,
    pub(super) reference: String,
    pub(super) is_external: bool,
}

/// See the module.
pub(super) struct View<'d> {
    pub(super) root: &'d Value,
    links: HashMap<usize, Link>,
    targets: Vec<Target<'d>>,
    broken: Vec<Broken>,
    endless: Vec<Vec<String>>,
    has_circles: bool,
}

/// The address of a value, which is its identity for as long as the document lives.
pub(super) fn address(value: &Value) -> usize {
    std::ptr::from_ref(value).addr()
}

/// The reference of a value that is one.
pub(super) fn reference_of(value: &Value) -> Option<&str> {
    value.as_object()?.get("$ref")?.as_str()
}

impl<'d> View<'d> {
    pub(super) fn new(root: &'d Value) -> Self {
        let mut view = Self::with_circles(root);
        view.cut_circles();
        view
    }

    /// A view that follows references even where they lead back to what contains them: for those who count their steps.
    pub(super) fn with_circles(root: &'d Value) -> Self {
        let mut view = Self {
            root,
            links: HashMap::new(),
            targets: Vec::new(),
            broken: Vec::new(),
            endless: Vec::new(),
            has_circles: false,
        };
        let mut survey = Survey::default();
        survey.references(root, &Place::ROOT);
        let mut numbers: HashMap<usize, usize> = HashMap::new();
        let mut places = Vec::new();
        for (from, reference, path) in survey.found {
            let link = match reference.strip_prefix('#') {
                None => Link::External,
                Some("" | "/") => Link::Circular,
                Some(pointer) => match view.locate_pointer(pointer) {
                    None => Link::Missing,
                    Some((value, target)) => Link::Target(*numbers.entry(address(value)).or_insert_with(|| {
                        view.targets.push(Target {
                            value,
                            path: target,
                            is_used: false,
                        });
                        view.targets.len() - 1
                    })),
                },
            };
            if matches!(link, Link::External | Link::Missing) {
                view.broken.push(Broken {
                    path,
                    reference: reference.to_owned(),
                    is_external: link == Link::External,
                });
            } else {
                places.push((from, path));
            }
            view.links.insert(from, link);
        }
        for (from, path) in places {
            if view.is_endless(from) {
                view.endless.push(path);
            }
        }
        view
    }

    /// Leaves references alone that lead back to what contains them.
    fn cut_circles(&mut self) {
        let view = self;
        let targets = view.targets.iter().enumerate();
        let numbers: HashMap<usize, usize> = targets
            .map(|(number, target)| (address(target.value), number))
            .collect();
        let mut circles = Circles::new(view, &numbers);
        circles.walk(view.root, &mut Vec::new());
        let (components, links) = (circles.components(), circles.links);
        for (from, to, around) in links {
            view.targets[to].is_used |= !around.contains(&to);
            let is_circular = around
                .iter()
                .any(|outer| *outer == to || components[*outer] == components[to]);
            if is_circular {
                view.has_circles = true;
                view.links.insert(from, Link::Circular);
            }
        }
    }

    /// Whether a reference leads to references only.
    fn is_endless(&self, from: usize) -> bool {
        let mut at = from;
        for _ in 0..MOST_HOPS {
            match self.links.get(&at) {
                Some(Link::Target(number)) => at = address(self.targets[*number].value),
                Some(Link::Circular) => return true,
                _ => return false,
            }
        }
        true
    }

    /// The number of a reference's target.
    pub(super) fn target_number(&self, reference: &Value) -> Option<usize> {
        match self.links.get(&address(reference))? {
            Link::Target(number) => Some(*number),
            _ => None,
        }
    }

    /// References that lead to references only, without end.
    pub(super) fn endless(&self) -> &[Vec<String>] {
        &self.endless
    }

    /// Whether there are references that lead back to what contains them.
    pub(super) fn has_circles(&self) -> bool {
        self.has_circles
    }

    /// References to nothing and out of the document, in its order.
    pub(super) fn broken(&self) -> &[Broken] {
        &self.broken
    }

    /// The path of everything that something outside of it refers to.
    pub(super) fn used_paths(&self) -> impl Iterator<Item = &[String]> {
        self.targets
            .iter()
            .filter(|target| target.is_used)
            .map(|target| target.path.as_slice())
    }

    /// The value a JSON pointer (without `#`) leads to, through references on the way.
    fn locate_pointer(&self, pointer: &str) -> Option<(&'d Value, Vec<String>)> {
        let decoded = percent_decode(pointer);
        let mut value = self.root;
        let mut path = Vec::new();
        for token in decoded.strip_prefix('/')?.split('/') {
            let token = unescape(token).into_owned();
            let mut hops = 0;
            while let Some(reference) = reference_of(value).filter(|_| child(value, &token).is_none()) {
                hops += 1;
                let pointer = reference.strip_prefix("#/")?;
                if hops > 8 || path.len() > 256 {
                    return None;
                }
                (value, path) = self.plain_pointer(pointer)?;
            }
            value = child(value, &token)?;
            path.push(token);
        }
        Some((value, path))
    }

    fn plain_pointer(&self, pointer: &str) -> Option<(&'d Value, Vec<String>)> {
        let decoded = percent_decode(pointer);
        let path: Vec<String> = decoded.split('/').map(|token| unescape(token).into_owned()).collect();
        let value = path.iter().try_fold(self.root, |value, token| child(value, token))?;
        Some((value, path))
    }

    /// Follows a value's reference, and so on.
    pub(super) fn follow(&self, value: &'d Value) -> Followed<'d, '_> {
        let mut followed = Followed { value, target: None };
        for _ in 0..MOST_HOPS {
            if reference_of(followed.value).is_none() {
                break;
            }
            match self.links.get(&address(followed.value)) {
                Some(Link::Target(number)) => {
                    let target = &self.targets[*number];
                    followed = Followed {
                        value: target.value,
                        target: Some(&target.path),
                    };
                }
                _ => break,
            }
        }
        followed
    }

    /// The value itself, with its references followed.
    pub(super) fn value(&self, value: &'d Value) -> &'d Value {
        self.follow(value).value
    }

    /// A member of an object, with references followed on both sides.
    pub(super) fn get(&self, value: &'d Value, key: &str) -> Option<&'d Value> {
        Some(self.value(self.value(value).as_object()?.get(key)?))
    }

    /// The longest part of the path that there is in the document as it was written.
    pub(super) fn written<'s>(&self, steps: impl IntoIterator<Item = &'s str>) -> Vec<String> {
        let mut path = Vec::new();
        let mut value = self.root;
        for step in steps {
            let Some(next) = child(value, step) else { break };
            path.push(step.to_owned());
            value = next;
        }
        path
    }

    /// The path in the uploaded document for steps through the followed one; it ends early where a step leads to nothing.
    pub(super) fn closest<'s>(&self, from: &Place<'_>, steps: impl IntoIterator<Item = &'s str>) -> Vec<String> {
        let start_path = from.path();
        let start = start_path
            .iter()
            .try_fold(self.root, |value, token| child(value, token));
        let Some(start) = start else { return start_path };
        let steps: Vec<&str> = steps.into_iter().collect();
        let (mut path, mut value) = (start_path.clone(), start);
        // As long as no reference is passed, also what is written beside one.
        let (mut written, mut is_written) = (Some(start), true);
        for step in &steps {
            let followed = self.follow(value);
            let Some(next) = child(followed.value, step) else { break };
            written = written.and_then(|value| child(value, step));
            is_written &= written.is_some();
            if let Some(target) = followed.target {
                path = target.to_vec();
            }
            path.push((*step).to_owned());
            value = next;
        }
        let is_bare = value.as_object().is_some_and(|map| map.len() == 1);
        match self.follow(value).target {
            Some(target) if is_bare => target.to_vec(),
            Some(_) if is_written => {
                let above = start_path.iter().map(String::as_str);
                self.written(above.chain(steps))
            }
            _ => path,
        }
    }
}

/// A member or item by the text of its step.
pub(super) fn child<'d>(value: &'d Value, token: &str) -> Option<&'d Value> {
    match value {
        Value::Object(map) => map.get(token),
        Value::Array(items) => {
            let is_index = token == "0" || (!token.starts_with('0') && token.bytes().all(|byte| byte.is_ascii_digit()));
            items.get(token.parse::<usize>().ok().filter(|_| is_index)?)
        }
        _ => None,
    }
}

/// The members or items of a value, with the step to each.
pub(super) fn children(value: &Value) -> impl Iterator<Item = (Step<'_>, &Value)> {
    let members = value.as_object().into_iter().flatten();
    let items = value.as_array().into_iter().flatten().enumerate();
    let members = members.map(|(key, value)| (Step::Key(key), value));
    members.chain(items.map(|(index, value)| (Step::Index(index), value)))
}

#[derive(Default)]
struct Survey<'d> {
    found: Vec<(usize, &'d str, Vec<String>)>,
}

impl<'d> Survey<'d> {
    /// Every reference; what stands beside `$ref` is not part of the followed document.
    fn references(&mut self, value: &'d Value, place: &Place<'_>) {
        if let Some(reference) = reference_of(value) {
            self.found.push((address(value), reference, place.path()));
            return;
        }
        for (step, inner) in children(value) {
            if inner.is_object() || inner.is_array() {
                self.references(inner, &Place::Below(place, step));
            }
        }
    }
}
