//! References that lead back to what contains them.

use std::collections::HashMap;

use serde_json::Value;

use super::view::{View, address, children, reference_of};

/// The strongly connected components of the targets.
pub(super) struct Circles<'v, 'd> {
    view: &'v View<'d>,
    numbers: &'v HashMap<usize, usize>,
    /// First and last number of the values inside each target, in document order.
    spans: Vec<(usize, usize)>,
    next: usize,
    /// Address of the reference, its target, the targets around it.
    pub(super) links: Vec<(usize, usize, Vec<usize>)>,
}

impl<'v, 'd> Circles<'v, 'd> {
    pub(super) fn new(view: &'v View<'d>, numbers: &'v HashMap<usize, usize>) -> Self {
        Self {
            view,
            numbers,
            spans: vec![(0, 0); numbers.len()],
            next: 0,
            links: Vec::new(),
        }
    }

    pub(super) fn walk(&mut self, value: &'d Value, open: &mut Vec<usize>) {
        self.next += 1;
        let number = self.numbers.get(&address(value)).copied();
        if let Some(number) = number {
            self.spans[number].0 = self.next;
            open.push(number);
        }
        if reference_of(value).is_some() {
            if let Some(to) = self.view.target_number(value) {
                self.links.push((address(value), to, open.clone()));
            }
        } else {
            for (_, inner) in children(value) {
                if inner.is_object() || inner.is_array() || self.numbers.contains_key(&address(inner)) {
                    self.walk(inner, open);
                }
            }
        }
        if let Some(number) = number {
            open.pop();
            self.spans[number].1 = self.next;
        }
    }

    /// The component of every target (Kosaraju's algorithm, without recursion).
    pub(super) fn components(&self) -> Vec<usize> {
        let count = self.spans.len();
        let (mut out, mut back) = (vec![Vec::new(); count], vec![Vec::new(); count]);
        for (_, to, around) in &self.links {
            for outer in around {
                let (first, last) = self.spans[*outer];
                let is_inside = (first..=last).contains(&self.spans[*to].0);
                if !is_inside {
                    out[*outer].push(*to);
                    back[*to].push(*outer);
                }
            }
        }
        let mut order = Vec::with_capacity(count);
        let mut is_seen = vec![false; count];
        for start in 0..count {
            let mut stack = vec![(start, 0)];
            if std::mem::replace(&mut is_seen[start], true) {
                continue;
            }
            while let Some((node, at)) = stack.last_mut() {
                if let Some(next) = out[*node].get(*at) {
                    *at += 1;
                    if !std::mem::replace(&mut is_seen[*next], true) {
                        stack.push((*next, 0));
                    }
                } else {
                    order.push(*node);
                    stack.pop();
                }
            }
        }
        let mut components = vec![usize::MAX; count];
        for (component, start) in order.into_iter().rev().enumerate() {
            let mut stack = vec![start];
            while let Some(node) = stack.pop() {
                if components[node] == usize::MAX {
                    components[node] = component;
                    stack.extend(&back[node]);
                }
            }
        }
        components
    }
}
