//! Where a check is: a chain on the stack that becomes a pointer only when something is found.

use crate::diagnostics::push_visible;
use crate::reference::push_escaped;

/// A place in the document.
#[derive(Clone, Copy)]
pub(super) struct Place<'p> {
    parent: Option<&'p Place<'p>>,
    step: Step<'p>,
}

#[derive(Clone, Copy)]
enum Step<'p> {
    Root,
    Key(&'p str),
    Index(usize),
}

impl<'p> Place<'p> {
    pub(super) const ROOT: Place<'static> = Place {
        parent: None,
        step: Step::Root,
    };

    pub(super) const fn key(&'p self, key: &'p str) -> Self {
        Self {
            parent: Some(self),
            step: Step::Key(key),
        }
    }

    pub(super) const fn index(&'p self, index: usize) -> Self {
        Self {
            parent: Some(self),
            step: Step::Index(index),
        }
    }

    /// The JSON pointer (RFC 6901).
    pub(super) fn pointer(&self) -> String {
        let mut steps = Vec::new();
        let mut place = Some(self);
        while let Some(here) = place {
            steps.push(here.step);
            place = here.parent;
        }
        let mut pointer = String::new();
        for step in steps.into_iter().rev() {
            match step {
                Step::Root => {}
                Step::Key(key) => {
                    pointer.push('/');
                    push_escaped(&mut pointer, key);
                }
                Step::Index(index) => {
                    pointer.push('/');
                    pointer.push_str(&index.to_string());
                }
            }
        }
        pointer
    }

    /// A name for messages: `` `info` ``, `item 2 of `tags``.
    pub(super) fn label(&self) -> String {
        match (self.step, self.parent) {
            (Step::Root, _) => "the document".to_owned(),
            (Step::Key(key), _) => format!("`{}`", shortened(key)),
            (Step::Index(index), Some(parent)) => format!("item {index} of {}", parent.label()),
            (Step::Index(index), None) => format!("item {index}"),
        }
    }
}

/// A name fit for a message: short, and without characters that would break or disguise the line it is shown in.
pub(crate) fn shortened(name: &str) -> String {
    const LONGEST: usize = 80;
    let mut short = String::new();
    for (at, character) in name.chars().enumerate() {
        if at == LONGEST {
            short.push('…');
            break;
        }
        push_visible(&mut short, character);
    }
    short
}
