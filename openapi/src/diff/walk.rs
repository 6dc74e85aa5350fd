//! From facts about schemas to changes of operations: every way from a body, parameter or header to a difference is walked,
//! and the rule depends on the side on which it is found.

use super::change::{Direction, Level};
use super::lifecycle::Date;
use super::report::Report;
use super::rules::{self, Rule};
use super::schema::{Edge, Fact, Graph, Kind, Node, NodeId, Property, Step, TypeChange, quoted};

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
    const fn direction(self) -> Direction {
        match self {
            Self::RequestBody | Self::Parameter => Direction::Request,
            Self::ResponseBody | Self::ResponseHeader => Direction::Response,
        }
    }

    const fn prefix(self, is_root: bool) -> &'static str {
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
struct Here {
    is_root: bool,
    is_property: bool,
    was_required: bool,
    is_read_only: bool,
    is_write_only: bool,
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
        for rule in self.rules(fact, here).into_iter().flatten() {
            let place = match fact.side {
                super::change::Side::Old => node.old.place(),
                super::change::Side::New => node.new.place(),
            };
            if !self.report.has_room(rule.level) {
                continue;
            }
            let message = format!("{} {}", self.thing(fact.child.as_deref()), fact.predicate);
            let source = match fact.side {
                super::change::Side::Old => &self.graph.old,
                super::change::Side::New => &self.graph.new,
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
                path.push_str(name);
            }
            Step::Items => path.push_str("[]"),
            Step::Others => path.push_str(".*"),
            Step::Part => {}
            Step::Item(index) => path.extend(["[", &index.to_string(), "]"]),
            Step::Matching(pattern) => path.extend(["./", pattern, "/"]),
            Step::Choice(name) => path.extend(["<", name, ">"]),
            Step::Keyword(keyword, "") => path.extend(["(", keyword, ")"]),
            Step::Keyword(keyword, name) => path.extend(["(", keyword, " ", name, ")"]),
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
                format!("the property {} of {thing}", quoted(path))
            }
            _ => format!("{} of {thing}", quoted(path)),
        }
    }

    fn rules(&self, fact: &Fact, here: Here) -> [Option<Rule>; 2] {
        let family = self.task.family;
        let prefix = family.prefix(here.is_root);
        let one = |name: String| [rules::rule(&name).and_then(|rule| guarded(rule, family, here)), None];
        match &fact.kind {
            // In a response a wider pattern is just another one.
            Kind::Plain(suffix) if suffix == "pattern-generalized" && family.direction() == Direction::Response => {
                one(format!("{prefix}-pattern-changed"))
            }
            Kind::Plain(suffix) => one(format!("{prefix}-{suffix}")),
            Kind::Lifecycle(suffix) => match family {
                Family::RequestBody | Family::ResponseBody => [rules::rule(&format!("{prefix}-{suffix}")), None],
                // A parameter is deprecated beside its schema.
                Family::Parameter | Family::ResponseHeader => [None, None],
            },
            Kind::Default(suffix) => {
                if family == Family::Parameter && !self.task.is_optional {
                    return [None, None];
                }
                one(format!("{prefix}-{suffix}"))
            }
            Kind::Type(change) => [self.type_rule(*change, here), None],
            Kind::Types {
                has_added, has_removed, ..
            } => {
                let is_guarded = family.direction() == Direction::Request && here.is_read_only
                    || family.direction() == Direction::Response && here.is_write_only;
                let is_worse = match family.direction() {
                    Direction::Request => *has_removed,
                    _ => !*has_added,
                };
                let word = if is_worse { "narrowed" } else { "widened" };
                if is_guarded {
                    return [None, None];
                }
                one(format!("{prefix}-list-of-types-{word}"))
            }
            Kind::BecameEnum => {
                let header = if self.task.is_header {
                    rules::rule("request-header-property-became-enum")
                } else {
                    None
                };
                let [rule, _] = one(format!("{prefix}-became-enum"));
                [rule, header]
            }
            Kind::EnumValue { is_added } => {
                let word = if *is_added { "added" } else { "removed" };
                if family == Family::ResponseBody && here.is_root {
                    return one(format!("response-mediatype-enum-value-{word}"));
                }
                one(format!("{prefix}-enum-value-{word}"))
            }
            Kind::Deprecated(_) if !matches!(family, Family::RequestBody | Family::ResponseBody) => [None, None],
            Kind::Deprecated(date) => {
                let is_past = self.today.is_some_and(|today| *date < today);
                let word = if is_past {
                    "sunset-date-too-small"
                } else {
                    "deprecated-with-sunset"
                };
                [rules::rule(&format!("{prefix}-{word}")), None]
            }
            Kind::Mutability { keyword, is_on } => {
                if !here.is_property || !matches!(family, Family::RequestBody | Family::ResponseBody) {
                    return [None, None];
                }
                let side = side(family);
                let required = if here.was_required { "required" } else { "optional" };
                let not = if *is_on { "" } else { "not-" };
                [
                    rules::rule(&format!("{side}-{required}-property-became-{not}{keyword}")),
                    None,
                ]
            }
            Kind::PropertyAdded(property) => [self.property_added(*property, here), None],
            Kind::PropertyRemoved(property) => [self.property_removed(*property, here), None],
            Kind::BecameRequired(property) => [self.became_required(*property, here), None],
            Kind::BecameOptional(property) => [self.became_optional(*property, here), None],
        }
    }

    fn type_rule(&self, change: TypeChange, here: Here) -> Option<Rule> {
        let prefix = self.task.family.prefix(here.is_root);
        let is_strict = self.task.is_strict;
        let name = match self.task.family {
            Family::RequestBody => {
                let breaks = if is_strict {
                    change.breaks_request
                } else {
                    change.breaks_loose_request
                };
                let word = if breaks { "changed" } else { "generalized" };
                if here.is_read_only {
                    return None;
                }
                format!("{prefix}-type-{word}")
            }
            // A parameter is text on the wire; of a property in it nobody knows how it is written.
            Family::Parameter if here.is_root => {
                let word = if change.breaks_loose_request {
                    "changed"
                } else {
                    "generalized"
                };
                format!("{prefix}-type-{word}")
            }
            Family::Parameter => {
                let word = match (change.breaks_request, change.breaks_loose_request) {
                    (true, true) => "specialized",
                    (false, false) => "generalized",
                    _ => "changed",
                };
                format!("{prefix}-type-{word}")
            }
            Family::ResponseBody | Family::ResponseHeader => {
                let breaks = if is_strict {
                    change.breaks_response
                } else {
                    change.breaks_loose_response
                };
                if !breaks || here.is_write_only {
                    return None;
                }
                format!("{prefix}-type-changed")
            }
        };
        rules::rule(&name)
    }

    fn property_added(&self, property: Property, here: Here) -> Option<Rule> {
        let is_read_only = property.is_read_only || here.is_read_only;
        rules::rule(match self.task.family {
            Family::RequestBody if is_read_only => return None,
            Family::RequestBody => match (property.is_required, property.has_default) {
                (true, false) => "new-required-request-property",
                (true, true) => "new-required-request-property-with-default",
                (false, _) => "new-optional-request-property",
            },
            Family::Parameter if self.task.is_header && property.is_required && !is_read_only => {
                "new-required-request-header-property"
            }
            Family::ResponseBody => match (property.is_required, property.is_write_only || here.is_write_only) {
                (true, false) => "response-required-property-added",
                (true, true) => "response-required-write-only-property-added",
                (false, false) => "response-optional-property-added",
                (false, true) => "response-optional-write-only-property-added",
            },
            _ => return None,
        })
    }

    fn property_removed(&self, property: Property, here: Here) -> Option<Rule> {
        rules::rule(match self.task.family {
            Family::RequestBody if property.is_read_only || here.is_read_only => return None,
            Family::RequestBody => "request-property-removed",
            Family::ResponseBody => match (property.is_required, property.is_write_only || here.is_write_only) {
                (true, false) => "response-required-property-removed",
                (true, true) => "response-required-write-only-property-removed",
                (false, false) => "response-optional-property-removed",
                (false, true) => "response-optional-write-only-property-removed",
            },
            _ => return None,
        })
    }

    fn became_required(&self, property: Property, here: Here) -> Option<Rule> {
        let is_read_only = property.is_read_only || here.is_read_only;
        rules::rule(match self.task.family {
            Family::RequestBody | Family::Parameter if is_read_only => return None,
            Family::RequestBody if property.has_default => "request-property-became-required-with-default",
            Family::RequestBody => "request-property-became-required",
            Family::Parameter if self.task.is_header => "request-header-property-became-required",
            Family::ResponseBody if property.is_write_only || here.is_write_only => {
                "response-write-only-property-became-required"
            }
            Family::ResponseBody => "response-property-became-required",
            _ => return None,
        })
    }

    fn became_optional(&self, property: Property, here: Here) -> Option<Rule> {
        rules::rule(match self.task.family {
            Family::RequestBody if property.is_read_only || here.is_read_only => return None,
            Family::RequestBody => "request-property-became-optional",
            Family::ResponseBody if property.is_write_only || here.is_write_only => {
                "response-write-only-property-became-optional"
            }
            Family::ResponseBody => "response-property-became-optional",
            _ => return None,
        })
    }
}

const fn side(family: Family) -> &'static str {
    match family {
        Family::RequestBody | Family::Parameter => "request",
        Family::ResponseBody | Family::ResponseHeader => "response",
    }
}

/// What is read-only isn't sent, and what is write-only doesn't come back: a change there has a milder rule, or none.
fn guarded(rule: Rule, family: Family, here: Here) -> Option<Rule> {
    let (is_guarded, word) = match family {
        Family::RequestBody => (here.is_read_only, "read-only"),
        Family::ResponseBody => (here.is_write_only, "write-only"),
        Family::Parameter | Family::ResponseHeader => (false, ""),
    };
    if here.is_root || !is_guarded || rule.level == Level::Info {
        return Some(rule);
    }
    let side = side(family);
    let rest = rule.name.strip_prefix(side)?.strip_prefix("-property-")?;
    rules::rule(&format!("{side}-{word}-property-{rest}"))
}
