//! Patterns that look ahead before they match: `^(?=.*\d)(?!admin)[a-z\d]+$`. The engine has no look-around, but at the start of a
//! pattern it only means that several patterns hold at once.

/// A pattern without its look-around.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Split {
    /// What must match as well.
    pub(super) positive: Vec<String>,
    /// What must not match.
    pub(super) negative: Vec<String>,
    /// The pattern without them.
    pub(super) rest: String,
    /// Whether there was look-around elsewhere, which was left out and nobody checks.
    pub(super) is_partial: bool,
}

/// Takes the look-around out of a pattern; `None` if it has none.
pub(super) fn split(pattern: &str) -> Option<Split> {
    if !["(?=", "(?!", "(?<=", "(?<!"]
        .iter()
        .any(|group| pattern.contains(group))
    {
        return None;
    }
    let mut split = Split::default();
    let (anchor, mut rest) = match pattern.strip_prefix('^') {
        Some(rest) => ("^", rest),
        None => ("", pattern),
    };
    while let Some(inner) = rest.strip_prefix("(?=").or_else(|| rest.strip_prefix("(?!")) {
        let end = group_end(inner)?;
        let ahead = format!("{anchor}(?:{})", &inner[..end]);
        if rest.starts_with("(?=") {
            split.positive.push(ahead);
        } else {
            split.negative.push(ahead);
        }
        rest = &inner[end + 1..];
    }
    split.rest.push_str(anchor);
    while let Some(at) = ["(?=", "(?!", "(?<=", "(?<!"]
        .iter()
        .filter_map(|group| rest.find(group))
        .min()
    {
        split.rest.push_str(&rest[..at]);
        split.is_partial = true;
        let inner = &rest[at + 1..];
        let end = group_end(inner)?;
        rest = &inner[end + 1..];
    }
    split.rest.push_str(rest);
    Some(split)
}

/// Where the group ends that the text begins in.
fn group_end(text: &str) -> Option<usize> {
    let mut depth = 0;
    let mut is_class = false;
    let mut is_escaped = false;
    for (at, character) in text.char_indices() {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            ']' => is_class = false,
            _ if is_class => {}
            '[' => is_class = true,
            '(' => depth += 1,
            ')' if depth == 0 => return Some(at),
            ')' => depth -= 1,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn look_ahead_at_the_start_is_several_patterns() {
        let found = split(r"^(?=.*[)\d])(?!(a|b)$)[a-z\d]+$").unwrap();
        let expected = Split {
            positive: vec![r"^(?:.*[)\d])".to_owned()],
            negative: vec!["^(?:(a|b)$)".to_owned()],
            rest: r"^[a-z\d]+$".to_owned(),
            is_partial: false,
        };
        assert_eq!(found, expected);
        let partial = split("a(?!b)c").unwrap();
        assert!(partial.is_partial && partial.rest == "ac");
        assert_eq!(split("^a$"), None);
        assert_eq!(split("(?=a"), None);
    }
}
