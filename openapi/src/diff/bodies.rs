//! Bodies: which media type of before is which of after, and the request body.

use serde_json::Value;

use super::change::{Direction, Side};
use super::comparison::Comparison;
use super::schema::quoted;
use super::source::At;
use super::walk::{Family, Task};
use crate::media_type::MediaType;

/// Compares the request bodies of an operation.
pub(super) fn request<'d>(comparison: &mut Comparison<'d>, operation: u32, old: At<'d>, new: At<'d>) {
    let is_required = |body: At<'_>| body.value.get("required") == Some(&Value::Bool(true));
    let tell = |comparison: &mut Comparison<'d>, rule: &str, side: Side, at: At<'d>, message: &str| {
        let place = (side, at.place);
        comparison.found_towards(rule, Some(operation), place, message.to_owned(), Direction::Request);
    };
    match comparison.members(old, new, "requestBody") {
        (None, None) => {}
        (None, Some(after)) if is_required(after) => tell(
            comparison,
            "request-body-added-required",
            Side::New,
            after,
            "the request has a new body, which is required",
        ),
        (None, Some(after)) => tell(
            comparison,
            "request-body-added-optional",
            Side::New,
            after,
            "the request has a new body, which is optional",
        ),
        (Some(before), None) => tell(
            comparison,
            "request-body-removed",
            Side::Old,
            before,
            "the request no longer has a body",
        ),
        (Some(before), Some(after)) => {
            match (is_required(before), is_required(after)) {
                (false, true) => tell(
                    comparison,
                    "request-body-became-required",
                    Side::New,
                    after,
                    "the request body became required",
                ),
                (true, false) => tell(
                    comparison,
                    "request-body-became-optional",
                    Side::New,
                    after,
                    "the request body became optional",
                ),
                _ => {}
            }
            if before.value.get("description") != after.value.get("description") {
                let message = "the description of the request body changed";
                tell(comparison, "documentation-changed", Side::New, after, message);
            }
            let body = Body {
                operation,
                family: Family::RequestBody,
                thing: "the request body".to_owned(),
            };
            body.compare(comparison, before, after);
        }
    }
}

/// Something with `content`.
pub(super) struct Body {
    pub(super) operation: u32,
    pub(super) family: Family,
    pub(super) thing: String,
}

impl Body {
    /// Compares the media types, and the schemas of those that are on both sides.
    pub(super) fn compare<'d>(&self, comparison: &mut Comparison<'d>, old: At<'d>, new: At<'d>) {
        let before = content(comparison, Side::Old, old);
        let after = content(comparison, Side::New, new);
        let mut open: Vec<bool> = vec![true; after.len()];
        let mut pairs: Vec<(Entry<'d>, Entry<'d>)> = Vec::new();
        let mut left: Vec<Entry<'d>> = Vec::new();
        for entry in before {
            match after.iter().position(|other| other.0 == entry.0) {
                Some(at) => {
                    open[at] = false;
                    pairs.push((entry, after[at]));
                }
                None => left.push(entry),
            }
        }
        for entry in left {
            let related = |at: &usize| {
                let name = after[*at].0;
                open[*at] && (contains(entry.0, name) || contains(name, entry.0))
            };
            match (0..after.len()).find(related) {
                Some(at) => {
                    open[at] = false;
                    self.renamed(comparison, entry, after[at]);
                    pairs.push((entry, after[at]));
                }
                None => self.tell(comparison, "removed", Side::Old, entry),
            }
        }
        for (_, entry) in after.iter().enumerate().filter(|(at, _)| open[*at]) {
            self.tell(comparison, "added", Side::New, *entry);
        }
        let is_alone = pairs.len() < 2;
        for (entry, other) in pairs {
            self.schemas(comparison, entry, other, is_alone);
        }
    }

    fn prefix(&self) -> &'static str {
        match self.family {
            Family::RequestBody => "request-body-media-type",
            _ => "response-media-type",
        }
    }

    fn direction(&self) -> Direction {
        match self.family {
            Family::RequestBody => Direction::Request,
            _ => Direction::Response,
        }
    }

    fn tell(&self, comparison: &mut Comparison<'_>, word: &str, side: Side, (name, at): Entry<'_>) {
        let message = match side {
            Side::Old => format!("{} is no longer there as {}", self.thing, quoted(name)),
            Side::New => format!("{} is there as {} too", self.thing, quoted(name)),
        };
        let rule = format!("{}-{word}", self.prefix());
        let place = (side, at.place);
        comparison.found_towards(&rule, Some(self.operation), place, message, self.direction());
    }

    /// A media type that became a wider or narrower one. Callers may send any of them; what comes back matters.
    fn renamed(&self, comparison: &mut Comparison<'_>, (old, _): Entry<'_>, (new, at): Entry<'_>) {
        if self.family == Family::RequestBody {
            return;
        }
        let essence = |name: &str| {
            let essence = name.split(';').next().unwrap_or_default();
            essence.trim().to_ascii_lowercase()
        };
        let word = if essence(old) == essence(new) {
            "changed"
        } else if contains(old, new) {
            "specialized"
        } else {
            "generalized"
        };
        let message = format!("{} is {} now, no longer {}", self.thing, quoted(new), quoted(old));
        let rule = format!("response-media-type-name-{word}");
        let place = (Side::New, at.place);
        comparison.found_towards(&rule, Some(self.operation), place, message, Direction::Response);
    }

    fn schemas<'d>(&self, comparison: &mut Comparison<'d>, old: Entry<'d>, new: Entry<'d>, is_alone: bool) {
        let thing = if is_alone {
            self.thing.clone()
        } else {
            format!("{} as {}", self.thing, quoted(new.0))
        };
        let before = comparison.source(Side::Old).member(old.1, "schema");
        let after = comparison.source(Side::New).member(new.1, "schema");
        let side = if self.family == Family::RequestBody {
            "request"
        } else {
            "response"
        };
        match (before, after) {
            (Some(before), Some(after)) => {
                let task = Task {
                    operation: self.operation,
                    family: self.family,
                    thing,
                    is_strict: is_strict(new.0),
                    is_header: false,
                    is_optional: false,
                    node: 0,
                };
                comparison.later(before, after, task);
            }
            (None, Some(after)) => comparison.found_towards(
                &format!("{side}-body-media-type-schema-added"),
                Some(self.operation),
                (Side::New, after.place),
                format!("{thing} has a schema now"),
                self.direction(),
            ),
            (Some(before), None) => comparison.found_towards(
                &format!("{side}-body-media-type-schema-removed"),
                Some(self.operation),
                (Side::Old, before.place),
                format!("{thing} no longer has a schema"),
                self.direction(),
            ),
            (None, None) => {}
        }
    }
}

/// The name of a media type, and its object.
type Entry<'d> = (&'d str, At<'d>);

fn content<'d>(comparison: &mut Comparison<'d>, side: Side, at: At<'d>) -> Vec<Entry<'d>> {
    let source = comparison.source(side);
    let Some(content) = source.member(at, "content") else {
        return Vec::new();
    };
    let mut entries = Vec::new();
    // More media types than that are no honest description; matching them takes time with their square.
    for (name, _) in content.value.as_object().into_iter().flatten().take(200) {
        if let Some(entry) = source.member(content, name) {
            entries.push((name.as_str(), source.resolve(entry)));
        }
    }
    entries
}

/// Whether a media type tells numbers from texts.
fn is_strict(name: &str) -> bool {
    MediaType::parse(name).is_some_and(|media| media.is_json())
}

/// Whether `inner` is a special case of `outer`: `application/problem+json` of `application/json`.
fn contains(outer: &str, inner: &str) -> bool {
    let parts = |name: &str| -> Option<(String, Vec<String>)> {
        let essence = name.split(';').next()?.trim().to_ascii_lowercase();
        let (kind, subtype) = essence.split_once('/')?;
        let subtypes: Vec<String> = subtype.split('+').map(|part| part.trim().to_owned()).collect();
        let is_whole = !kind.is_empty() && subtypes.iter().all(|part| !part.is_empty());
        is_whole.then(|| (kind.to_owned(), subtypes))
    };
    let (Some((outer_kind, outer)), Some((inner_kind, inner))) = (parts(outer), parts(inner)) else {
        return false;
    };
    if outer_kind != inner_kind {
        return false;
    }
    outer.len() == 1 && inner.len() > 1 && inner.last() == outer.first() || inner.starts_with(&outer)
}

#[cfg(test)]
mod tests {
    use super::contains;

    #[test]
    fn media_types_contain_their_special_cases() {
        for (outer, inner, expected) in [
            ("application/json", "application/problem+json", true),
            ("application/problem+json", "application/json", false),
            ("application/json", "application/json; charset=utf-8", true),
            ("application/json", "text/json", false),
            ("image/png+json", "image/png+json+xml", true),
            ("a", "a/b", false),
            ("*/*", "application/json", false),
        ] {
            assert_eq!(contains(outer, inner), expected, "{outer} {inner}");
        }
    }
}
