//! The forms of a version's page.

use axum::extract::Path;
use domain::{
    catalog::{query::VersionDetail, version::Access},
    deprecation::Deprecation,
    error::{DomainError, FieldError},
    upstream::{Target, Upstream, parse_target_url},
};

use super::{
    deprecation::parse_moment,
    show::{Section, VersionPath, page},
};
use crate::{
    cx::Cx,
    error::PageError,
    features::console::spec_fields::spec_of,
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
        Ok(None) => Err(DomainError::field(
            "spec",
            "Choose a file, paste the document or give its URL.",
        )),
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

/// One target a line: an address and, behind it, its weight.
fn upstream_of(form: &FormData) -> Result<Upstream, Vec<FieldError>> {
    let mut errors = Vec::new();
    let mut targets = Vec::new();
    let text = form.text("upstream");
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (address, weight) = line.split_once(char::is_whitespace).unwrap_or((line, "1"));
        match (parse_target_url("upstream", address), weight.trim().parse::<u16>()) {
            (Ok(url), Ok(weight)) => targets.push(Target { url, weight }),
            (Err(error), _) => errors.push(error),
            (_, Err(_)) => errors.push(FieldError::new(
                "upstream",
                format!("`{}` is not a share; use a number.", weight.trim()),
            )),
        }
    }
    if targets.is_empty() && errors.is_empty() {
        errors.extend(parse_target_url("upstream", text).err());
    }
    let mut milliseconds = |field: &'static str| match form.text(field).parse::<u32>() {
        Ok(ms) => ms,
        Err(_) => {
            errors.push(FieldError::new(field, "Enter a number of milliseconds."));
            0
        }
    };
    let (connect_timeout_ms, response_timeout_ms) =
        (milliseconds("connect_timeout_ms"), milliseconds("response_timeout_ms"));
    if !errors.is_empty() {
        return Err(errors);
    }
    let upstream = Upstream {
        targets,
        connect_timeout_ms,
        response_timeout_ms,
        allow_private: false,
    };
    upstream.check().map(|()| upstream)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn form(upstream: &str) -> FormData {
        FormData::from_pairs([
            ("upstream", upstream),
            ("connect_timeout_ms", "5000"),
            ("response_timeout_ms", "30000"),
        ])
    }

    #[test]
    fn targets_stand_one_a_line_with_their_share() {
        let upstream = upstream_of(&form("http://a.example\n\n https://b.example/base 3 ")).unwrap();
        let targets: Vec<_> = upstream.targets.iter().map(|t| (t.url.as_str(), t.weight)).collect();
        assert_eq!(targets, [("http://a.example/", 1), ("https://b.example/base", 3)]);
    }

    #[test]
    fn every_wrong_line_is_named() {
        for (text, errors) in [
            ("", 1),
            ("ftp://a.example", 1),
            ("http://a.example many", 1),
            ("nonsense\nfile:///x", 2),
        ] {
            assert_eq!(upstream_of(&form(text)).unwrap_err().len(), errors, "{text}");
        }
        let form = FormData::from_pairs([
            ("upstream", "http://a.example"),
            ("connect_timeout_ms", "60001"),
            ("response_timeout_ms", "0"),
        ]);
        let errors = upstream_of(&form).unwrap_err();
        let fields: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["connect_timeout_ms", "response_timeout_ms"]);
    }
}
