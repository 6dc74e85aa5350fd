//! What an answer varies by.

use super::{Fields, Known};

/// Adds names to `Vary` (RFC 9110 §12.5.5), so that it is one line that has each name once, whoever has said them. `names` are
/// separated by commas. One that varies by everything says nothing else.
pub(crate) fn vary_by(fields: &mut Fields, names: &[u8]) {
    let is_one_line = fields.all(Known::Vary).nth(1).is_none();
    let said = || fields.all(Known::Vary).flat_map(split);
    if is_one_line && split(names).all(|name| said().any(|known| known == b"*" || known.eq_ignore_ascii_case(name))) {
        return;
    }
    let mut all: Vec<&[u8]> = Vec::new();
    for name in said().chain(split(names)) {
        if !all.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            all.push(name);
        }
    }
    if all.contains(&&b"*"[..]) {
        all = vec![b"*"];
    }
    let line = all.join(&b", "[..]);
    fields.remove(Known::Vary);
    fields.append_parts(Known::Vary, &[&line]);
}

/// The names of a line; none of them has a comma.
fn split(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|byte| *byte == b',')
        .map(<[u8]>::trim_ascii)
        .filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_names_are_on_one_line() {
        for (lines, added, expected) in [
            (&[][..], "Origin", "Origin"),
            (&["Accept"], "Origin", "Accept, Origin"),
            (&["Accept , origin"], "Origin", "Accept , origin"),
            (
                &["Accept", "Cookie,accept"],
                "Api-Version",
                "Accept, Cookie, Api-Version",
            ),
            (&["*"], "Origin", "*"),
            (&["Accept", "*"], "Origin", "*"),
            (
                &["Origin"],
                "Origin, Access-Control-Request-Method",
                "Origin, Access-Control-Request-Method",
            ),
        ] {
            let mut fields = Fields::default();
            for line in lines {
                fields.append_parts(Known::Vary, &[line.as_bytes()]);
            }
            vary_by(&mut fields, added.as_bytes());
            let said: Vec<_> = fields.all(Known::Vary).map(String::from_utf8_lossy).collect();
            assert_eq!(said, [expected], "{lines:?}");
        }
    }
}
