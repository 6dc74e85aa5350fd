//! The routes of the user interface, as its source names them: a page that is added there is tested without being told.

use std::{fs, path::Path};

/// A route.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Route {
    /// `/console/{org}/apis/{api}`.
    pub(crate) path: String,
    pub(crate) gets: bool,
    pub(crate) posts: bool,
}

/// Every route, in order.
pub(crate) fn all() -> Vec<Route> {
    let mut routes = Vec::new();
    read(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("../app/src/features"),
        &mut routes,
    );
    routes.sort();
    assert!(
        routes.len() > 50,
        "only {} routes: are they still written as .route(…)?",
        routes.len()
    );
    routes
}

fn read(folder: &Path, routes: &mut Vec<Route>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(&path, routes);
        } else {
            routes.extend(routes_of(&fs::read_to_string(&path).unwrap()));
        }
    }
}

/// The arguments of every `.route(…)` of a source.
fn routes_of(source: &str) -> Vec<Route> {
    source
        .match_indices(".route(")
        .map(|(start, call)| {
            let arguments = until_closed(&source[start + call.len()..]);
            let path = arguments.split('"').nth(1).expect("a path").to_owned();
            let words = arguments.split(|c: char| !c.is_alphanumeric() && c != '_');
            let has = |method: &str| words.clone().any(|word| word == method);
            let known = ["get", "post"].into_iter().any(has);
            let other = ["put", "patch", "delete", "any", "on"]
                .into_iter()
                .any(|method| arguments.contains(&format!(" {method}(")));
            assert!(
                known && !other,
                "{path} has methods that this test does not know: {arguments}"
            );
            Route {
                gets: has("get"),
                posts: has("post"),
                path,
            }
        })
        .collect()
}

/// The text up to the parenthesis that closes what was opened before it.
fn until_closed(text: &str) -> &str {
    let mut depth = 1;
    let end = text.find(|c| {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        depth == 0
    });
    &text[..end.expect("a closed call")]
}
