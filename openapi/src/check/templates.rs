//! Path templates and their `{parameters}`.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use super::operations::Declared;
use super::place::shortened;
use super::{Checker, Place};

/// Paths longer than this can't be called through common servers.
const LONGEST_PATH: usize = 2048;

/// The names in braces; `None` if the braces don't match.
pub(super) fn names(template: &str) -> Option<Vec<&str>> {
    let mut names = Vec::new();
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        if rest[at..].starts_with('}') {
            return None;
        }
        let inner = &rest[at + 1..];
        let end = inner.find(['{', '}'])?;
        if inner[end..].starts_with('{') {
            return None;
        }
        names.push(&inner[..end]);
        rest = &inner[end + 1..];
    }
    Some(names)
}

/// A template with all names the same: two of them that are equal match the same paths.
fn anonymous(template: &str) -> String {
    let mut result = String::with_capacity(template.len());
    let mut is_name = false;
    for character in template.chars() {
        match character {
            '{' => {
                is_name = true;
                result.push_str("{}");
            }
            '}' => is_name = false,
            other if !is_name => result.push(other),
            _ => {}
        }
    }
    result
}

impl<'d> Checker<'d, '_> {
    /// Checks all of `paths`: the templates, then the path items.
    pub(super) fn paths(&mut self, map: &'d Map<String, Value>) {
        let root = Place::ROOT;
        let Some(paths) = map.get("paths").and_then(Value::as_object) else {
            return;
        };
        let place = root.key("paths");
        let mut seen: HashMap<String, &str> = HashMap::new();
        for (path, item) in paths {
            if path.starts_with("x-") {
                continue;
            }
            let place = place.key(path);
            self.template(path, &place);
            if let Some(other) = seen.insert(anonymous(path), path) {
                let message = format!("the path matches the same requests as `{}`", shortened(other));
                self.error("path-params", &place, message);
            }
            self.path_item(item, &place, Some(path));
        }
    }

    fn template(&mut self, path: &str, place: &Place<'_>) {
        if !path.starts_with('/') {
            self.error("path-leading-slash", place, "a path must start with /");
        }
        if path.len() > LONGEST_PATH {
            self.warn(
                "path-length",
                place,
                format!("the path is longer than {LONGEST_PATH} bytes"),
            );
        }
        if path.contains('?') {
            self.error("path-not-include-query", place, "a path must not have a query string");
        }
        let is_unsafe = |c: char| {
            c.is_control()
                || c.is_whitespace()
                || matches!(c, '\\' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
        };
        let lower = path.to_ascii_lowercase();
        let is_dots = |segment: &str| matches!(segment.replace("%2e", ".").as_str(), "." | "..");
        if path.contains(is_unsafe) || lower.split('/').any(is_dots) || lower.contains("%0") || lower.contains("%2f") {
            let message = "the path has characters or segments that no request may have; it is never matched";
            self.error("path-unsafe", place, message);
        }
        match names(path) {
            None => self.error("path-template", place, "the braces in the path don't match"),
            Some(names) => {
                let mut seen = HashSet::new();
                for name in names {
                    if name.is_empty() {
                        let message = "a parameter in the path has no name: {}";
                        self.error("path-declarations-must-exist", place, message);
                    } else if !seen.insert(name) {
                        let message = format!("the path uses {{{}}} twice", shortened(name));
                        self.error("path-params", place, message);
                    }
                }
            }
        }
    }

    /// Names in the template that neither the operation nor its path item declares.
    pub(super) fn undeclared_path_parameters(
        &mut self,
        template: &str,
        declared: [&HashSet<Declared<'d>>; 2],
        place: &Place<'_>,
    ) {
        for name in names(template)
            .unwrap_or_default()
            .into_iter()
            .filter(|name| !name.is_empty())
        {
            if !declared.iter().any(|declared| declared.contains(&(name, "path"))) {
                let message = format!("the path uses {{{}}}, which no parameter declares", shortened(name));
                self.error("path-params", place, message);
            }
        }
    }

    /// Path parameters that are not in the template.
    pub(super) fn unused_path_parameters(
        &mut self,
        template: &str,
        declared: &HashSet<Declared<'d>>,
        place: &Place<'_>,
    ) {
        let Some(names) = names(template) else { return };
        let names: HashSet<&str> = names.into_iter().collect();
        let mut unused: Vec<&str> = declared
            .iter()
            .filter(|(name, location)| *location == "path" && !names.contains(name))
            .map(|(name, _)| *name)
            .collect();
        unused.sort_unstable();
        for name in unused {
            let message = format!("the path parameter `{}` is not in the path", shortened(name));
            self.warn("path-params", place, message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_braces() {
        for (template, expected) in [
            ("/a", Some(vec![])),
            ("/a/{b}/{c}.{d}", Some(vec!["b", "c", "d"])),
            ("/{}", Some(vec![""])),
            ("/{a", None),
            ("/}a{", None),
            ("/{a{b}}", None),
        ] {
            assert_eq!(names(template), expected, "{template}");
        }
        assert_eq!(anonymous("/u/{id}/x{y}"), "/u/{}/x{}");
    }
}
