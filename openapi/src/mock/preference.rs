//! `Prefer` (RFC 7240): which of the answers a consumer would like.

/// What a consumer asks a mock for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preference {
    /// `code=404`: the answer of this status.
    pub status: Option<u16>,
    /// `example=cat`: the example of this name.
    pub example: Option<String>,
    /// `dynamic=true`: a value made from the schema, even where there are examples.
    pub is_dynamic: bool,
}

impl Preference {
    /// Reads the values of `Prefer` headers, in the order of the request. Preferences that a mock doesn't know are ignored,
    /// and of two of the same name the later (RFC 7240 §2).
    ///
    /// ```
    /// use openapi::mock::Preference;
    ///
    /// let preference = Preference::parse(["respond-async, code=404; foo=bar", "example=\"a cat\""]);
    /// assert_eq!(preference.status, Some(404));
    /// assert_eq!(preference.example.as_deref(), Some("a cat"));
    /// ```
    pub fn parse<'v>(values: impl IntoIterator<Item = &'v str>) -> Self {
        let mut preference = Self::default();
        let mut is_dynamic = None;
        for (name, value) in values.into_iter().flat_map(entries) {
            match name.to_ascii_lowercase().as_str() {
                "code" if preference.status.is_none() => {
                    preference.status = value.parse().ok().filter(|status| (200..600).contains(status));
                }
                "example" if preference.example.is_none() => preference.example = Some(value),
                "dynamic" if is_dynamic.is_none() => is_dynamic = Some(value == "true"),
                _ => {}
            }
        }
        preference.is_dynamic = is_dynamic.unwrap_or(false);
        preference
    }
}

/// The preferences of one header, without their parameters.
fn entries(text: &str) -> Vec<(String, String)> {
    let mut entries = Vec::new();
    let (mut name, mut value) = (String::new(), String::new());
    let (mut is_value, mut is_parameter, mut is_quoted) = (false, false, false);
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => is_quoted = !is_quoted,
            '\\' if is_quoted => value.extend(characters.next()),
            ',' if !is_quoted => {
                entries.push((std::mem::take(&mut name), std::mem::take(&mut value)));
                (is_value, is_parameter) = (false, false);
            }
            ';' if !is_quoted => is_parameter = true,
            '=' if !is_quoted && !is_value => is_value = true,
            _ if is_parameter => {}
            other if is_value && (is_quoted || !other.is_whitespace()) => value.push(other),
            other if !is_value && !other.is_whitespace() => name.push(other),
            _ => {}
        }
    }
    entries.push((name, value));
    entries.retain(|(name, _)| !name.is_empty());
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn preferences_of_requests() {
        for (values, status, example, is_dynamic) in [
            (&["code=404"][..], Some(404), None, false),
            (&["code=404, example=cat"], Some(404), Some("cat"), false),
            (&["Code = 404;x=1 , EXAMPLE=\"a, b\""], Some(404), Some("a, b"), false),
            (&["code=404", "code=500"], Some(404), None, false),
            (&["code=9000, dynamic=true"], None, None, true),
            (&["respond-async; code=404"], None, None, false),
            (&["", ",,;=\"", "example=\"open"], None, Some("open"), false),
        ] {
            let preference = Preference::parse(values.iter().copied());
            let expected = Preference {
                status,
                example: example.map(str::to_owned),
                is_dynamic,
            };
            assert_eq!(preference, expected, "{values:?}");
        }
    }
}
