//! `Link` fields (RFC 8288), built in one place.

use std::fmt::Write;

use http::HeaderValue;

/// A `Link` field with any number of links.
#[derive(Debug, Default)]
pub(crate) struct LinkField(String);

impl LinkField {
    /// Adds a link. `target` is a URI reference made by us; characters that would end it are percent-encoded.
    pub(crate) fn push(&mut self, target: &str, rel: &str, media_type: Option<&str>) {
        if !self.0.is_empty() {
            self.0.push_str(", ");
        }
        self.0.push('<');
        for byte in target.bytes() {
            if byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>' | b'"' | b'\\') {
                self.0.push(byte.into());
            } else {
                let _ = write!(self.0, "%{byte:02X}");
            }
        }
        let _ = write!(self.0, ">; rel=\"{rel}\"");
        if let Some(media_type) = media_type {
            let _ = write!(self.0, "; type=\"{media_type}\"");
        }
    }

    /// The value; `None` without links.
    pub(crate) fn value(self) -> Option<HeaderValue> {
        if self.0.is_empty() {
            None
        } else {
            HeaderValue::try_from(self.0).ok()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_separated_and_can_not_be_broken_out_of() {
        let mut links = LinkField::default();
        links.push("/acme/petstore/v2", "successor-version", None);
        links.push("http://portal.test/x>; rel=\"evil", "deprecation", Some("text/html"));
        assert_eq!(
            links.value().unwrap(),
            "</acme/petstore/v2>; rel=\"successor-version\", \
             <http://portal.test/x%3E;%20rel=%22evil>; rel=\"deprecation\"; type=\"text/html\""
        );
        assert_eq!(LinkField::default().value(), None);
    }
}
