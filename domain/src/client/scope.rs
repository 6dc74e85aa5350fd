//! Scopes of access tokens (RFC 6749 §3.3): what a provider lets a subscriber ask for.

use crate::error::FieldError;

/// Scopes that one subscription can have.
pub const MAX_SCOPES: usize = 50;
/// Longest scope, in characters.
pub const MAX_SCOPE: usize = 128;

/// Whether a text is one scope: visible ASCII without space, `"` and `\`.
pub fn is_scope(text: &str) -> bool {
    let is_scope_byte = |b: u8| matches!(b, 0x21 | 0x23..=0x5B | 0x5D..=0x7E);
    (1..=MAX_SCOPE).contains(&text.len()) && text.bytes().all(is_scope_byte)
}

/// Scopes as people write them: with spaces, commas or line ends between them. Each is named once, in order.
pub fn split(text: &str) -> Vec<String> {
    let mut scopes: Vec<String> = text
        .split(|c: char| c.is_whitespace() || c == ',')
        .filter(|scope| !scope.is_empty())
        .map(ToOwned::to_owned)
        .collect();
    scopes.sort();
    scopes.dedup();
    scopes
}

/// Judges what is to be granted.
///
/// # Errors
/// At `scopes`.
pub fn check(scopes: &[String]) -> Result<(), FieldError> {
    let message = if scopes.len() > MAX_SCOPES {
        format!("Grant at most {MAX_SCOPES} scopes.")
    } else if let Some(bad) = scopes.iter().find(|scope| !is_scope(scope)) {
        let shown: String = bad.chars().take(40).collect();
        format!(
            "`{shown}` is not a scope: use up to {MAX_SCOPE} visible ASCII characters without quotes and backslashes."
        )
    } else {
        return Ok(());
    };
    Err(FieldError::new("scopes", message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_split_and_judged() {
        assert_eq!(split(" pets:read, pets:write\npets:read "), ["pets:read", "pets:write"]);
        assert!(split(" , ").is_empty());
        assert!(check(&split("a b https://api.example/x")).is_ok());
        for bad in ["a\"b", "a\\b", "ä", &"x".repeat(MAX_SCOPE + 1)] {
            assert!(check(&[bad.to_owned()]).is_err(), "{bad}");
        }
        let many: Vec<String> = (0..=MAX_SCOPES).map(|n| n.to_string()).collect();
        assert!(check(&many).is_err() && check(&many[1..]).is_ok());
    }
}
