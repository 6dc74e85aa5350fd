//! `signatures`: patterns of known attacks.

use serde::{Deserialize, Serialize};

use super::{Policy, problems::Problems, units::ByteSize};
use crate::error::FieldError;

/// Looks for patterns of injection in requests. A net under the upstream's own care, not in place of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signatures {
    /// What happens to a request that matches; by default it is only reported.
    #[serde(default)]
    pub mode: SignatureMode,
    /// Which patterns; by default all.
    #[serde(default = "all_groups")]
    pub groups: Vec<SignatureGroup>,
    /// Where they are looked for; by default everywhere.
    #[serde(default = "all_parts")]
    pub inspect: Vec<RequestPart>,
    /// How much of a body is looked at: 1 KiB to 1 MiB; by default 64 KiB.
    #[serde(default = "default_body_bytes")]
    pub body_bytes: ByteSize,
}

/// What happens to a request that matches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignatureMode {
    /// It passes and is noted in the access log and the metrics.
    #[default]
    Report,
    /// It is answered with 403.
    Block,
}

/// A group of patterns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignatureGroup {
    /// SQL that ends a text and goes on (CWE-89).
    SqlInjection,
    /// Scripts in HTML (CWE-79).
    CrossSiteScripting,
    /// Ways out of a folder: `../` in all its spellings (CWE-22).
    PathTraversal,
    /// Commands of a shell (CWE-78).
    CommandInjection,
    /// Lookups by name in Java's logging, `${jndi:…}` (CWE-917).
    JndiLookup,
    /// Filters of LDAP that end and go on (CWE-90).
    LdapInjection,
    /// Operators of document databases (CWE-943).
    NosqlInjection,
    /// Addresses inside: metadata services of clouds, schemes that reach files (CWE-918).
    RequestForgery,
    /// Lines that would become headers (CWE-113).
    HeaderInjection,
    /// Encodings that hide one of the others, and characters that are written longer than they may be.
    HiddenEncoding,
}

impl SignatureGroup {
    /// Every group.
    pub const ALL: [Self; 10] = [
        Self::SqlInjection,
        Self::CrossSiteScripting,
        Self::PathTraversal,
        Self::CommandInjection,
        Self::JndiLookup,
        Self::LdapInjection,
        Self::NosqlInjection,
        Self::RequestForgery,
        Self::HeaderInjection,
        Self::HiddenEncoding,
    ];

    /// The word in the manifest, the access log and the metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SqlInjection => "sql_injection",
            Self::CrossSiteScripting => "cross_site_scripting",
            Self::PathTraversal => "path_traversal",
            Self::CommandInjection => "command_injection",
            Self::JndiLookup => "jndi_lookup",
            Self::LdapInjection => "ldap_injection",
            Self::NosqlInjection => "nosql_injection",
            Self::RequestForgery => "request_forgery",
            Self::HeaderInjection => "header_injection",
            Self::HiddenEncoding => "hidden_encoding",
        }
    }
}

/// A part of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestPart {
    /// The path, decoded.
    Path,
    /// Names and values of the query, decoded.
    Query,
    /// Values of headers.
    Headers,
    /// Texts of JSON, XML, form and plain-text bodies.
    Body,
}

impl RequestPart {
    /// Every part.
    pub const ALL: [Self; 4] = [Self::Path, Self::Query, Self::Headers, Self::Body];
}

fn all_groups() -> Vec<SignatureGroup> {
    SignatureGroup::ALL.into()
}

fn all_parts() -> Vec<RequestPart> {
    RequestPart::ALL.into()
}

fn default_body_bytes() -> ByteSize {
    ByteSize::kib(64)
}

impl Policy for Signatures {
    const SUMMARY: &'static str = "Reports or blocks requests that look like an injection.";
    const EXAMPLE: &'static str = "\
mode: block
groups: [sql_injection, path_traversal, command_injection, jndi_lookup]
inspect: [path, query, body]
body_bytes: 64KiB
";

    fn validate(&self) -> Vec<FieldError> {
        let mut problems = Problems::default();
        problems.entries("groups", self.groups.len(), 1..=SignatureGroup::ALL.len());
        problems.once("groups", &self.groups);
        problems.entries("inspect", self.inspect.len(), 1..=RequestPart::ALL.len());
        problems.once("inspect", &self.inspect);
        problems.size("body_bytes", self.body_bytes, ByteSize::kib(1)..=ByteSize::mib(1));
        problems.found()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_reported_by_default() {
        let policy: Signatures = serde_json::from_str("{}").unwrap();
        assert_eq!(policy.mode, SignatureMode::Report);
        assert_eq!((policy.groups.len(), policy.inspect.len()), (10, 4));
        for group in SignatureGroup::ALL {
            assert_eq!(serde_json::to_value(group).unwrap(), group.as_str());
        }
        assert!(policy.validate().is_empty());
    }

    #[test]
    fn groups_are_named_once() {
        let policy: Signatures = serde_json::from_value(serde_json::json!({
            "groups": ["jndi_lookup", "jndi_lookup"], "inspect": [], "body_bytes": 1,
        }))
        .unwrap();
        let fields: Vec<_> = policy.validate().into_iter().map(|error| error.field).collect();
        assert_eq!(fields, ["groups[1]", "inspect", "body_bytes"]);
    }
}
