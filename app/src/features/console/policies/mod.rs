//! Policies of an organization, an api, a version or one of its operations: what is in force, where it comes from, and
//! an editor for each.

mod edit;
mod list;
pub(super) mod yaml;

use axum::{Router, extract::DefaultBodyLimit, routing::get};
use domain::{
    catalog::{Api, query::VersionDetail},
    gateway_config::OperationRecord,
    organization::Organization,
    policy::{OperationKey, PolicyLevel, PolicyScope},
};
use serde::Deserialize;

use crate::{
    cx::{AppState, Cx},
    error::PageError,
    form, href,
    page::ConsoleSection,
    ui::Place,
};

pub(super) fn router() -> Router<AppState> {
    let size = || DefaultBodyLimit::max(form::MAX_BYTES_WITH_GUIDE);
    Router::new()
        .route("/console/{org}/policies", get(list::show))
        .route(
            "/console/{org}/policies/{policy}",
            get(edit::show).post(edit::save).layer(size()),
        )
        .route("/console/{org}/apis/{api}/policies", get(list::show))
        .route(
            "/console/{org}/apis/{api}/policies/{policy}",
            get(edit::show).post(edit::save).layer(size()),
        )
        .route("/console/{org}/apis/{api}/versions/{version}/policies", get(list::show))
        .route(
            "/console/{org}/apis/{api}/versions/{version}/policies/{policy}",
            get(edit::show).post(edit::save).layer(size()),
        )
}

/// The parameters of all routes.
#[derive(Deserialize)]
struct Names {
    org: String,
    api: Option<String>,
    version: Option<String>,
    policy: Option<String>,
}

/// One operation of a version, by its name in URLs.
#[derive(Deserialize)]
struct OfOperation {
    #[serde(default)]
    operation: String,
}

/// What a page is about.
struct Subject {
    organization: Organization,
    api: Option<Api>,
    version: Option<Box<VersionDetail>>,
    operation: Option<OperationRecord>,
    scope: PolicyScope,
}

impl Subject {
    /// Finds it for somebody who may read it.
    async fn load(cx: &Cx, names: &Names, operation: &str) -> Result<Self, PageError> {
        let services = cx.services();
        let Some(api) = &names.api else {
            let organization = services.organizations.for_console(cx.actor(), &names.org).await?;
            return Ok(Self {
                scope: PolicyScope::Organization(organization.id),
                organization,
                api: None,
                version: None,
                operation: None,
            });
        };
        let reads = &services.catalog_reads;
        let Some(version) = &names.version else {
            let detail = reads.console_api(cx.actor(), &names.org, api).await?;
            return Ok(Self {
                scope: PolicyScope::Api(detail.api.id),
                organization: detail.organization,
                api: Some(detail.api),
                version: None,
                operation: None,
            });
        };
        let detail = reads.console_version(cx.actor(), &names.org, api, version).await?;
        let mut subject = Self {
            scope: PolicyScope::Version(detail.version.id),
            organization: detail.organization.clone(),
            api: Some(detail.api.clone()),
            operation: None,
            version: None,
        };
        if !operation.is_empty() {
            let found = detail.operations.iter().find(|known| known.slug == operation);
            let found = found.ok_or_else(|| PageError::not_found("operation"))?.clone();
            subject.scope = PolicyScope::Operation(detail.version.id, OperationKey::of(&found));
            subject.operation = Some(found);
        }
        subject.version = Some(Box::new(detail));
        Ok(subject)
    }

    /// The list, or the editor of one policy.
    fn href(&self, policy: Option<&str>) -> String {
        let base = match (&self.api, &self.version) {
            (Some(api), Some(detail)) => {
                href::version_action(&self.organization.slug, &api.slug, &detail.version.name, "policies")
            }
            (Some(api), None) => href::api_policies(&self.organization.slug, &api.slug),
            (None, _) => href::organization_policies(&self.organization.slug),
        };
        let path = policy.map_or_else(|| base.clone(), |policy| format!("{base}/{policy}"));
        let operation = self.operation.as_ref().map_or("", |operation| operation.slug.as_str());
        href::with_query(&path, &[("operation", operation)])
    }

    /// What stands above the list.
    fn above(&self) -> Vec<Place> {
        let org = &self.organization.slug;
        let mut places = Vec::new();
        if let Some(api) = &self.api {
            places.push(Place::new("APIs", href::console_apis(org)));
            places.push(Place::new(api.name.clone(), href::console_api(org, &api.slug)));
            if let Some(detail) = &self.version {
                let name = &detail.version.name;
                places.push(Place::new(
                    name.to_string(),
                    href::console_version(org, &api.slug, name),
                ));
            }
        }
        places
    }

    /// What it is called.
    fn label(&self) -> String {
        match (&self.operation, &self.version, &self.api) {
            (Some(operation), ..) => format!("{} {}", operation.method, operation.path),
            (None, Some(detail), _) => format!("{} {}", detail.api.name, detail.version.name),
            (None, None, Some(api)) => api.name.clone(),
            (None, None, None) => self.organization.name.clone(),
        }
    }

    const fn section(&self) -> ConsoleSection {
        if self.api.is_some() {
            ConsoleSection::Apis
        } else {
            ConsoleSection::Policies
        }
    }
}

/// A level in words.
const fn level_in_words(level: PolicyLevel) -> &'static str {
    match level {
        PolicyLevel::Organization => "organization",
        PolicyLevel::Api => "API",
        PolicyLevel::Version => "version",
        PolicyLevel::Operation => "operation",
    }
}
