//! What every page of a version's reference needs.

use std::sync::Arc;

use domain::{
    catalog::{Visibility, query::Reference},
    clock::Timestamp,
};
use leptos::prelude::*;
use openapi::Document;

use crate::{
    cx::{Cx, Settings},
    document::base_url,
    error::PageError,
    href,
    ui::{Crumbs, Place, Segmented, Tab, text::short_text},
};

/// A version that is read, with its document.
pub(super) struct Reading {
    pub(super) reference: Reference,
    pub(super) settings: Arc<Settings>,
    pub(super) now: Timestamp,
}

impl Reading {
    pub(super) async fn load(cx: &Cx, organization: &str, api: &str, version: &str) -> Result<Self, PageError> {
        let reference = cx
            .services()
            .catalog_reads
            .reference(cx.actor(), organization, api, version)
            .await?;
        Ok(Self {
            reference,
            settings: Arc::clone(&cx.app.settings),
            now: cx.now(),
        })
    }

    pub(super) fn document(&self) -> &Document {
        &self.reference.document
    }

    /// Slugs of organization, api and version.
    pub(super) fn place(&self) -> [String; 3] {
        let detail = &self.reference.detail;
        [
            detail.organization.slug.to_string(),
            detail.api.slug.to_string(),
            self.reference.version.name.to_string(),
        ]
    }

    /// The version's own page.
    pub(super) fn href(&self) -> String {
        let [organization, api, version] = self.place();
        href::reference(organization, api, version)
    }

    pub(super) fn operation_href(&self, slug: &str) -> String {
        let [organization, api, version] = self.place();
        href::operation(organization, api, version, slug)
    }

    /// Where the version answers at the gateway.
    pub(super) fn base_url(&self) -> String {
        let [organization, api, _] = self.place();
        base_url(&self.settings.gateway_url, &organization, &api, &self.reference.version)
    }

    /// `Petstore v1`.
    pub(super) fn name(&self) -> String {
        format!(
            "{} {}",
            short_text(&self.reference.detail.api.name, 100),
            self.reference.version.name
        )
    }

    /// Whether search engines may know of it: not of drafts and private apis.
    pub(super) fn is_listed(&self) -> bool {
        let is_public = self.reference.detail.api.visibility == Visibility::Public;
        is_public && self.reference.version.state.is_listed()
    }

    /// The way here from the catalog; `below` are the pages between the version and this one.
    pub(super) fn crumbs(&self, current: &str, is_version_page: bool) -> impl IntoView + use<> {
        let detail = &self.reference.detail;
        let (organization, api) = (&detail.organization, &detail.api);
        let mut above = vec![
            Place::new("Catalog", href::catalog()),
            Place::new(short_text(&organization.name, 60), href::provider(&organization.slug)),
            Place::new(short_text(&api.name, 60), href::api(&organization.slug, &api.slug)),
        ];
        if !is_version_page {
            above.push(Place::new(self.reference.version.name.to_string(), self.href()));
        }
        view! { <Crumbs above=above current=short_text(current, 100) /> }
    }

    /// The same page in the api's other versions; nothing where there is only one.
    pub(super) fn version_switch(&self, href_in: impl Fn(&str) -> String) -> Option<AnyView> {
        const SHOWN: usize = 6;
        let versions = &self.reference.detail.versions;
        let own = &self.reference.version;
        let choices: Vec<Tab> = versions
            .iter()
            .filter(|version| version.revision_id.is_some())
            .take(SHOWN)
            .map(|version| {
                Tab::new(
                    version.name.to_string(),
                    href_in(version.name.as_str()),
                    version.id == own.id,
                )
            })
            .collect();
        (choices.len() > 1).then(|| view! { <Segmented label="Version" choices=choices /> }.into_any())
    }
}
