//! What stands in a path where its template has parameters.

use std::borrow::Cow;

use super::path_template::canonical;

/// Names of a template's parameters with the texts that stand for them in a path that fits it, still percent-encoded, in
/// the order of the template. Parameters that share a segment with other text are cut out of it as
/// [`super::path_template::Pattern::fits`] does: each text at its first possible place.
pub(crate) fn path_parameters<'t, 'p>(template: &'t str, path: &'p str) -> Vec<(&'t str, Cow<'p, str>)> {
    let mut found = Vec::new();
    for (template, segment) in template.split('/').zip(path.split('/')) {
        match template.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            Some(name) if !name.contains(['{', '}']) => found.push((name, Cow::Borrowed(segment))),
            _ if template.contains('{') => cut(template, &canonical(segment), &mut found),
            _ => {}
        }
    }
    found
}

fn cut<'t>(template: &'t str, segment: &str, found: &mut Vec<(&'t str, Cow<'_, str>)>) {
    let Some((first, mut template)) = template.split_once('{') else {
        return;
    };
    let Some(mut rest) = segment.strip_prefix(&*canonical(first)) else {
        return;
    };
    while let Some((name, after)) = template.split_once('}') {
        let (text, next) = after
            .split_once('{')
            .map_or((after, None), |(text, next)| (text, Some(next)));
        let text = canonical(text);
        let end = match next {
            // A parameter has at least one character.
            Some(_) => rest
                .char_indices()
                .skip(1)
                .map(|(at, _)| at)
                .find(|at| rest[*at..].starts_with(&*text)),
            None => rest.strip_suffix(&*text).map(str::len),
        };
        let Some(end) = end else { return };
        found.push((name, Cow::Owned(rest[..end].to_owned())));
        let Some(next) = next else { return };
        rest = &rest[end + text.len()..];
        template = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_found_where_the_template_has_them() {
        for (template, path, expected) in [
            ("/pets", "/pets", &[][..]),
            ("/pets/{id}", "/pets/7%2F8", &[("id", "7%2F8")]),
            ("/{a}/x/{b}", "/1/x/2", &[("a", "1"), ("b", "2")]),
            ("/{name}.json", "/a.b%2Ejson", &[("name", "a.b")]),
            ("/{from}-{to}", "/a-b-c", &[("from", "a"), ("to", "b-c")]),
            ("/v{n}", "/v", &[("n", "")]),
            ("/v{n}", "/w1", &[]),
        ] {
            let found = path_parameters(template, path);
            let found: Vec<_> = found.iter().map(|(name, value)| (*name, &**value)).collect();
            assert_eq!(found, expected, "{template} {path}");
        }
    }
}
