//! Routes: the tree finds what trying every template finds, and any document leads to routes.

use http::Method;

use crate::snapshot::{Found, MatcherBuilder, canonical};

/// Segments of a template: their texts around the parameters.
type Template<'a> = Vec<Vec<&'a str>>;

/// The first line is a method and a path, each further one a method and a template.
pub fn matcher(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    // Trying every place for every parameter takes long for what is long.
    if text.len() > 512 {
        return;
    }
    let mut lines = text.lines().filter_map(|line| line.split_once(' '));
    let Some((method, path)) = lines.next() else { return };
    let Ok(method) = method.parse::<Method>() else { return };
    let mut builder = MatcherBuilder::default();
    let mut routes: Vec<(Method, Template<'_>)> = Vec::new();
    for (method, template) in lines {
        let Ok(method) = method.parse::<Method>() else { continue };
        if builder.add(method.clone(), template, routes.len() as u32).is_ok() {
            routes.push((method, segments(template)));
        }
    }
    let fits: Vec<usize> = (0..routes.len())
        .filter(|at| is_path_of(&routes[*at].1, path))
        .collect();
    let of_method = |wanted: &Method| -> Vec<usize> {
        let is_wanted = |at: &usize| routes[*at].0 == *wanted;
        fits.iter().copied().filter(is_wanted).collect()
    };
    let mut wanted = of_method(&method);
    if method == Method::HEAD {
        // A route for `HEAD` goes before one for `GET` at the same place only, so both may be right.
        wanted.extend(of_method(&Method::GET));
    }
    match builder.build().find(&method, path) {
        Found::Operation(found) => {
            let found = found as usize;
            assert!(wanted.contains(&found), "{found} is found, and {wanted:?} fit");
            let best = wanted.iter().map(|at| rank(&routes[*at].1)).max();
            assert_eq!(Some(rank(&routes[found].1)), best, "{found} of {wanted:?}");
        }
        Found::OtherMethods(methods) => {
            assert!(wanted.is_empty() && !fits.is_empty(), "{wanted:?} fit");
            assert!(!methods.contains(&method));
        }
        Found::Nothing => assert!(fits.is_empty(), "{fits:?} fit"),
    }
}

/// Of a template that was accepted.
fn segments(template: &str) -> Template<'_> {
    let texts = |segment: &'_ str| -> Vec<(usize, usize)> {
        let (mut texts, mut from, mut is_name) = (Vec::new(), 0, false);
        for (at, byte) in segment.bytes().enumerate() {
            match byte {
                b'{' if !is_name => {
                    texts.push((from, at));
                    is_name = true;
                }
                b'}' if is_name => {
                    from = at + 1;
                    is_name = false;
                }
                _ => {}
            }
        }
        texts.push((from, segment.len()));
        texts
    };
    template[1..]
        .split('/')
        .map(|segment| {
            texts(segment)
                .into_iter()
                .map(|(from, to)| &segment[from..to])
                .collect()
        })
        .collect()
}

fn is_path_of(template: &Template<'_>, path: &str) -> bool {
    let path = path.strip_prefix('/').unwrap_or(path);
    let mut segments = path.split('/').map(canonical);
    let is_right = template.iter().all(|texts| {
        let texts: Vec<String> = texts.iter().map(|text| canonical(text)).collect();
        segments.next().is_some_and(|segment| fits(&texts, segment.as_bytes()))
    });
    is_right && segments.next().is_none()
}

fn fits(texts: &[String], segment: &[u8]) -> bool {
    let Some((first, others)) = texts.split_first() else {
        return false;
    };
    let Some(rest) = segment.strip_prefix(first.as_bytes()) else {
        return false;
    };
    if others.is_empty() {
        return rest.is_empty();
    }
    (1..=rest.len()).any(|length| fits(others, &rest[length..]))
}

/// How specific each segment is, from the first on: text, text around parameters, a parameter.
fn rank(template: &Template<'_>) -> Vec<(u8, usize)> {
    let rank = |texts: &Vec<&str>| match texts.as_slice() {
        [_] => (2, 0),
        ["", ""] => (0, 0),
        texts => (1, texts.iter().map(|text| canonical(text).len()).sum()),
    };
    template.iter().map(rank).collect()
}

/// Any bytes are a document or none, always the same one; its operations can be routed, shown and called.
pub fn document(bytes: &[u8]) {
    let limits = openapi::Limits::default();
    let read = openapi::read(bytes, &limits);
    let again = openapi::read(bytes, &limits);
    let (Ok(document), Ok(again)) = (&read, &again) else {
        assert!(read.is_err() && again.is_err());
        return;
    };
    assert_eq!(document.root(), again.root());
    let mut builder = MatcherBuilder::default();
    let context = openapi::SampleContext {
        base_url: "http://gateway.example/a/b/v1",
        credential: Some("key"),
    };
    for (at, entry) in document.operations().iter().enumerate() {
        let operation = document
            .operation(&entry.slug)
            .expect("an operation is found by its slug");
        let sample = openapi::sample::request(document, &operation, &context);
        let _ = openapi::snippet::curl(document, &operation, &context);
        let Ok(method) = sample.method.parse::<Method>() else {
            continue;
        };
        let _ = builder.add(method, &entry.path, at as u32);
    }
    let _ = builder.build().find(&Method::GET, "/");
}
