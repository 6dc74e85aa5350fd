//! Names of one kind are written in one way: the way that most of them are.

use serde_json::Value;

use crate::lint::collector::Collector;
use crate::lint::spectral::{closest, members, operations};
use crate::lint::view::View;
use crate::lint::walk::{Key, walk};

/// How a name of several words is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    Snake,
    Camel,
    Kebab,
    Pascal,
    Macro,
}

impl Style {
    const ALL: [(Self, &'static str); 5] = [
        (Self::Snake, "snake_case"),
        (Self::Camel, "camelCase"),
        (Self::Kebab, "kebab-case"),
        (Self::Pascal, "PascalCase"),
        (Self::Macro, "MACRO_CASE"),
    ];

    /// The style of a name; `None` for names that fit several or none.
    fn of(name: &str) -> Option<Self> {
        let has = |test: fn(char) -> bool| name.contains(test);
        let is_plain = name
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || matches!(character, '_' | '-'));
        let first = name.chars().next()?;
        if !is_plain || !first.is_ascii_alphabetic() {
            return None;
        }
        let (upper, lower) = (
            has(|character| character.is_ascii_uppercase()),
            has(|character| character.is_ascii_lowercase()),
        );
        match (name.contains('_'), name.contains('-')) {
            (true, true) => None,
            (true, false) if !upper => Some(Self::Snake),
            (true, false) => (!lower).then_some(Self::Macro),
            (false, true) => (!upper).then_some(Self::Kebab),
            (false, false) if first.is_ascii_uppercase() => lower.then_some(Self::Pascal),
            (false, false) => upper.then_some(Self::Camel),
        }
    }
}

/// The names of one kind, with their places.
#[derive(Default)]
struct Names {
    list: Vec<(String, Vec<String>)>,
}

impl Names {
    fn report(self, rule: &str, what: &str, collector: &mut Collector) {
        let count = |style: Style| {
            self.list
                .iter()
                .filter(|(name, _)| Style::of(name) == Some(style))
                .count()
        };
        let Some((style, label)) = Style::ALL
            .into_iter()
            .max_by_key(|(style, _)| (count(*style), Style::ALL.len() - *style as usize))
        else {
            return;
        };
        if count(style) < 3 {
            return;
        }
        for (name, path) in &self.list {
            if Style::of(name).is_some_and(|other| other != style) {
                collector.add(
                    rule,
                    path.clone(),
                    format!("{name:?} should be written in {label}, as most {what} here are"),
                );
            }
        }
    }
}

pub(super) fn run(view: &View<'_>, collector: &mut Collector) {
    let mut segments = Names::default();
    for (path, _) in members(view.get(view.root, "paths")) {
        for segment in path.split('/').filter(|segment| !segment.contains('{')) {
            segments
                .list
                .push((segment.to_owned(), closest(view, &["paths", path])));
        }
    }
    segments.report("path-casing", "path segments", collector);
    let mut ids = Names::default();
    for operation in operations(view) {
        if let Some(id) = view.get(operation.value, "operationId").and_then(Value::as_str) {
            let path = closest(view, &["paths", operation.path, operation.method, "operationId"]);
            ids.list.push((id.to_owned(), path));
        }
    }
    ids.report("operation-id-casing", "operation ids", collector);
    let mut schemas = Names::default();
    for base in [&["components", "schemas"][..], &["definitions"]] {
        let start = base.iter().try_fold(view.root, |value, key| view.get(value, key));
        for (name, _) in members(start) {
            let path = base.iter().copied().chain([name]).map(str::to_owned).collect();
            schemas.list.push((name.to_owned(), path));
        }
    }
    schemas.report("schema-casing", "names of schemas", collector);
    if collector.is_on("property-casing") {
        let mut properties = Names::default();
        walk(view, &mut |visit| {
            if visit.key != Key::Properties {
                return;
            }
            for (name, _) in members(Some(visit.value)).filter(|(name, _)| Style::of(name).is_some()) {
                properties.list.push((name.to_owned(), visit.place.key(name).path()));
            }
        });
        properties.report("property-casing", "properties", collector);
    }
}
