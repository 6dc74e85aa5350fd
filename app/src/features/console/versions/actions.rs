//! The forms of a version's page.

use axum::extract::Path;
use domain::{
    catalog::{query::VersionDetail, routing::Routing, version::Access},
    deprecation::Deprecation,
    error::{DomainError, FieldError},
};

use super::{
    deprecation::parse_moment,
    routing::input_of,
    show::{Section, VersionPath, page},
    upstream_form::{at_form_fields, upstream_of},
};
use crate::{
    cx::Cx,
    error::PageError,
    features::console::spec_fields::{overlays_of, spec_of},
    form::{FormData, FormState},
    href,
    page::{Reply, ReplyResult},
};

/// `GET` of a form's own URL, as after a reload of a refused form: back to the page.
pub(super) async fn back(Path((org, api, version)): VersionPath) -> Reply {
    Reply::redirect(href::console_version(&org, &api, &version))
}

/// `POST …/spec`
pub(super) async fn add_revision(cx: Cx, Path(names): VersionPath, form: FormData) -> ReplyResult {
    let detail = load(&cx, &names).await?;
    cx.actor()
        .require(domain::authz::Action::EditApi, detail.organization.id)?;
    let result = match spec_of(&cx, &form).await {
        Ok(Some(spec)) => {
            cx.services()
                .catalog
                .add_revision(cx.actor(), detail.version.id, spec)
                .await
        }
        Ok(None) => match (overlays_of(&form), detail.version.revision_id) {
            // Other overlays for the same document.
            (Some(overlays), Some(_)) => {
                let catalog = &cx.services().catalog;
                catalog.set_overlays(cx.actor(), detail.version.id, overlays).await
            }
            _ => Err(DomainError::field(
                "spec",
                "Choose a file, paste the document or give its URL.",
            )),
        },
        Err(error) => Err(error),
    };
    match result {
        Ok(revision) if Some(revision.id) == detail.version.revision_id => {
            Ok(to_version(&names).flash("This is the current document already; nothing changed."))
        }
        Ok(revision) => Ok(to_version(&names).flash(format!("Revision {} is current.", revision.number))),
        Err(error) => refused(&cx, &names, Section::Spec, form, error).await,
    }
}

/// `POST …/upstream`
pub(super) async fn set_upstream(cx: Cx, Path(names): VersionPath, form: FormData) -> ReplyResult {
    let detail = load(&cx, &names).await?;
    let result = match upstream_of(&form) {
        Ok(upstream) => {
            cx.services()
                .catalog
                .set_upstream(cx.actor(), detail.version.id, upstream)
                .await
        }
        Err(errors) => Err(DomainError::Invalid(errors)),
    };
    match result {
        Ok(_) => Ok(to_version(&names).flash("Upstream saved.")),
        Err(DomainError::Invalid(errors)) => {
            let error = DomainError::Invalid(at_form_fields(errors));
            refused(&cx, &names, Section::Upstream, form, error).await
        }
        Err(error) => refused(&cx, &names, Section::Upstream, form, error).await,
    }
}

/// `POST …/access`
pub(super) async fn set_access(cx: Cx, Path(names): VersionPath, form: FormData) -> ReplyResult {
    let detail = load(&cx, &names).await?;
    let access = match form.text("access") {
        "key" => Access::Key,
        "anonymous" => Access::Anonymous,
        _ => {
            let error = DomainError::field("access", "Choose who may call.");
            return refused(&cx, &names, Section::Access, form, error).await;
        }
    };
    match cx
        .services()
        .catalog
        .set_access(cx.actor(), detail.version.id, access)
        .await
    {
        Ok(_) => Ok(to_version(&names).flash("Access saved.")),
        Err(error) => refused(&cx, &names, Section::Access, form, error).await,
    }
}

/// `POST …/routing`
pub(super) async fn set_routing(cx: Cx, Path(names): VersionPath, form: FormData) -> ReplyResult {
    let detail = load(&cx, &names).await?;
    let result = match Routing::read(&input_of(&form)) {
        Ok(routing) => {
            cx.services()
                .catalog
                .set_routing(cx.actor(), detail.version.id, routing)
                .await
        }
        Err(errors) => Err(DomainError::Invalid(errors)),
    };
    match result {
        Ok(_) => Ok(to_version(&names).flash("Host and paths saved.")),
        Err(error) => refused(&cx, &names, Section::Routing, form, error).await,
    }
}

/// `POST …/cache`
pub(super) async fn purge_cache(cx: Cx, Path(names): VersionPath, form: FormData) -> ReplyResult {
    let detail = load(&cx, &names).await?;
    let prefix = form.text("prefix");
    match cx
        .services()
        .catalog
        .purge_cache(cx.actor(), detail.version.id, prefix)
        .await
    {
        Ok(_) => {
            let which = match prefix {
                "" => "all answers of this version".to_owned(),
                prefix => format!("the answers whose path begins with {prefix}"),
            };
            let words = if cx.is_newest_configuration_live().await {
                format!("Gateways have forgotten {which}.")
            } else {
                format!("Gateways forget {which} within a few seconds.")
            };
            Ok(to_version(&names).flash(words))
        }
        Err(error) => refused(&cx, &names, Section::Cache, form, error).await,
    }
}

/// `POST …/publish`
pub(super) async fn publish(cx: Cx, Path(names): VersionPath, form: FormData) -> ReplyResult {
    let detail = load(&cx, &names).await?;
    match cx.services().catalog.publish(cx.actor(), detail.version.id).await {
        Ok(version) => Ok(to_version(&names).flash(format!("{} {} is published.", detail.api.name, version.name))),
        Err(error) => refused(&cx, &names, Section::Lifecycle, form, error).await,
    }
}

/// `POST …/deprecate`
pub(super) async fn deprecate(cx: Cx, Path(names): VersionPath, form: FormData) -> ReplyResult {
    let detail = load(&cx, &names).await?;
    let result = match deprecation_of(&cx, &form) {
        Ok(deprecation) => {
            cx.services()
                .catalog
                .deprecate(cx.actor(), detail.version.id, deprecation)
                .await
        }
        Err(error) => Err(DomainError::Invalid(vec![error])),
    };
    match result {
        Ok(_) => Ok(to_version(&names).flash("The end is announced. Answers carry the headers from now on.")),
        Err(error) => refused(&cx, &names, Section::Deprecation, form, error).await,
    }
}

/// `POST …/restore`
pub(super) async fn restore(cx: Cx, Path(names): VersionPath) -> ReplyResult {
    let detail = load(&cx, &names).await?;
    match cx.services().catalog.restore(cx.actor(), detail.version.id).await {
        Ok(version) => Ok(to_version(&names).flash(format!("{} is no longer deprecated.", version.name))),
        Err(error) => refused(&cx, &names, Section::Lifecycle, FormData::default(), error).await,
    }
}

async fn load(cx: &Cx, (org, api, version): &(String, String, String)) -> Result<VersionDetail, PageError> {
    Ok(cx
        .services()
        .catalog_reads
        .console_version(cx.actor(), org, api, version)
        .await?)
}

fn to_version((org, api, version): &(String, String, String)) -> Reply {
    Reply::redirect(href::console_version(org, api, version))
}

async fn refused(
    cx: &Cx,
    (org, api, version): &(String, String, String),
    section: Section,
    form: FormData,
    error: DomainError,
) -> ReplyResult {
    let form = FormState::refused(form, error)?;
    Ok(page(cx, (org, api, version), Some((section, form))).await?.into())
}

fn deprecation_of(cx: &Cx, form: &FormData) -> Result<Deprecation, FieldError> {
    let non_empty = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Ok(Deprecation {
        since: parse_moment("since", form.text("since"))?.unwrap_or_else(|| cx.now()),
        sunset: parse_moment("sunset", form.text("sunset"))?,
        successor: non_empty(form.text("successor")),
        guide: non_empty(form.text("guide")),
    })
}
