//! Rules of our own: who may call what, names, paging, errors, references.

mod contracts;
mod naming;
mod references;
mod security;

use super::collector::Collector;
use super::view::View;

/// Runs the rules that are on.
pub(super) fn run(view: &View<'_>, collector: &mut Collector) {
    references::run(view, collector);
    security::run(view, collector);
    contracts::run(view, collector);
    naming::run(view, collector);
}
