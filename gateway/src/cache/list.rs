//! Lists in field values (RFC 9110 §5.6.1).

/// The members of a comma-separated list, without the white space around them; empty ones are left out. A comma within
/// quotes separates nothing.
pub(super) fn members(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(value);
    std::iter::from_fn(move || {
        let text = rest?;
        let end = end_of_member(text);
        let (member, after) = text.split_at(end);
        rest = after.split_first().map(|(_comma, after)| after);
        Some(member.trim_ascii())
    })
    .filter(|member| !member.is_empty())
}

fn end_of_member(text: &[u8]) -> usize {
    let (mut is_quoted, mut is_escaped) = (false, false);
    for (at, byte) in text.iter().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_quoted => is_escaped = true,
            b'"' => is_quoted = !is_quoted,
            b',' if !is_quoted => return at,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split(text: &str) -> Vec<&str> {
        members(text.as_bytes())
            .map(|member| std::str::from_utf8(member).unwrap())
            .collect()
    }

    #[test]
    fn quotes_hold_members_together() {
        assert_eq!(split(""), Vec::<&str>::new());
        assert_eq!(split(" a ,, b,"), ["a", "b"]);
        assert_eq!(split(r#"a="x, y" , b"#), [r#"a="x, y""#, "b"]);
        assert_eq!(split(r#""a\", b", c"#), [r#""a\", b""#, "c"]);
        assert_eq!(split(r#"a, "b, c"#), ["a", r#""b, c"#]);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in prop::collection::vec(prop::sample::select(b"a,\"\\ =\xff".to_vec()), 0..40)) {
            prop_assert!(members(&text).map(<[u8]>::len).sum::<usize>() <= text.len());
        }
    }
}
