//! The catalog: apis, their versions and the revisions of their specs.

#[cfg(feature = "store")]
mod browse;
#[cfg(feature = "store")]
mod cache_purge;
pub mod claim;
#[cfg(feature = "store")]
mod claims;
#[cfg(feature = "store")]
pub mod documents;
#[cfg(feature = "store")]
pub mod input;
#[cfg(feature = "store")]
mod judges;
#[cfg(feature = "store")]
mod judging;
#[cfg(feature = "store")]
mod lifecycle;
#[cfg(feature = "store")]
pub(crate) mod load;
mod paths;
#[cfg(feature = "store")]
pub mod published;
#[cfg(feature = "store")]
pub mod query;
pub mod reading;
pub mod report;
#[cfg(feature = "store")]
pub mod reports;
pub mod routing;
pub mod run_time;
#[cfg(feature = "store")]
mod search;
#[cfg(feature = "store")]
pub mod service;
#[cfg(feature = "store")]
mod spec;
pub mod version;

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

pub use version::{Version, VersionName, VersionState};

use crate::{
    clock::Timestamp,
    id::{ApiId, OrganizationId, RevisionId, VersionId},
    slug::Slug,
};

/// A named product surface of an organization.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Api {
    /// Identifies the api.
    pub id: ApiId,
    /// Whose it is.
    pub organization_id: OrganizationId,
    /// Short name; unique in the organization.
    pub slug: Slug,
    /// Name for people; 1 to 100 characters.
    pub name: String,
    /// One sentence; at most 300 characters.
    pub summary: String,
    /// Who sees it.
    pub visibility: Visibility,
    /// Words to find it by; at most 20, each a slug.
    pub tags: Vec<String>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Who sees an api.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// Everybody, once a version is published.
    #[default]
    Public,
    /// Members of the organization.
    Private,
}

impl Visibility {
    /// The word in the database and the manifest.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
        }
    }
}

/// One immutable uploaded spec of a version, without its bytes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Revision {
    /// Identifies the revision.
    pub id: RevisionId,
    /// The version it belongs to.
    pub version_id: VersionId,
    /// 1, 2, 3 … within the version.
    pub number: u32,
    /// SHA-256 of the document, in hexadecimal.
    pub sha256: String,
    /// SHA-256 of the uploaded bytes, where they are not the document: an archive, or what overlays were applied to.
    pub upload_sha256: Option<String>,
    /// The overlays that were applied, in order.
    pub overlays: Vec<RevisionOverlay>,
    /// Name of the format: `openapi-3.1`, `swagger-2.0`.
    pub format: String,
    /// `info.title` of the document.
    pub title: String,
    /// `info.version` of the document.
    pub document_version: String,
    /// How many operations it describes.
    pub operations: u32,
    /// Uploaded size in bytes.
    pub size: u64,
    /// What was found wrong with it, worst first, at most 500.
    pub diagnostics: Vec<openapi::Diagnostic>,
    /// When it was uploaded.
    pub created_at: Timestamp,
}

impl Revision {
    /// SHA-256 of the bytes as they were uploaded, in hexadecimal.
    pub fn uploaded(&self) -> &str {
        self.upload_sha256.as_deref().unwrap_or(&self.sha256)
    }

    /// Whether it was made of these bytes with these overlays.
    pub fn is_made_of(&self, bytes: &[u8], overlays: &[OverlayUpload]) -> bool {
        let is_same = |(kept, given): (&RevisionOverlay, &OverlayUpload)| *kept == RevisionOverlay::of(given);
        self.uploaded() == sha256(bytes)
            && self.overlays.len() == overlays.len()
            && self.overlays.iter().zip(overlays).all(is_same)
    }
}

/// An overlay that was applied to a revision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevisionOverlay {
    /// Name of its file.
    pub name: String,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
}

impl RevisionOverlay {
    /// What is kept of an overlay beside its bytes: a name of at most 200 characters without control characters.
    pub fn of(upload: &OverlayUpload) -> Self {
        const LONGEST: usize = 200;
        let visible = |c: char| if c.is_control() { ' ' } else { c };
        Self {
            name: upload.name.chars().take(LONGEST).map(visible).collect(),
            sha256: sha256(&upload.bytes),
        }
    }
}

/// Where a spec came from, with the bytes as they came.
#[derive(Clone)]
pub struct SpecUpload {
    /// The document, at most [`openapi::Limits`]' size, possibly gzip; or a zip archive of files that refer to each other.
    pub bytes: Vec<u8>,
    /// File name, URL or `pasted`; kept for the history.
    pub source: String,
    /// The provider's overlays, applied in order; `None` for those of the revision before.
    pub overlays: Option<Vec<OverlayUpload>>,
}

/// An overlay of the provider, as it came.
#[derive(Clone)]
pub struct OverlayUpload {
    /// Name of its file.
    pub name: String,
    /// OpenAPI Overlay 1.0 or 1.1, JSON or YAML.
    pub bytes: Vec<u8>,
}

/// SHA-256 in hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .fold(String::with_capacity(64), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}
