//! `cors`: which pages of other origins may call from a browser.

use serde::{Deserialize, Serialize};
use url::Url;

use super::{Policy, names, problems::Problems, units::TimeSpan};
use crate::error::FieldError;

/// Entries of each list.
const MAX_ENTRIES: usize = 100;
/// What stands for everything.
pub const ANY: &str = "*";

/// Cross-origin resource sharing, by the Fetch standard (§3.3). The gateway answers preflights itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cors {
    /// 1 to 100 origins: `https://app.example.com`, `https://*.example.com` for every name below, or `*` for all.
    pub origins: Vec<String>,
    /// Methods that a page may use, in capitals; by default GET, HEAD, POST, PUT, PATCH and DELETE.
    #[serde(default = "default_methods")]
    pub methods: Vec<String>,
    /// Request headers that a page may send; `*` (the default) allows the ones that the browser asks for.
    #[serde(default = "any")]
    pub headers: Vec<String>,
    /// Response headers that a page may read beside the safelisted ones.
    #[serde(default)]
    pub exposed_headers: Vec<String>,
    /// Whether cookies and other credentials of the browser may be sent. Not together with the origin `*`.
    #[serde(default)]
    pub credentials: bool,
    /// How long a browser may remember a preflight: whole seconds, up to 1 day (browsers cap it lower); by default 10 minutes.
    #[serde(default = "default_max_age")]
    pub max_age: TimeSpan,
}

fn default_methods() -> Vec<String> {
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
        .map(str::to_owned)
        .into()
}

fn any() -> Vec<String> {
    vec![ANY.to_owned()]
}

fn default_max_age() -> TimeSpan {
    TimeSpan::seconds(600)
}

impl Policy for Cors {
    const SUMMARY: &'static str = "Lets web pages of other origins call from a browser.";
    const EXAMPLE: &'static str = "\
origins:
  - https://app.example.com
  - https://*.preview.example.com
methods: [GET, POST, DELETE]
headers: [Authorization, Content-Type]
exposed_headers: [RateLimit, RateLimit-Policy]
credentials: false
max_age: 10m
";

    fn validate(&self) -> Vec<FieldError> {
        let mut problems = Problems::default();
        problems.entries("origins", self.origins.len(), 1..=MAX_ENTRIES);
        problems.each("origins", &self.origins, |text| origin(text));
        problems.entries("methods", self.methods.len(), 1..=MAX_ENTRIES);
        problems.each("methods", &self.methods, |text| names::method(text));
        problems.entries("headers", self.headers.len(), 0..=MAX_ENTRIES);
        problems.each("headers", &self.headers, |text| names::header_name(text));
        problems.entries("exposed_headers", self.exposed_headers.len(), 0..=MAX_ENTRIES);
        problems.each("exposed_headers", &self.exposed_headers, |text| {
            names::header_name(text)
        });
        if self.credentials && self.origins.iter().any(|origin| origin == ANY) {
            problems.add(
                "credentials",
                "Name the origins: browsers refuse credentials together with `*`, as every page could use them.",
            );
        }
        problems.time("max_age", self.max_age, TimeSpan::default()..=TimeSpan::seconds(86_400));
        if !self.max_age.is_whole_seconds() {
            problems.add("max_age", "Use whole seconds.");
        }
        problems.found()
    }
}

/// What is wrong with an origin: scheme, host and port as a browser sends them, without a path.
fn origin(text: &str) -> Option<String> {
    if text == ANY {
        return None;
    }
    let wrong = || format!("`{text}` is not an origin; write for example https://app.example.com, without a path.");
    // One wildcard, for the labels below a name of two or more labels.
    let (concrete, is_wildcard) = match text.split_once("://*.") {
        Some((scheme, domain)) => (format!("{scheme}://{domain}"), true),
        None => (text.to_owned(), false),
    };
    let Ok(url) = Url::parse(&concrete) else {
        return Some(wrong());
    };
    // What the standard makes of it is what browsers send: anything else would never match.
    if url.origin().ascii_serialization() != concrete || concrete.contains('*') {
        return Some(wrong());
    }
    let has_name_below = url.domain().is_some_and(|domain| domain.contains('.'));
    (is_wildcard && !has_name_below).then(|| "Use a wildcard below a name of your own: https://*.example.com.".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cors(body: serde_json::Value) -> Cors {
        serde_json::from_value(body).unwrap()
    }

    #[test]
    fn origins_are_as_browsers_send_them() {
        for (text, ok) in [
            ("https://app.example.com", true),
            ("http://localhost:3000", true),
            ("https://*.example.com", true),
            ("*", true),
            ("https://app.example.com/", false),
            ("https://app.example.com:443", false),
            ("https://App.example.com", false),
            ("https://*.com", false),
            ("https://a.*.example.com", false),
            ("https://user@app.example.com", false),
            ("app.example.com", false),
            ("null", false),
            ("", false),
        ] {
            assert_eq!(origin(text).is_none(), ok, "{text}");
        }
    }

    #[test]
    fn defaults_are_those_of_the_documentation() {
        let cors = cors(serde_json::json!({ "origins": ["*"] }));
        assert_eq!(cors.methods.len(), 6);
        assert_eq!(cors.headers, ["*"]);
        assert_eq!(cors.max_age, TimeSpan::seconds(600));
        assert!(cors.validate().is_empty());
    }

    #[test]
    fn credentials_need_named_origins() {
        let cors = cors(serde_json::json!({ "origins": ["*"], "credentials": true, "max_age": "2d" }));
        let fields: Vec<_> = cors.validate().into_iter().map(|error| error.field).collect();
        assert_eq!(fields, ["credentials", "max_age"]);
    }
}
