//! What everybody may see of the catalog, as a whole: for lists that machines read.

use std::collections::HashMap;

use super::{Version, browse, load, query::CatalogReads};
use crate::{actor::Actor, error::Result, id::ApiId};

/// An api that everybody may see, with its listed versions.
#[derive(Clone, Debug)]
pub struct PublishedApi {
    /// Slug of the provider.
    pub organization: String,
    /// Name of the provider, for people.
    pub provider: String,
    /// Slug of the api.
    pub slug: String,
    /// Name of the api, for people.
    pub name: String,
    /// One sentence.
    pub summary: String,
    /// Published, deprecated and retired versions, newest first; at least one.
    pub versions: Vec<Version>,
}

impl CatalogReads {
    /// Every public api with a listed version, in the order of the slugs of provider and api; at most `limit`. Who asks makes
    /// no difference: private apis and drafts are never among them.
    pub async fn published(&self, limit: usize) -> Result<Vec<PublishedApi>> {
        let db = self.cx.db.snapshot().await?;
        let mut entries = browse::entries(&db, &Actor::Anonymous).await?;
        entries.sort_by(|a, b| (&a.organization_slug, &a.slug).cmp(&(&b.organization_slug, &b.slug)));
        entries.truncate(limit);
        let ids: Vec<ApiId> = entries.iter().map(|entry| entry.id).collect();
        let mut versions: HashMap<ApiId, Vec<Version>> = load::versions(&db, &ids).await?;
        let published = entries.into_iter().filter_map(|entry| {
            let mut versions = versions.remove(&entry.id)?;
            versions.retain(|version| version.state.is_listed());
            (!versions.is_empty()).then_some(PublishedApi {
                organization: entry.organization_slug,
                provider: entry.organization_name,
                slug: entry.slug,
                name: entry.name,
                summary: entry.summary,
                versions,
            })
        });
        Ok(published.collect())
    }
}
