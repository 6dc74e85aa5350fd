//! Host and path → version and operation.

use std::sync::Arc;

use http::{HeaderValue, Method, header::ALLOW};

use crate::{
    decision::{Refusal, RequestFacts},
    message::Known,
    problem::Reason,
    snapshot::{Catalog, Found, Hosts, Version, host_name},
    upstream::Targets,
};

/// The version that a request is for, and the length of its base path: `/{organization}/{api}/{version}`, or one of its
/// own. On a host of its own nothing else is found.
pub(crate) fn version<'a>(
    catalog: &'a Catalog,
    head: &RequestFacts<'_>,
) -> Result<(&'a Arc<Version>, usize), Box<Refusal>> {
    let found = match catalog.hosts() {
        None => addressed(catalog, head.path),
        Some(hosts) => return placed(catalog, hosts, head),
    };
    found.ok_or_else(|| Box::new(Refusal::new(Reason::UnknownVersion)))
}

/// Name of the host that a request is for; `None` for an address in brackets.
pub(crate) fn host<'a>(head: &RequestFacts<'a>) -> Option<&'a [u8]> {
    let authority = head.authority.map(str::as_bytes);
    authority.or_else(|| head.fields.get(Known::Host)).and_then(host_name)
}

/// The version at an address.
fn addressed<'a>(catalog: &'a Catalog, path: &str) -> Option<(&'a Arc<Version>, usize)> {
    let length = base_length(path)?;
    Some((catalog.version(path.get(1..length)?)?, length))
}

/// The same where versions have hosts or base paths of their own.
fn placed<'a>(
    catalog: &'a Catalog,
    hosts: &'a Hosts,
    head: &RequestFacts<'_>,
) -> Result<(&'a Arc<Version>, usize), Box<Refusal>> {
    let own = host(head).and_then(|name| hosts.on(name));
    // Elsewhere addresses go first: nobody's base path can take calls from another.
    if own.is_none()
        && let Some(found) = addressed(catalog, head.path)
    {
        return Ok(found);
    }
    let unknown = || Refusal::new(Reason::UnknownVersion);
    let found = own.unwrap_or(hosts.shared()).find(head.path);
    let (choice, length) = found.ok_or_else(|| Box::new(unknown()))?;
    match (choice.pick(head.fields), choice.field()) {
        (Some(version), _) => Ok((version, length)),
        (None, Some(field)) => {
            let detail = format!("Say which version of the API you want, with the field `{field}`.");
            Err(Box::new(unknown().detail(detail)))
        }
        (None, None) => Err(Box::new(unknown())),
    }
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

/// The operation's number in its version; `None` for a call that no operation describes, where those pass.
pub(crate) fn operation(
    version: &Version,
    head: &RequestFacts<'_>,
    base_length: usize,
) -> Result<Option<u32>, Box<Refusal>> {
    let path = &head.path[base_length..];
    match find(version, head.method, path) {
        Found::Operation(operation) => Ok(Some(operation)),
        Found::Nothing | Found::OtherMethods(_) if version.is_open => {
            if version.is_guarded && is_other_spelling(head.method) {
                let detail = "Methods are in capital letters. Servers may take this one for another, so the gateway does not pass it on.";
                return Err(Box::new(Refusal::new(Reason::MethodNotAllowed).detail(detail)));
            }
            if version.is_guarded && may_be_another(path) {
                let detail = "The path has an empty segment, an encoded slash or a semicolon. Servers may take it for \
                              another one, so the gateway does not pass it on.";
                return Err(Box::new(Refusal::new(Reason::AmbiguousPath).detail(detail)));
            }
            Ok(None)
        }
        Found::Nothing => Err(Box::new(Refusal::new(Reason::UnknownOperation))),
        Found::OtherMethods(methods) => {
            let names: Vec<&str> = methods.iter().map(Method::as_str).collect();
            let names = names.join(", ");
            let refusal = Refusal::new(Reason::MethodNotAllowed).detail(format!("This path supports {names}."));
            Err(Box::new(match HeaderValue::try_from(names) {
                Ok(value) => refusal.field(ALLOW, value),
                Err(_) => refusal,
            }))
        }
    }
}

/// What a method and a path below the version's base lead to. On an open version whose operations have a say, a slash at the
/// end makes no other path: many servers ignore it, and the operation's policies would not hold.
pub(super) fn find(version: &Version, method: &Method, path: &str) -> Found {
    let found = version.matcher.find(method, path);
    if !version.is_guarded || matches!(found, Found::Operation(_)) {
        return found;
    }
    let other = match path.strip_suffix('/') {
        Some(shorter) => version.matcher.find(method, shorter),
        None => version.matcher.find(method, &format!("{path}/")),
    };
    match other {
        Found::Operation(_) => other,
        Found::Nothing | Found::OtherMethods(_) => found,
    }
}

/// Whether a server that does not tell capital letters from small ones takes a method for a standard one.
fn is_other_spelling(method: &Method) -> bool {
    let capital = method.as_str().to_ascii_uppercase();
    capital != method.as_str() && STANDARD_METHODS.contains(&capital.as_str())
}

const STANDARD_METHODS: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"];

/// Whether a server may take a path for another one: it leaves out empty segments or parameters after a semicolon, or decodes
/// slashes. Of dots and backslashes none come as far as this.
fn may_be_another(path: &str) -> bool {
    let encoded = |at: usize| {
        let pair = path.as_bytes().get(at + 1..at + 3);
        pair.is_some_and(|pair| pair.eq_ignore_ascii_case(b"2f") || pair.eq_ignore_ascii_case(b"3b"))
    };
    path.contains("//") || path.contains(';') || memchr::memchr_iter(b'%', path.as_bytes()).any(encoded)
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
    fn methods_in_small_letters_are_other_spellings() {
        for (method, expected) in [
            ("GET", false),
            ("get", true),
            ("Patch", true),
            ("PURGE", false),
            ("purge", false),
        ] {
            assert_eq!(is_other_spelling(&method.parse().unwrap()), expected, "{method}");
        }
    }

    #[test]
    fn paths_that_may_be_others_are_known() {
        for (path, expected) in [
            ("/admin", false),
            ("/admin/", false),
            ("/caf%C3%A9/100%25", false),
            ("/%252f", false),
            ("//admin", true),
            ("/a//b", true),
            ("/admin//", true),
            ("/admin;x", true),
            ("/admin%3bx", true),
            ("/a%2Fb", true),
            ("/%2fadmin", true),
        ] {
            assert_eq!(may_be_another(path), expected, "{path}");
        }
    }

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
