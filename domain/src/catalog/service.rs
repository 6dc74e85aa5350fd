//! Use cases of the catalog: apis, versions and their specs. Upstreams and lifecycle are in `lifecycle.rs`.

use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use super::{
    Api, OverlayUpload, Revision, SpecUpload, Version, VersionName, VersionState, Visibility,
    documents::Documents,
    input::{self, ApiWords, Mistakes},
    load,
    routing::Routing,
    spec::{self, ReadSpec},
    version::Access,
};
use crate::{
    actor::Actor,
    authz::Action,
    error::{DomainError, Result},
    id::{ApiId, OrganizationId, RevisionId, VersionId},
    services::Context,
    store::{
        OrTaken,
        entity::{api, organization, revision, version},
        unit::{Change, Unit},
    },
};

/// How often a document is read and judged beside one that others replaced meanwhile.
const MOST_TRIES: usize = 5;

/// Use cases of the catalog.
#[derive(Clone)]
pub struct Catalog {
    pub(crate) cx: Context,
    pub(crate) documents: Documents,
}

/// What a provider types about an api.
#[derive(Clone, Debug, Default)]
pub struct ApiInput {
    /// Short name; only used when the api is made.
    pub slug: String,
    /// Name for people.
    pub name: String,
    /// One sentence.
    pub summary: String,
    /// Who sees it.
    pub visibility: Visibility,
    /// Words to find it by.
    pub tags: Vec<String>,
}

impl Catalog {
    /// Makes an api with its first version (a draft) and, if given, the spec of that version, all or nothing.
    ///
    /// An empty name is taken from the document's title.
    ///
    /// # Errors
    /// `Invalid` with the fields `slug`, `name`, `summary`, `tags`, `version`; `SpecRejected`.
    pub async fn create_api(
        &self,
        actor: &Actor,
        organization: OrganizationId,
        input: ApiInput,
        version: &str,
        spec: Option<SpecUpload>,
    ) -> Result<(Api, Version)> {
        actor.require(Action::EditApi, organization)?;
        let mut mistakes = Mistakes::default();
        let slug = mistakes.take("slug", input::slug(&input.slug));
        let version = mistakes.take("version", input::version_name(version));
        let words = ApiWords::read(&input, &mut mistakes);
        if words.name.is_none() && spec.is_none() {
            mistakes.add("name", "Enter a name.");
        }
        mistakes.none()?;
        let (Some(slug), Some(version)) = (slug, version) else {
            return Err(DomainError::internal("unread fields"));
        };
        let spec = self.read_spec(spec, organization).await?;
        let name = words
            .name
            .or_else(|| spec.as_ref().map(ReadSpec::title))
            .unwrap_or_default();

        let unit = self.cx.begin().await?;
        organization::Entity::find_by_id(organization)
            .filter(organization::Column::State.eq(organization::ACTIVE))
            .one(&*unit)
            .await?
            .ok_or(DomainError::NotFound { what: "organization" })?;
        let api = Api {
            id: ApiId::generate(),
            organization_id: organization,
            slug,
            name,
            summary: words.summary,
            visibility: input.visibility,
            tags: words.tags,
            created_at: unit.now(),
        };
        let taken = || DomainError::field("slug", "Another API of this organization has this short name.");
        api::ActiveModel::from(&api).insert(&*unit).await.or_taken(taken)?;
        unit.audit(actor, Some(organization), "api.create", api.id, api.slug.to_string())
            .await?;
        let (version, revision) = insert_version(&unit, actor, &api, version, spec.as_ref()).await?;
        unit.commit().await?;
        self.keep_document(spec, revision);
        Ok((api, version))
    }

    /// Changes name, summary, visibility and tags.
    ///
    /// # Errors
    /// `Invalid` with the fields `name`, `summary`, `tags`.
    pub async fn update_api(&self, actor: &Actor, id: ApiId, input: ApiInput) -> Result<Api> {
        let unit = self.cx.begin().await?;
        let mut api = load::api_to_change(&unit, actor, Action::EditApi, id).await?;
        let mut mistakes = Mistakes::default();
        let words = ApiWords::read(&input, &mut mistakes);
        if words.name.is_none() {
            mistakes.add("name", "Enter a name.");
        }
        mistakes.none()?;
        let name = words.name.unwrap_or_default();
        let is_same = api.name == name
            && api.summary == words.summary
            && api.visibility == input.visibility
            && api.tags == words.tags;
        if is_same {
            return Ok(api);
        }
        (api.name, api.summary, api.visibility, api.tags) = (name, words.summary, input.visibility, words.tags);
        api::ActiveModel::from(&api).update(&*unit).await?;
        let detail = format!("{}: {}", api.slug, api.visibility.as_str());
        unit.audit(actor, Some(api.organization_id), "api.update", api.id, detail)
            .await?;
        unit.commit().await?;
        Ok(api)
    }

    /// Adds a version (a draft), with its spec if given.
    ///
    /// # Errors
    /// `Invalid` at `version`; `SpecRejected`.
    pub async fn create_version(
        &self,
        actor: &Actor,
        api: ApiId,
        name: &str,
        spec: Option<SpecUpload>,
    ) -> Result<Version> {
        let found = api::Entity::find_by_id(api)
            .one(self.cx.db.read())
            .await?
            .ok_or(load::NO_API)?;
        load::permit(actor, Action::EditApi, found.organization_id, load::NO_API)?;
        let name = input::version_name(name).map_err(|message| DomainError::field("version", message))?;
        let spec = self.read_spec(spec, found.organization_id).await?;
        let unit = self.cx.begin().await?;
        let api = load::api_to_change(&unit, actor, Action::EditApi, api).await?;
        let (version, revision) = insert_version(&unit, actor, &api, name, spec.as_ref()).await?;
        unit.commit().await?;
        self.keep_document(spec, revision);
        Ok(version)
    }

    /// Reads a spec and makes it the version's current revision. The same bytes with the same overlays change nothing.
    ///
    /// # Errors
    /// `SpecRejected` with every diagnostic; nothing is stored then. `Conflict` for a retired version, and where others
    /// change the document all the time.
    pub async fn add_revision(&self, actor: &Actor, version: VersionId, spec: SpecUpload) -> Result<Revision> {
        Box::pin(self.revise(actor, version, &Revised::Document(spec))).await
    }

    /// Makes a revision of what the current one was made of, with other overlays; those that are there change nothing.
    ///
    /// # Errors
    /// As [`Self::add_revision`]; `NotFound` also for a version without a document.
    pub async fn set_overlays(
        &self,
        actor: &Actor,
        version: VersionId,
        overlays: Vec<OverlayUpload>,
    ) -> Result<Revision> {
        Box::pin(self.revise(actor, version, &Revised::Overlays(overlays))).await
    }

    /// Nobody is kept waiting while a document is read and judged: if another one took the place of the current one
    /// meanwhile, it is done again, beside that.
    async fn revise(&self, actor: &Actor, version: VersionId, revised: &Revised) -> Result<Revision> {
        let db = self.cx.db.read();
        for _ in 0..MOST_TRIES {
            let current = load::version_to_read(db, actor, Action::EditApi, version).await?;
            let before = match current.revision_id {
                Some(id) => revision::Entity::find_by_id(id).one(db).await?,
                None => None,
            };
            let spec = revised.beside(db, before.as_ref()).await?;
            // One that can't be read any more is no reason to refuse its successor.
            let known = before.clone().and_then(|row| Revision::try_from(row).ok());
            let overlays = match (spec.overlays, &known) {
                (Some(overlays), _) => overlays,
                (None, Some(known)) => spec::overlays(db, known).await?,
                (None, None) => Vec::new(),
            };
            if let Some(known) = known.filter(|known| known.is_made_of(&spec.bytes, &overlays)) {
                return Ok(known);
            }
            refuse_retired(&current)?;
            let mut spec = ReadSpec::read(&self.documents, spec.bytes, spec.source, overlays).await?;
            let api = api::Entity::find_by_id(current.api_id)
                .one(db)
                .await?
                .ok_or(load::NO_API)?;
            spec.judge(db, &self.documents, api.organization_id, before.as_ref())
                .await?;

            let mut unit = self.cx.begin().await?;
            let (api, mut version) = load::version_to_change(&unit, actor, Action::EditApi, version).await?;
            refuse_retired(&version)?;
            if version.revision_id != current.revision_id {
                continue;
            }
            let revision = spec.store(&unit, version.id, actor).await?;
            version.revision_id = Some(revision.id);
            let detail = format!("{}/{} #{}", api.slug, version.name, revision.number);
            save(&unit, &version).await?;
            unit.audit(actor, Some(api.organization_id), "version.spec", version.id, detail)
                .await?;
            tell_gateways(&mut unit, &version).await?;
            unit.commit().await?;
            self.documents.insert(revision.id, spec.document);
            return Ok(revision);
        }
        Err(DomainError::Conflict(
            "Others are changing the document of this version. Look at it, and try again.".into(),
        ))
    }

    /// Reads and judges the first spec of a version.
    async fn read_spec(&self, spec: Option<SpecUpload>, organization: OrganizationId) -> Result<Option<ReadSpec>> {
        let Some(spec) = spec else { return Ok(None) };
        let overlays = spec.overlays.unwrap_or_default();
        let mut spec = ReadSpec::read(&self.documents, spec.bytes, spec.source, overlays).await?;
        spec.judge(self.cx.db.read(), &self.documents, organization, None)
            .await?;
        Ok(Some(spec))
    }

    /// The reader of the page that follows an upload does not wait for it to be parsed again.
    fn keep_document(&self, spec: Option<ReadSpec>, revision: Option<RevisionId>) {
        if let (Some(spec), Some(revision)) = (spec, revision) {
            self.documents.insert(revision, spec.document);
        }
    }
}

/// What of a document is new.
enum Revised {
    Document(SpecUpload),
    Overlays(Vec<OverlayUpload>),
}

impl Revised {
    /// The upload that it makes beside the revision before.
    async fn beside(&self, db: &impl ConnectionTrait, before: Option<&revision::Model>) -> Result<SpecUpload> {
        match (self, before) {
            (Self::Document(spec), _) => Ok(spec.clone()),
            (Self::Overlays(overlays), Some(before)) => Ok(SpecUpload {
                bytes: spec::original(db, before.id).await?,
                source: before.source.clone(),
                overlays: Some(overlays.clone()),
            }),
            (Self::Overlays(_), None) => Err(DomainError::NotFound { what: "specification" }),
        }
    }
}

async fn insert_version(
    unit: &Unit,
    actor: &Actor,
    api: &Api,
    name: VersionName,
    spec: Option<&ReadSpec>,
) -> Result<(Version, Option<RevisionId>)> {
    let mut version = Version {
        id: VersionId::generate(),
        api_id: api.id,
        name,
        state: VersionState::Draft,
        revision_id: None,
        upstream: None,
        access: Access::default(),
        routing: Routing::default(),
        deprecation: None,
        created_at: unit.now(),
        published_at: None,
    };
    let taken = || DomainError::field("version", "This API already has a version of this name.");
    version::ActiveModel::from(&version)
        .insert(&**unit)
        .await
        .or_taken(taken)?;
    if let Some(spec) = spec {
        version.revision_id = Some(spec.store(unit, version.id, actor).await?.id);
        save(unit, &version).await?;
    }
    let detail = format!("{}/{}", api.slug, version.name);
    unit.audit(actor, Some(api.organization_id), "version.create", version.id, detail)
        .await?;
    let revision = version.revision_id;
    Ok((version, revision))
}

/// Writes all columns of a version.
pub(super) async fn save(unit: &Unit, version: &Version) -> Result<()> {
    version::ActiveModel::from(version).update(&**unit).await?;
    Ok(())
}

/// Gateways know of every version that is not a draft.
pub(crate) async fn tell_gateways(unit: &mut Unit, version: &Version) -> Result<()> {
    if version.state != VersionState::Draft {
        unit.bump(&[Change::Catalog]).await?;
    }
    Ok(())
}

/// A retired version is history: it stays as its last callers knew it.
pub(crate) fn refuse_retired(version: &Version) -> Result<()> {
    if version.state == VersionState::Retired {
        return Err(DomainError::Conflict(
            "This version is retired and cannot be changed.".into(),
        ));
    }
    Ok(())
}
