//! From facts about schemas to changes of operations: every way from a body, parameter or header to a difference is walked,
//! and the rule depends on the side on which it is found.

use super::change::{Direction, Side};
use super::lifecycle::Date;
use super::report::Report;
use super::schema::{Edge, Fact, Graph, LONGEST_PATH, Node, NodeId, Step, quoted_path};
use super::select;

/// Schemas inside each other that are followed.
const MOST_LEVELS: usize = 100;
/// Schemas that are visited for one body, parameter or header.
const MOST_VISITS: usize = 50_000;

/// What kind of thing a schema describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    RequestBody,
    Parameter,
    ResponseBody,
    ResponseHeader,
}

impl Family {
    pub(super) const fn direction(self) -> Direction {
        match self {
            Self::RequestBody | Self::Parameter => Direction::Request,
            Self::ResponseBody | Self::ResponseHeader => Direction::Response,
        }
    }

    pub(super) const fn prefix(self, is_root: bool) -> &'static str {
        match (self, is_root) {
            (Self::RequestBody, true) => "request-body",
            (Self::RequestBody, false) => "request-property",
            (Self::Parameter, true) => "request-parameter",
            (Self::Parameter, false) => "request-parameter-property",
            (Self::ResponseBody, true) => "response-body",
            (Self::ResponseBody, false) => "response-property",
            (Self::ResponseHeader, true) => "response-header",
            (Self::ResponseHeader, false) => "response-header-property",
        }
    }
}

/// A pair of schemas of one operation.
#[derive(Clone, Debug)]
pub(super) struct Task {
    pub(super) operation: u32,
    pub(super) family: Family,
    /// What it is, for example `the body of the 200 response`.
    pub(super) thing: String,
    /// Whether a number and its text differ on the wire, as in JSON.
    pub(super) is_strict: bool,
    /// Whether it is a header parameter.
    pub(super) is_header: bool,
    /// Whether a parameter was optional and still is.
    pub(super) is_optional: bool,
    pub(super) node: NodeId,
}

/// Walks one task and reports what it finds.
pub(super) fn walk(graph: &Graph<'_>, task: &Task, today: Option<Date>, report: &mut Report) {
    let mut walk = Walk {
        graph,
        task,
        today,
        report,
        steps: Vec::new(),
        open: Vec::new(),
        visits: 0,
    };
    walk.visit(task.node, None, false, false);
}

struct Walk<'g, 'd, 'r> {
    graph: &'g Graph<'d>,
    task: &'g Task,
    today: Option<Date>,
    report: &'r mut Report,
    steps: Vec<&'g Step<'d>>,
    open: Vec<NodeId>,
    visits: usize,
}

/// What is known of the place that a fact was found at.
#[derive(Clone, Copy)]
pub(super) struct Here {
    pub(super) is_root: bool,
    pub(super) is_property: bool,
    /// Whether the old schema around it required it.
    pub(super) was_required: bool,
    /// Whether it, or something around it, is never sent.
    pub(super) is_read_only: bool,
    /// Whether it, or something around it, never comes back.
    pub(super) is_write_only: bool,
}

impl<'g, 'd> Walk<'g, 'd, '_> {
    fn visit(&mut self, id: NodeId, edge: Option<&'g Edge<'d>>, is_read_only: bool, is_write_only: bool) {
        let graph = self.graph;
        let Some(node) = graph.nodes.get(id as usize).filter(|node| node.is_changed) else {
            return;
        };
        // A schema inside itself differs in the same way again.
        if self.open.contains(&id) {
            return;
        }
        self.visits += 1;
        if self.visits > MOST_VISITS || self.open.len() >= MOST_LEVELS || !self.report.may_visit() {
            self.report.cut_short();
            return;
        }
        let here = Here {
            is_root: edge.is_none(),
            is_property: edge.is_some_and(|edge| matches!(edge.step, Step::Property(_))),
            was_required: edge.is_some_and(|edge| edge.was_required),
            is_read_only: is_read_only || node.is_read_only() && edge.is_some(),
            is_write_only: is_write_only || node.is_write_only() && edge.is_some(),
        };
        for fact in &node.facts {
            self.tell(node, fact, here);
        }
        self.open.push(id);
        for edge in &node.edges {
            self.steps.push(&edge.step);
            self.visit(edge.to, Some(edge), here.is_read_only, here.is_write_only);
            self.steps.pop();
        }
        self.open.pop();
    }

    fn tell(&mut self, node: &Node<'d>, fact: &Fact, here: Here) {
        for rule in select::rules(self.task, fact, here, self.today).into_iter().flatten() {
            let place = match fact.side {
                Side::Old => node.old.place(),
                Side::New => node.new.place(),
            };
            if !self.report.has_room(rule.level) {
                continue;
            }
            let message = format!("{} {}", self.thing(fact.child.as_deref()), fact.predicate);
            let source = match fact.side {
                Side::Old => &self.graph.old,
                Side::New => &self.graph.new,
            };
            let path = source.path(place, &fact.tail);
            self.report.found(
                rule,
                Some(self.task.operation),
                (fact.side, path),
                message,
                self.task.family.direction(),
            );
        }
    }

    /// What the fact is about: `the property `owner.name` of the request body`.
    fn thing(&self, child: Option<&str>) -> String {
        let mut path = String::new();
        let mut push = |step: &Step<'_>| match step {
            Step::Property(name) => {
                if !path.is_empty() {
                    path.push('.');
                }
                push_cut(&mut path, name);
            }
            Step::Items => path.push_str("[]"),
            Step::Others => path.push_str(".*"),
            Step::Part => {}
            Step::Item(index) => path.extend(["[", &index.to_string(), "]"]),
            Step::Matching(pattern) => {
                path.push_str("./");
                push_cut(&mut path, pattern);
                path.push('/');
            }
            Step::Choice(name) => {
                path.push('<');
                push_cut(&mut path, name);
                path.push('>');
            }
            Step::Keyword(keyword, "") => path.extend(["(", keyword, ")"]),
            Step::Keyword(keyword, name) => {
                path.extend(["(", keyword, " "]);
                push_cut(&mut path, name);
                path.push(')');
            }
        };
        self.steps.iter().for_each(|step| push(step));
        if let Some(child) = child {
            push(&Step::Property(child));
        }
        let path = path.trim_start_matches('.');
        let thing = &self.task.thing;
        match path {
            "" => thing.clone(),
            _ if self.steps.iter().any(|step| matches!(step, Step::Property(_))) || child.is_some() => {
                format!("the property {} of {thing}", quoted_path(path))
            }
            _ => format!("{} of {thing}", quoted_path(path)),
        }
    }
}

/// Appends a name without its middle, if it is longer than what is shown of all names together.
fn push_cut(path: &mut String, name: &str) {
    const ENDS: usize = 4 * LONGEST_PATH;
    if name.len() <= 2 * ENDS {
        path.push_str(name);
        return;
    }
    let first = name.floor_char_boundary(ENDS);
    let last = name.ceil_char_boundary(name.len() - ENDS);
    path.extend([&name[..first], "…", &name[last..]]);
}
