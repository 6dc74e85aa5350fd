//! Records → catalog. Pure; a bad record hurts only itself, fails closed and leaves a warning.

use std::{collections::hash_map::Entry, fmt, sync::Arc};

use domain::{
    catalog::{routing::Routing, version::VersionState},
    deprecation::Deprecation,
    gateway_config::{CatalogRecords, PlanRecord, VersionRecord},
    policy::PolicySet,
};
use http::{HeaderValue, Method};
use time::format_description::{BorrowedFormatItem, StaticFormatDescription};

use super::{
    catalog::{AnnouncedEnd, Catalog, Operation, Plan, Version, next_compilation},
    hosts::{Hosts, Neighbours},
    matcher::MatcherBuilder,
};
use crate::{
    cache::CacheScope,
    contract::Contracts,
    identity::IssuerBook,
    limit::PlanLimits,
    links::LinkField,
    rules::Rules,
    upstream::{AuthorityBook, Targets},
};

/// A record that is not used as it was meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// What it is about: `version acme/petstore/v1`, `plan plan_…`, `key key_…`.
    pub subject: String,
    /// What is wrong and what follows from it, in a sentence for the log.
    pub reason: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.subject, self.reason)
    }
}

/// IMF-fixdate (RFC 9110 §5.6.7).
const HTTP_DATE: StaticFormatDescription = time::macros::format_description!(
    "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
);

/// A moment as `Date` and `Sunset` have it.
pub(crate) fn http_date(at: domain::clock::Timestamp) -> Option<HeaderValue> {
    let format: &[BorrowedFormatItem<'_>] = HTTP_DATE;
    HeaderValue::try_from(at.format(format).ok()?).ok()
}

/// Compiles versions and plans.
pub(super) fn catalog(
    records: CatalogRecords,
    portal_url: &str,
    authorities: &mut AuthorityBook,
    contracts: &mut Contracts,
    issuers: &mut IssuerBook,
    warnings: &mut Vec<Warning>,
) -> Catalog {
    let mut catalog = Catalog::default();
    contracts.begin();
    let neighbours = neighbours(&records);
    let mut hosts = Hosts::default();
    // Their places are for others.
    let mut retired: Vec<(Routing, Arc<Version>)> = Vec::new();
    for record in records.versions {
        let address = format!("{}/{}/{}", record.organization, record.api, record.name);
        let subject = format!("version {address}");
        let mut warn = |reason: String| {
            warnings.push(Warning {
                subject: subject.clone(),
                reason,
            });
        };
        if [&record.organization, &record.api, &record.name]
            .into_iter()
            .any(|part| !is_plain_segment(part))
        {
            warn("its address has a part that is not one plain path segment; it answers 404".into());
            continue;
        }
        if record.state == VersionState::Draft {
            warn("it is a draft; it answers 404".into());
            continue;
        }
        match catalog.versions.entry(address.clone().into()) {
            Entry::Occupied(_) => warn("another version has the same address; that one is used".into()),
            Entry::Vacant(entry) => match version(
                &address,
                &record,
                (portal_url, &neighbours),
                (authorities, contracts, issuers),
                &mut warn,
            ) {
                Ok(version) => {
                    let checks = version.targets.iter().flat_map(|targets| targets.checks());
                    catalog.checks.extend(checks.cloned());
                    let version = Arc::new(version);
                    entry.insert(Arc::clone(&version));
                    if record.state == VersionState::Retired {
                        retired.push((record.routing, version));
                    } else if !hosts.add(&record.routing, &version) {
                        warn("another version has the same host and base path; that one is used there".into());
                    }
                }
                Err(reason) => warn(format!("{reason}; it answers 404")),
            },
        }
    }
    contracts.end();
    for (routing, version) in &retired {
        hosts.add(routing, version);
    }
    catalog.hosts = (!neighbours.is_empty()).then(|| Box::new(hosts));
    for record in records.plans {
        let PlanRecord {
            id,
            slug,
            apis,
            rate_limits,
            quota,
        } = record;
        match PlanLimits::compile(&rate_limits, quota) {
            Ok(limits) => {
                catalog.plans.insert(
                    id,
                    Arc::new(Plan {
                        slug: slug.into(),
                        apis: apis.into(),
                        limits,
                    }),
                );
            }
            Err(reason) => warnings.push(Warning {
                subject: format!("plan {id}"),
                reason: format!("{reason}; its subscriptions are refused"),
            }),
        }
    }
    catalog
}

/// Where all versions that are served answer.
fn neighbours(records: &CatalogRecords) -> Neighbours {
    let mut neighbours = Neighbours::default();
    for record in records
        .versions
        .iter()
        .filter(|record| record.state != VersionState::Draft)
    {
        let address = format!("{}/{}/{}", record.organization, record.api, record.name);
        neighbours.note(address, &record.routing);
    }
    neighbours
}

fn version(
    address: &str,
    record: &VersionRecord,
    (portal_url, neighbours): (&str, &Neighbours),
    (authorities, contracts, issuers): (&mut AuthorityBook, &mut Contracts, &mut IssuerBook),
    warn: &mut dyn FnMut(String),
) -> Result<Version, String> {
    let rules = Rules::compile(&record.policies, record.id, issuers)?;
    let targets = match &record.upstream {
        None if rules.as_ref().is_some_and(|rules| rules.is_mocked()) => None,
        None => {
            warn("it has no upstream; calls answer 503".into());
            None
        }
        Some(upstream) => match authorities
            .check_certificate(&upstream.settings.tls, &record.organization)
            .and_then(|()| Targets::compile(record.id, upstream, authorities))
        {
            Ok(targets) => Some(Arc::new(targets)),
            Err(reason) => {
                warn(format!("{reason}; calls answer 503"));
                None
            }
        },
    };
    let end = record.deprecation.as_ref().and_then(|deprecation| {
        let end = announced_end(deprecation, record, portal_url, neighbours);
        if end.is_none() {
            warn("its deprecation can't be sent in headers".into());
        }
        end
    });
    let own = record
        .operations
        .iter()
        .filter_map(|operation| operation.policies.as_deref());
    let transforms = std::iter::once(&record.policies)
        .chain(own)
        .filter_map(PolicySet::transform);
    let cache = CacheScope::compile(record.id, address, record.upstream.as_ref(), transforms);
    let mut matcher = MatcherBuilder::default();
    let mut operations: Vec<Operation> = Vec::with_capacity(record.operations.len());
    let mut is_whole = true;
    for operation in &record.operations {
        let Ok(method) = Method::from_bytes(operation.method.as_bytes()) else {
            warn(format!(
                "operation {} has the impossible method {:?}; it answers 404",
                operation.slug, operation.method
            ));
            is_whole = false;
            continue;
        };
        let policies = operation.policies.as_deref().unwrap_or(&record.policies);
        if let Some(misfit) = policies.misfits(&operation.path).first() {
            warn(format!(
                "operation {} does not have what its policy needs: {}: {}; it is not routed",
                operation.slug, misfit.field, misfit.message
            ));
            is_whole = false;
            continue;
        }
        match matcher.add(method, &operation.path, operations.len() as u32) {
            Ok(()) => {
                let rules = match &operation.policies {
                    Some(policies) => Rules::compile(policies, record.id, issuers)?,
                    None => rules.clone(),
                };
                let wanted = rules.as_ref().and_then(|rules| rules.inspection.as_ref()?.wanted());
                let contract = match wanted {
                    Some(wanted) => {
                        let contract = contracts.operation(record.document.as_ref(), &operation.slug, wanted, warn);
                        Some(contract.map_err(|error| error.to_string())?)
                    }
                    None => None,
                };
                operations.push(Operation {
                    slug: operation.slug.as_str().into(),
                    template: operation.path.as_str().into(),
                    rules,
                    contract: contract.map(Box::new),
                });
            }
            Err(reason) => {
                warn(format!(
                    "path {} {reason}; operation {} is not routed",
                    operation.path, operation.slug
                ));
                is_whole = false;
            }
        }
    }
    // A call of an operation that is not routed must not pass as one that nobody describes, without its policies.
    let is_open = !record.routing.paths.is_strict() && is_whole;
    if !record.routing.paths.is_strict() && !is_whole {
        warn(format!(
            "{address} is strict as long as not all of its operations are routed"
        ));
    }
    if operations.is_empty() && !is_open {
        warn(format!("{address} has no operations; every call answers 404"));
    }
    let is_guarded = is_open
        && (record.operations.iter().any(|operation| operation.policies.is_some())
            || rules.as_ref().is_some_and(|rules| rules.conditions.is_some()));
    let has_cors = |rules: &Option<Arc<Rules>>| rules.as_ref().is_some_and(|rules| rules.cors.is_some());
    let has_cache = operations
        .iter()
        .filter_map(|operation| operation.rules.as_ref())
        .chain(rules.as_ref().filter(|_| is_open))
        .any(|rules| rules.cache.is_some());
    Ok(Version {
        has_cors: has_cors(&rules) || operations.iter().any(|operation| has_cors(&operation.rules)),
        compilation: next_compilation(),
        address: address.into(),
        id: record.id,
        api_id: record.api_id,
        state: record.state,
        access: record.access,
        end,
        targets,
        cache: has_cache.then_some(cache),
        operations: operations.into(),
        is_open,
        is_guarded,
        vary: neighbours.field(&record.routing).map(|field| field.clone().into()),
        matcher: matcher.build(),
        rules,
    })
}

fn announced_end(
    deprecation: &Deprecation,
    record: &VersionRecord,
    portal_url: &str,
    neighbours: &Neighbours,
) -> Option<AnnouncedEnd> {
    let (organization, api, name) = (&record.organization, &record.api, &record.name);
    let mut links = LinkField::default();
    let page = format!("{portal_url}/apis/{organization}/{api}/{name}/deprecation");
    links.push(&page, "deprecation", Some("text/html"));
    if deprecation.sunset.is_some() {
        links.push(&page, "sunset", Some("text/html"));
    }
    if let Some(successor) = &deprecation.successor {
        let to = format!("{organization}/{api}/{successor}");
        if let Some(reference) = neighbours.reference(&record.routing, &to) {
            links.push(&reference, "successor-version", None);
        }
        links.push(
            &format!("{portal_url}/apis/{organization}/{api}/{successor}"),
            "successor-version",
            Some("text/html"),
        );
    }
    Some(AnnouncedEnd {
        deprecation: HeaderValue::try_from(format!("@{}", deprecation.since.unix_timestamp())).ok()?,
        sunset: match deprecation.sunset {
            Some(sunset) => Some(http_date(sunset)?),
            None => None,
        },
        link: links.value()?,
        sunset_s: deprecation.sunset.map(time::OffsetDateTime::unix_timestamp),
    })
}

/// Whether a text is one path segment that needs no encoding and means nothing special.
fn is_plain_segment(text: &str) -> bool {
    !text.is_empty()
        && text != "."
        && text != ".."
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~'))
}
