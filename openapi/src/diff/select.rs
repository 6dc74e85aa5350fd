//! Which rule a fact about schemas falls under, on the side on which it was found.

use super::change::{Direction, Level};
use super::lifecycle::Date;
use super::rules::{self, Rule};
use super::schema::{Fact, Kind, Property, TypeChange};
use super::walk::{Family, Here, Task};

/// The rules that a fact falls under.
pub(super) fn rules(task: &Task, fact: &Fact, here: Here, today: Option<Date>) -> [Option<Rule>; 2] {
    let family = task.family;
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
            if family == Family::Parameter && !task.is_optional {
                return [None, None];
            }
            one(format!("{prefix}-{suffix}"))
        }
        Kind::Type(change) => [type_rule(task, *change, here), None],
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
            let header = if task.is_header {
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
            let is_past = today.is_some_and(|today| *date < today);
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
        Kind::PropertyAdded(property) => [property_added(task, *property, here), None],
        Kind::PropertyRemoved(property) => [property_removed(task, *property, here), None],
        Kind::BecameRequired(property) => [became_required(task, *property, here), None],
        Kind::BecameOptional(property) => [became_optional(task, *property, here), None],
    }
}

fn type_rule(task: &Task, change: TypeChange, here: Here) -> Option<Rule> {
    let prefix = task.family.prefix(here.is_root);
    let is_strict = task.is_strict;
    let name = match task.family {
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

fn property_added(task: &Task, property: Property, here: Here) -> Option<Rule> {
    let is_read_only = property.is_read_only || here.is_read_only;
    rules::rule(match task.family {
        Family::RequestBody if is_read_only => return None,
        Family::RequestBody => match (property.is_required, property.has_default) {
            (true, false) => "new-required-request-property",
            (true, true) => "new-required-request-property-with-default",
            (false, _) => "new-optional-request-property",
        },
        Family::Parameter if task.is_header && property.is_required && !is_read_only => {
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

fn property_removed(task: &Task, property: Property, here: Here) -> Option<Rule> {
    rules::rule(match task.family {
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

fn became_required(task: &Task, property: Property, here: Here) -> Option<Rule> {
    let is_read_only = property.is_read_only || here.is_read_only;
    rules::rule(match task.family {
        Family::RequestBody | Family::Parameter if is_read_only => return None,
        Family::RequestBody if property.has_default => "request-property-became-required-with-default",
        Family::RequestBody => "request-property-became-required",
        Family::Parameter if task.is_header => "request-header-property-became-required",
        Family::ResponseBody if property.is_write_only || here.is_write_only => {
            "response-write-only-property-became-required"
        }
        Family::ResponseBody => "response-property-became-required",
        _ => return None,
    })
}

fn became_optional(task: &Task, property: Property, here: Here) -> Option<Rule> {
    rules::rule(match task.family {
        Family::RequestBody if property.is_read_only || here.is_read_only => return None,
        Family::RequestBody => "request-property-became-optional",
        Family::ResponseBody if property.is_write_only || here.is_write_only => {
            "response-write-only-property-became-optional"
        }
        Family::ResponseBody => "response-property-became-optional",
        _ => return None,
    })
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
