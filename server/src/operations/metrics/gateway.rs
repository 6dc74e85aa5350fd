//! What a gateway counts: calls, its configuration, and usage on its way to the ledger.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use ::gateway::{CacheHandle, Counters, SnapshotHandle, TokenCounters, UsageBacklog};
use domain::{id::VersionId, services::Services};

use super::{
    super::exposition::{Detail, Exposition, seconds},
    CLASSES, versions,
};
use crate::{
    snapshot_file::SnapshotFileState,
    tasks::{ConfigStatus, UsageCounters},
};

/// Where the metrics of a gateway come from.
pub struct GatewaySources {
    /// What its workers count.
    pub counters: Counters,
    /// What its token endpoint did, where there is one.
    pub tokens: Option<TokenCounters>,
    /// Answers that it keeps.
    pub cache: CacheHandle,
    /// What it serves.
    pub snapshot: SnapshotHandle,
    /// How fresh that is.
    pub status: Arc<ConfigStatus>,
    /// How the last good configuration on disk fares, where it is kept.
    pub file: Option<Arc<SnapshotFileState>>,
    /// What waits for the ledger.
    pub backlog: UsageBacklog,
    /// What the ledger took.
    pub usage: Arc<UsageCounters>,
    /// Addresses of versions, also of those that are no longer served: a count keeps its name.
    pub addresses: Mutex<HashMap<VersionId, String>>,
}

impl GatewaySources {
    pub(super) fn write(&self, exposition: &mut Exposition, services: &Services) {
        write_calls(exposition, self);
        write_configuration(exposition, self, services);
        write_usage(exposition, self);
    }
}

fn write_calls(exposition: &mut Exposition, gateway: &GatewaySources) {
    let counters = gateway.counters.read();
    let mut answers = exposition.counter(
        "turnpike_gateway_requests",
        "Requests that were answered, by status class, refusals included.",
    );
    for (class, count) in CLASSES.iter().zip(counters.by_class) {
        answers.sample(&[("class", class)], count);
    }
    let mut refusals = exposition.counter(
        "turnpike_gateway_refusals",
        "Requests that the gateway answered itself, by the last segment of the problem's type.",
    );
    for (reason, count) in &counters.refusals {
        refusals.sample(&[("reason", reason)], count);
    }
    let mut retries = exposition.counter(
        "turnpike_gateway_retries",
        "Tries of calls at upstreams that failed and that another followed.",
    );
    for (reason, count) in &counters.retries {
        retries.sample(&[("reason", reason)], count);
    }
    let mut failures = exposition.counter(
        "turnpike_gateway_tls_failures",
        "Connections that came to nothing because their TLS handshake failed.",
    );
    for (reason, count) in &counters.handshake_failures {
        failures.sample(&[("reason", reason)], count);
    }
    versions::write_findings(exposition, &counters);
    exposition
        .histogram(
            "turnpike_gateway_request_duration_seconds",
            "Time from the head of a request to the head of its answer.",
        )
        .add(&[], &counters.latencies, Detail::Full);
    if let Some(tokens) = &gateway.tokens {
        let mut requests = exposition.counter(
            "turnpike_gateway_token_requests",
            "Requests for access tokens, by what became of them.",
        );
        for (outcome, count) in tokens.read() {
            requests.sample(&[("outcome", outcome)], count);
        }
    }
    exposition
        .gauge(
            "turnpike_gateway_requests_in_flight",
            "Requests whose answer is not over.",
        )
        .sample(&[], counters.in_flight);
    exposition
        .counter("turnpike_gateway_connections", "Connections accepted from callers.")
        .sample(&[], counters.connections);
    exposition
        .gauge("turnpike_gateway_connections_open", "Open connections of callers.")
        .sample(&[], counters.open_connections);
    exposition
        .counter(
            "turnpike_gateway_upstream_connections",
            "Connections made to upstreams.",
        )
        .sample(&[], counters.upstream_connections);
    exposition
        .counter(
            "turnpike_gateway_compression_bytes",
            "Bytes of answers that were compressed: before, and after.",
        )
        .sample(&[("side", "before")], counters.compressed_in)
        .sample(&[("side", "after")], counters.compressed_out);
    let cache = gateway.cache.usage();
    exposition
        .gauge(
            "turnpike_gateway_cache_answers",
            "Answers that the response cache keeps.",
        )
        .sample(&[], cache.answers);
    exposition
        .gauge("turnpike_gateway_cache_bytes", "Memory that they take.")
        .sample(&[], cache.bytes);
    let mut addresses = gateway.addresses.lock().unwrap_or_else(PoisonError::into_inner);
    addresses.extend(gateway.snapshot.versions());
    versions::write_requests(exposition, &gateway.usage, &addresses);
    versions::write_durations(exposition, &counters, &addresses);
}

fn write_configuration(exposition: &mut Exposition, gateway: &GatewaySources, services: &Services) {
    if let Some(revision) = gateway.snapshot.revision() {
        exposition
            .gauge(
                "turnpike_gateway_configuration_revision",
                "Number of the configuration that is served.",
            )
            .sample(&[], revision);
    }
    let confirmed_ms = gateway.status.confirmed_at_ms();
    if confirmed_ms > 0 {
        let now_ms = (services.context.clock.now().unix_timestamp_nanos() / 1_000_000) as i64;
        let age_us = u64::try_from(now_ms - confirmed_ms).unwrap_or_default() * 1_000;
        exposition
            .gauge(
                "turnpike_gateway_configuration_age_seconds",
                "Since the database last confirmed that the served configuration is the newest.",
            )
            .sample(&[], seconds(age_us));
    }
    exposition
        .gauge(
            "turnpike_gateway_configuration_from_disk",
            "1 while the last good configuration is served from the disk because the database is away since the start.",
        )
        .sample(&[], u8::from(gateway.status.is_from_disk()));
    if let Some(file) = &gateway.file {
        exposition
            .gauge(
                "turnpike_gateway_snapshot_file_bytes",
                "Size of the last good configuration on disk; 0 while there is none of this process.",
            )
            .sample(&[], file.bytes());
        exposition
            .counter(
                "turnpike_gateway_snapshot_file_failures",
                "Writes of the last good configuration that failed.",
            )
            .sample(&[], file.failures());
    }
    exposition
        .gauge("turnpike_gateway_keys", "Keys that are accepted.")
        .sample(&[], gateway.snapshot.key_count());
}

fn write_usage(exposition: &mut Exposition, gateway: &GatewaySources) {
    exposition
        .counter("turnpike_usage_rows", "Rows of usage that the ledger took.")
        .sample(&[], gateway.usage.rows());
    exposition
        .counter(
            "turnpike_usage_lost_rows",
            "Rows of usage that the ledger refused; they are files in the data folder.",
        )
        .sample(&[], gateway.usage.lost_rows());
    exposition
        .gauge(
            "turnpike_usage_handovers_waiting",
            "Hand-overs of usage that wait for the ledger.",
        )
        .sample(&[], gateway.backlog.waiting());
    exposition
        .gauge(
            "turnpike_usage_handovers_max",
            "Hand-overs that may wait; beyond that, usage stays with the workers and nothing is lost.",
        )
        .sample(&[], gateway.backlog.capacity());
}
