//! Method and path → operation: a tree of segments for each version, so that the cost does not grow with the number of
//! routes. A literal goes before a segment with a parameter in it, and that before a parameter alone.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
};

use http::Method;

use super::path_template::{self, Pattern, Segment, Unusable, canonical, is_plain};

/// The routes of a version.
#[derive(Debug, Default)]
pub(crate) struct Matcher {
    nodes: Box<[Node]>,
}

type NodeId = u32;

#[derive(Debug)]
struct Node {
    literals: Literals,
    /// Most specific first.
    mixed: Box<[(Pattern, NodeId)]>,
    any: Option<NodeId>,
    /// Methods of paths that end here, with their operations.
    methods: Box<[(Method, u32)]>,
}

/// Up to so many literals lie side by side.
const FEW_LITERALS: usize = 16;

/// Segments without a parameter, and where they lead.
#[derive(Debug)]
enum Literals {
    /// Sorted by text.
    Few(Box<[(Box<str>, NodeId)]>),
    /// By hash: looking among thousands by halves would touch a dozen distant places for each call.
    Many(HashMap<Box<str>, NodeId>),
}

impl Literals {
    fn new(literals: BTreeMap<Box<str>, NodeId>) -> Self {
        if literals.len() <= FEW_LITERALS {
            Self::Few(literals.into_iter().collect())
        } else {
            Self::Many(literals.into_iter().collect())
        }
    }

    fn get(&self, segment: &str) -> Option<NodeId> {
        match self {
            Self::Few(sorted) => {
                let at = sorted.binary_search_by(|(text, _)| (**text).cmp(segment)).ok()?;
                Some(sorted[at].1)
            }
            Self::Many(map) => map.get(segment).copied(),
        }
    }
}

/// What a path and a method lead to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// Number of the operation.
    Operation(u32),
    /// The path is described, but not with this method; these are.
    OtherMethods(Vec<Method>),
    /// No path of this kind.
    Nothing,
}

impl Matcher {
    /// Looks up a path below the version's base, `/pets/1`; an empty one counts as `/`. A `HEAD` that is not described
    /// is a `GET`.
    pub(crate) fn find(&self, method: &Method, path: &str) -> Found {
        let path = path.strip_prefix('/').unwrap_or(path);
        let mut allowed = Vec::new();
        match self.walk(0, Some(path), method, &mut allowed) {
            Some(operation) => Found::Operation(operation),
            None if allowed.is_empty() => Found::Nothing,
            None => {
                if allowed.contains(&Method::GET) && !allowed.contains(&Method::HEAD) {
                    allowed.push(Method::HEAD);
                }
                allowed.sort_by(|a, b| a.as_str().cmp(b.as_str()));
                allowed.dedup();
                Found::OtherMethods(allowed)
            }
        }
    }

    /// Each node is visited once at most: it stands for one way to read the first segments.
    fn walk(&self, node: NodeId, rest: Option<&str>, method: &Method, allowed: &mut Vec<Method>) -> Option<u32> {
        let node = self.nodes.get(node as usize)?;
        let Some(rest) = rest else {
            let by_method = |wanted: &Method| {
                node.methods
                    .iter()
                    .find(|(m, _)| m == wanted)
                    .map(|(_, operation)| *operation)
            };
            let found =
                by_method(method).or_else(|| (method == Method::HEAD).then(|| by_method(&Method::GET)).flatten());
            if found.is_none() {
                allowed.extend(node.methods.iter().map(|(m, _)| m.clone()));
            }
            return found;
        };
        let (segment, rest) = match rest.split_once('/') {
            Some((segment, rest)) => (segment, Some(rest)),
            None => (rest, None),
        };
        // Callers send `|`, `^` or `[` as they are or encoded; templates have them encoded.
        let segment = if is_plain(segment) {
            Cow::Borrowed(segment)
        } else {
            Cow::Owned(canonical(segment))
        };
        if let Some(next) = node.literals.get(&segment)
            && let Some(found) = self.walk(next, rest, method, allowed)
        {
            return Some(found);
        }
        if segment.is_empty() {
            return None;
        }
        for (pattern, next) in &node.mixed {
            if pattern.fits(&segment)
                && let Some(found) = self.walk(*next, rest, method, allowed)
            {
                return Some(found);
            }
        }
        node.any.and_then(|next| self.walk(next, rest, method, allowed))
    }
}

/// Collects routes.
#[derive(Debug)]
pub(crate) struct MatcherBuilder {
    nodes: Vec<Growing>,
}

#[derive(Debug, Default)]
struct Growing {
    literals: BTreeMap<Box<str>, NodeId>,
    mixed: BTreeMap<Pattern, NodeId>,
    any: Option<NodeId>,
    methods: Vec<(Method, u32)>,
}

impl Default for MatcherBuilder {
    fn default() -> Self {
        Self {
            nodes: vec![Growing::default()],
        }
    }
}

impl MatcherBuilder {
    /// Adds a route; `operation` is what [`Matcher::find`] will return.
    ///
    /// # Errors
    /// The end of a sentence that begins with the path.
    pub(crate) fn add(&mut self, method: Method, template: &str, operation: u32) -> Result<(), Unusable> {
        let mut node = 0_usize;
        for segment in path_template::parse(template)? {
            let fresh = self.nodes.len() as NodeId;
            let growing = &mut self.nodes[node];
            let next = match segment {
                Segment::Literal(text) => *growing.literals.entry(text).or_insert(fresh),
                Segment::Mixed(pattern) => *growing.mixed.entry(pattern).or_insert(fresh),
                Segment::Any => *growing.any.get_or_insert(fresh),
            };
            if next == fresh {
                self.nodes.push(Growing::default());
            }
            node = next as usize;
        }
        let methods = &mut self.nodes[node].methods;
        if methods.iter().any(|(m, _)| *m == method) {
            return Err("means the same as an earlier one with the same method");
        }
        methods.push((method, operation));
        Ok(())
    }

    pub(crate) fn build(self) -> Matcher {
        let nodes = self.nodes.into_iter().map(|growing| {
            let mut mixed: Vec<_> = growing.mixed.into_iter().collect();
            mixed.sort_by_key(|(pattern, _)| std::cmp::Reverse(pattern.weight()));
            Node {
                literals: Literals::new(growing.literals),
                mixed: mixed.into(),
                any: growing.any,
                methods: growing.methods.into(),
            }
        });
        Matcher { nodes: nodes.collect() }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matcher(routes: &[(&str, &str)]) -> Matcher {
        let mut builder = MatcherBuilder::default();
        for (i, (method, path)) in routes.iter().enumerate() {
            builder.add(method.parse().unwrap(), path, i as u32).unwrap();
        }
        builder.build()
    }

    #[test]
    fn the_specific_goes_before_the_templated() {
        let routes = matcher(&[
            ("GET", "/pets/{id}"),
            ("GET", "/pets/mine"),
            ("GET", "/pets/{id}.json"),
            ("DELETE", "/pets/{id}"),
            ("GET", "/pets/{id}/toys/{toy}"),
            ("GET", "/pets/mine/{x}"),
            ("GET", "/"),
            ("POST", "/pets/{id}:feed"),
            ("GET", "/{all}/{of}/{it}/x"),
        ]);
        let operation = Found::Operation;
        for (method, path, expected) in [
            (Method::GET, "/pets/1", operation(0)),
            (Method::GET, "/pets/mine", operation(1)),
            (Method::GET, "/pets/%6dine", operation(1)),
            (Method::GET, "/pets/1.json", operation(2)),
            (Method::DELETE, "/pets/mine", operation(3)),
            (Method::GET, "/pets/1/toys/2", operation(4)),
            (Method::GET, "/pets/mine/toys/2", operation(4)),
            (Method::GET, "/pets/mine/toys", operation(5)),
            (Method::HEAD, "/pets/1", operation(0)),
            (Method::GET, "/", operation(6)),
            (Method::GET, "", operation(6)),
            (Method::POST, "/pets/7:feed", operation(7)),
            (Method::GET, "/pets/mine/toys/x", operation(4)),
            (Method::GET, "/cats/mine/toys/x", operation(8)),
            (Method::GET, "/pets/a%2Fb", operation(0)),
            (Method::GET, "/pets/", Found::Nothing),
            (Method::GET, "/pets", Found::Nothing),
            (Method::GET, "/pets/1/", Found::Nothing),
            (Method::GET, "//pets/1", Found::Nothing),
            (
                Method::PUT,
                "/pets/1",
                Found::OtherMethods(vec![Method::DELETE, Method::GET, Method::HEAD]),
            ),
        ] {
            assert_eq!(routes.find(&method, path), expected, "{method} {path}");
        }
    }

    #[test]
    fn among_thousands_the_right_one_is_found() {
        let paths: Vec<_> = (0..3_000).map(|n| format!("/things-{n}/{{id}}")).collect();
        let routes: Vec<_> = paths.iter().map(|path| ("GET", path.as_str())).collect();
        let routes = matcher(&routes);
        for n in [0, 1, 17, 2_999] {
            let found = routes.find(&Method::GET, &format!("/things-{n}/x"));
            assert_eq!(found, Found::Operation(n));
        }
        assert_eq!(routes.find(&Method::GET, "/things-3000/x"), Found::Nothing);
    }

    #[test]
    fn what_paths_should_not_have_is_found_encoded_or_not() {
        let routes = matcher(&[("GET", "/a|b"), ("GET", "/{from}|{to}"), ("GET", "/x[0]/{id}")]);
        for (path, operation) in [
            ("/a|b", 0),
            ("/a%7Cb", 0),
            ("/a%7cb", 0),
            ("/1|2", 1),
            ("/1%7C2", 1),
            ("/x[0]/1", 2),
            ("/x%5B0%5d/1", 2),
        ] {
            assert_eq!(routes.find(&Method::GET, path), Found::Operation(operation), "{path}");
        }
    }

    #[test]
    fn the_same_route_twice_is_told() {
        let mut builder = MatcherBuilder::default();
        builder.add(Method::GET, "/a/{x}", 0).unwrap();
        assert!(builder.add(Method::GET, "/a/{y}", 1).is_err());
        assert!(builder.add(Method::POST, "/a/{y}", 1).is_ok());
    }

    proptest! {
        /// A path made from a template by filling in parameters is found, at that route or a more specific one.
        #[test]
        fn every_route_finds_its_own_paths(
            templates in prop::collection::vec(prop::collection::vec("(a|b|\\{p\\}|x\\{p\\})", 1..5), 1..30), fill in "[c-z0-9]{1,5}",
        ) {
            let mut builder = MatcherBuilder::default();
            for (i, segments) in templates.iter().enumerate() {
                let _ = builder.add(Method::GET, &format!("/{}", segments.join("/")), i as u32);
            }
            let routes = builder.build();
            for segments in &templates {
                let path = format!("/{}", segments.join("/").replace("{p}", &fill));
                prop_assert!(matches!(routes.find(&Method::GET, &path), Found::Operation(_)), "{}", path);
            }
        }

        #[test]
        fn no_path_panics(path in "\\PC{0,60}") {
            let routes = matcher(&[("GET", "/{a}-{b}/x"), ("GET", "/{a}/é{b}"), ("GET", "/x{a}y/{b}")]);
            let _ = routes.find(&Method::GET, &path);
        }
    }
}
