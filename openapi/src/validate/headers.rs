//! The headers of a message, wherever they are kept.

/// Calls the second argument with each value of the header of this name (in lower case or as the document has it; names
/// compare without case), in the order of the message.
pub type Headers<'r> = dyn Fn(&str, &mut dyn FnMut(&[u8])) + 'r;

/// A header's values as one text, as RFC 9110 §5.3 lets a recipient join them; `None` if it is missing.
///
/// # Errors
/// If a value is not UTF-8.
pub(super) fn joined(headers: &Headers<'_>, name: &str) -> Option<Result<String, std::str::Utf8Error>> {
    let mut joined: Option<Result<String, std::str::Utf8Error>> = None;
    headers(name, &mut |value| {
        let text = std::str::from_utf8(value).map(str::trim);
        match (&mut joined, text) {
            (Some(Err(_)), _) => {}
            (_, Err(error)) => joined = Some(Err(error)),
            (Some(Ok(known)), Ok(text)) => {
                known.push_str(", ");
                known.push_str(text);
            }
            (None, Ok(text)) => joined = Some(Ok(text.to_owned())),
        }
    });
    joined
}

/// The `name=value` pairs of the `Cookie` header (RFC 6265 §4.2.1).
pub(super) fn cookies(headers: &Headers<'_>) -> Vec<(String, String)> {
    let mut cookies = Vec::new();
    headers("cookie", &mut |value| {
        let text = std::str::from_utf8(value).unwrap_or_default();
        let pairs = text.split(';').filter_map(|pair| pair.trim().split_once('='));
        cookies.extend(pairs.map(|(name, value)| {
            let inner = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
            (name.trim_end().to_owned(), inner.unwrap_or(value).to_owned())
        }));
    });
    cookies
}
