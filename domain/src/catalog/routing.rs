//! Where a version answers beside `/{organization}/{api}/{version}`: a host and a base path of its own, told apart from
//! others there by a header field; and what becomes of paths that its document does not describe.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::Host;

pub use super::paths::Paths;
use crate::error::FieldError;

/// Length of a host name (RFC 1035 §2.3.4).
const MAX_HOST: usize = 253;
/// Length of a base path, in bytes.
const MAX_BASE_PATH: usize = 200;
/// Segments of a base path.
pub const MAX_SEGMENTS: usize = 8;
/// Length of a header field's name, and of its value.
const MAX_HEADER: usize = 100;

/// Paths of the gateway's own pages (RFC 6749 §3.2, RFC 7517, RFC 8414 §3). They are there on the gateway's own host, and on
/// every other that is no version's own, whatever versions have there.
pub const GATEWAY_PAGES: [&str; 3] = [
    "/oauth2/token",
    "/oauth2/jwks.json",
    "/.well-known/oauth-authorization-server",
];

/// Fields that mean something to the gateway itself or to the connection, so that no version can be chosen by them.
const OWN_FIELDS: [&str; 14] = [
    "authorization",
    "connection",
    "content-length",
    "cookie",
    "expect",
    "host",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "x-api-key",
];

/// Where a version answers beside its address, and to what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Routing {
    /// Host of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<HostPattern>,
    /// Base path of its own, in place of `/{organization}/{api}/{version}`; always there with a host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_path: Option<BasePath>,
    /// The field that tells versions at one host and base path apart; the one without is for all other calls.
    #[serde(default, rename = "match", skip_serializing_if = "Option::is_none")]
    pub header: Option<HeaderMatch>,
    /// Whether only operations of the document are passed on.
    #[serde(default, skip_serializing_if = "Paths::is_strict")]
    pub paths: Paths,
}

/// A host name in the form in which names are compared (RFC 1123, RFC 5890): small letters, internationalized labels as
/// `xn--…`, no dot at the end and no port. `*.example.com` stands for every name with one label more.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HostPattern(String);

impl HostPattern {
    /// Reads a name as people write it.
    ///
    /// # Errors
    /// A sentence for the person who typed it.
    pub fn read(text: &str) -> Result<Self, String> {
        const WRONG: &str = "Write a host name without scheme, port and path, for example api.example.com.";
        let text = text.trim();
        let (star, name) = match text.strip_prefix("*.") {
            Some(name) => ("*.", name),
            None => ("", text),
        };
        let name = name.strip_suffix('.').unwrap_or(name);
        // What the parser of URLs would take, and nobody means.
        if name.contains(['*', '%', ':', '/', '@', '[', ']', '\\']) {
            return Err(WRONG.into());
        }
        let name = match Host::parse(name) {
            Ok(Host::Domain(name)) => name,
            Ok(Host::Ipv4(_) | Host::Ipv6(_)) => return Err("Write a host name; an address cannot be one.".into()),
            Err(_) => return Err(WRONG.into()),
        };
        let pattern = Self(format!("{star}{name}"));
        if pattern.0.len() > MAX_HOST || !name.split('.').all(is_label) {
            return Err(WRONG.into());
        }
        if !star.is_empty() && !name.contains('.') {
            return Err("Write at least two labels after `*.`, for example *.example.com.".into());
        }
        Ok(pattern)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `example.com` of `*.example.com`.
    pub fn parent(&self) -> Option<&str> {
        self.0.strip_prefix("*.")
    }

    /// Whether some name is meant by both.
    pub fn overlaps(&self, other: &Self) -> bool {
        let is_below = |wildcard: &Self, name: &Self| {
            let below = name.0.split_once('.').map(|(_, parent)| parent);
            wildcard.parent().is_some() && name.parent().is_none() && below == wildcard.parent()
        };
        self == other || is_below(self, other) || is_below(other, self)
    }
}

/// A label of a host name (RFC 1123 §2.1).
fn is_label(label: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-') && label.bytes().all(is_plain)
}

/// The path before those of the operations: `/`, or segments of unreserved characters (RFC 3986 §2.3) without a slash at
/// the end: `/pets/v1`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BasePath(String);

impl BasePath {
    /// The base path of hosts whose versions name none.
    pub fn root() -> Self {
        Self("/".into())
    }

    /// Reads a path as people write it.
    ///
    /// # Errors
    /// A sentence for the person who typed it.
    pub fn read(text: &str) -> Result<Self, String> {
        const WRONG: &str = "Write a path that begins with a slash, of letters, digits, dots and hyphens: /pets/v1.";
        let text = text.trim();
        if text == "/" {
            return Ok(Self::root());
        }
        let path = text.strip_suffix('/').unwrap_or(text);
        let segments = path.strip_prefix('/').ok_or(WRONG)?.split('/');
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
        let is_segment = |segment: &str| !matches!(segment, "" | "." | "..") && segment.bytes().all(is_plain);
        if !segments.clone().all(is_segment) {
            return Err(WRONG.into());
        }
        if path.len() > MAX_BASE_PATH || segments.count() > MAX_SEGMENTS {
            return Err(format!(
                "Use at most {MAX_SEGMENTS} segments and {MAX_BASE_PATH} characters."
            ));
        }
        Ok(Self(path.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the path of a call begins with: empty for `/`.
    pub fn prefix(&self) -> &str {
        if self.0 == "/" { "" } else { &self.0 }
    }

    /// Whether a page of the gateway's own is below it; not asked of `/`, below which everything is.
    fn has_gateway_page(&self) -> bool {
        let is_below = |page: &&str| {
            let rest = page.strip_prefix(self.prefix());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.0 != "/" && GATEWAY_PAGES.iter().any(is_below)
    }

    /// The first segment; empty for `/`.
    pub fn first_segment(&self) -> &str {
        self.0.split('/').nth(1).unwrap_or_default()
    }
}

/// A header field with a value; calls with exactly one field of that name, and that value, are meant.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeaderMatch {
    /// Name of the field; its case does not matter.
    pub header: String,
    /// The whole value; its case matters.
    pub value: String,
}

impl HeaderMatch {
    fn read(header: &str, value: &str, errors: &mut Vec<FieldError>) -> Option<Self> {
        let (header, value) = (header.trim(), value.trim());
        if header.is_empty() && value.is_empty() {
            return None;
        }
        let known = errors.len();
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if header.is_empty() || header.len() > MAX_HEADER || !header.bytes().all(is_token) {
            let message = "Write the name of a header field, for example Api-Version.";
            errors.push(FieldError::new("match.header", message));
        } else if OWN_FIELDS.iter().any(|own| own.eq_ignore_ascii_case(header)) {
            let message = format!("Versions cannot be told apart by `{header}`. Use a field of your own.");
            errors.push(FieldError::new("match.header", message));
        }
        let is_visible = |byte: u8| byte.is_ascii_graphic() || byte == b' ';
        if value.is_empty() || value.len() > MAX_HEADER || !value.bytes().all(is_visible) {
            let message = format!("Write the value that the field must have: 1 to {MAX_HEADER} plain characters.");
            errors.push(FieldError::new("match.value", message));
        }
        (errors.len() == known).then(|| Self {
            header: header.to_owned(),
            value: value.to_owned(),
        })
    }
}

impl fmt::Display for HeaderMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.header, self.value)
    }
}

/// What a provider types about where a version answers; empty texts are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoutingInput {
    /// See [`HostPattern`].
    pub host: String,
    /// See [`BasePath`].
    pub base_path: String,
    /// See [`HeaderMatch::header`].
    pub header: String,
    /// See [`HeaderMatch::value`].
    pub value: String,
    /// See [`Paths`].
    pub paths: Paths,
}

impl Routing {
    /// Reads what was typed.
    ///
    /// # Errors
    /// Messages at `host`, `base_path`, `match.header` and `match.value`.
    pub fn read(input: &RoutingInput) -> Result<Self, Vec<FieldError>> {
        let mut errors = Vec::new();
        let given = |text: &str| !text.trim().is_empty();
        let mut note = |field: &str, message: String| errors.push(FieldError::new(field, message));
        let host = given(&input.host).then(|| HostPattern::read(&input.host).map_err(|message| note("host", message)));
        let base_path = given(&input.base_path)
            .then(|| BasePath::read(&input.base_path).map_err(|message| note("base_path", message)));
        if let (None, Some(Ok(base_path))) = (&host, &base_path)
            && base_path.has_gateway_page()
        {
            note(
                "base_path",
                "The gateway has pages of its own there. Use another base path.".into(),
            );
        }
        let header = HeaderMatch::read(&input.header, &input.value, &mut errors);
        if header.is_some() && host.is_none() && base_path.is_none() {
            let message = "Give a host or a base path too: at its own address the version is told apart by its name.";
            errors.push(FieldError::new("match.header", message));
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let host = host.and_then(Result::ok);
        let base_path = base_path.and_then(Result::ok);
        Ok(Self {
            base_path: base_path.or_else(|| host.as_ref().map(|_| BasePath::root())),
            host,
            header,
            paths: input.paths,
        })
    }

    /// As it would be typed.
    pub fn to_input(&self) -> RoutingInput {
        let header = self.header.as_ref();
        RoutingInput {
            host: self.host.as_ref().map(ToString::to_string).unwrap_or_default(),
            base_path: self.base_path.as_ref().map(ToString::to_string).unwrap_or_default(),
            header: header.map(|header| header.header.clone()).unwrap_or_default(),
            value: header.map(|header| header.value.clone()).unwrap_or_default(),
            paths: self.paths,
        }
    }

    /// Whether it answers nowhere but at its address.
    pub fn is_shared(&self) -> bool {
        self.base_path.is_none()
    }

    /// Host and base path, `api.example.com/v1`: the place that versions share which are told apart by a field.
    pub fn place(&self) -> Option<String> {
        let base_path = self.base_path.as_ref()?;
        let host = self.host.as_ref().map(HostPattern::as_str).unwrap_or_default();
        Some(format!("{host}{base_path}"))
    }

    /// [`Self::place`] and the field, `api.example.com/v1 api-version: 2`: no two versions that answer have the same.
    pub fn route(&self) -> Option<String> {
        let place = self.place()?;
        Some(match &self.header {
            Some(HeaderMatch { header, value }) => format!("{place} {}: {value}", header.to_ascii_lowercase()),
            None => place,
        })
    }

    /// Where callers find the version, without a slash at the end: at its own host or base path where one URL says it, else
    /// at its address at `gateway_url`. An own host has the scheme and the port of `gateway_url`.
    pub fn base_url(&self, gateway_url: &str, organization: &str, api: &str, version: &str) -> String {
        let shared = || format!("{gateway_url}/{organization}/{api}/{version}");
        match (self, &self.base_path) {
            // A field that must be sent too is no part of a URL.
            (Self { header: Some(_), .. }, _) | (_, None) => shared(),
            (Self { host: None, .. }, Some(base_path)) => format!("{gateway_url}{}", base_path.prefix()),
            (Self { host: Some(host), .. }, Some(base_path)) => {
                with_host(gateway_url, host, base_path).unwrap_or_else(shared)
            }
        }
    }
}

/// A URL with another host; `None` for a wildcard.
fn with_host(gateway_url: &str, host: &HostPattern, base_path: &BasePath) -> Option<String> {
    if host.parent().is_some() {
        return None;
    }
    let mut url = url::Url::parse(gateway_url).ok()?;
    url.set_host(Some(host.as_str())).ok()?;
    let origin = url.as_str().trim_end_matches('/');
    Some(format!("{origin}{}", base_path.prefix()))
}

/// Texts that are kept in one form: read strictly, written as they are.
macro_rules! text {
    ($name:ident) => {
        impl TryFrom<String> for $name {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                Self::read(&text)
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text!(HostPattern);
text!(BasePath);

#[cfg(test)]
#[path = "routing_tests.rs"]
mod tests;
