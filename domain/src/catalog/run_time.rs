//! What gateways add to a version's document: where it is called, who may call, which answers come in the place of the API.

use std::collections::BTreeMap;

use openapi::overlay::{
    AddedHeader, AddedProblem, AddedSecurity, AddedServer, Additions, OperationAdditions, SecurityRequirement,
};
use serde_json::{Map, Value, json};

use super::{Version, VersionState};
use crate::{
    plan::Plan,
    policy::{
        PolicySet,
        access::{AccessPolicy, CredentialKind},
        scopes::{ScopeMatch, Scopes},
    },
};

/// The policies of a version that are in force.
#[derive(Clone, Debug, Default)]
pub struct InForce {
    /// Those of the version as a whole.
    pub version: PolicySet,
    /// Those of operations that say something themselves, by `GET /pets/{id}`.
    pub operations: BTreeMap<String, PolicySet>,
}

impl InForce {
    /// Which credentials let calls of a version in. Everything that is told of it goes by this: the document, pages, samples.
    pub fn accepted(&self, version: &Version) -> AccessPolicy {
        accepted(version, &self.version)
    }

    /// The same for calls of one operation, by its method and the template of its path.
    pub fn accepted_by(&self, version: &Version, method: &str, path: &str) -> AccessPolicy {
        let own = self.operations.get(&format!("{method} {path}"));
        accepted(version, own.unwrap_or(&self.version))
    }
}

/// What these policies accept: a credential that can't have the scopes that are asked for lets nobody in.
fn accepted(version: &Version, policies: &PolicySet) -> AccessPolicy {
    let of_version = || AccessPolicy::from(version.access);
    let mut access = policies.access().cloned().unwrap_or_else(of_version);
    if let Some(scopes) = policies.scopes() {
        access.anonymous = false;
        // Where none can have them all stay: they are looked at, and found wanting.
        if access.accept.iter().copied().any(carries_scopes) {
            access.accept.retain(|kind| scopes.keys || carries_scopes(*kind));
        }
    }
    access
}

const fn carries_scopes(kind: CredentialKind) -> bool {
    matches!(
        kind,
        CredentialKind::Jwt | CredentialKind::Oauth2 | CredentialKind::ClientCredentials
    )
}

/// What holds for calls of a version.
#[derive(Clone, Debug)]
pub struct RunTime<'v> {
    /// The version.
    pub version: &'v Version,
    /// Policies that are in force.
    pub in_force: &'v InForce,
    /// Plans that cover the api.
    pub plans: &'v [Plan],
    /// Where the version answers, without a slash at the end.
    pub base_url: &'v str,
    /// Where the gateway answers, without a slash at the end.
    pub gateway_url: &'v str,
}

impl RunTime<'_> {
    /// The additions, for an overlay.
    pub fn additions(&self) -> Additions {
        let access = self.in_force.accepted(self.version);
        let scopes = self.in_force.version.scopes();
        Additions {
            title: "What the gateway adds".to_owned(),
            version: self.version.name.to_string(),
            servers: vec![AddedServer {
                url: self.base_url.to_owned(),
                description: None,
            }],
            security: Some(AddedSecurity {
                schemes: self.schemes(&access),
                requirements: requirements(&access, scopes, &access),
            }),
            headers: self.headers(),
            problems: self.problems(&access),
            problem_schema: Some(problem_schema()),
            is_deprecated: matches!(self.version.state, VersionState::Deprecated | VersionState::Retired),
            notice: self.notice(),
            extensions: Map::new(),
            operations: self.operations(&access),
        }
    }

    /// What operations say that say something themselves.
    fn narrower(&self) -> impl Iterator<Item = &PolicySet> {
        self.in_force.operations.values()
    }

    /// Schemes of the version and of its operations.
    fn schemes(&self, of_version: &AccessPolicy) -> Map<String, Value> {
        let mut schemes = Map::new();
        let narrower = self.narrower().map(|policies| accepted(self.version, policies));
        for access in std::iter::once(of_version.clone()).chain(narrower) {
            for kind in &access.accept {
                for scheme in Scheme::of(*kind, &access) {
                    let name = scheme.name(of_version);
                    schemes.entry(name).or_insert_with(|| self.scheme(scheme));
                }
            }
        }
        schemes
    }

    fn scheme(&self, scheme: Scheme<'_>) -> Value {
        match scheme {
            Scheme::KeyBearer => json!({"type": "http", "scheme": "bearer", "description": "A key of an application."}),
            Scheme::KeyHeader(name) => json!({"type": "apiKey", "in": "header", "name": name}),
            Scheme::KeyQuery(name) => json!({"type": "apiKey", "in": "query", "name": name}),
            Scheme::Basic => json!({"type": "http", "scheme": "basic", "description": "A key as the password."}),
            Scheme::Jwt => json!({"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}),
            Scheme::Token => json!({"type": "http", "scheme": "bearer", "description": "An OAuth 2.0 access token."}),
            Scheme::Client => json!({"type": "oauth2", "flows": {"clientCredentials": {
                "tokenUrl": format!("{}/oauth2/token", self.gateway_url),
                "scopes": self.scopes(),
            }}}),
            Scheme::Certificate => json!({"type": "mutualTLS"}),
        }
    }

    /// Every scope that is asked for somewhere.
    fn scopes(&self) -> Map<String, Value> {
        let all = std::iter::once(&self.in_force.version).chain(self.narrower());
        let required = all.filter_map(PolicySet::scopes).flat_map(|scopes| &scopes.required);
        required.map(|scope| (scope.clone(), "".into())).collect()
    }

    /// What operations say of access that differs from the version.
    fn operations(&self, access: &AccessPolicy) -> Vec<OperationAdditions> {
        let of_version = requirements(access, self.in_force.version.scopes(), access);
        let operations = self.in_force.operations.iter().filter_map(|(key, policies)| {
            let own = requirements(&accepted(self.version, policies), policies.scopes(), access);
            let (method, path) = key.split_once(' ')?;
            (own != of_version).then(|| OperationAdditions {
                method: method.to_owned(),
                path: path.to_owned(),
                requirements: Some(own),
                extensions: Map::new(),
            })
        });
        operations.collect()
    }

    fn has_limits(&self) -> bool {
        let is_limited = |plan: &Plan| !plan.rate_limits.is_empty() || plan.quota.is_some();
        self.plans.iter().any(is_limited)
    }

    fn headers(&self) -> Vec<AddedHeader> {
        let header = |name: &str, description: &str, statuses: &[&str]| AddedHeader {
            name: name.to_owned(),
            description: description.to_owned(),
            schema: json!({"type": "string"}),
            statuses: statuses.iter().map(|status| (*status).to_owned()).collect(),
        };
        let mut headers = Vec::new();
        if self.has_limits() {
            headers.push(header("RateLimit", "What is left of the limits of the plan.", &[]));
            headers.push(header("RateLimit-Policy", "The limits of the plan.", &[]));
        }
        if let Some(end) = &self.version.deprecation {
            headers.push(header(
                "Deprecation",
                "Since when the version is deprecated (RFC 9745).",
                &[],
            ));
            if end.sunset.is_some() {
                headers.push(header("Sunset", "When the version ends (RFC 8594).", &[]));
            }
        }
        let mut retry = header("Retry-After", "Seconds until a call can succeed.", &["429", "503"]);
        retry.schema = json!({"type": "integer", "minimum": 0});
        headers.push(retry);
        headers
    }

    fn problems(&self, access: &AccessPolicy) -> Vec<AddedProblem> {
        let mut problems = Vec::new();
        let mut add = |status: &str, name: &str, description: &str| {
            problems.push(AddedProblem {
                status: status.to_owned(),
                name: name.to_owned(),
                description: description.to_owned(),
            });
        };
        let mut all = self.narrower().map(|policies| accepted(self.version, policies));
        if !access.accept.is_empty() || all.any(|access| !access.accept.is_empty()) {
            add(
                "401",
                "GatewayUnauthorized",
                "No credential, or one that is not accepted.",
            );
            add(
                "403",
                "GatewayForbidden",
                "The credential is known, but may not make this call.",
            );
        }
        let limits = [&self.in_force.version].into_iter().chain(self.narrower());
        let is_limited = |policies: &PolicySet| policies.rate_limits().is_some() || policies.concurrency().is_some();
        if self.has_limits() || limits.into_iter().any(is_limited) {
            add("429", "GatewayTooManyRequests", "A limit is used up.");
        }
        if self.in_force.version.mock().is_none() {
            add(
                "502",
                "GatewayBadGateway",
                "The API's server can't be reached, or broke off.",
            );
            add("503", "GatewayUnavailable", "The API's server can't be asked now.");
            add("504", "GatewayTimeout", "The API's server did not answer in time.");
        }
        problems
    }

    /// What the plans allow, as Markdown.
    fn notice(&self) -> Option<String> {
        use std::fmt::Write as _;
        if self.plans.is_empty() {
            return None;
        }
        let mut text = "## Plans\n\n".to_owned();
        for plan in self.plans {
            let quota = plan.quota.map(|quota| quota.in_words());
            let limits = plan.rate_limits.iter().map(crate::plan::RateLimit::in_words);
            let limits: Vec<String> = quota.into_iter().chain(limits).collect();
            let limits = if limits.is_empty() {
                "no limits".to_owned()
            } else {
                limits.join("; ")
            };
            let _ = writeln!(text, "- {}: {limits}", plain(&plan.name));
        }
        Some(text)
    }
}

/// A way to carry a credential, as a security scheme.
#[derive(Clone, Copy, Debug)]
enum Scheme<'a> {
    KeyBearer,
    KeyHeader(&'a str),
    KeyQuery(&'a str),
    Basic,
    Jwt,
    Token,
    Client,
    Certificate,
}

impl<'a> Scheme<'a> {
    /// The schemes of a kind of credential.
    fn of(kind: CredentialKind, access: &'a AccessPolicy) -> Vec<Self> {
        match kind {
            CredentialKind::Key => {
                let query = access.key_query.as_deref().map(Self::KeyQuery);
                let always = [Self::KeyBearer, Self::KeyHeader(&access.key_header)];
                always.into_iter().chain(query).collect()
            }
            CredentialKind::Basic => vec![Self::Basic],
            CredentialKind::Jwt => vec![Self::Jwt],
            CredentialKind::Oauth2 => vec![Self::Token],
            CredentialKind::ClientCredentials => vec![Self::Client],
            CredentialKind::Mtls => vec![Self::Certificate],
        }
    }

    /// Its name in the document. Where an operation takes keys from another place than the version, the place is in it.
    fn name(self, of_version: &AccessPolicy) -> String {
        let is_usual = match self {
            Self::KeyHeader(name) => name.eq_ignore_ascii_case(&of_version.key_header),
            Self::KeyQuery(name) => of_version.key_query.as_deref() == Some(name),
            _ => true,
        };
        match self {
            Self::KeyHeader(name) if !is_usual => format!("keyInHeader.{}", component(&name.to_ascii_lowercase())),
            Self::KeyQuery(name) if !is_usual => format!("keyInQuery.{}", component(name)),
            Self::KeyBearer => "key".to_owned(),
            Self::KeyHeader(_) => "keyInHeader".to_owned(),
            Self::KeyQuery(_) => "keyInQuery".to_owned(),
            Self::Basic => "keyAsPassword".to_owned(),
            Self::Jwt => "jwt".to_owned(),
            Self::Token => "token".to_owned(),
            Self::Client => "clientCredentials".to_owned(),
            Self::Certificate => "clientCertificate".to_owned(),
        }
    }
}

/// A name with only what the name of a component may have (OpenAPI 3.1 section 4.8.7); different names stay different.
fn component(name: &str) -> String {
    use std::fmt::Write as _;
    let mut plain = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') {
            plain.push(char::from(byte));
        } else {
            let _ = write!(plain, ".{byte:02x}");
        }
    }
    plain
}

/// Ways to be let in, one of which is enough.
fn requirements(access: &AccessPolicy, scopes: Option<&Scopes>, of_version: &AccessPolicy) -> Vec<SecurityRequirement> {
    let mut ways = Vec::new();
    for kind in &access.accept {
        let alternatives = match scopes {
            Some(scopes) if carries_scopes(*kind) => match scopes.matching {
                ScopeMatch::All => vec![scopes.required.clone()],
                ScopeMatch::Any => scopes.required.iter().map(|scope| vec![scope.clone()]).collect(),
            },
            _ => vec![Vec::new()],
        };
        for scheme in Scheme::of(*kind, access) {
            for needed in &alternatives {
                ways.push(SecurityRequirement::from([(scheme.name(of_version), needed.clone())]));
            }
        }
    }
    if access.anonymous {
        ways.push(SecurityRequirement::new());
    }
    ways
}

/// Problem details (RFC 9457) as the gateway writes them.
fn problem_schema() -> Value {
    json!({
        "type": "object",
        "description": "Problem details (RFC 9457).",
        "properties": {
            "type": {"type": "string", "format": "uri-reference"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "instance": {"type": "string", "format": "uri-reference"},
            "request_id": {"type": "string"},
        },
    })
}

/// A name with nothing in it that Markdown reads.
fn plain(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for character in name.chars() {
        if character.is_ascii_punctuation() {
            text.push('\\');
        }
        text.push(character);
    }
    text
}

#[cfg(feature = "store")]
mod reads {
    use std::sync::Arc;

    use openapi::{
        Document, Limits, Rejected,
        overlay::{Additions, Overlay},
    };

    use super::RunTime;
    use crate::{
        catalog::{
            query::{CatalogReads, Reference},
            sha256,
        },
        error::Result,
    };

    /// A document as it holds at the gateway.
    #[derive(Clone, Debug)]
    pub struct Enriched {
        /// What is added, as an OpenAPI Overlay in JSON.
        pub overlay: String,
        /// The document with it, in the shape of OpenAPI 3.1, in JSON.
        pub document: String,
        /// SHA-256 of the overlay, in hexadecimal.
        pub overlay_sha256: String,
        /// SHA-256 of the document.
        pub document_sha256: String,
    }

    impl Enriched {
        /// Of a document.
        ///
        /// # Errors
        /// [`Rejected`] where the additions make it too large.
        pub(in crate::catalog) fn of(document: &Document, additions: &Additions) -> Result<Self, Rejected> {
            let (overlay, applied) = Overlay::of_additions(document, additions, &Limits::default())?;
            let overlay = overlay.to_json();
            Ok(Self {
                overlay_sha256: sha256(overlay.as_bytes()),
                document_sha256: sha256(applied.text.as_bytes()),
                overlay,
                document: applied.text,
            })
        }

        /// Memory that it takes, in bytes.
        pub(in crate::catalog) const fn weight(&self) -> usize {
            self.overlay.capacity() + self.document.capacity()
        }
    }

    impl CatalogReads {
        /// The document of a version with what gateways add to it. `base_url` is where the version answers.
        ///
        /// # Errors
        /// `Conflict` where the additions make the document too large.
        pub async fn enriched(
            &self,
            reference: &Reference,
            base_url: &str,
            gateway_url: &str,
        ) -> Result<Arc<Enriched>> {
            let detail = &reference.detail;
            let version = &reference.version;
            let run_time = RunTime {
                version,
                in_force: &reference.in_force,
                plans: &detail.plans,
                base_url,
                gateway_url,
            };
            let additions = run_time.additions();
            let revision = reference.revision.id;
            self.documents.enriched(revision, &reference.document, additions).await
        }
    }
}

#[cfg(feature = "store")]
pub use reads::Enriched;

#[cfg(test)]
mod tests;
