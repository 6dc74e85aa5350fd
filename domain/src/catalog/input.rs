//! What a provider types about an api, judged field by field so that a form can show every mistake at once.

use super::{VersionName, service::ApiInput};
use crate::{error::FieldError, slug::Slug};

/// Tags of one api.
const MAX_TAGS: usize = 20;

/// Collects the mistakes of a form.
#[derive(Default)]
pub(crate) struct Mistakes(Vec<FieldError>);

impl Mistakes {
    /// Notes a mistake.
    pub(crate) fn add(&mut self, field: &str, message: impl Into<String>) {
        self.0.push(FieldError::new(field, message));
    }

    /// The value, or a note of what is wrong with it.
    pub(crate) fn take<T, E: ToString>(&mut self, field: &str, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.add(field, error.to_string())).ok()
    }

    /// Goes on if there are none.
    pub(crate) fn none(self) -> crate::error::Result<()> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(crate::error::DomainError::Invalid(self.0))
        }
    }
}

/// A name for people: one line of 1 to `max` characters, trimmed.
///
/// # Errors
/// A sentence for the person who typed it; so too below.
pub fn name(text: &str, max: usize) -> Result<String, String> {
    if text.trim().is_empty() {
        Err("Enter a name.".into())
    } else {
        line(text, max)
    }
}

/// One line of at most `max` characters, trimmed, or nothing.
///
/// # Errors
/// More characters, or control characters.
pub fn line(text: &str, max: usize) -> Result<String, String> {
    let text = text.trim();
    if text.chars().count() > max {
        Err(format!("Use at most {max} characters."))
    } else if text.chars().any(char::is_control) {
        Err("Leave out line breaks and control characters.".into())
    } else {
        Ok(text.to_owned())
    }
}

/// The short name of a new api.
pub(super) fn slug(text: &str) -> Result<Slug, crate::slug::SlugError> {
    text.trim().parse()
}

/// The name of a new version.
pub(super) fn version_name(text: &str) -> Result<VersionName, &'static str> {
    match text.trim() {
        // A page of the api has this address.
        "changelog" => Err("This name is reserved. Choose another one, for example v1."),
        // The Markdown twins of pages have such addresses.
        text if text.strip_suffix(".md").is_some() => {
            Err("Names of versions do not end in .md. Choose another one, for example v1.")
        }
        text => text.parse(),
    }
}

/// Tags in the order given, in small letters, each once: as they are kept.
///
/// # Errors
/// A tag that is not a slug, or more than 20.
pub fn tags(texts: &[String]) -> Result<Vec<String>, String> {
    let mut tags: Vec<String> = Vec::new();
    for text in texts
        .iter()
        .map(|text| text.trim().to_lowercase())
        .filter(|text| !text.is_empty())
    {
        let tag: Slug = text
            .parse()
            .map_err(|error| format!("`{text}` is not a tag. {error}"))?;
        if !tags.iter().any(|known| known == tag.as_str()) {
            tags.push(tag.into());
        }
    }
    if tags.len() > MAX_TAGS {
        Err(format!("Use at most {MAX_TAGS} tags."))
    } else {
        Ok(tags)
    }
}

/// Everything about an api but its slug, cleaned.
pub(super) struct ApiWords {
    /// `None` if it was left empty.
    pub(super) name: Option<String>,
    pub(super) summary: String,
    pub(super) tags: Vec<String>,
}

impl ApiWords {
    /// Reads the words and notes what is wrong; then the value is of no use.
    pub(super) fn read(input: &ApiInput, mistakes: &mut Mistakes) -> Self {
        let is_named = !input.name.trim().is_empty();
        Self {
            name: is_named.then(|| mistakes.take("name", name(&input.name, 100)).unwrap_or_default()),
            summary: mistakes.take("summary", line(&input.summary, 300)).unwrap_or_default(),
            tags: mistakes.take("tags", tags(&input.tags)).unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_slugs_each_once() {
        let read = |texts: &[&str]| tags(&texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>());
        assert_eq!(
            read(&["Pets", " pets ", "", "shop"]),
            Ok(vec!["pets".into(), "shop".into()])
        );
        assert!(read(&["two words"]).is_err_and(|message| message.starts_with("`two words` is not a tag.")));
        let many: Vec<String> = (0..21).map(|n| format!("t{n}")).collect();
        assert!(tags(&many).is_err());
    }

    #[test]
    fn names_are_one_bounded_line() {
        let (longest, too_long) = ("ä".repeat(100), "ä".repeat(101));
        for (text, ok) in [
            ("Petstore", true),
            ("", false),
            ("  ", false),
            ("a\nb", false),
            (&longest, true),
            (&too_long, false),
        ] {
            assert_eq!(name(text, 100).is_ok(), ok, "{text}");
        }
    }
}
