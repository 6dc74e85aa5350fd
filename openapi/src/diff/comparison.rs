//! The state of one comparison.

use super::change::{Direction, Side};
use super::lifecycle::Date;
use super::paths::{self, Endpoint};
use super::report::{Limits, Report};
use super::schema::Graph;
use super::source::{At, Place, Source};
use super::walk::{self, Task};
use super::{components, rules, webhooks};
use crate::model::Document;

pub(super) struct Comparison<'d> {
    pub(super) graph: Graph<'d>,
    pub(super) report: Report,
    pub(super) today: Option<Date>,
    tasks: Vec<Task>,
}

impl<'d> Comparison<'d> {
    pub(super) fn run(old: &'d Document, new: &'d Document, limits: Limits, today: Option<Date>) -> Report {
        let mut comparison = Self {
            graph: Graph::new(Source::new(old), Source::new(new), limits.pairs),
            report: Report::new(limits),
            today,
            tasks: Vec::new(),
        };
        components::compare(&mut comparison);
        paths::compare(&mut comparison);
        webhooks::compare(&mut comparison);
        comparison.graph.complete();
        if comparison.graph.is_cut {
            comparison.report.cut_short();
        }
        for task in &comparison.tasks {
            walk::walk(&comparison.graph, task, today, &mut comparison.report);
        }
        comparison.words();
        comparison.report
    }

    pub(super) fn source(&mut self, side: Side) -> &mut Source<'d> {
        match side {
            Side::Old => &mut self.graph.old,
            Side::New => &mut self.graph.new,
        }
    }

    /// A member of both, behind its references.
    pub(super) fn members(&mut self, old: At<'d>, new: At<'d>, key: &'d str) -> (Option<At<'d>>, Option<At<'d>>) {
        let before = self.graph.old.member(old, key).map(|at| self.graph.old.resolve(at));
        let after = self.graph.new.member(new, key).map(|at| self.graph.new.resolve(at));
        (before, after)
    }

    /// Adds an operation of one side.
    pub(super) fn operation(&mut self, endpoint: &Endpoint<'_>) -> u32 {
        self.report.operation(endpoint.label(), endpoint.operation_id())
    }

    /// Reports a change by the name of its rule.
    pub(super) fn found(&mut self, rule: &str, operation: Option<u32>, place: (Side, Place), message: String) {
        self.found_towards(rule, operation, place, message, Direction::None);
    }

    /// Reports a change of something that travels.
    pub(super) fn found_towards(
        &mut self,
        rule: &str,
        operation: Option<u32>,
        (side, place): (Side, Place),
        message: String,
        direction: Direction,
    ) {
        let Some(rule) = rules::rule(rule) else { return };
        if self.report.has_room(rule.level) {
            let path = self.source(side).path(place, &[]);
            self.report.found(rule, operation, (side, path), message, direction);
        }
    }

    /// Compares two schemas of an operation later, when all are known.
    pub(super) fn later(&mut self, old: At<'d>, new: At<'d>, task: Task) {
        let node = self.graph.pair(old, new);
        self.tasks.push(Task { node, ..task });
    }

    /// Reports schemas whose words for people changed, each once.
    fn words(&mut self) {
        let Some(rule) = rules::rule("documentation-changed") else {
            return;
        };
        for at in 0..self.graph.nodes.len() {
            if !self.graph.nodes[at].has_new_words {
                continue;
            }
            let place = self.graph.nodes[at].new.place();
            if self.report.has_room(rule.level) {
                let path = self.graph.new.path(place, &[]);
                let message = "the description, title or examples of a schema changed".to_owned();
                self.report
                    .found(rule, None, (Side::New, path), message, Direction::None);
            }
        }
    }
}
