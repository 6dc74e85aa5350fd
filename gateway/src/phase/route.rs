//! Path → version and operation.

use std::sync::Arc;

use http::{HeaderValue, header::ALLOW};

use crate::{
    decision::{Refusal, RequestFacts},
    problem::Reason,
    snapshot::{Catalog, Found, Version},
    upstream::Targets,
};

/// The version that a path belongs to, and the length of `/{organization}/{api}/{version}`.
pub(crate) fn version<'a>(
    catalog: &'a Catalog,
    head: &RequestFacts<'_>,
) -> Result<(&'a Arc<Version>, usize), Box<Refusal>> {
    let base_length = base_length(head.path);
    base_length
        .and_then(|length| head.path.get(1..length))
        .and_then(|address| catalog.version(address))
        .zip(base_length)
        .ok_or_else(|| Box::new(Refusal::new(Reason::UnknownVersion)))
}

/// Length of the first three segments with their slashes.
fn base_length(path: &str) -> Option<usize> {
    let mut slashes = path
        .bytes()
        .enumerate()
        .filter(|(_, byte)| *byte == b'/')
        .map(|(at, _)| at);
    if slashes.next() != Some(0) {
        return None;
    }
    slashes.next()?;
    slashes.next()?;
    Some(slashes.next().unwrap_or(path.len()))
}

/// The operation's number in its version.
pub(crate) fn operation(version: &Version, head: &RequestFacts<'_>, base_length: usize) -> Result<u32, Box<Refusal>> {
    match version.matcher.find(head.method, &head.path[base_length..]) {
        Found::Operation(operation) => Ok(operation),
        Found::Nothing => Err(Box::new(Refusal::new(Reason::UnknownOperation))),
        Found::OtherMethods(methods) => {
            let names: Vec<&str> = methods.iter().map(http::Method::as_str).collect();
            let names = names.join(", ");
            let refusal = Refusal::new(Reason::MethodNotAllowed).detail(format!("This path supports {names}."));
            Err(Box::new(match HeaderValue::try_from(names) {
                Ok(value) => refusal.field(ALLOW, value),
                Err(_) => refusal,
            }))
        }
    }
}

/// Where calls of the version go.
pub(crate) fn targets(version: &Version) -> Result<Arc<Targets>, Box<Refusal>> {
    version
        .targets
        .clone()
        .ok_or_else(|| Box::new(Refusal::new(Reason::NoUpstream)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_is_three_segments() {
        for (path, length) in [
            ("/a/b/v1/pets", Some(7)),
            ("/a/b/v1/", Some(7)),
            ("/a/b/v1", Some(7)),
            ("/a/b", None),
            ("/", None),
            ("", None),
            ("*", None),
            ("a/b/c/d", None),
        ] {
            assert_eq!(base_length(path), length, "{path}");
        }
    }
}
