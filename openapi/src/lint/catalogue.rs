//! The rules there are: names, severities and where they apply. What they find is in the modules of the rules.

use serde::Serialize;

use crate::diagnostics::Severity;
use crate::model::Format;

/// What a rule is about; the score is made of one part for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Area {
    /// The document can be read as what it claims to be.
    Structure,
    /// People find what they need: descriptions, tags, contact.
    Documentation,
    /// Schemas and their examples.
    Schemas,
    /// Who may call what, and over which connection.
    Security,
    /// Names, paths, parameters, paging and errors.
    Design,
}

impl Area {
    /// Every area, in the order of the score.
    pub const ALL: [Self; 5] = [
        Self::Structure,
        Self::Documentation,
        Self::Schemas,
        Self::Security,
        Self::Design,
    ];

    /// Its name in JSON and rulesets.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Structure => "structure",
            Self::Documentation => "documentation",
            Self::Schemas => "schemas",
            Self::Security => "security",
            Self::Design => "design",
        }
    }
}

/// Where a rule comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// Spectral has it by the same name, in its ruleset `spectral:oas`.
    Spectral,
    /// Our own.
    Turnpike,
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// Its name, in kebab case.
    pub name: &'static str,
    /// How much its findings matter, if the ruleset doesn't say otherwise.
    pub severity: Severity,
    /// Whether it is on without being asked for.
    pub is_recommended: bool,
    /// What it is about.
    pub area: Area,
    /// Where it comes from.
    pub origin: Origin,
    /// What it asks for, in one sentence.
    pub description: &'static str,
    #[serde(skip)]
    formats: u8,
}

const V2: u8 = 1;
const V3: u8 = 2 | 4 | 8;
const V31: u8 = 4 | 8;
const V32: u8 = 8;
const ALL: u8 = V2 | V3;

impl Rule {
    /// Whether it is meant for documents of this version.
    pub fn applies_to(&self, format: Format) -> bool {
        let bit = match format {
            Format::OpenApi20 => 1,
            Format::OpenApi30 => 2,
            Format::OpenApi31 => 4,
            Format::OpenApi32 => 8,
        };
        self.formats & bit != 0
    }

    const fn new(name: &'static str, severity: Severity, area: Area, formats: u8, description: &'static str) -> Self {
        Self {
            name,
            severity,
            is_recommended: true,
            area,
            origin: Origin::Spectral,
            description,
            formats,
        }
    }

    const fn optional(self) -> Self {
        Self {
            is_recommended: false,
            ..self
        }
    }

    const fn own(self) -> Self {
        Self {
            origin: Origin::Turnpike,
            ..self
        }
    }
}

/// Every rule: those of `spectral:oas`, those that Spectral's command adds, and our own.
pub fn rules() -> &'static [Rule] {
    &RULES
}

/// A rule by its name.
pub fn rule(name: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.name == name)
}

use Area::{Design, Documentation, Schemas, Security, Structure};
use Severity::{Error, Hint, Info, Warning as Warn};

static RULES: [Rule; 77] = [
    Rule::new("array-items", Error, Schemas, ALL, r#"Schemas with "type: array", require a sibling "items" field"#),
    Rule::new("no-$ref-siblings", Error, Structure, V2 | 2, "Property must not be placed among $ref"),
    Rule::new("oas2-discriminator", Error, Schemas, V2, "discriminator property must be defined and required"),
    Rule::new("oas2-schema", Error, Structure, V2, "Validate structure of OpenAPI v2 specification."),
    Rule::new("oas2-valid-media-example", Error, Schemas, V2, "Examples must be valid against their defined schema."),
    Rule::new("oas2-valid-schema-example", Error, Schemas, V2, "Examples must be valid against their defined schema."),
    Rule::new("oas3-schema", Error, Structure, V3, "Validate structure of OpenAPI v3 specification."),
    Rule::new("oas3-server-variables", Error, Structure, ALL, "Server variables must be defined and valid and there must be no unused variables."),
    Rule::new("oas3-valid-media-example", Error, Schemas, V3, "Examples must be valid against their defined schema."),
    Rule::new("oas3-valid-schema-example", Error, Schemas, V3, "Examples must be valid against their defined schema."),
    Rule::new("openapi-tags-uniqueness", Error, Documentation, ALL, "Each tag must have a unique name."),
    Rule::new("operation-operationId-unique", Error, Structure, ALL, r#"Every operation must have unique "operationId"."#),
    Rule::new("path-params", Error, Structure, ALL, "Path parameters must be defined and valid."),
    Rule::new("duplicated-entry-in-enum", Warn, Schemas, ALL, "Enum values must not have duplicate entry."),
    Rule::new("info-contact", Warn, Documentation, ALL, r#"Info object must have "contact" object."#),
    Rule::new("info-description", Warn, Documentation, ALL, r#"Info "description" must be present and non-empty string."#),
    Rule::new("no-eval-in-markdown", Warn, Security, ALL, r#"Markdown descriptions must not have "eval("."#),
    Rule::new("no-script-tags-in-markdown", Warn, Security, ALL, r#"Markdown descriptions must not have "<script>" tags."#),
    Rule::new("oas2-anyOf", Warn, Structure, V2, "anyOf is not available in OpenAPI v2, it was added in OpenAPI v3"),
    Rule::new("oas2-api-host", Warn, Documentation, V2, r#"OpenAPI "host" must be present and non-empty string."#),
    Rule::new("oas2-api-schemes", Warn, Documentation, V2, r#"OpenAPI host "schemes" must be present and non-empty array."#),
    Rule::new("oas2-host-trailing-slash", Warn, Design, V2, "Server URL must not have trailing slash."),
    Rule::new("oas2-oneOf", Warn, Structure, V2, "oneOf is not available in OpenAPI v2, it was added in OpenAPI v3"),
    Rule::new("oas2-operation-formData-consume-check", Warn, Design, V2, r#"Operations with "in: formData" parameter must include "application/x-www-form-urlencoded" or "multipart/form-data" in their "consumes" property."#),
    Rule::new("oas2-operation-security-defined", Warn, Security, V2, r#"Operation "security" values must match a scheme defined in the "securityDefinitions" object."#),
    Rule::new("oas2-unused-definition", Warn, Schemas, V2, "Potentially unused definition has been detected."),
    Rule::new("oas3-api-servers", Warn, Documentation, V3, r#"OpenAPI "servers" must be present and non-empty array."#),
    Rule::new("oas3-callbacks-in-callbacks", Warn, Design, V3, "Callbacks should not be defined within a callback"),
    Rule::new("oas3-examples-value-or-externalValue", Warn, Schemas, V3, r#"Examples must have either "value" or "externalValue" field."#),
    Rule::new("oas3-operation-security-defined", Warn, Security, V3, r#"Operation "security" values must match a scheme defined in the "components.securitySchemes" object."#),
    Rule::new("oas3-server-trailing-slash", Warn, Design, V3, "Server URL must not have trailing slash."),
    Rule::new("oas3-unused-component", Warn, Schemas, V3, "Potentially unused component has been detected."),
    Rule::new("oas3_1-callbacks-in-webhook", Warn, Design, V31, "Callbacks should not be defined in a webhook."),
    Rule::new("oas3_1-servers-in-webhook", Warn, Design, V31, "Servers should not be defined in a webhook."),
    Rule::new("oas3_2-no-deprecated-xml-attribute", Warn, Schemas, V32, r#""xml.attribute" is deprecated in OAS 3.2; use "xml.nodeType: attribute" instead."#),
    Rule::new("operation-description", Warn, Documentation, ALL, r#"Operation "description" must be present and non-empty string."#),
    Rule::new("operation-operationId", Warn, Documentation, ALL, r#"Operation must have "operationId"."#),
    Rule::new("operation-operationId-valid-in-url", Warn, Design, ALL, "operationId must not contain characters that are invalid when used in URL."),
    Rule::new("operation-parameters", Warn, Structure, ALL, "Operation parameters are unique and non-repeating."),
    Rule::new("operation-success-response", Warn, Design, ALL, r#"Operation must have at least one "2xx" or "3xx" response."#),
    Rule::new("operation-tag-defined", Warn, Documentation, ALL, "Operation tags must be defined in global tags."),
    Rule::new("operation-tags", Warn, Documentation, ALL, r#"Operation must have non-empty "tags" array."#),
    Rule::new("path-declarations-must-exist", Warn, Design, ALL, r#"Path parameter declarations must not be empty, ex."/given/{}" is invalid."#),
    Rule::new("path-keys-no-trailing-slash", Warn, Design, ALL, "Path must not end with slash."),
    Rule::new("path-not-include-query", Warn, Design, ALL, "Path must not include query string."),
    Rule::new("typed-enum", Warn, Schemas, ALL, "Enum values must respect the specified type."),
    Rule::new("contact-properties", Warn, Documentation, ALL, r#"Contact object must have "name", "url" and "email"."#).optional(),
    Rule::new("info-license", Warn, Documentation, ALL, r#"Info object must have "license" object."#).optional(),
    Rule::new("license-url", Warn, Documentation, ALL, r#"License object must include "url"."#).optional(),
    Rule::new("oas2-host-not-example", Warn, Documentation, V2, "Host URL must not point at example.com.").optional(),
    Rule::new("oas2-parameter-description", Warn, Documentation, V2, r#"Parameter objects must have "description"."#).optional(),
    Rule::new("oas3-parameter-description", Warn, Documentation, V3, r#"Parameter objects must have "description"."#).optional(),
    Rule::new("oas3-server-not-example.com", Warn, Documentation, V3, "Server URL must not point at example.com.").optional(),
    Rule::new("openapi-tags", Warn, Documentation, ALL, r#"OpenAPI object must have non-empty "tags" array."#).optional(),
    Rule::new("openapi-tags-alphabetical", Warn, Documentation, ALL, r#"OpenAPI object must have alphabetical "tags"."#).optional(),
    Rule::new("operation-singular-tag", Warn, Documentation, ALL, "Operation must not have more than a single tag.").optional(),
    Rule::new("tag-description", Warn, Documentation, ALL, r#"Tag object must have "description"."#).optional(),
    Rule::new("invalid-ref", Error, Structure, ALL, "References must have a target."),
    Rule::new("parser", Error, Structure, ALL, "The text must be JSON or YAML without duplicate keys."),
    Rule::new("unrecognized-format", Warn, Structure, ALL, "The document must say which version of OpenAPI it is written in."),
    Rule::new("ref-external", Warn, Structure, ALL, "References must stay within the document.").own(),
    Rule::new("ref-cycle", Error, Structure, ALL, "References must not lead back to themselves.").own(),
    Rule::new("recursive-schema-example", Error, Schemas, ALL, "Examples must be valid against their schema, also where that contains itself.").own(),
    Rule::new("write-operation-unprotected", Warn, Security, ALL, r#"Operations that change something must ask for credentials: give them, or the whole document, a "security" requirement."#).own(),
    Rule::new("api-key-in-query", Warn, Security, ALL, "API keys must not travel in the query, which is kept in logs and histories: take them in a header field.").own(),
    Rule::new("server-not-https", Warn, Security, ALL, "Servers must be reached over https.").own(),
    Rule::new("oauth2-outdated-flow", Warn, Security, ALL, "The implicit and the password flow of OAuth 2.0 are outdated: use authorizationCode with PKCE, or clientCredentials.").own(),
    Rule::new("basic-authentication", Hint, Security, ALL, "HTTP Basic sends the password with every request: tokens or keys can be taken back one by one.").own(),
    Rule::new("security-scheme-unused", Info, Security, ALL, "Security schemes must be used by an operation or the whole document.").own(),
    Rule::new("operation-error-response", Warn, Design, ALL, r#"Operations must say how they fail: at least one response of 4xx, 5xx or "default"."#).own(),
    Rule::new("error-not-problem-json", Info, Design, ALL, "Errors should be application/problem+json (RFC 9457), so that one piece of code reads them all.").own(),
    Rule::new("collection-without-paging", Info, Design, ALL, r#"Operations that answer with a list should limit it, by query parameters such as "limit" and "cursor"."#).own(),
    Rule::new("path-casing", Info, Design, ALL, "Path segments should be written in one way.").own(),
    Rule::new("operation-id-casing", Info, Design, ALL, "Operation ids should be written in one way.").own(),
    Rule::new("schema-casing", Info, Design, ALL, "Names of schemas should be written in one way.").own(),
    Rule::new("property-casing", Info, Design, ALL, "Properties should be written in one way.").own(),
    Rule::new(
        "guessed-value",
        Warn,
        Structure,
        ALL,
        "Values must be written so that every reader takes them for the same: texts in quotes, whole characters, no tags.",
    )
    .own(),
];
