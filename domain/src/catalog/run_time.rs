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

/// What holds for calls of a version.
#[derive(Clone, Debug)]
pub struct RunTime<'v> {
    /// The version.
    pub version: &'v Version,
    /// Policies that are in force.
    pub policies: PolicySet,
    /// Those of operations that say something themselves, by `GET /pets/{id}`.
    pub narrower: BTreeMap<String, PolicySet>,
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
        let access = self.access(&self.policies);
        let scopes = self.policies.scopes();
        Additions {
            title: "What the gateway adds".to_owned(),
            version: self.version.name.to_string(),
            servers: vec![AddedServer {
                url: self.base_url.to_owned(),
                description: None,
            }],
            security: Some(AddedSecurity {
                schemes: self.schemes(&access),
                requirements: requirements(&access, scopes),
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

    fn access(&self, policies: &PolicySet) -> AccessPolicy {
        policies
            .access()
            .cloned()
            .unwrap_or_else(|| AccessPolicy::from(self.version.access))
    }

    /// Schemes of the version and of its operations.
    fn schemes(&self, access: &AccessPolicy) -> Map<String, Value> {
        let mut schemes = Map::new();
        let narrower = self.narrower.values().map(|policies| self.access(policies));
        for access in std::iter::once(access.clone()).chain(narrower) {
            for kind in &access.accept {
                for name in names(*kind, &access) {
                    let scheme = self.scheme(name, &access);
                    schemes.entry(name).or_insert(scheme);
                }
            }
        }
        schemes
    }

    fn scheme(&self, name: &str, access: &AccessPolicy) -> Value {
        match name {
            KEY_BEARER => json!({"type": "http", "scheme": "bearer", "description": "A key of an application."}),
            KEY_HEADER => json!({"type": "apiKey", "in": "header", "name": access.key_header}),
            KEY_QUERY => json!({"type": "apiKey", "in": "query", "name": access.key_query}),
            BASIC => json!({"type": "http", "scheme": "basic", "description": "A key as the password."}),
            JWT => json!({"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}),
            TOKEN => json!({"type": "http", "scheme": "bearer", "description": "An OAuth 2.0 access token."}),
            CLIENT => json!({"type": "oauth2", "flows": {"clientCredentials": {
                "tokenUrl": format!("{}/oauth2/token", self.gateway_url),
                "scopes": self.scopes(),
            }}}),
            _ => json!({"type": "mutualTLS"}),
        }
    }

    /// Every scope that is asked for somewhere.
    fn scopes(&self) -> Map<String, Value> {
        let all = std::iter::once(&self.policies).chain(self.narrower.values());
        let required = all.filter_map(PolicySet::scopes).flat_map(|scopes| &scopes.required);
        required.map(|scope| (scope.clone(), "".into())).collect()
    }

    /// What operations say of access that differs from the version.
    fn operations(&self, access: &AccessPolicy) -> Vec<OperationAdditions> {
        let of_version = requirements(access, self.policies.scopes());
        let operations = self.narrower.iter().filter_map(|(key, policies)| {
            let own = requirements(&self.access(policies), policies.scopes());
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
        if !access.accept.is_empty() {
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
        let limits = [&self.policies].into_iter().chain(self.narrower.values());
        let is_limited = |policies: &PolicySet| policies.rate_limits().is_some() || policies.concurrency().is_some();
        if self.has_limits() || limits.into_iter().any(is_limited) {
            add("429", "GatewayTooManyRequests", "A limit is used up.");
        }
        if self.policies.mock().is_none() {
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

const KEY_BEARER: &str = "key";
const KEY_HEADER: &str = "keyInHeader";
const KEY_QUERY: &str = "keyInQuery";
const BASIC: &str = "keyAsPassword";
const JWT: &str = "jwt";
const TOKEN: &str = "token";
const CLIENT: &str = "clientCredentials";
const CERTIFICATE: &str = "clientCertificate";

/// The schemes of a kind of credential.
fn names(kind: CredentialKind, access: &AccessPolicy) -> Vec<&'static str> {
    match kind {
        CredentialKind::Key => {
            let mut names = vec![KEY_BEARER, KEY_HEADER];
            if access.key_query.is_some() {
                names.push(KEY_QUERY);
            }
            names
        }
        CredentialKind::Basic => vec![BASIC],
        CredentialKind::Jwt => vec![JWT],
        CredentialKind::Oauth2 => vec![TOKEN],
        CredentialKind::ClientCredentials => vec![CLIENT],
        CredentialKind::Mtls => vec![CERTIFICATE],
    }
}

/// Ways to be let in, one of which is enough.
fn requirements(access: &AccessPolicy, scopes: Option<&Scopes>) -> Vec<SecurityRequirement> {
    let mut ways = Vec::new();
    for kind in &access.accept {
        let carries_scopes = matches!(
            kind,
            CredentialKind::Jwt | CredentialKind::Oauth2 | CredentialKind::ClientCredentials
        );
        let alternatives = match scopes {
            Some(scopes) if carries_scopes => match scopes.matching {
                ScopeMatch::All => vec![scopes.required.clone()],
                ScopeMatch::Any => scopes.required.iter().map(|scope| vec![scope.clone()]).collect(),
            },
            Some(scopes) if !scopes.keys => Vec::new(),
            _ => vec![Vec::new()],
        };
        for name in names(*kind, access) {
            for needed in &alternatives {
                ways.push(SecurityRequirement::from([(name.to_owned(), needed.clone())]));
            }
        }
    }
    if access.anonymous && scopes.is_none() {
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
        catalog::query::{CatalogReads, Reference},
        error::Result,
        policy,
    };

    /// A document as it holds at the gateway.
    #[derive(Clone, Debug)]
    pub struct Enriched {
        /// What is added, as an OpenAPI Overlay in JSON.
        pub overlay: String,
        /// The document with it, in the shape of OpenAPI 3.1, in JSON.
        pub document: String,
    }

    impl Enriched {
        /// Of a document.
        ///
        /// # Errors
        /// [`Rejected`] where the additions make it too large.
        pub(in crate::catalog) fn of(document: &Document, additions: &Additions) -> Result<Self, Rejected> {
            let (overlay, applied) = Overlay::of_additions(document, additions, &Limits::default())?;
            Ok(Self {
                overlay: overlay.to_json(),
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
            let (policies, narrower) = policy::load::in_force_by_operation(
                self.cx.db.read(),
                detail.organization.id,
                detail.api.id,
                version.id,
            )
            .await?;
            let run_time = RunTime {
                version,
                policies,
                narrower,
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
