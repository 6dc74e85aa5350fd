//! What can be judged before anything is changed: names, references between entries, and the files beside the manifest.

use std::{collections::HashSet, path::Path};

use anyhow::Result;
use domain::{
    catalog::{VersionName, VersionState},
    key::KeyPlaintext,
    slug::Slug,
    upstream::parse_target_url,
};

use super::{
    at::At,
    manifest::{ApiEntry, ApplicationEntry, OrganizationEntry, PlanEntry, VersionEntry},
    read::Source,
};

/// Judges a manifest.
///
/// # Errors
/// The first thing that is wrong.
pub(super) fn check(source: &Source) -> Result<()> {
    let at = At::file(&source.path);
    let mut slugs = HashSet::new();
    for (i, entry) in source.manifest.organizations.iter().enumerate() {
        let at = at.entry("organizations", i);
        slug(&at, &entry.slug, &mut slugs)?;
        organization(source, &at, entry)?;
    }
    let mut owned = HashSet::new();
    let mut keys = HashSet::new();
    for (i, entry) in source.manifest.applications.iter().enumerate() {
        let at = at.entry("applications", i);
        application(&at, entry, &mut keys)?;
        if !owned.insert((entry.owner.email.trim().to_lowercase(), entry.slug.as_str())) {
            return Err(at
                .field("slug")
                .error(format!("`{}` is named twice for this owner", entry.slug)));
        }
    }
    Ok(())
}

fn slug<'m>(at: &At<'_>, text: &'m str, seen: &mut HashSet<&'m str>) -> Result<()> {
    let at = at.field("slug");
    text.parse::<Slug>().map_err(|error| at.error(error))?;
    if seen.insert(text) {
        Ok(())
    } else {
        Err(at.error(format!("`{text}` is named twice")))
    }
}

fn organization(source: &Source, at: &At<'_>, entry: &OrganizationEntry) -> Result<()> {
    let mut slugs = HashSet::new();
    for (i, entry) in entry.apis.iter().enumerate() {
        let at = at.entry("apis", i);
        slug(&at, &entry.slug, &mut slugs)?;
        api(source, &at, entry)?;
    }
    let mut slugs = HashSet::new();
    for (i, entry) in entry.plans.iter().enumerate() {
        let at = at.entry("plans", i);
        slug(&at, &entry.slug, &mut slugs)?;
        plan(&at, entry)?;
    }
    Ok(())
}

fn api(source: &Source, at: &At<'_>, entry: &ApiEntry) -> Result<()> {
    if entry.versions.is_empty() {
        return Err(at.field("versions").error("an api has at least one version"));
    }
    let mut names = HashSet::new();
    for (i, entry) in entry.versions.iter().enumerate() {
        let at = at.entry("versions", i);
        entry
            .name
            .parse::<VersionName>()
            .map_err(|error| at.field("name").error(error))?;
        if !names.insert(entry.name.as_str()) {
            return Err(at.field("name").error(format!("`{}` is named twice", entry.name)));
        }
        version(source, &at, entry)?;
    }
    Ok(())
}

fn version(source: &Source, at: &At<'_>, entry: &VersionEntry) -> Result<()> {
    if let Some(name) = &entry.spec {
        let at = at.field("spec");
        let bytes = read_file(&at, &source.neighbour(name))?;
        openapi::read(&bytes, &openapi::Limits::default()).map_err(|rejected| at.rejected(&rejected.diagnostics))?;
    }
    if entry
        .upstream
        .as_ref()
        .is_some_and(|upstream| upstream.targets.is_empty())
    {
        return Err(at
            .field("upstream")
            .field("targets")
            .error("an upstream has at least one target"));
    }
    for (i, target) in entry.upstream.iter().flat_map(|upstream| &upstream.targets).enumerate() {
        let at = at.field("upstream").entry("targets", i);
        parse_target_url("url", target.url.as_str()).map_err(|error| at.field("url").error(error.message))?;
    }
    match (&entry.deprecation, entry.state) {
        (Some(_), VersionState::Draft) => Err(at
            .field("deprecation")
            .error("a draft has no callers to warn; publish the version first")),
        (Some(deprecation), _) => deprecation.guide.as_ref().map_or(Ok(()), |name| {
            read_guide(&at.field("deprecation").field("guide"), &source.neighbour(name)).map(drop)
        }),
        (None, VersionState::Deprecated) => Err(at
            .field("state")
            .error("a deprecated version needs `deprecation`: since, sunset, successor, guide")),
        (None, _) => Ok(()),
    }
}

fn plan(at: &At<'_>, entry: &PlanEntry) -> Result<()> {
    for (i, limit) in entry.rate_limits.iter().enumerate() {
        let at = at.entry("rate_limits", i);
        limit.to_limit().check("").map_err(|error| at.error(error.message))?;
    }
    Ok(())
}

fn application<'m>(at: &At<'_>, entry: &'m ApplicationEntry, keys: &mut HashSet<&'m str>) -> Result<()> {
    entry
        .slug
        .parse::<Slug>()
        .map_err(|error| at.field("slug").error(error))?;
    for (i, subscription) in entry.subscriptions.iter().enumerate() {
        let at = at.entry("subscriptions", i).field("plan");
        split_plan(&subscription.plan).ok_or_else(|| at.error("write it as `organization/plan`"))?;
    }
    for (i, key) in entry.keys.iter().enumerate() {
        let at = at.entry("keys", i).field("value");
        KeyPlaintext::fixed(&key.value).map_err(|error| at.error(error.message))?;
        if !keys.insert(key.value.as_str()) {
            return Err(at.error("this key is named twice"));
        }
    }
    Ok(())
}

/// The two slugs of a subscription's plan.
pub(super) fn split_plan(text: &str) -> Option<(&str, &str)> {
    text.split_once('/')
        .filter(|(organization, plan)| !organization.is_empty() && !plan.is_empty() && !plan.contains('/'))
}

/// The bytes of a file that the manifest names.
pub(super) fn read_file(at: &At<'_>, path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|error| at.error(format!("{} cannot be read: {error}", path.display())))
}

/// The text of a guide that the manifest names.
pub(super) fn read_guide(at: &At<'_>, path: &Path) -> Result<String> {
    let bytes = read_file(at, path)?;
    String::from_utf8(bytes).map_err(|_| at.error(format!("{} is not UTF-8 text", path.display())))
}
