//! Slugs: the short names that stand in URLs and manifests.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// 1 to 63 characters of `a-z`, `0-9` and inner hyphens: a DNS label, so that it can also become a host name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Slug(String);

/// Why a text is not a slug; the text of the error is meant for the person who typed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SlugError {
    /// Nothing was given.
    #[error("Enter a short name, for example `petstore`.")]
    Empty,
    /// More than 63 characters.
    #[error("Use at most 63 characters.")]
    TooLong,
    /// A character other than `a-z`, `0-9`, `-`, or a hyphen at an end.
    #[error("Use small letters a to z, digits and hyphens between them.")]
    Characters,
}

impl Slug {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The nearest slug to a title: `Swagger Petstore (v2)` gives `swagger-petstore-v2`. `None` if nothing is left.
    pub fn suggest(title: &str) -> Option<Self> {
        let mut out = String::new();
        for c in title.chars() {
            if c.is_ascii_alphanumeric() {
                out.push(c.to_ascii_lowercase());
            } else if !out.is_empty() && !out.ends_with('-') {
                out.push('-');
            }
            if out.len() >= 63 {
                break;
            }
        }
        out.trim_end_matches('-').parse().ok()
    }
}

impl FromStr for Slug {
    type Err = SlugError;
    fn from_str(text: &str) -> Result<Self, SlugError> {
        match text {
            "" => Err(SlugError::Empty),
            _ if text.len() > 63 => Err(SlugError::TooLong),
            _ if text.starts_with('-') || text.ends_with('-') => Err(SlugError::Characters),
            _ if text
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') =>
            {
                Ok(Self(text.to_owned()))
            }
            _ => Err(SlugError::Characters),
        }
    }
}

impl TryFrom<String> for Slug {
    type Error = SlugError;
    fn try_from(text: String) -> Result<Self, SlugError> {
        text.parse()
    }
}

impl From<Slug> for String {
    fn from(slug: Slug) -> Self {
        slug.0
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_dns_labels_only() {
        for (text, ok) in [
            ("petstore", true),
            ("v1", true),
            ("a-b", true),
            ("", false),
            ("-a", false),
            ("a-", false),
            ("A", false),
            ("a.b", false),
            ("a/b", false),
        ] {
            assert_eq!(text.parse::<Slug>().is_ok(), ok, "{text}");
        }
        assert!("a".repeat(64).parse::<Slug>().is_err(), "64 characters");
    }

    #[test]
    fn suggests_from_titles() {
        for (title, slug) in [
            ("Swagger Petstore (v2)", Some("swagger-petstore-v2")),
            ("  Ünï  ", Some("n")),
            ("…", None),
        ] {
            assert_eq!(Slug::suggest(title).as_ref().map(Slug::as_str), slug, "{title}");
        }
    }
}
