//! What can be judged before anything is changed: names, references between entries, and the files beside the manifest.

use std::{
    collections::{HashMap, HashSet},
    path::Path,
};

use anyhow::Result;
use domain::{
    account::{check_email, check_password, normalize_email},
    application::service::check_description,
    catalog::{VersionName, VersionState, input},
    error::DomainError,
    key::{KeyPlaintext, service as key_service},
    organization::service::check_slug,
    policy::{OperationKey, PolicySet},
    slug::Slug,
};

use super::{
    at::At,
    clients, documents,
    manifest::{ApiEntry, ApplicationEntry, OrganizationEntry, PlanEntry, VersionEntry},
    read::Source,
    routing, ruleset,
    upstreams::within_upstream,
};
use crate::cli::file;
use crate::config::Secret;

/// Longest name of a person, an organization, an api, a plan or an application, in characters.
const NAME_MAX: usize = 100;
/// Longest summary of an api, in characters.
const SUMMARY_MAX: usize = 300;

/// What all manifests of a run have named so far.
#[derive(Default)]
struct Seen<'m> {
    /// With where they are.
    apis: HashMap<(&'m str, &'m str), At<'m>>,
    plans: HashMap<(&'m str, &'m str), At<'m>>,
    applications: HashSet<(String, &'m str)>,
    keys: HashSet<&'m str>,
    clients: HashSet<&'m str>,
}

/// Judges manifests, each by itself and beside the others.
///
/// # Errors
/// The first thing that is wrong.
pub(super) fn check(sources: &[Source]) -> Result<()> {
    let mut seen = Seen::default();
    for source in sources {
        let at = At::file(&source.path);
        let mut slugs = HashSet::new();
        for (i, entry) in source.manifest.organizations.iter().enumerate() {
            let at = at.entry("organizations", i);
            check_slug(&entry.slug).map_err(|sentence| at.field("slug").error(sentence))?;
            if !slugs.insert(entry.slug.as_str()) {
                return Err(twice(&at.field("slug"), &entry.slug));
            }
            organization(source, &at, entry, &mut seen)?;
        }
        for (i, entry) in source.manifest.applications.iter().enumerate() {
            application(&at.entry("applications", i), entry, &mut seen)?;
        }
    }
    Ok(())
}

fn twice(at: &At<'_>, text: &str) -> anyhow::Error {
    at.error(format!("`{text}` is named twice"))
}

fn slug(at: &At<'_>, text: &str) -> Result<()> {
    text.parse::<Slug>()
        .map(drop)
        .map_err(|error| at.field("slug").error(error))
}

fn name(at: &At<'_>, text: &str) -> Result<()> {
    input::name(text, NAME_MAX)
        .map(drop)
        .map_err(|sentence| at.field("name").error(sentence))
}

/// Whoever an entry names: the address, and what an account is made with.
fn person(at: &At<'_>, email: &str, given: Option<&str>, password: Option<&str>) -> Result<()> {
    let email = normalize_email(email);
    check_email(&email).map_err(|error| at.field(&error.field).error(error.message))?;
    if let Some(password) = password {
        check_password(password, &email).map_err(|error| at.field(&error.field).error(error.message))?;
    }
    given.map_or(Ok(()), |given| name(at, given))
}

fn organization<'m>(source: &Source, at: &At<'m>, entry: &'m OrganizationEntry, seen: &mut Seen<'m>) -> Result<()> {
    name(at, &entry.name)?;
    let mut members = HashSet::new();
    for (i, member) in entry.members.iter().enumerate() {
        let at = at.entry("members", i);
        person(
            &at,
            &member.email,
            member.name.as_deref(),
            member.password.as_ref().map(Secret::expose),
        )?;
        if !members.insert(normalize_email(&member.email)) {
            return Err(twice(&at.field("email"), &member.email));
        }
    }
    policies(at, &entry.policies)?;
    ruleset::text(source, at, entry)?;
    for (i, api_entry) in entry.apis.iter().enumerate() {
        let at = at.entry("apis", i);
        slug(&at, &api_entry.slug)?;
        let place = at.field("slug");
        if let Some(first) = seen.apis.insert((&entry.slug, &api_entry.slug), place.clone()) {
            return Err(place.twice(&api_entry.slug, &first));
        }
        api(source, &at, api_entry)?;
    }
    for (i, plan_entry) in entry.plans.iter().enumerate() {
        let at = at.entry("plans", i);
        slug(&at, &plan_entry.slug)?;
        let place = at.field("slug");
        if let Some(first) = seen.plans.insert((&entry.slug, &plan_entry.slug), place.clone()) {
            return Err(place.twice(&plan_entry.slug, &first));
        }
        plan(&at, plan_entry)?;
    }
    Ok(())
}

fn api(source: &Source, at: &At<'_>, entry: &ApiEntry) -> Result<()> {
    entry.name.as_ref().map_or(Ok(()), |given| name(at, given))?;
    let summary = entry.summary.as_deref().unwrap_or_default();
    input::line(summary, SUMMARY_MAX).map_err(|sentence| at.field("summary").error(sentence))?;
    input::tags(entry.tags.as_deref().unwrap_or_default()).map_err(|sentence| at.field("tags").error(sentence))?;
    if entry.versions.is_empty() {
        return Err(at.field("versions").error("an api has at least one version"));
    }
    policies(at, &entry.policies)?;
    let mut names = HashSet::new();
    for (i, entry) in entry.versions.iter().enumerate() {
        let at = at.entry("versions", i);
        entry
            .name
            .parse::<VersionName>()
            .map_err(|error| at.field("name").error(error))?;
        if !names.insert(entry.name.as_str()) {
            return Err(twice(&at.field("name"), &entry.name));
        }
        version(source, &at, entry)?;
    }
    Ok(())
}

fn version(source: &Source, at: &At<'_>, entry: &VersionEntry) -> Result<()> {
    match documents::read(source, at, entry)? {
        Some(document) => drop(operations(at, entry, &document)?),
        None if !entry.overlays.is_empty() => {
            return Err(at
                .field("overlays")
                .error("name the document, `spec`, that they are applied to"));
        }
        None => {}
    }
    routing::read(at, entry)?;
    policies(at, &entry.policies)?;
    for (name, operation) in &entry.operations {
        policies(&at.field("operations").field(name), &operation.policies)?;
    }
    if let Some(upstream) = &entry.upstream {
        let errors = upstream.to_upstream().err().unwrap_or_default();
        if !errors.is_empty() {
            return Err(at.refused(within_upstream(DomainError::Invalid(errors))));
        }
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

fn policies(at: &At<'_>, said: &PolicySet) -> Result<()> {
    let error = said.validate().into_iter().next();
    error.map_or(Ok(()), |error| Err(at.field(&error.field).error(error.message)))
}

/// The operations that a version names, each once, as the document has them.
///
/// # Errors
/// One that the document does not have, or that is named in both of its ways.
pub(super) fn operations<'m>(
    at: &At<'_>,
    entry: &'m VersionEntry,
    document: &openapi::Document,
) -> Result<Vec<(OperationKey, &'m PolicySet)>> {
    let mut found: Vec<(OperationKey, &PolicySet)> = Vec::with_capacity(entry.operations.len());
    for (name, operation) in &entry.operations {
        let at = at.field("operations").field(name);
        let key = OperationKey::find(document, name).ok_or_else(|| {
            at.error(
                "the document has no such operation; write its method and path, `GET /pets/{id}`, or its operationId",
            )
        })?;
        if found.iter().any(|(other, _)| *other == key) {
            return Err(at.error(format!("`{key}` is named twice, by its path and by its operationId")));
        }
        found.push((key, &operation.policies));
    }
    Ok(found)
}

fn plan(at: &At<'_>, entry: &PlanEntry) -> Result<()> {
    name(at, &entry.name)?;
    if entry.apis.is_empty() {
        return Err(at.field("apis").error("a plan covers at least one api"));
    }
    for (i, limit) in entry.rate_limits.iter().enumerate() {
        let at = at.entry("rate_limits", i);
        limit.to_limit().check("").map_err(|error| at.error(error.message))?;
    }
    let quota = entry.to_quota().map_or(Ok(()), |quota| quota.check(""));
    quota.map_err(|error| at.field("quota").error(error.message))
}

fn application<'m>(at: &At<'_>, entry: &'m ApplicationEntry, seen: &mut Seen<'m>) -> Result<()> {
    slug(at, &entry.slug)?;
    entry.name.as_ref().map_or(Ok(()), |given| name(at, given))?;
    check_description(&entry.description).map_err(|sentence| at.field("description").error(sentence))?;
    let owner = &entry.owner;
    person(
        &at.field("owner"),
        &owner.email,
        owner.name.as_deref(),
        owner.password.as_ref().map(Secret::expose),
    )?;
    if !seen.applications.insert((normalize_email(&owner.email), &entry.slug)) {
        return Err(at
            .field("slug")
            .error(format!("`{}` is named twice for this owner", entry.slug)));
    }
    for (i, subscription) in entry.subscriptions.iter().enumerate() {
        let at = at.entry("subscriptions", i).field("plan");
        split_plan(&subscription.plan).ok_or_else(|| at.error("write it as `organization/plan`"))?;
    }
    for (i, key) in entry.keys.iter().enumerate() {
        let at = at.entry("keys", i);
        if let Some(given) = &key.name {
            input::name(given, key_service::NAME_MAX).map_err(|sentence| at.field("name").error(sentence))?;
        }
        let at = at.field("value");
        KeyPlaintext::fixed(&key.value).map_err(|error| at.error(error.message))?;
        if !seen.keys.insert(&key.value) {
            return Err(at.error("this key is named twice"));
        }
    }
    clients::check(at, entry, &mut seen.clients)
}

/// The two slugs of a subscription's plan.
pub(super) fn split_plan(text: &str) -> Option<(&str, &str)> {
    text.split_once('/')
        .filter(|(organization, plan)| !organization.is_empty() && !plan.is_empty() && !plan.contains('/'))
}

/// The bytes of a file that the manifest names.
pub(super) fn read_file(at: &At<'_>, path: &Path) -> Result<Vec<u8>> {
    file::read(path).map_err(|error| at.error(format!("{} cannot be read: {error}", path.display())))
}

/// The text of a guide that the manifest names.
pub(super) fn read_guide(at: &At<'_>, path: &Path) -> Result<String> {
    file::read_text(path).map_err(|error| at.error(format!("{} cannot be read: {error}", path.display())))
}
