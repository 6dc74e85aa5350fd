//! What is counted by version. A version is named by its address, which it keeps when it is no longer served.

use std::collections::{BTreeMap, HashMap};

use ::gateway::{CounterSnapshot, Finding, Latencies};
use domain::id::VersionId;

use super::{
    super::exposition::{Detail, Exposition},
    CLASSES,
};
use crate::tasks::UsageCounters;

/// Addresses of versions, `organization/api/version`.
type Addresses = HashMap<VersionId, String>;

/// The labels of an address, with room for more.
fn labels<'a, const MORE: usize>(address: &'a str, more: [(&'a str, &'a str); MORE]) -> Vec<(&'a str, &'a str)> {
    let mut parts = address.splitn(3, '/');
    let mut part = || parts.next().unwrap_or_default();
    let mut labels = vec![("organization", part()), ("api", part()), ("version", part())];
    labels.extend(more);
    labels
}

/// Adds up what was counted at each address. Without one are calls that no version matched, and those of versions that
/// were gone before anybody looked: no two samples may have the same labels.
fn by_address<S: Default, T>(
    counted: impl IntoIterator<Item = (VersionId, T)>,
    addresses: &Addresses,
    add: impl Fn(&mut S, T),
) -> BTreeMap<&str, S> {
    let mut sums = BTreeMap::new();
    for (version, more) in counted {
        let address = addresses.get(&version).map_or("", String::as_str);
        add(sums.entry(address).or_default(), more);
    }
    sums
}

pub(super) fn write_requests(exposition: &mut Exposition, usage: &UsageCounters, addresses: &Addresses) {
    let mut family = exposition.counter(
        "turnpike_gateway_version_requests",
        "Requests that were answered, by version and status class; without labels of a version where none matched.",
    );
    let add = |sums: &mut [u64; 5], more: [u64; 5]| {
        for (sum, more) in sums.iter_mut().zip(more) {
            *sum += more;
        }
    };
    for (address, by_class) in by_address(usage.calls(), addresses, add) {
        for (class, count) in CLASSES.iter().zip(by_class).filter(|(_, count)| *count > 0) {
            family.sample(&labels(address, [("class", *class)]), count);
        }
    }
}

pub(super) fn write_durations(exposition: &mut Exposition, counters: &CounterSnapshot, addresses: &Addresses) {
    let mut family = exposition.histogram(
        "turnpike_gateway_version_request_duration_seconds",
        "Time from the head of a request to the head of its answer, by version.",
    );
    let add = |sum: &mut Latencies, more: &Latencies| sum.add(more);
    let counted = counters.version_latencies.iter();
    let counted = counted.map(|(version, latencies)| (*version, latencies));
    for (address, latencies) in by_address(counted, addresses, add) {
        if latencies.count() > 0 {
            family.add(&labels(address, []), &latencies, Detail::Octaves);
        }
    }
}

pub(super) fn write_findings(exposition: &mut Exposition, counters: &CounterSnapshot) {
    let mut family = exposition.counter(
        "turnpike_gateway_findings",
        "Calls that a policy found something in: groups of signatures, requests and answers that are not as the document \
         says.",
    );
    for Finding {
        version,
        policy,
        finding,
        calls,
    } in &counters.findings
    {
        family.sample(&labels(version, [("policy", policy), ("finding", finding)]), calls);
    }
}
