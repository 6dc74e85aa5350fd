//! Who may call an operation, as the document says.

use serde_json::Value;

use super::text;
use crate::model::Document;

/// One way to be let in: all of its schemes together. Without any scheme: anybody.
#[derive(Clone, Debug, PartialEq)]
pub struct SecurityAlternative<'d> {
    /// The schemes that must be used at the same time.
    pub schemes: Vec<SecurityUse<'d>>,
}

/// One scheme that a way in needs.
#[derive(Clone, Debug, PartialEq)]
pub struct SecurityUse<'d> {
    /// The name of the scheme in the document.
    pub name: &'d str,
    /// The scopes (OAuth 2, OpenID Connect) or roles that are needed.
    pub scopes: Vec<&'d str>,
    /// The scheme, if the document defines it.
    pub scheme: Option<SecurityScheme<'d>>,
}

/// A security scheme of the document.
#[derive(Clone, Debug, PartialEq)]
pub struct SecurityScheme<'d> {
    /// How it works.
    pub kind: SecuritySchemeKind<'d>,
    /// Markdown source.
    pub description: Option<&'d str>,
}

/// How a security scheme works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecuritySchemeKind<'d> {
    /// A key in a header, query parameter or cookie.
    ApiKey {
        /// `header`, `query` or `cookie`.
        location: &'d str,
        /// Name of the header, parameter or cookie.
        name: &'d str,
    },
    /// An HTTP authentication scheme.
    Http {
        /// `bearer`, `basic`, …; as written.
        scheme: &'d str,
        /// What the token is, for example `JWT`.
        bearer_format: Option<&'d str>,
    },
    /// OAuth 2.
    OAuth2,
    /// OpenID Connect discovery.
    OpenIdConnect {
        /// Untrusted text, never fetched.
        url: &'d str,
    },
    /// A client certificate.
    MutualTls,
    /// A type the specification doesn't have, or a scheme without what its type needs.
    Unknown,
}

impl Document {
    /// The security schemes of the document by their names, in its order; what isn't one is left out.
    pub fn security_schemes(&self) -> Vec<(&str, SecurityScheme<'_>)> {
        let components = self.root().get("components");
        let named = components.and_then(|components| components.get("securitySchemes")?.as_object());
        named
            .into_iter()
            .flatten()
            .filter_map(|(name, scheme)| Some((name.as_str(), security_scheme(self, scheme)?)))
            .collect()
    }
}

pub(super) fn alternatives<'d>(doc: &'d Document, security: Option<&'d Value>) -> Vec<SecurityAlternative<'d>> {
    let list = security.and_then(Value::as_array).into_iter().flatten();
    list.filter_map(Value::as_object)
        .map(|requirement| SecurityAlternative {
            schemes: requirement
                .iter()
                .map(|(name, scopes)| SecurityUse {
                    name,
                    scopes: scopes
                        .as_array()
                        .into_iter()
                        .flatten()
                        .filter_map(Value::as_str)
                        .collect(),
                    scheme: doc
                        .component("securitySchemes", name)
                        .and_then(|scheme| security_scheme(doc, scheme)),
                })
                .collect(),
        })
        .collect()
}

fn security_scheme<'d>(doc: &'d Document, value: &'d Value) -> Option<SecurityScheme<'d>> {
    let scheme = doc.resolve(value).ok()?.value;
    scheme.as_object()?;
    let kind = match text(scheme, "type") {
        Some("apiKey") => text(scheme, "in")
            .zip(text(scheme, "name"))
            .map(|(location, name)| SecuritySchemeKind::ApiKey { location, name }),
        Some("http") => text(scheme, "scheme").map(|name| SecuritySchemeKind::Http {
            scheme: name,
            bearer_format: text(scheme, "bearerFormat"),
        }),
        Some("oauth2") => Some(SecuritySchemeKind::OAuth2),
        Some("openIdConnect") => text(scheme, "openIdConnectUrl").map(|url| SecuritySchemeKind::OpenIdConnect { url }),
        Some("mutualTLS") => Some(SecuritySchemeKind::MutualTls),
        _ => None,
    };
    Some(SecurityScheme {
        kind: kind.unwrap_or(SecuritySchemeKind::Unknown),
        description: text(scheme, "description"),
    })
}
